"""Every table of a report, as text that Markdown and HTML show alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from trigger.budget import Check, Outcome
from trigger.report.cells import (
    ABSENT_CELL,
    UNKNOWN_CELL,
    Cell,
    Column,
    Table,
    count_cell,
    outcome_cell,
    source_cell,
)
from trigger.report.record import (
    Agreement,
    Mismatch,
    Previous,
    Provenance,
    Report,
    Severity,
)
from trigger.report.wording import (
    OUTCOME_WORDS,
    UNKNOWN,
    word_check_band,
    word_check_value,
    word_unit,
)

NOTE_WORDS: dict[Severity, str] = {Severity.INFO: "note", Severity.WARNING: "⚠ warning"}


def verdict_table(report: Report) -> Table:
    rows = tuple(
        (
            Cell(check.name, check.note),
            outcome_cell(check.outcome),
            Cell(
                word_check_value(check),
                word_check_band(check),
                check.value,
                "unknown" if check.value is None else "",
            ),
            Cell(word_unit(check.limit, check.unit), sort=check.limit),
            Cell(
                word_unit(check.margin, check.unit),
                sort=check.margin,
                mark="unknown" if check.margin is None else "",
            ),
            source_cell(check.source),
            *_change_cells(check, report.previous),
        )
        for check in report.verdict.checks
    )
    columns = (
        Column("Check"),
        Column("Result"),
        Column("Value", numeric=True),
        Column("Limit", numeric=True),
        Column("Margin", numeric=True),
        Column("Source"),
    )
    caption = "Budget: each limit and whether it is kept"
    if report.previous is not None:
        columns += (Column("Change", numeric=True),)
        caption += f"; change against the version of {report.previous.date}"
    return Table("verdict-table", caption, columns, rows)


def _change_cells(check: Check, previous: Previous | None) -> tuple[Cell, ...]:
    """Return how a value moved since the version before; no cell where there was none."""
    if previous is None:
        return ()
    before = next((line for line in previous.checks if line.name == check.name), None)
    if before is None:
        return (Cell("new", mark="absent"),)
    turned = "" if before.outcome is check.outcome else f"{OUTCOME_WORDS[before.outcome]} before"
    if before.value is None or check.value is None:
        return (replace(UNKNOWN_CELL, detail=turned),)
    other_source = (
        ""
        if before.source is check.source or before.source is None
        else "was " + (before.source.value)
    )
    change = check.value - before.value
    sign = "+" if change > 0 else ""
    return (
        Cell(
            sign + word_unit(change, check.unit) if change else "none",
            "; ".join(word for word in (turned, other_source) if word),
            change,
            "fail" if turned and check.outcome is Outcome.FAIL else "",
        ),
    )


def agreements_table(agreements: Iterable[Agreement]) -> Table:
    rows = tuple(
        (
            Cell(f"{agreement.left} and {agreement.right}", agreement.note),
            count_cell(agreement.events),
            count_cell(agreement.elements),
            _mismatches(agreement.mismatches, agreement.exact_expected),
            _first(agreement.first, agreement),
        )
        for agreement in agreements
    )
    columns = (
        Column("Engines"),
        Column("Events", numeric=True),
        Column("Numbers compared", numeric=True),
        Column("Mismatches", numeric=True),
        Column("First mismatch"),
    )
    return Table("agreement-table", "Engines compared integer by integer", columns, rows)


def layer_agreement_table(agreement: Agreement, name: str) -> Table:
    rows = tuple(
        (
            Cell(layer.layer, layer.note),
            count_cell(layer.events),
            count_cell(layer.elements),
            _mismatches(layer.mismatches, agreement.exact_expected and not layer.note),
            _first(layer.first, agreement),
        )
        for layer in agreement.layers
    )
    columns = (
        Column("Layer"),
        Column("Events", numeric=True),
        Column("Numbers compared", numeric=True),
        Column("Mismatches", numeric=True),
        Column("First mismatch"),
    )
    return Table(name, f"Layer by layer: {agreement.left} and {agreement.right}", columns, rows)


def provenance_table(provenance: Provenance) -> Table:
    rows = [
        (Cell("command"), Cell(provenance.command, mark="code")),
        (Cell("date"), Cell(provenance.date)),
        (
            Cell("seed"),
            UNKNOWN_CELL if provenance.seed is None else Cell(str(provenance.seed), mark="code"),
        ),
        *(
            (Cell(f"SHA-256 of {digest.name}"), Cell(digest.sha256, mark="code"))
            for digest in provenance.digests
        ),
        *(
            (Cell(tool.name), Cell(tool.version or UNKNOWN, mark="" if tool.version else "unknown"))
            for tool in provenance.tools
        ),
    ]
    columns = (Column("What"), Column("Value"))
    return Table("provenance-table", "What is needed to make this again", columns, tuple(rows))


def contract_table(report: Report) -> Table:
    rows = tuple((Cell(entry.key), Cell(entry.value)) for entry in report.input_contract)
    columns = (Column("Property"), Column("Value"))
    return Table("contract-table", "What the detector must deliver", columns, rows)


def output_table(report: Report) -> Table:
    rows = tuple((Cell(entry.key), Cell(entry.value)) for entry in report.output_contract)
    columns = (Column("Property"), Column("Value"))
    caption = "What the numbers of the last layer mean: quantity = offset + scale * number"
    return Table("output-table", caption, columns, rows)


def notes_table(report: Report) -> Table:
    rows = tuple(
        (
            Cell(
                NOTE_WORDS[note.severity],
                sort=float(note.severity is Severity.INFO),
                mark=note.severity.value,
            ),
            Cell(note.subject),
            Cell(note.text),
        )
        for note in report.notes
    )
    columns = (Column("Kind"), Column("About"), Column("What to know"))
    caption = "What could not be done here, and other things to know"
    return Table("notes-table", caption, columns, rows)


def steps_table(report: Report) -> Table:
    rows = tuple(
        (
            Cell(step.name),
            Cell(
                UNKNOWN if step.seconds is None else f"{step.seconds:,.1f}",
                sort=step.seconds,
                mark="unknown" if step.seconds is None else "",
            ),
        )
        for step in report.steps
    )
    columns = (Column("Step"), Column("Seconds", numeric=True))
    return Table("steps-table", "Steps of the run, measured on the wall clock", columns, rows)


def _mismatches(count: int, exact_expected: bool) -> Cell:
    cell = count_cell(count)
    if count == 0:
        return replace(cell, text="✓ 0", mark="pass")
    return replace(cell, text=f"✗ {count:,}", mark="fail") if exact_expected else cell


def _first(first: Mismatch | None, agreement: Agreement) -> Cell:
    if first is None:
        return ABSENT_CELL
    element = ", ".join(map(str, first.element))
    return Cell(
        f"event {first.event}, {first.layer}[{element}]",
        f"{agreement.left} {first.left_raw}, {agreement.right} {first.right_raw}, "
        f"raw in {first.format}",
    )
