"""Tables of what was studied beside the headline figures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from trigger.report.cells import (
    UNKNOWN_CELL,
    Cell,
    Column,
    Row,
    Table,
    count_cell,
    figure_cell,
    number_cell,
    points_cell,
    share_cell,
)
from trigger.report.studies import CellFault, Robustness, ScoreComparison, Variation
from trigger.report.wording import Origin, common_origin, word_percent, word_place

CHANGE_TITLE = "Its change (points)"
LONGEST = 100
"""Rows of a table behind a figure; all numbers are in ``report.json``."""


def worst_table(found: Robustness) -> Table:
    """Return the cells whose faults move most."""
    rows = [
        (f"{fault.name}, {variation.name}", variation)
        for fault in found.faults
        for variation in fault.worst
    ]
    said = _said(variation for _, variation in rows)
    return Table(
        "fault-table",
        "Cells whose fault costs most efficiency, and those that let most background in"
        + said.clause,
        _columns("Fault and place", found),
        tuple(_row(name, variation, found, said) for name, variation in rows),
    )


def variation_table(
    name: str, caption: str, title: str, found: Robustness, variations: tuple[Variation, ...]
) -> Table:
    """Return changes of the whole input, a row each."""
    said = _said(variations)
    return Table(
        name,
        caption + said.clause,
        _columns(title, found),
        tuple(_row(each.name, each, found, said) for each in variations),
    )


def word_events(found: Robustness) -> str:
    """Return the events behind changes of the whole input."""
    nominal = found.nominal
    signals = ", ".join(
        f"{each.efficiency.note} of {each.signal}" for each in nominal.signals(found.signal)
    )
    return f"{signals} and {nominal.background_acceptance.note} of {found.background}"


def word_faults(found: Robustness) -> tuple[str, ...]:
    """Return what a reader of the maps and tables must know, as sentences."""
    words = []
    positions = math.prod(found.shape)
    if found.faults:
        kinds = "; ".join(
            f"a {fault.name} cell {fault.meaning} ({_events(found, fault):,} events)"
            for fault in found.faults
        )
        reached = (
            "all positions"
            if found.cells == positions
            else f"{found.cells:,} of {positions:,} positions; the others have no cell behind them"
        )
        words.append(
            f"One cell at a time: {kinds}. Test events reach {reached}. Each interval is that of a "
            "single cell: among so many some move by chance alone."
        )
    if found.orientations:
        words.append(
            "A turned or mirrored image should change nothing where detector, physics and encoding "
            "have that symmetry; elsewhere it shows what a wrong map of the cells would do. Of an "
            "image that is moved, a row or column is lost."
        )
    return tuple(words)


def _events(found: Robustness, fault: CellFault) -> int:
    return sum(each.events for each in fault.signals(found.signal)) + fault.background_events


def map_table(found: Robustness, fault: CellFault) -> Table:
    """Return the positions of a map at which most events are decided otherwise."""
    signals = fault.signals(found.signal)
    by_place = zip(*(each.moved for each in signals), fault.background_moved, strict=True)
    moved = [
        (position, [count for count in counts if count is not None])
        for position, counts in enumerate(by_place)
        if None not in counts
    ]
    moved.sort(key=lambda row: (-sum(map(abs, row[1])), row[0]))
    rows = tuple(
        (
            Cell(word_place(found.shape, position), sort=position),
            *(Cell(f"{count:+,}", sort=count) for count in counts),
        )
        for position, counts in moved
    )
    events = ", ".join(f"{each.events:,} {each.signal}" for each in signals)
    caption = (
        f"{fault.name.capitalize()} cells: events that pass more than without the fault, of "
        f"{events} and {fault.background_events:,} {found.background}"
    )
    if len(rows) > LONGEST:
        caption += f"; the {LONGEST} positions that move most, all are in report.json"
    names = (*(each.signal for each in signals), found.background)
    columns = (Column("Place"), *(Column(name, numeric=True) for name in names))
    return Table(f"map-{fault.name}-table", caption, columns, rows[:LONGEST])


def _columns(title: str, found: Robustness) -> tuple[Column, ...]:
    nominal = found.nominal
    shares = ["Signal efficiency"]
    if nominal.further:
        shares = [f"Efficiency, {each.signal}" for each in nominal.signals(found.signal)]
    titles = [
        title for share in (*shares, "Background acceptance") for title in (share, CHANGE_TITLE)
    ]
    if nominal.rate_khz is not None:
        titles.append("Rate (kHz)")
    return (Column(title), *(Column(each, numeric=True) for each in titles))


def _row(name: str, variation: Variation, found: Robustness, said: Origin) -> Row:
    shares = [
        cell
        for each in variation.signals(found.signal)
        for cell in (share_cell(each.efficiency, said), points_cell(each.change, said))
    ]
    cells = (
        Cell(name, sort=variation.size),
        *shares,
        share_cell(variation.background_acceptance, said),
        points_cell(variation.background_change, said),
    )
    if variation.rate_khz is not None:
        cells += (figure_cell(variation.rate_khz, said),)
    return cells


def _said(variations: Iterable[Variation]) -> Origin:
    return common_origin(
        figure
        for each in variations
        for figure in (
            each.signal_efficiency,
            each.signal_change,
            *(figure for signal in each.further for figure in (signal.efficiency, signal.change)),
            each.background_acceptance,
            each.background_change,
            each.rate_khz,
        )
    )


def comparison_table(comparisons: tuple[ScoreComparison, ...]) -> Table:
    """Return how far the scores of the engines are apart, and what they decide otherwise."""
    rows = tuple(
        (
            Cell(_pair(each)),
            count_cell(each.events),
            count_cell(each.different),
            number_cell(each.residual_mean),
            number_cell(each.residual_deviation),
            number_cell(each.residual_largest),
            *_decision_cells(each),
        )
        for each in comparisons
    )
    columns = (
        Column("Engines"),
        Column("Test events", numeric=True),
        Column("Scores that differ", numeric=True),
        Column("Mean difference", numeric=True),
        Column("Standard deviation", numeric=True),
        Column("Largest", numeric=True),
        Column("Decisions that differ", numeric=True),
    )
    caption = "Scores event by event; decisions at the working point, each engine at its threshold"
    return Table("score-agreement-table", caption, columns, rows)


def _decision_cells(comparison: ScoreComparison) -> Row:
    if not comparison.decisions:
        return (UNKNOWN_CELL,)
    changed = sum(each.left_only + each.right_only for each in comparison.decisions)
    details = [
        f"{each.class_name}: {each.left_only:,} by {comparison.left} alone, "
        f"{each.right_only:,} by {comparison.right} alone"
        for each in comparison.decisions
        if each.left_only + each.right_only
    ]
    return (replace(count_cell(changed), detail="; ".join(details)),)


def changed_table(comparisons: tuple[ScoreComparison, ...]) -> Table:
    """Return the first events that two engines decide otherwise."""
    rows = tuple(
        (
            Cell(f"{_pair(each)}, event {event.event:,}", sort=event.event),
            Cell(event.class_name),
            Cell(each.left if event.left_score >= (each.left_threshold or 0) else each.right),
            number_cell(event.left_score),
            number_cell(each.left_threshold),
            number_cell(event.right_score),
            number_cell(each.right_threshold),
        )
        for each in comparisons
        for event in each.first
    )
    columns = (
        Column("Engines and test event"),
        Column("Class"),
        Column("Accepted by"),
        Column("Score, first engine", numeric=True),
        Column("Its threshold", numeric=True),
        Column("Score, second engine", numeric=True),
        Column("Its threshold", numeric=True),
    )
    return Table("changed-table", "The first events decided otherwise", columns, rows)


def residual_table(comparison: ScoreComparison, index: int) -> Table:
    """Return the bins of the differences of two scores."""
    rows = tuple(
        (number_cell(low), number_cell(high), count_cell(count))
        for low, high, count in zip(
            comparison.residual_edges,
            comparison.residual_edges[1:],
            comparison.residual_counts,
            strict=False,
        )
        if count
    )
    columns = (
        Column("Difference from", numeric=True),
        Column("To", numeric=True),
        Column("Events", numeric=True),
    )
    caption = (
        f"Scores of {comparison.right} less {comparison.left}: bins that hold events; those of "
        "the scatter are in report.json"
    )
    return Table(f"residual-table-{index + 1}", caption, columns, rows)


def word_decisions(comparisons: tuple[ScoreComparison, ...]) -> tuple[str, ...]:
    """Return, as sentences, how many decisions differ between engines."""
    words = []
    for each in comparisons:
        changed = sum(count.left_only + count.right_only for count in each.decisions)
        if each.decisions:
            words.append(
                f"{changed:,} of {each.events:,} between {each.right} and {each.left} "
                f"({word_percent(changed / each.events)})"
            )
    return (f"Test events decided otherwise: {'; '.join(words)}.",) if words else ()


def _pair(comparison: ScoreComparison) -> str:
    return f"{comparison.left} and {comparison.right}"
