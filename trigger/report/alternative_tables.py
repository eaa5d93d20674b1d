"""Tables and words of what could be built in place of a design."""

from __future__ import annotations

from collections.abc import Iterator

from trigger.report.alternatives import AlternativeKind, Alternatives
from trigger.report.cells import (
    UNKNOWN_CELL,
    Cell,
    Column,
    Table,
    figure_cell,
    number_cell,
    outcome_cell,
)
from trigger.report.rivals import Claim, Settings
from trigger.report.wording import common_origin

SETTINGS_WORDS: dict[Settings, str] = {
    Settings.DEFAULT: "default",
    Settings.SOLVED: "cheapest in the budget",
    Settings.ONE_FACTOR: "cheapest with one reuse factor",
}
ONE_WIDTH = "the best width for all, trained"
"""What a claim is against where no width is good enough."""


def alternatives_table(found: Alternatives, name: str, *, everything: bool = False) -> Table:
    """Return firmware for the same task, a row each.

    Args:
        everything: with other settings of the design, of which there may be many.
    """
    shown = [row for row in found.rows if everything or row.kind is not AlternativeKind.SETTINGS]
    said = common_origin(row.quality for row in shown)
    rows = tuple(
        (
            Cell(row.name, row.kind.value if row.kind.value != row.name else ""),
            figure_cell(row.quality, said),
            Cell(row.sample.value),
            number_cell(row.cost_luts),
            number_cell(row.latency_ns),
            UNKNOWN_CELL if row.fits is None else Cell("yes" if row.fits else "no"),
            Cell("on it" if row.on_front else ""),
        )
        for row in shown
    )
    columns = (
        Column("Firmware"),
        Column(found.quality, numeric=True),
        Column("Events"),
        Column("Cost (LUT)", numeric=True),
        Column("Latency (ns)", numeric=True),
        Column("In the budget"),
        Column("Front"),
    )
    caption = f"Firmware for the same task; cost is LUT + {found.luts_per_dsp} DSP, estimated"
    return Table(name, caption + said.clause, columns, rows)


def claims_table(claims: tuple[Claim, ...]) -> Table:
    """Return by what factor a firmware is cheaper, with the settings of both."""
    rows = tuple(
        (
            Cell(claim.of),
            Cell(claim.against or ONE_WIDTH, claim.note),
            Cell(SETTINGS_WORDS[claim.settings]),
            Cell(SETTINGS_WORDS[claim.rival_settings]),
            UNKNOWN_CELL
            if claim.factor is None
            else Cell(f"{claim.factor:.2f}", sort=claim.factor),
            Cell(f"{claim.asked:g}", sort=claim.asked),
            UNKNOWN_CELL
            if claim.auc_difference is None
            else Cell(f"{claim.auc_difference:+.4f}", sort=claim.auc_difference),
            number_cell(claim.latency_ns),
            number_cell(claim.rival_latency_ns),
            outcome_cell(claim.outcome),
        )
        for claim in claims
    )
    columns = (
        Column("Firmware"),
        Column("Against"),
        Column("Its settings"),
        Column("Those of the other"),
        Column("Times cheaper", numeric=True),
        Column("Asked", numeric=True),
        Column("AUC difference", numeric=True),
        Column("Its latency (ns)", numeric=True),
        Column("That of the other (ns)", numeric=True),
        Column("Answer"),
    )
    tolerance = claims[0].tolerance
    caption = f"Times cheaper, at an AUC that is smaller by {tolerance:g} at most"
    return Table("claims-table", caption, columns, rows)


def races_table(found: Alternatives) -> Table:
    """Return the latencies within equal resources."""
    rows = tuple(
        (
            Cell(race.of),
            Cell(race.against),
            *map(number_cell, (race.luts, race.latency_ns, race.rival_latency_ns)),
        )
        for race in found.races
    )
    columns = (
        Column("Firmware"),
        Column("Against"),
        Column("Cost (LUT)", numeric=True),
        Column("Its latency (ns)", numeric=True),
        Column("That of the other (ns)", numeric=True),
    )
    caption = "Fastest within equal resources: the least with which both keep the budget"
    return Table("races-table", caption, columns, rows)


def word_alternatives(found: Alternatives) -> Iterator[str]:
    """Yield what a reader must know of the tables."""
    samples = {row.sample for row in found.rows}
    if len(samples) > 1:
        yield (
            "Trials are judged on validation events, which chose them; everything else on test "
            "events: the two kinds of numbers differ by chance."
        )
    yield from found.words
