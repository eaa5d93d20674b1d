"""Tables of trigger physics."""

from __future__ import annotations

from dataclasses import replace

from trigger.budget import Figure
from trigger.report.cells import (
    Cell,
    Column,
    Row,
    Table,
    count_cell,
    curve_cell,
    figure_cell,
    number_cell,
    share_cell,
)
from trigger.report.record import EnginePhysics, Physics, Regression
from trigger.report.wording import Origin, common_origin, word_band, word_number, word_percent


def physics_table(physics: Physics) -> Table:
    asked = word_percent(physics.asked_acceptance)
    decided = any(engine.accuracy is not None for engine in physics.engines)
    columns: tuple[Column, ...] = (
        Column("Engine"),
        Column("AUC", numeric=True),
        *((Column("Accuracy", numeric=True),) if decided else ()),
        Column("Signal efficiency", numeric=True),
        Column("Background acceptance", numeric=True),
        Column("Threshold", numeric=True),
    )
    if physics.rejection_efficiency is not None:
        at = word_percent(physics.rejection_efficiency)
        columns += (Column(f"1 / background at {at} signal", numeric=True),)
    said = common_origin(
        figure
        for engine in physics.engines
        for figure in (engine.auc, *_shares(engine), engine.rejection)
    )
    rows = tuple(_physics_row(engine, said, decided)[: len(columns)] for engine in physics.engines)
    caption = (
        f"{physics.signal} ({physics.signal_events:,} {physics.unit}) against "
        f"{physics.background} ({physics.background_events:,} {physics.unit}); "
        f"working point at no more than {asked} of background{said.clause}"
    )
    return Table("physics-table", caption, columns, rows)


def working_point_table(physics: Physics) -> Table:
    """What each engine can reach: the threshold at the working point, and the next lower one."""
    said = common_origin(
        figure
        for engine in physics.engines
        for figure in (engine.background_acceptance, engine.rate_khz, engine.next_rate_khz)
    )
    rows = tuple(
        (
            Cell(f"{engine.engine}, {words}"),
            number_cell(threshold),
            share_cell(acceptance, said),
            figure_cell(rate, said),
        )
        for engine in physics.engines
        for words, threshold, acceptance, rate in (
            ("at most", engine.threshold, engine.background_acceptance, engine.rate_khz),
            ("next", engine.next_threshold, engine.next_acceptance, engine.next_rate_khz),
        )
    )
    columns = (
        Column("Engine"),
        Column("Threshold", numeric=True),
        Column("Background acceptance", numeric=True),
        Column("Rate (kHz)", numeric=True),
    )
    asked = f"asked for {word_percent(physics.asked_acceptance)} of background"
    if physics.asked_rate_khz is not None:
        asked += f", {word_number(physics.asked_rate_khz)} kHz"
    if physics.input_rate_khz is not None:
        asked += f", of {word_number(physics.input_rate_khz)} kHz"
    caption = f"Working point, {asked}: between two neighbouring scores lies nothing{said.clause}"
    return Table("working-point-table", caption, columns, rows)


def confusion_table(physics: Physics) -> Table:
    """How many events of each class each engine takes for which."""
    rows = tuple(
        (Cell(f"{engine.engine}, {name}"), *(count_cell(count) for count in counts))
        for engine in physics.engines
        for name, counts in zip(physics.classes, engine.confusion, strict=False)
    )
    columns = (
        Column("Engine and true class"),
        *(Column(f"taken for {name}", numeric=True) for name in physics.classes),
    )
    return Table(
        "confusion-table", f"{physics.unit.capitalize()} by true class and decision", columns, rows
    )


def turn_on_table(physics: Physics) -> Table:
    """The bins of the turn-on curves."""
    said = common_origin(share for curve in physics.turn_ons for share in curve.efficiencies)
    rows = tuple(
        (
            Cell(f"{curve.engine}, {curve.class_name}"),
            number_cell(low),
            number_cell(high),
            share_cell(share, said),
        )
        for curve in physics.turn_ons
        for low, high, share in zip(curve.edges, curve.edges[1:], curve.efficiencies, strict=False)
    )
    columns = (
        Column("Engine and class"),
        Column("From", numeric=True),
        Column("To", numeric=True),
        Column("Efficiency", numeric=True),
    )
    variable = physics.turn_ons[0].variable
    caption = f"Efficiency in bins of the {variable}{said.clause}"
    return Table("turn-on-table", caption, columns, rows)


def _shares(engine: EnginePhysics) -> tuple[Figure | None, ...]:
    return engine.accuracy, engine.signal_efficiency, engine.background_acceptance


def _physics_row(engine: EnginePhysics, said: Origin, decided: bool) -> Row:
    return (
        Cell(engine.engine),
        _auc_cell(engine, said),
        *((share_cell(engine.accuracy, said),) if decided else ()),
        share_cell(engine.signal_efficiency, said),
        share_cell(engine.background_acceptance, said),
        number_cell(engine.threshold),
        figure_cell(engine.rejection, said),
    )


def _auc_cell(engine: EnginePhysics, said: Origin) -> Cell:
    """Return the area with its interval, and beside it the one of resampled events."""
    cell, resampled = figure_cell(engine.auc, said), engine.auc_bootstrap
    if resampled is None or resampled.low is None or resampled.high is None:
        return cell
    band = word_band(resampled.value, resampled.low, resampled.high)
    return replace(cell, detail=f"{cell.detail}; resampled {band}")


def roc_table(physics: Physics) -> Table:
    rows = tuple(
        (Cell(engine.engine), curve_cell(signal), curve_cell(background))
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
            number_cell(low),
            number_cell(high),
            count_cell(count),
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
        Column(physics.unit.capitalize(), numeric=True),
    )
    caption = f"Score histograms: bins that hold {physics.unit}"
    return Table("score-table", caption, columns, rows)


def resolution_table(regression: Regression) -> Table:
    """How near each engine's outputs come to the truth."""
    figures = [
        figure
        for engine in regression.engines
        for each in engine.quantities
        for figure in (each.resolution, each.bias, each.r2)
    ]
    said = common_origin(figures)
    rows = tuple(
        (
            Cell(f"{engine.engine}, {each.name}"),
            figure_cell(each.resolution, said),
            figure_cell(each.bias, said),
            figure_cell(each.r2, said),
        )
        for engine in regression.engines
        for each in engine.quantities
    )
    unit = f" ({regression.unit})" if regression.unit else ""
    columns = (
        Column("Engine and quantity"),
        Column(f"Resolution{unit}", numeric=True),
        Column(f"Bias{unit}", numeric=True),
        Column("R²", numeric=True),
    )
    caption = (
        f"Outputs against the {regression.truth}, {regression.images:,} {regression.subject}: "
        f"68 % of errors are smaller than the resolution{said.clause}"
    )
    return Table("resolution-table", caption, columns, rows)


def sum_table(regression: Regression) -> Table:
    """How far sums over an event miss what they must be."""
    said = common_origin(engine.sum_residual for engine in regression.engines)
    rows = tuple(
        (Cell(engine.engine), figure_cell(engine.sum_residual, said))
        for engine in regression.engines
    )
    unit = f" ({regression.unit})" if regression.unit else ""
    columns = (Column("Engine"), Column(f"Median{unit}", numeric=True))
    caption = f"Length of the {regression.sum_name}, per event{said.clause}"
    return Table("sum-table", caption, columns, rows)
