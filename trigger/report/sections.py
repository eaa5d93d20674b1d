"""The order of a report: its sections, each with words, tables and figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from trigger.budget import Outcome
from trigger.report import (
    alternative_tables,
    cost_tables,
    network_tables,
    physics_tables,
    study_tables,
    tables,
)
from trigger.report.cells import Table
from trigger.report.record import Agreement, Regression, Report
from trigger.report.wording import SPACE, UNKNOWN, word_number, word_origin


class FigureKind(Enum):
    """The figures that a page may show; Markdown shows only the tables behind them."""

    ROC = "roc"
    SCORES = "scores"
    TURN_ON = "turn-on"
    LATENCY = "latency"
    RESOURCES = "resources"
    SCORE_PAIR = "score-pair"
    FAULT = "fault"
    GAIN = "gain"
    ALTERNATIVES = "alternatives"


@dataclass(frozen=True, slots=True)
class FigurePlace:
    """A figure that belongs here, with the table behind it."""

    kind: FigureKind
    table: Table
    index: int = 0
    """Which of several it draws: of costs, of signals, or of kinds of faults."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report."""

    name: str
    title: str
    words: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[FigurePlace, ...] = ()
    folded: tuple[Table, ...] = ()
    """Long tables that the page shows on demand."""
    galleries: bool = False
    """Whether the images of the classes stand here."""
    maps: bool = False
    """Whether the maps of widths and zeros stand here."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the few answers at the top."""

    title: str
    text: str
    detail: str
    mark: str
    """``pass``, ``fail``, ``unknown`` or "" (plain)."""


def build_tiles(report: Report) -> tuple[Tile, ...]:
    """Return the answers that a reader wants first."""
    return tuple(
        tile
        for tile in (_verdict_tile(report), _agreement_tile(report), _physics_tile(report))
        if tile
    )


def build_sections(report: Report) -> tuple[Section, ...]:
    """Return the sections in their order; those with nothing to say are left out."""
    built = (build(report) for build in SECTIONS)
    return tuple(section for section in built if section is not None)


def word_agreement(agreement: Agreement | None) -> str:
    """Return the headline of a comparison as a sentence."""
    if agreement is None:
        return "Not compared with C simulation here, so it is unknown whether they are bit-exact."
    pair = f"between {agreement.left} and {agreement.right}"
    numbers = f"{agreement.elements:,} numbers of {agreement.events:,} events"
    if agreement.mismatches == 0:
        return f"No mismatch {pair} among {numbers}."
    first = agreement.first
    assert first is not None  # guaranteed by Agreement
    element = ", ".join(map(str, first.element))
    return (
        f"{agreement.mismatches:,} mismatches {pair} among {numbers}; the first at event "
        f"{first.event}, {first.layer}[{element}]: {first.left_raw} against {first.right_raw} "
        f"(raw, {first.format})."
    )


def _verdict_tile(report: Report) -> Tile:
    outcome = report.verdict.outcome
    checks = report.verdict.checks
    kept = sum(check.outcome is Outcome.PASS for check in checks)
    words = {
        Outcome.PASS: "✓ fits the budget",
        Outcome.FAIL: "✗ does not fit",
        Outcome.UNKNOWN: "? not decided",
    }
    detail = f"{kept} of {len(checks)} limits kept" if checks else "the design sets no limit"
    unknown = [check.name for check in checks if check.outcome is Outcome.UNKNOWN]
    if unknown:
        detail += f"; unknown: {', '.join(unknown)}"
    doubtful = [check.name for check in checks if check.within_band]
    if doubtful:
        detail += f"; the limit lies within the band of {', '.join(doubtful)}"
    return Tile("Verdict", words[outcome], detail, outcome.value)


def _agreement_tile(report: Report) -> Tile:
    agreement = report.agreement
    if agreement is None:
        return Tile("Bit-exactness", "? unknown", "no C simulation was run", "unknown")
    exact = agreement.mismatches == 0 and agreement.elements > 0
    text = "✓ bit-exact" if exact else f"✗ {agreement.mismatches:,} mismatches"
    detail = f"{agreement.left} and {agreement.right}, {agreement.events:,} events"
    if agreement.elements == 0:
        return Tile("Bit-exactness", "? unknown", "nothing was compared", "unknown")
    return Tile("Bit-exactness", text, detail, "pass" if exact else "fail")


