"""Task: what a model is to learn of events, from what is drawn to what its numbers mean."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.events import EventBatch
from trigger.images import InputContract
from trigger.training.loss import CrossEntropy, Loss
from trigger.training.progress import Progress
from trigger.training.sample import Sample, Split


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What becomes images, one row each."""

    batch: EventBatch
    labels: npt.NDArray[np.int64]
    """(n,) place of each image's class in ``Task.classes``."""
    event_ids: npt.NDArray[np.int64]
    """(n,) the event that an image is of: its images stay on one side of the split."""
    left_out: int = 0
    """Images that would show too little."""
    quantities: npt.NDArray[np.float64] | None = None
    """(n, outputs) what is to be learnt of each image, in its unit; None where labels or pixels
    say it."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a lesson is made of."""

    drawn: Drawn
    contract: InputContract
    sample: Sample
    """The images of what is drawn, with their labels."""
    split: Split
    folder: Path
    """Where models that give targets are kept."""
    progress: Progress


@dataclass(frozen=True, slots=True)
class OutputContract:
    """What the numbers of a regression mean: quantity = offset + scale * output."""

    names: tuple[str, ...]
    """One per output."""
    unit: str
    """"" where the quantity has none."""
    offset: float
    scale: float

    def to_dict(self) -> dict[str, Any]:
        """Return the contract as JSON holds it."""
        return {
            "names": list(self.names),
            "unit": self.unit,
            "offset": self.offset,
            "scale": self.scale,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Images with what is to be learnt of each."""

    sample: Sample
    output: OutputContract | None = None
    """None where the outputs are scores."""


class Task(ABC):
    """One kind of thing to learn; a frozen dataclass of its choices, the keys of the design."""

    __slots__ = ()

    @property
    def subject(self) -> str:
        """What an image shows, in the plural."""
        return "events"

    @property
    def unit(self) -> str:
        """What is counted in figures, in the plural."""
        return self.subject

    @property
    def group(self) -> int:
        """Images of one event that stay together in every batch; they lie side by side."""
        return 1

    def labels(self, events: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the images' labels, from those of the classes of events."""
        return events

    def classes(self, events: tuple[str, ...]) -> tuple[str, ...]:
        """Return the classes that scores tell apart; () where nothing is decided."""
        return self.labels(events)

    def taught(self, events: tuple[str, ...]) -> tuple[str, ...]:
        """Return the labels whose images a model is trained on."""
        return self.labels(events)

    @abstractmethod
    def outputs(self, contract: InputContract, events: tuple[str, ...]) -> list[tuple[int, ...]]:
        """Return the shapes that the model's output may have.

        Raises:
            DesignError: the input or the classes are not such as the task needs.
        """

    @property
    def loss(self) -> Loss:
        """What the fit makes small."""
        return CrossEntropy()

    def draw(self, batches: Sequence[EventBatch]) -> Drawn:
        """Return what becomes images, from the events of each class: each event, if not told.

        Raises:
            EventError: events that lack what the task needs.
        """
        together = type(batches[0]).concatenate(batches)
        labels = np.repeat(np.arange(len(batches)), [len(batch) for batch in batches])
        return Drawn(together, labels, np.arange(len(together)))

    def lesson(self, given: Material) -> Lesson:
        """Return the images with their targets."""
        return Lesson(given.sample)

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the figures must be warned of."""
        return ()
