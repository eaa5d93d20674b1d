"""Every table of a report, as text that Markdown and HTML show alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from trigger.budget import Cost, Figure, LayerCost, Outcome, Quantity, Source
from trigger.report.record import (
    Agreement,
    EnginePhysics,
    LayerRow,
    Mismatch,
    Physics,
    Provenance,
    Report,
    Severity,
)
from trigger.report.wording import (
    NOT_APPLICABLE,
    OUTCOME_WORDS,
    SPACE,
    UNKNOWN,
    Origin,
    common_origin,
    word_check_band,
    word_check_value,
    word_number,
    word_origin,
    word_percent,
    word_shape,
    word_share,
    word_unit,
)

COST_COLUMNS: dict[Quantity, str] = {
    Quantity.LATENCY_CYCLES: "Latency (cycles)",
    Quantity.INTERVAL_CYCLES: "Interval (cycles)",
    Quantity.DSP: "DSP",
    Quantity.LUT: "LUT",
    Quantity.FF: "FF",
    Quantity.BRAM_18K: "BRAM 18K",
}
"""Always shown; the others only where a figure is known."""

RARE_COST_COLUMNS: dict[Quantity, str] = {
    Quantity.LATENCY_MIN_CYCLES: "Latency min (cycles)",
    Quantity.URAM: "URAM",
}


NOTE_WORDS: dict[Severity, str] = {Severity.INFO: "note", Severity.WARNING: "⚠ warning"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, small print below it, and what it sorts by."""

    text: str
    detail: str = ""
    sort: float | None = None
    """None sorts by the text, and unknown numbers last."""
    mark: str = ""
    """Style class: ``pass``, ``fail``, ``unknown``, ``code`` or "" (plain)."""


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    numeric: bool = False


Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column names the row."""

    name: str
    """Unique in the report; becomes the id."""
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    footer: tuple[Row, ...] = ()
    """Totals, which stay below when the rows are sorted."""


def verdict_table(report: Report) -> Table:
    rows = tuple(
        (
            Cell(check.name, check.note),
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
            _source_cell(check.source),
            outcome_cell(check.outcome),
        )
        for check in report.verdict.checks
    )
    columns = (
        Column("Check"),
        Column("Value", numeric=True),
        Column("Limit", numeric=True),
        Column("Margin", numeric=True),
        Column("Source"),
        Column("Result"),
    )
    return Table("verdict-table", "Budget: each limit and whether it is kept", columns, rows)


def agreements_table(agreements: Iterable[Agreement]) -> Table:
    rows = tuple(
        (
            Cell(f"{agreement.left} and {agreement.right}", agreement.note),
            _count(agreement.events),
            _count(agreement.elements),
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
            _count(layer.events),
            _count(layer.elements),
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
    return Table(
        name, f"Layer by layer: {agreement.left} and {agreement.right}", columns, rows
    )


def physics_table(physics: Physics) -> Table:
    asked = word_percent(physics.asked_acceptance)
    columns = (
        Column("Engine"),
        Column("AUC", numeric=True),
        Column("Accuracy", numeric=True),
        Column("Signal efficiency", numeric=True),
        Column("Background acceptance", numeric=True),
        Column("Threshold", numeric=True),
    )
    said = common_origin(
        figure for engine in physics.engines for figure in (engine.auc, *_shares(engine))
    )
    rows = tuple(_physics_row(engine, said) for engine in physics.engines)
    caption = (
        f"{physics.signal} ({physics.signal_events:,} events) against "
        f"{physics.background} ({physics.background_events:,} events); "
        f"working point at no more than {asked} of background; {said}"
    )
    return Table("physics-table", caption, columns, rows)


def _shares(engine: EnginePhysics) -> tuple[Figure | None, ...]:
    return engine.accuracy, engine.signal_efficiency, engine.background_acceptance


def _physics_row(engine: EnginePhysics, said: Origin) -> Row:
    return (
        Cell(engine.engine),
        figure_cell(engine.auc, said),
        *(share_cell(figure, said) for figure in _shares(engine)),
        Cell(
            word_number(engine.threshold),
            sort=engine.threshold,
            mark="unknown" if engine.threshold is None else "",
        ),
    )


def roc_table(physics: Physics) -> Table:
    rows = tuple(
        (Cell(engine.engine), _share(signal), _share(background))
        for engine in physics.engines
        if engine.roc is not None
        for signal, background in zip(
            engine.roc.signal_efficiency, engine.roc.background_acceptance, strict=True
        )
    )
    columns = (
        Column("Engine"),
        Column("Signal efficiency", numeric=True),
        Column("Background acceptance", numeric=True),
    )
    return Table("roc-table", "Points of the ROC curves, measured on events", columns, rows)


def histogram_table(physics: Physics) -> Table:
    rows = tuple(
        (
            Cell(f"{histogram.engine}, {histogram.class_name}"),
            Cell(word_number(low), sort=low),
            Cell(word_number(high), sort=high),
            _count(count),
        )
        for histogram in physics.histograms
        for low, high, count in zip(
            histogram.edges, histogram.edges[1:], histogram.counts, strict=False
        )
        if count
    )
    columns = (
        Column("Engine and class"),
        Column("Score from", numeric=True),
        Column("Score to", numeric=True),
        Column("Events", numeric=True),
    )
    return Table("score-table", "Score histograms: bins that hold events", columns, rows)


def format_table(layers: tuple[LayerRow, ...]) -> Table:
    rows = tuple(
        (
            Cell(layer.name, layer.kind),
            Cell(word_shape(layer.output_shape)),
            *(
                Cell(text or NOT_APPLICABLE, mark="code" if text else "absent")
                for text in (
                    layer.input_format,
                    layer.weight_format,
                    layer.accumulator_format,
                    layer.result_format,
                )
            ),
        )
        for layer in layers
    )
    titles = ("Layer", "Output shape", "Input", "Weight", "Accumulator", "Result")
    return Table(
        "format-table", "Shapes and number formats", tuple(Column(t) for t in titles), rows
    )


def cost_table(cost: Cost, layers: tuple[LayerRow, ...], name: str) -> Table:
    """Return the layers of the network beside what they cost; a layer in either is a row."""
    network = {layer.name: layer for layer in layers}
    costs = {row.name: row for row in cost.layers}
    quantities = {
        **COST_COLUMNS,
        **{
            quantity: title
            for quantity, title in RARE_COST_COLUMNS.items()
            if any(row.figure(quantity) for row in (*cost.layers, cost.total))
        },
    }
    said = _said(cost)
    names = [*network, *(other for other in costs if other not in network)]
    rows = tuple(
        (
            *_layer_cells(each, network.get(each), costs.get(each)),
            *_cost_cells(costs.get(each), quantities, said),
        )
        for each in names
    )
    total = (
        Cell("Total"),
        _count(sum(layer.weights for layer in layers)) if layers else Cell(UNKNOWN, mark="unknown"),
        Cell(word_share(sum(x.zeros for x in layers), sum(x.weights for x in layers))),
        _count(sum(layer.multiplications for layer in layers))
        if layers
        else Cell(UNKNOWN, mark="unknown"),
        *_cost_cells(cost.total, quantities, said),
    )
    columns = (
        Column("Layer"),
        Column("Weights", numeric=True),
        Column("Zeros", numeric=True),
        Column("Multiplications", numeric=True),
        *(Column(title, numeric=True) for title in quantities.values()),
    )
    return Table(name, cost_caption(cost), columns, rows, (total,))


def cost_bars_table(cost: Cost, name: str) -> tuple[Table, Table]:
    """Return the numbers behind the latency and the resource figures of one cost."""
    said = _said(cost)
    chosen = (
        ("latency", (Quantity.LATENCY_CYCLES,)),
        ("resources", (Quantity.DSP, Quantity.LUT, Quantity.FF, Quantity.BRAM_18K)),
    )
    latency, resources = (
        Table(
            f"{name}-{word}",
            f"{word.capitalize()} by layer; {said}",
            (
                Column("Layer"),
                *(Column(COST_COLUMNS[quantity], numeric=True) for quantity in quantities),
            ),
            tuple(
                (Cell(row.name, row.kind), *_cost_cells(row, quantities, said))
                for row in cost.layers
            ),
            ((Cell("Total"), *_cost_cells(cost.total, quantities, said)),),
        )
        for word, quantities in chosen
    )
    return latency, resources


def cost_caption(cost: Cost) -> str:
    """Return what a cost is of: source, tool, part, clock and file."""
    parts = [
        f"Cost by {cost.source.value}",
        cost.tool or "tool unknown",
        cost.part,
        f"clock {word_number(cost.clock_period_ns)} ns",
        cost.origin,
        str(_said(cost)),
    ]
    return "; ".join(part for part in parts if part)


def provenance_table(provenance: Provenance) -> Table:
    rows = [
        (Cell("command"), Cell(provenance.command, mark="code")),
        (Cell("date"), Cell(provenance.date)),
        (
            Cell("seed"),
            Cell(UNKNOWN, mark="unknown")
            if provenance.seed is None
            else Cell(str(provenance.seed), mark="code"),
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


def outcome_cell(outcome: Outcome) -> Cell:
    order = {Outcome.FAIL: 0, Outcome.UNKNOWN: 1, Outcome.PASS: 2}
    return Cell(OUTCOME_WORDS[outcome], sort=order[outcome], mark=outcome.value)


def figure_cell(figure: Figure | None, said: Origin) -> Cell:
    """Return a number with its band and source, or the word unknown."""
    if figure is None:
        return Cell(UNKNOWN, mark="unknown")
    text = word_number(figure.value, figure.low, figure.high)
    return Cell(text, word_origin(figure, said), figure.value)


def share_cell(figure: Figure | None, said: Origin) -> Cell:
    """Return a share as per cent, otherwise as `figure_cell`."""
    if figure is None:
        return Cell(UNKNOWN, mark="unknown")
    low, high = (None if end is None else 100 * end for end in (figure.low, figure.high))
    scaled = replace(figure, value=100 * figure.value, low=low, high=high)
    cell = figure_cell(scaled, said)
    return replace(cell, text=f"{cell.text}{SPACE}%", sort=figure.value)


def _layer_cells(name: str, layer: LayerRow | None, cost: LayerCost | None) -> Row:
    kind = layer.kind if layer else cost.kind if cost else ""
    if layer is None:  # only in the vendor's report, such as a stream that hls4ml inserted
        absent = Cell(NOT_APPLICABLE, mark="absent")
        return (Cell(name, f"{kind}, not a layer of the network"), absent, absent, absent)
    share = layer.zeros / layer.weights if layer.weights else None
    return (
        Cell(name, kind),
        _count(layer.weights),
        Cell(
            word_share(layer.zeros, layer.weights),
            f"{layer.zeros:,} of {layer.weights:,}" if layer.weights else "",
            share,
            "" if layer.weights else "absent",
        ),
        _count(layer.multiplications),
    )


def _cost_cells(cost: LayerCost | None, quantities: Iterable[Quantity], said: Origin) -> Row:
    return tuple(figure_cell(cost.figure(each) if cost else None, said) for each in quantities)


def _said(cost: Cost) -> Origin:
    rows = (*cost.layers, cost.total)
    return common_origin(row.figure(quantity) for row in rows for quantity in Quantity)


def _mismatches(count: int, exact_expected: bool) -> Cell:
    cell = _count(count)
    if count == 0:
        return replace(cell, text="✓ 0", mark="pass")
    return replace(cell, text=f"✗ {count:,}", mark="fail") if exact_expected else cell


def _first(first: Mismatch | None, agreement: Agreement) -> Cell:
    if first is None:
        return Cell(NOT_APPLICABLE, mark="absent")
    element = ", ".join(map(str, first.element))
    return Cell(
        f"event {first.event}, {first.layer}[{element}]",
        f"{agreement.left} {first.left_raw}, {agreement.right} {first.right_raw}, "
        f"raw in {first.format}",
    )


def _source_cell(source: Source | None) -> Cell:
    return Cell(UNKNOWN, mark="unknown") if source is None else Cell(source.value)


def _count(count: int) -> Cell:
    return Cell(f"{count:,}", sort=count)


def _share(share: float) -> Cell:
    return Cell(f"{share:.5f}", sort=share)
