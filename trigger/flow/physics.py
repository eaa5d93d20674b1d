"""Trigger physics: every engine's scores of the same rows at one working point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.budget import Figure, Source
from trigger.config import DesignFile
from trigger.flow.comparison import EMULATED, FLOAT
from trigger.rates import (
    COVERAGE,
    Efficiency,
    Exposure,
    Rate,
    Roc,
    WorkingPoint,
    bootstrap_auc,
    build_histograms,
    build_roc,
    count_confusion,
    equal_shares,
    events_needed,
    find_next_looser,
    find_working_point,
    measure_accuracy,
    measure_rejection,
    measure_turn_on,
    outline,
    predict_classes,
)
from trigger.report import record
from trigger.training import Sample

ACCEPTANCE = 0.1
"""Of background at the working point, where the design names none."""
REJECTION_EFFICIENCY = 0.3
"""Signal efficiency at which taggers are compared by their background rejection."""
PRECISION = 0.1
"""Standard deviation over value of a rate that is precise enough to go without a warning."""
CURVE_POINTS = 400
TURN_ON_BINS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What is told apart, one row each: test events, tracks or lit pixels."""

    labels: npt.NDArray[np.int64]
    """(rows,) place in the classes."""
    outputs: Mapping[str, npt.NDArray[Any]]
    """(rows, outputs) of each engine, in its own numbers."""
    plain: npt.NDArray[np.int64]
    """(rows,) what the simplest algorithm would cut on."""
    plain_name: str
    plain_falls: bool
    """Whether signal has the smaller numbers, as training events tell."""
    unit: str = "events"
    """What a row is, in the plural."""
    decided: bool = True
    """Whether outputs say the class by themselves, without a threshold of the trigger."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A signal against the background, and the working point."""

    classes: tuple[str, ...]
    """In the order of the labels."""
    background: int
    signal: int
    acceptance: float = ACCEPTANCE
    exposure: Exposure | None = None
    asked_rate_khz: float | None = None

    @classmethod
    def of(cls, file: DesignFile) -> Pair:
        """Return what the design's trigger names, or the first two classes."""
        trigger, classes = file.trigger, file.classes
        if trigger is None:
            return cls(classes, 0, 1)
        return cls(
            classes,
            classes.index(trigger.background),
            classes.index(trigger.signal),
            trigger.acceptance,
            trigger.exposure,
            trigger.target_rate_khz,
        )

    def ask(self, labels: npt.NDArray[np.int64], unit: str = "events") -> Question:
        """Return what is asked of rows with these labels."""
        return Question(
            labels,
            self.classes,
            self.background,
            self.signal,
            self.acceptance,
            self.exposure,
            unit,
        )


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every engine."""

    labels: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    background: int
    signal: int
    acceptance: float
    exposure: Exposure | None
    unit: str = "events"

    @property
    def note(self) -> str:
        return f"{len(self.labels):,} test {self.unit}"


def measure_physics(scored: Scored, pair: Pair) -> record.Physics:
    """Return the figures of every engine, and of the simplest algorithm, on the same rows.

    The score of a row is the one output, or the signal's output less the background's.
    """
    asked = pair.ask(scored.labels, scored.unit)
    rows = [_baseline(asked, scored)]
    histograms: list[record.ScoreHistogram] = []
    turn_ons: list[record.TurnOn] = []
    is_signal = asked.labels == asked.signal
    plain = scored.plain[is_signal]
    edges = equal_shares(plain, TURN_ON_BINS)
    for name, outputs in scored.outputs.items():
        scores = scores_of(outputs, asked)
        row = _engine(asked, name, scores, outputs if scored.decided else None)
        rows.append(row)
        by_class = {
            class_name: scores[asked.labels == label]
            for label, class_name in enumerate(asked.classes)
        }
        histograms += [
            record.ScoreHistogram(name, each.name, each.edges, each.counts)
            for each in build_histograms(by_class)
        ]
        if row.threshold is not None and len(edges) > 1:
            passed = scores[is_signal] >= row.threshold
            variable = f"{scored.plain_name} (raw)"
            turn_ons.append(_turn_on(asked, name, passed, variable, plain, edges))
    return record.Physics(
        signal=asked.classes[asked.signal],
        background=asked.classes[asked.background],
        signal_events=int(np.sum(is_signal)),
        background_events=int(np.sum(asked.labels == asked.background)),
        asked_acceptance=asked.acceptance,
        engines=tuple(rows),
        histograms=tuple(histograms),
        classes=asked.classes,
        input_rate_khz=asked.exposure.input_rate_khz if asked.exposure else None,
        asked_rate_khz=pair.asked_rate_khz,
        rejection_efficiency=REJECTION_EFFICIENCY,
        turn_ons=tuple(turn_ons),
        unit=asked.unit,
    )


def scores_of(outputs: npt.NDArray[Any], asked: Question) -> npt.NDArray[Any]:
    """Return one number per row that is large for signal; the last class has the one output."""
    if outputs.shape[1] == 1:
        return outputs[:, 0] if asked.signal > asked.background else -outputs[:, 0]
    return outputs[:, asked.signal] - outputs[:, asked.background]


def _baseline(asked: Question, scored: Scored) -> record.EnginePhysics:
    """Return what a cut on the plain number does."""
    if scored.plain_falls:
        return _engine(asked, f"negative {scored.plain_name}", -scored.plain, None)
    return _engine(asked, scored.plain_name, scored.plain, None)


def _engine(
    asked: Question, name: str, scores: npt.NDArray, outputs: npt.NDArray | None
) -> record.EnginePhysics:
    labels, note = asked.labels, asked.note
    roc = build_roc(scores[labels == asked.signal], scores[labels == asked.background])
    low, high = roc.auc_interval(COVERAGE)
    resampled = bootstrap_auc(roc)
    point = find_working_point(roc, asked.acceptance)
    looser = find_next_looser(roc, asked.acceptance)
    corners = outline(roc, CURVE_POINTS)
    confusion: tuple[tuple[int, ...], ...] = ()
    if outputs is not None:
        counts = count_confusion(predict_classes(outputs), labels, len(asked.classes))
        confusion = tuple(tuple(row) for row in counts.tolist())
    return record.EnginePhysics(
        engine=name,
        auc=Figure(roc.auc, Source.MEASURED, low, high, COVERAGE, note=note),
        accuracy=_share(measure_accuracy(outputs, labels), note) if outputs is not None else None,
        signal_efficiency=_share(point.signal, note),
        background_acceptance=_share(point.background, note),
        threshold=point.threshold,
        roc=record.Curve(
            tuple(corners.signal_efficiency.tolist()),
            tuple(corners.background_acceptance.tolist()),
        ),
        rate_khz=_rate(asked, point),
        next_threshold=looser.threshold if looser else None,
        next_acceptance=_share(looser.background, note) if looser else None,
        next_rate_khz=_rate(asked, looser) if looser else None,
        rejection=_rejection(roc, note),
        auc_bootstrap=Figure(roc.auc, Source.MEASURED, *resampled, COVERAGE, note=note),
        confusion=confusion,
    )


def _share(share: Efficiency, note: str) -> Figure:
    return Figure(share.value, Source.MEASURED, share.low, share.high, share.coverage, note=note)


def _rate(asked: Question, point: WorkingPoint) -> Figure | None:
    if asked.exposure is None:
        return None
    rate: Rate = asked.exposure.rate(point.background)
    return Figure(
        rate.khz, Source.MEASURED, rate.low_khz, rate.high_khz, rate.coverage, note=asked.note
    )


def _rejection(roc: Roc, note: str) -> Figure | None:
    """Return 1/background acceptance; None where no background event is left to count."""
    share = measure_rejection(roc, REJECTION_EFFICIENCY).background
    if share.passed == 0:
        return None
    low, high = 1 / share.high, 1 / share.low
    return Figure(1 / share.value, Source.MEASURED, low, high, share.coverage, note=note)


def _turn_on(
    asked: Question,
    engine: str,
    passed: npt.NDArray[np.bool_],
    name: str,
    variable: npt.NDArray[np.int64],
    edges: npt.NDArray[np.float64],
) -> record.TurnOn:
    shares = measure_turn_on(passed, variable, edges)
    return record.TurnOn(
        engine,
        asked.classes[asked.signal],
        name,
        tuple(edges.tolist()),
        tuple(None if share is None else _share(share, asked.note) for share in shares),
    )


def physics_notes(found: record.Physics) -> Iterator[record.Note]:
    """Yield a warning where there are too few background events for the working point."""
    needed = events_needed(found.asked_acceptance, PRECISION)
    if found.background_events >= needed:
        return
    asked = f"an acceptance of {found.asked_acceptance:.3g}"
    if found.asked_rate_khz is not None:
        asked = f"{found.asked_rate_khz:g} kHz, {asked}"
    yield record.Note(
        record.Severity.WARNING,
        "working point",
        f"{found.background_events:,} {found.unit} of background are too few for {asked}: it takes "
        f"{needed:,} to know the rate to {PRECISION:.0%}, and "
        f"{int(np.ceil(1 / found.asked_acceptance)):,} to see one pass.",
    )


def qualities(found: record.Physics) -> dict[str, Figure]:
    """Return what is lost against the float model, for the budget; nothing where it is unknown."""
    engines = {engine.engine: engine for engine in found.engines}
    losses: dict[str, Figure] = {}
    if EMULATED not in engines or FLOAT not in engines:
        return losses
    ours, theirs = engines[EMULATED], engines[FLOAT]
    for name, mine, reference in (
        ("auc_loss", ours.auc, theirs.auc),
        ("accuracy_loss", ours.accuracy, theirs.accuracy),
        ("efficiency_loss", ours.signal_efficiency, theirs.signal_efficiency),
    ):
        if mine is not None and reference is not None:
            losses[name] = Figure(
                reference.value - mine.value,
                Source.MEASURED,
                note="float less emulated, test events",
            )
    return losses


def measure_auc(file: DesignFile, test: Sample, outputs: npt.NDArray) -> Figure:
    """Return the AUC of the signal against the background that the design's trigger names.

    Args:
        outputs: (events, outputs) of one engine, in its own numbers.
    """
    pair = Pair.of(file)
    asked = pair.ask(test.labels)
    scores = scores_of(np.asarray(outputs).reshape(len(test), -1), asked)
    roc = build_roc(scores[test.labels == pair.signal], scores[test.labels == pair.background])
    low, high = roc.auc_interval(COVERAGE)
    return Figure(roc.auc, Source.MEASURED, low, high, COVERAGE, note=asked.note)
