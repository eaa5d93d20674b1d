"""Trigger physics of a run: every engine's scores of the test events at one working point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.budget import Figure, Source
from trigger.config import DesignFile
from trigger.flow.comparison import EMULATED, FLOAT, QKERAS
from trigger.flow.samples import Images
from trigger.flow.simulation import Simulated
from trigger.rates import (
    COVERAGE,
    Efficiency,
    Exposure,
    Rate,
    Roc,
    WorkingPoint,
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

ACCEPTANCE = 0.1
"""Of background at the working point, where the design names none."""
REJECTION_EFFICIENCY = 0.3
"""Signal efficiency at which taggers are compared by their background rejection."""
PRECISION = 0.1
"""Standard deviation over value of a rate that is precise enough to go without a warning."""
CURVE_POINTS = 400
TURN_ON_BINS = 10
BASELINE = "pixel sum"
"""The simplest algorithm that one could build instead, and the variable of turn-on curves."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every engine: signal against background at a working point."""

    labels: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    background: int
    signal: int
    acceptance: float
    exposure: Exposure | None

    @property
    def note(self) -> str:
        return f"{len(self.labels):,} test events"


def measure_physics(file: DesignFile, images: Images, simulated: Simulated) -> record.Physics:
    """Return the figures of every engine, and of the pixel sum, on the test events alone.

    The score of an event is the one output, or the signal's output less the background's.
    """
    events = len(images.split.test)
    asked = ask(file, simulated.labels[:events])
    sums = _pixel_sums(images, images.split.test)
    rows = [_baseline(asked, images, sums)]
    histograms: list[record.ScoreHistogram] = []
    turn_ons: list[record.TurnOn] = []
    is_signal = asked.labels == asked.signal
    edges = equal_shares(sums[is_signal], TURN_ON_BINS)
    for name, every in (
        (FLOAT, simulated.float_twin),
        (QKERAS, simulated.qkeras),
        (EMULATED, simulated.emulated),
    ):
        outputs = every[:events].reshape(events, -1)
        scores = scores_of(outputs, asked)
        row = _engine(asked, name, scores, outputs)
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
            turn_ons.append(_turn_on(asked, name, passed, sums[is_signal], edges))
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
        asked_rate_khz=file.trigger.target_rate_khz if file.trigger else None,
        rejection_efficiency=REJECTION_EFFICIENCY,
        turn_ons=tuple(turn_ons),
    )


def ask(file: DesignFile, labels: npt.NDArray[np.int64]) -> Question:
    """Return what a design asks of events with these labels."""
    assert file.events is not None  # without events there is no run
    classes = file.events.classes
    trigger = file.trigger
    if trigger is None:
        return Question(labels, classes, 0, 1, ACCEPTANCE, None)
    background, signal = classes.index(trigger.background), classes.index(trigger.signal)
    return Question(labels, classes, background, signal, trigger.acceptance, trigger.exposure)


def scores_of(outputs: npt.NDArray[np.generic], asked: Question) -> npt.NDArray:
    """Return one number per event that is large for signal; the last class has the one output."""
    if outputs.shape[1] == 1:
        return outputs[:, 0] if asked.signal > asked.background else -outputs[:, 0]
    return outputs[:, asked.signal] - outputs[:, asked.background]


def _pixel_sums(images: Images, events: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the sum of the raw pixels of each event."""
    pixels = images.sample.take(events).pixels_raw
    return pixels.reshape(len(pixels), -1).sum(axis=1, dtype=np.int64)


def _baseline(asked: Question, images: Images, sums: npt.NDArray[np.int64]) -> record.EnginePhysics:
    """Return what a cut on the pixel sum does; training events tell on which side signal lies."""
    train = images.split.train
    labels, known = images.sample.labels[train], _pixel_sums(images, train)
    means = [known[labels == label].mean() for label in (asked.background, asked.signal)]
    if means[1] < means[0]:
        return _engine(asked, f"negative {BASELINE}", -sums, None)
    return _engine(asked, BASELINE, sums, None)


def _engine(
    asked: Question, name: str, scores: npt.NDArray, outputs: npt.NDArray | None
) -> record.EnginePhysics:
    labels, note = asked.labels, asked.note
    roc = build_roc(scores[labels == asked.signal], scores[labels == asked.background])
    low, high = roc.auc_interval(COVERAGE)
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
    variable: npt.NDArray[np.int64],
    edges: npt.NDArray[np.float64],
) -> record.TurnOn:
    shares = measure_turn_on(passed, variable, edges)
    return record.TurnOn(
        engine,
        asked.classes[asked.signal],
        f"{BASELINE} (raw)",
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
        f"{found.background_events:,} background events are too few for {asked}: it takes "
        f"{needed:,} to know the rate to {PRECISION:.0%}, and "
        f"{int(np.ceil(1 / found.asked_acceptance)):,} to see one event pass.",
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