def _physics_tile(report: Report) -> Tile | None:
    if report.physics is None or not report.physics.engines:
        return _regression_tile(report.regression)
    engine = report.physics.engines[-1]
    if engine.auc is None:
        return Tile(f"AUC, {engine.engine}", UNKNOWN, "", "unknown")
    text = word_number(engine.auc.value, engine.auc.low, engine.auc.high)
    return Tile(f"AUC, {engine.engine}", text, word_origin(engine.auc), "")


def _regression_tile(regression: Regression | None) -> Tile | None:
    if regression is None or not regression.engines:
        return None
    engine = regression.engines[-1]
    known = [each for each in engine.quantities if each.resolution is not None]
    if not known:
        return None
    worst = max(known, key=lambda each: each.resolution.value if each.resolution else 0.0)
    figure = worst.resolution
    assert figure is not None  # as it is one of those known
    text = word_number(figure.value, figure.low, figure.high)
    unit = f"{SPACE}{regression.unit}" if regression.unit else ""
    return Tile(
        f"Resolution of {worst.name}, {engine.engine}", text + unit, word_origin(figure), ""
    )


def _verdict(report: Report) -> Section:
    words = () if report.verdict.checks else ("The design sets no limit, so there is no verdict.",)
    if report.verdict.checks and report.previous is None:
        words += ("There is no earlier version in this folder to compare with.",)
    if report.previous is not None:
        now = {check.name for check in report.verdict.checks}
        gone = [check.name for check in report.previous.checks if check.name not in now]
        words += (f"No longer limited: {', '.join(gone)}.",) if gone else ()
    shown = (tables.verdict_table(report),) if report.verdict.checks else ()
    return Section("verdict", "Verdict", words, shown)


def _notes(report: Report) -> Section | None:
    if not report.notes:
        return None
    return Section("notes", "Notes and warnings", tables=(tables.notes_table(report),))


def _agreement(report: Report) -> Section:
    compared = [
        agreement
        for agreement in (report.agreement, *report.further_agreements)
        if agreement is not None
    ]
    shown = [tables.agreements_table(compared)] if compared else []
    if report.comparisons:
        shown.append(study_tables.comparison_table(report.comparisons))
    if any(each.first for each in report.comparisons):
        shown.append(study_tables.changed_table(report.comparisons))
    return Section(
        "agreement",
        "Agreement",
        (word_agreement(report.agreement), *study_tables.word_decisions(report.comparisons)),
        tuple(shown),
        tuple(
            FigurePlace(FigureKind.SCORE_PAIR, study_tables.residual_table(each, index), index)
            for index, each in enumerate(report.comparisons)
        ),
        folded=tuple(
            tables.layer_agreement_table(agreement, f"agreement-{index}")
            for index, agreement in enumerate(compared, 1)
            if agreement.layers
        ),
    )


def _physics(report: Report) -> Section | None:
    if report.physics is None:
        return None
    figures: list[FigurePlace] = []
    shown: list[Table] = []
    for index, physics in enumerate((report.physics, *report.further_physics)):
        several = f"-{index + 1}" if index else ""
        drawn = []
        if any(engine.roc for engine in physics.engines):
            drawn.append((FigureKind.ROC, physics_tables.roc_table(physics)))
        if physics.histograms:
            drawn.append((FigureKind.SCORES, physics_tables.histogram_table(physics)))
        if physics.turn_ons:
            drawn.append((FigureKind.TURN_ON, physics_tables.turn_on_table(physics)))
        said = [physics_tables.physics_table(physics), physics_tables.working_point_table(physics)]
        if any(engine.confusion for engine in physics.engines):
            said.append(physics_tables.confusion_table(physics))
        shown += [replace(table, name=table.name + several) for table in said]
        figures += [
            FigurePlace(kind, replace(table, name=table.name + several), index)
            for kind, table in drawn
        ]
    return Section("physics", "Physics", tables=tuple(shown), figures=tuple(figures))


def _regression(report: Report) -> Section | None:
    regression = report.regression
    if regression is None:
        return None
    shown = [physics_tables.resolution_table(regression)]
    if regression.sum_name:
        shown.append(physics_tables.sum_table(regression))
    return Section("regression", "Resolution", tables=tuple(shown))


