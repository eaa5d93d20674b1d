"""How little an event is like the background: a teacher's error, which a small student learns.

The shape of CICADA (CMS, arXiv:2310.06047): an autoencoder, far too large for a trigger, learns to
draw background events and draws all others badly. A student of a few layers learns the logarithm of
its error from the same images, and goes into the firmware: its one output is the anomaly score.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from trigger.design import LayerSpec, ModelSpec
from trigger.errors import DesignError
from trigger.images import InputContract
from trigger.training.loss import Loss, SquaredError
from trigger.training.spec import TrainingSpec
from trigger.training.tasks.base import Lesson, Material, OutputContract, Task
from trigger.training.teacher import LOG_PIXEL, check_teacher, fit_teacher, log_error, soften

QUANTITY = "log of the teacher's error"


@dataclass(frozen=True, slots=True)
class Teacher:
    """An autoencoder in floating point and its fit; it never becomes firmware."""

    layers: tuple[LayerSpec, ...]
    """Written as those of the model; the last one gives as many numbers as an image has."""
    epochs: int
    batch_size: int = 128
    learning_rate: float = 0.001
    patience: int | None = None
    seed: int = 1
    logarithm: bool = False
    """It draws ln(1 + pixel / mean pixel of the background) in place of the pixel. The square of an
    error grows with that of the pixel: one large pixel outweighs many that are a little too large,
    unless their logarithms are drawn."""

    @property
    def training(self) -> TrainingSpec:
        """What the fit is told.

        Raises:
            DesignError: a number that no fit can have.
        """
        return TrainingSpec(
            self.epochs,
            self.batch_size,
            learning_rate=self.learning_rate,
            patience=self.patience,
            seed=self.seed,
        )


@dataclass(frozen=True, slots=True)
class Anomaly(Task):
    """Give a score to what is unlike the background; every other class is a signal never seen.

    The student learns (log error - mean) / standard deviation, of the background's training
    events: the score counts standard deviations of the background's log error.
    """

    background: str
    """The one class that the teacher is trained on."""
    teacher: Teacher
    outliers: tuple[str, ...] = ()
    """Classes whose images the student sees too, without being told what they are: it then learns
    what the teacher's error does far from the background."""

    def __post_init__(self) -> None:
        if self.background in self.outliers:
            raise DesignError(
                f"{self.background} is the background", where="task.outliers", allowed="others"
            )

    def taught(self, events: tuple[str, ...]) -> tuple[str, ...]:
        return (self.background, *self.outliers)

    def outputs(self, contract: InputContract, events: tuple[str, ...]) -> list[tuple[int, ...]]:
        for name in self.taught(events):
            if name not in events:
                raise DesignError(
                    f"{name} is not a class of this design", where="task", allowed=", ".join(events)
                )
        if events[0] != self.background:
            raise DesignError(
                f"the first class is {events[0]}",
                where="task",
                allowed=f"the background {self.background} first, then the signals",
            )
        check_teacher(self._model(contract))
        return [(1,)]

    @property
    def loss(self) -> Loss:
        return SquaredError()

    def lesson(self, given: Material) -> Lesson:
        sample, split = given.sample, given.split
        known, held_out = (
            part[sample.labels[part] == 0] for part in (split.train, split.validation)
        )
        seen = sample
        if self.teacher.logarithm:
            mean = float(sample.pixels_raw[known].mean()) or 1.0
            seen = replace(sample, pixels_raw=soften(sample.pixels_raw, mean))
        teacher = fit_teacher(
            self._model(given.contract),
            self.teacher.training,
            seen.take(known),
            seen.take(held_out),
            given.folder / "teacher",
            given.progress,
        )
        errors = log_error(teacher, seen.pixels_raw)
        mine = errors[known]
        output = OutputContract((QUANTITY,), "", float(mine.mean()), float(mine.std()) or 1.0)
        targets = ((errors - output.offset) / output.scale).astype(np.float32)[:, None]
        return Lesson(replace(sample, targets=targets), output)

    def _model(self, contract: InputContract) -> ModelSpec:
        pixel = LOG_PIXEL if self.teacher.logarithm else contract.format
        return ModelSpec(contract.input_shape, pixel, self.teacher.layers)
