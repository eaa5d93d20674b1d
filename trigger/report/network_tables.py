"""Tables of a network's numbers: ranges, widths, and what its estimate rests on."""

from __future__ import annotations

from trigger.budget import Quantity
from trigger.report.cells import UNKNOWN_CELL, Cell, Column, Row, Table, count_cell
from trigger.report.cost_tables import COST_COLUMNS
from trigger.report.studies import Calibration, CalibrationRow, RangeRow, Widths
from trigger.report.wording import UNKNOWN, word_percent

SAFE = "cannot overflow"


def range_table(ranges: tuple[RangeRow, ...]) -> Table:
    """Return every format that a number enters, against what can arrive there."""
    rows = tuple(
        (
            Cell(row.layer, row.role),
            Cell(row.format, mark="code"),
            Cell(f"{row.low:,} to {row.high:,}", sort=row.high),
            Cell(str(row.spare_bits), sort=row.spare_bits),
            Cell(
                row.answer,
                mark={SAFE: "pass", "can wrap": "warning"}.get(row.answer, ""),
            ),
            *_observed(row),
        )
        for row in ranges
    )
    columns = (
        Column("Layer"),
        Column("Format"),
        Column("Proven range", numeric=True),
        Column("Spare bits", numeric=True),
        Column("Answer"),
        Column("On events", numeric=True),
        Column("Overflows", numeric=True),
    )
    caption = "What arrives at each format, in its steps, before its overflow rule"
    return Table("range-table", caption, columns, rows)


def _observed(row: RangeRow) -> Row:
    if row.observed_events is None:
        words = "not observed" if row.answer == SAFE else UNKNOWN
        cell = Cell(words, mark="absent" if row.answer == SAFE else "unknown")
        return cell, Cell("0", "proven", 0) if row.answer == SAFE else UNKNOWN_CELL
    assert row.overflows is not None  # goes with observed_events
    return (
        Cell(f"{row.observed_low:,} to {row.observed_high:,}", sort=row.observed_high),
        count_cell(row.overflows),
    )


def word_ranges(ranges: tuple[RangeRow, ...]) -> tuple[str, ...]:
    """Return what the table of ranges says, as sentences."""
    if not ranges:
        return ()
    risky = [row for row in ranges if row.answer != SAFE]
    words = (
        f"The proven ranges hold for every input that the input format can carry: "
        f"{len(ranges) - len(risky)} of {len(ranges)} formats cannot overflow. Negative spare bits "
        "are bits that are missing."
    )
    events = max((row.observed_events or 0 for row in ranges), default=0)
    if events:
        words += f" Observed on {events:,} test events."
    wrapping = sorted({row.layer for row in risky if row.answer == "can wrap"})
    if wrapping:
        words += f" Numbers can wrap in {', '.join(wrapping)}."
    return (words,)


def width_table(widths: tuple[Widths, ...]) -> Table:
    """Return the bits that weights and results need, and how many of them are 0."""
    rows = tuple(
        (
            Cell(each.layer, each.role),
            Cell(each.format, mark="code"),
            count_cell(sum(each.by_bits)),
            Cell(str(_most(each)), sort=_most(each)),
            Cell(f"{_mean(each):.2f}", sort=_mean(each)),
            count_cell(each.by_bits[0]),
            Cell(word_percent(each.zero_share), sort=each.zero_share),
        )
        for each in widths
    )
    columns = (
        Column("Layer"),
        Column("Format"),
        Column("Numbers", numeric=True),
        Column("Bits needed", numeric=True),
        Column("Mean bits", numeric=True),
        Column("Always 0", numeric=True),
        Column("Zeros", numeric=True),
    )
    events = max((each.events or 0 for each in widths), default=0)
    caption = "Bits that the numbers need, sign counted, of those that the format has"
    if events:
        caption += f"; results on {events:,} test events"
    return Table("width-table", caption, columns, rows)


def _most(widths: Widths) -> int:
    return max((bits for bits, count in enumerate(widths.by_bits) if count), default=0)


def _mean(widths: Widths) -> float:
    total = sum(widths.by_bits)
    return sum(bits * count for bits, count in enumerate(widths.by_bits)) / max(total, 1)


def calibration_table(calibration: Calibration) -> Table:
    """Return the bands of every law that the estimate used, quantity by quantity."""
    laws = list(dict.fromkeys((row.law, row.layers) for row in calibration.rows))
    quantities = [
        each for each in COST_COLUMNS if any(r.quantity is each for r in calibration.rows)
    ]
    found = {(row.law, row.layers, row.quantity): row for row in calibration.rows}
    rows = tuple(
        (
            Cell(law, ", ".join(layers) if layers else "the whole design"),
            *(_band_cell(found.get((law, layers, quantity))) for quantity in quantities),
        )
        for law, layers in laws
    )
    columns = (Column("Law"), *(Column(_short(each), numeric=True) for each in quantities))
    caption = (
        f"Reported less estimated, in which {word_percent(calibration.coverage)} of held-out "
        "reports lie"
    )
    return Table("calibration-table", caption, columns, rows)


def _band_cell(row: CalibrationRow | None) -> Cell:
    if row is None or row.low is None or row.high is None:
        return Cell("no report", mark="unknown")
    detail = (
        f"{row.reports:,} reports, {row.repositories:,} "
        f"{'repository' if row.repositories == 1 else 'repositories'}"
    )
    if row.low == row.high == 1:
        return Cell("exact", detail, 0)
    low, high = (round(100 * (end - 1)) for end in (row.low, row.high))
    words = f"{low:+d} to {high:+d} %"
    return Cell(words, detail, row.high - row.low)


def _short(quantity: Quantity) -> str:
    return COST_COLUMNS[quantity].removesuffix(" (cycles)")


def word_calibration(calibration: Calibration) -> tuple[str, ...]:
    """Return what the bands rest on, as sentences."""
    return (
        f"Coefficients: {calibration.origin}. Each repository was judged by coefficients fitted on "
        "the others; the bands are what came out. A law with few reports of few repositories tells "
        "little beyond them.",
    )
