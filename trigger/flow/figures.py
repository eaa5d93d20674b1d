"""What a run is judged by: the figures of its task, for every engine on the test events alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.budget import Figure
from trigger.config import DesignFile
from trigger.flow.comparison import EMULATED, FLOAT, QKERAS
from trigger.flow.physics import Pair, Scored, measure_physics, physics_notes, qualities
from trigger.flow.resolutions import KnownSum, measure_regression, resolution_loss
from trigger.flow.samples import Images
from trigger.flow.simulation import Simulated
from trigger.report import record
from trigger.training import Sample
from trigger.training.tasks import (
    Anomaly,
    EventClass,
    HitNoise,
    Momentum,
    OutputContract,
    Task,
    TrackClass,
)

TEACHER = "teacher"
PIXEL_SUM, PIXEL = "pixel sum", "pixel"
"""The simplest algorithms that one could build instead, and the variables of turn-on curves."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How well a model does its task."""

    physics: tuple[record.Physics, ...] = ()
    """One per signal, the one that the design's trigger names first; () where nothing is told
    apart."""
    regression: record.Regression | None = None

    @classmethod
    def of(cls, report: record.Report) -> Figures:
        """Return those of a report."""
        first = () if report.physics is None else (report.physics,)
        return cls((*first, *report.further_physics), report.regression)

    @property
    def losses(self) -> dict[str, Figure]:
        """What is lost against the float model, by the budget's names: of the worst signal."""
        found = {} if self.regression is None else resolution_loss(self.regression)
        for physics in self.physics:
            for name, loss in qualities(physics).items():
                if name not in found or found[name].value < loss.value:
                    found[name] = loss
        return found

    def notes(self) -> Iterator[record.Note]:
        """Yield what a reader must know beside the figures."""
        for physics in self.physics:
            yield from physics_notes(physics)


@dataclass(frozen=True, slots=True, eq=False)
class _Test:
    """The test images, and what every engine made of them."""

    file: DesignFile
    images: Images
    sample: Sample
    outputs: Mapping[str, npt.NDArray[Any]]
    """(n, *output shape) by engine, in its own numbers."""
    step: float
    """Value of one raw step of the firmware's output."""

    def values(self) -> dict[str, npt.NDArray[np.float64]]:
        """Return what every engine says, (n, outputs), in the quantity's own unit."""
        output = self.output
        steps = {EMULATED: self.step}
        return {
            name: output.offset
            + output.scale * steps.get(name, 1.0) * raw.reshape(len(raw), -1).astype(np.float64)
            for name, raw in self.outputs.items()
        }

    @property
    def output(self) -> OutputContract:
        assert self.images.output is not None  # a task of quantities has one
        return self.images.output

    @property
    def truth(self) -> npt.NDArray[np.float64]:
        """(n, outputs) in the quantity's own unit."""
        assert self.sample.targets is not None
        targets = self.sample.targets.astype(np.float64).reshape(len(self.sample), -1)
        return self.output.offset + self.output.scale * targets


def measure(file: DesignFile, images: Images, simulated: Simulated, step: float) -> Figures:
    """Return the figures of the design's task.

    Args:
        step: value of one raw step of the firmware's output.
    """
    events = len(images.split.test)
    outputs = {
        FLOAT: simulated.float_twin[:events],
        QKERAS: simulated.qkeras[:events],
        EMULATED: simulated.emulated[:events],
    }
    test = _Test(file, images, images.sample.take(images.split.test), outputs, step)
    return FIGURES[type(file.task)](test)


def _of_images(test: _Test) -> Figures:
    """Return how well the classes of images are told apart."""
    pair = Pair.of(test.file)
    return Figures((measure_physics(_scored_images(test, pair), pair),))


def _of_pixels(test: _Test) -> Figures:
    """Return how well lit pixels are told apart; those that are not lit do not count."""
    pair = Pair.of(test.file)

    def lit(sample: Sample) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        assert sample.targets is not None
        asked = ~np.isnan(sample.targets)
        return asked, sample.targets[asked].astype(np.int64)

    asked, labels = lit(test.sample)
    seen, known = lit(test.images.train)
    outputs = {name: raw[asked].reshape(-1, 1) for name, raw in test.outputs.items()}
    plain = test.sample.pixels_raw[asked].astype(np.int64)
    falls = _falls(test.images.train.pixels_raw[seen], known, pair)
    scored = Scored(labels, outputs, plain, PIXEL, falls, test.file.task.unit)
    return Figures((measure_physics(scored, pair),))


def _of_quantities(test: _Test) -> Figures:
    """Return how near momenta come to the truth, and their sum to that of the beams."""
    task = test.file.task
    assert isinstance(task, Momentum)
    known = KnownSum("sum of momenta less that of the beams", task.tracks, task.beam_momentum_gev)
    found = measure_regression(
        test.values(), test.truth, test.output.names, test.output.unit, task.unit, known
    )
    return Figures((), found)


def _of_anomalies(test: _Test) -> Figures:
    """Return how well each signal stands out, by the teacher's error and by the student's."""
    pair = Pair.of(test.file)
    plain = _scored_images(test, pair)
    scored = replace(plain, outputs={TEACHER: test.truth, **plain.outputs}, decided=False)
    signals = [label for label in range(len(pair.classes)) if label != pair.background]
    signals.sort(key=lambda label: label != pair.signal)
    first, *rest = (measure_physics(scored, replace(pair, signal=label)) for label in signals)
    further = (replace(each, histograms=()) for each in rest)  # which are of all classes
    regression = measure_regression(
        test.values(), test.truth, test.output.names, test.output.unit, test.file.task.unit
    )
    return Figures((first, *further), replace(regression, truth=TEACHER))


def _scored_images(test: _Test, pair: Pair) -> Scored:
    train = test.images.train
    falls = _falls(_sums(train), train.labels, pair)
    outputs = {name: raw.reshape(len(raw), -1) for name, raw in test.outputs.items()}
    labels = test.sample.labels.astype(np.int64)
    return Scored(labels, outputs, _sums(test.sample), PIXEL_SUM, falls, test.file.task.unit)


def _sums(sample: Sample) -> npt.NDArray[np.int64]:
    """Return the sum of the raw pixels of each image."""
    pixels = sample.pixels_raw
    return np.asarray(pixels.reshape(len(pixels), -1).sum(axis=1, dtype=np.int64))


def _falls(plain: npt.NDArray[Any], labels: npt.NDArray[Any], pair: Pair) -> bool:
    """Tell whether signal has smaller numbers; not where no signal may be looked at."""
    background, signal = (plain[labels == label] for label in (pair.background, pair.signal))
    return bool(len(signal)) and bool(signal.mean() < background.mean())


FIGURES: Mapping[type[Task], Callable[[_Test], Figures]] = MappingProxyType(
    {
        EventClass: _of_images,
        TrackClass: _of_images,
        HitNoise: _of_pixels,
        Momentum: _of_quantities,
        Anomaly: _of_anomalies,
    }
)
"""What each task is judged by."""
