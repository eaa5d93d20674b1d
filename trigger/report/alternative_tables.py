"""Tables and words of what could be built in place of a design."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trigger.report.alternatives import AlternativeKind, Alternatives
from trigger.report.cells import (
    UNKNOWN_CELL,
    Cell,
    Column,
    Table,
    figure_cell,
    number_cell,
)
from trigger.report.rivals import PAIRS, Claim, Settings, SettingsPair, align_claims
from trigger.report.wording import OUTCOME_WORDS, UNKNOWN, common_origin, word_number

SETTINGS_WORDS: dict[SettingsPair, str] = {
    (Settings.DEFAULT, Settings.DEFAULT): "Default settings of both",
    (Settings.SOLVED, Settings.SOLVED): "Cheapest of both in the budget",
    (Settings.SOLVED, Settings.DEFAULT): "Cheapest against default",
    (Settings.SOLVED, Settings.ONE_FACTOR): "Cheapest against one reuse factor",
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
    """Return by what factor each firmware is cheaper than a rival, under each condition."""
    rows = tuple(
        (
            Cell(row.of),
            Cell(row.against or ONE_WIDTH),
            UNKNOWN_CELL
            if row.auc_difference is None
            else Cell(f"{row.auc_difference:+.4f}", sort=row.auc_difference),
            Cell(f"{row.asked:g}", sort=row.asked),
            *map(_claim_cell, row.claims),
        )
        for row in align_claims(claims)
    )
    columns = (
        Column("Firmware"),
        Column("Against"),
        Column("AUC difference", numeric=True),
        Column("Times cheaper, asked", numeric=True),
        *(Column(SETTINGS_WORDS[pair], numeric=True) for pair in PAIRS),
    )
    tolerance = claims[0].tolerance
    caption = f"Times cheaper, at an AUC that is smaller by {tolerance:g} at most"
    return Table("claims-table", caption, columns, rows)


def _claim_cell(claim: Claim | None) -> Cell:
    """Return the factor with its answer, and the latencies of both."""
    if claim is None:
        return Cell("not asked", mark="absent")
    if claim.factor is None:
        return replace(UNKNOWN_CELL, detail=claim.note)
    latencies = (claim.latency_ns, claim.rival_latency_ns)
    words = " against ".join(UNKNOWN if each is None else word_number(each) for each in latencies)
    answer = OUTCOME_WORDS[claim.outcome]
    return Cell(
        f"{claim.factor:.2f} {answer}", f"{words} ns", claim.factor, mark=claim.outcome.value
    )


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