def _network(report: Report) -> Section | None:
    if not report.layers and not report.costs:
        return None
    costs, figures = [], []
    if len(report.costs) > 1:
        costs.append(cost_tables.totals_table(report.costs))
    for index, cost in enumerate(report.costs):
        table = cost_tables.cost_table(cost, report.layers, f"cost-{index + 1}")
        costs.append(table)
        if cost.layers:
            bars = cost_tables.cost_bars_table(cost, f"cost-{index + 1}-bars")
            figures.append(FigurePlace(FigureKind.LATENCY, bars[0], index))
            figures.append(FigurePlace(FigureKind.RESOURCES, bars[1], index))
    words = (
        () if report.costs else ("No cost was estimated or read: latency and resources unknown.",)
    )
    formats = (cost_tables.format_table(report.layers),) if report.layers else ()
    return Section("layers", "Layers and cost", words, (*costs, *formats), tuple(figures))


def _alternatives(report: Report) -> Section | None:
    found = report.alternatives
    if found is None:
        return None
    build = alternative_tables.alternatives_table
    shown = [alternative_tables.claims_table(found.claims)] if found.claims else []
    return Section(
        "alternatives",
        "Alternatives",
        tuple(alternative_tables.word_alternatives(found)),
        (*shown, build(found, "alternatives-table")),
        (
            FigurePlace(
                FigureKind.ALTERNATIVES,
                build(found, "alternatives-figure-table", everything=True),
            ),
        ),
        folded=(alternative_tables.races_table(found),) if found.races else (),
    )


def _robustness(report: Report) -> Section | None:
    found = report.robustness
    if found is None:
        return None
    shown, figures = [], []
    if any(fault.worst for fault in found.faults):
        shown.append(study_tables.worst_table(found))
    if found.gains:
        shown.append(
            study_tables.variation_table(
                "gain-table", "A shift of the gain of all signals", "Gain", found, found.gains
            )
        )
        figures.append(FigurePlace(FigureKind.GAIN, replace(shown[-1], name="gain-figure-table")))
    if found.orientations:
        shown.append(
            study_tables.variation_table(
                "orientation-table", "Images turned and moved", "Image", found, found.orientations
            )
        )
    figures += [
        FigurePlace(FigureKind.FAULT, study_tables.map_table(found, fault), index)
        for index, fault in enumerate(found.faults)
    ]
    words = (
        "The same test events are emulated again with a changed input; the threshold stays that of "
        f"the working point. Changes of the whole input: {study_tables.word_events(found)}.",
        *study_tables.word_faults(found),
        *found.left_out,
    )
    return Section("robustness", "Robustness", words, tuple(shown), tuple(figures))


def _ranges(report: Report) -> Section | None:
    if not report.ranges and not report.widths:
        return None
    shown = []
    if report.ranges:
        shown.append(network_tables.range_table(report.ranges))
    if report.widths:
        shown.append(network_tables.width_table(report.widths))
    return Section(
        "ranges",
        "Ranges, widths and zeros",
        network_tables.word_ranges(report.ranges),
        tuple(shown),
        maps=bool(report.widths),
    )


def _calibration(report: Report) -> Section | None:
    if report.calibration is None:
        return None
    return Section(
        "calibration",
        "Calibration of the estimate",
        network_tables.word_calibration(report.calibration),
        (network_tables.calibration_table(report.calibration),),
    )


def _images(report: Report) -> Section | None:
    if not report.classes:
        return None
    words = ("Pixels are the raw integers that the hardware receives; black is zero.",)
    return Section("images", "Event images", words, galleries=True)


def _contract(report: Report) -> Section | None:
    if not report.input_contract:
        return None
    shown = [tables.contract_table(report)]
    if report.output_contract:
        shown.append(tables.output_table(report))
    return Section("contract", "Input contract", tables=tuple(shown))


def _provenance(report: Report) -> Section:
    shown = [tables.provenance_table(report.provenance)]
    if report.steps:
        shown.append(tables.steps_table(report))
    return Section("provenance", "Provenance", tables=tuple(shown))


SECTIONS: tuple[Callable[[Report], Section | None], ...] = (
    _verdict,
    _notes,
    _agreement,
    _physics,
    _regression,
    _robustness,
    _network,
    _alternatives,
    _calibration,
    _ranges,
    _images,
    _contract,
    _provenance,
)
