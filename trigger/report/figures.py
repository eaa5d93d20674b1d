"""The table of figures: every design over several trainings, beside what others have published."""

from __future__ import annotations

import statistics
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure of one engine on the test events of one training."""

    quantity: str
    """Such as ``AUC``."""
    engine: str
    value: float
    smaller_is_better: bool = False


@dataclass(frozen=True, slots=True)
class Training:
    """What one training of a design gave."""

    design: str
    seed: int
    """Of the weights' start, the order of images, and which events are tested."""
    key: str
    """Digest of what it was made from."""
    train_images: int
    test_images: int
    subject: str
    """What an image shows, in the plural."""
    background: str
    """How much of it was background under test; "" where nothing is told apart."""
    integers: int
    """Compared between emulator and C simulation, over all layers and events."""
    mismatches: int
    figures: tuple[Measured, ...]
    seconds: float
    problem: str = ""
    """What is wrong with it: why there are no figures, or why they are not to be trusted."""

    def find(self, quantity: str, engine: str) -> Measured | None:
        """Return one figure; None where it is not known."""
        for each in self.figures:
            if (each.quantity, each.engine) == (quantity, engine):
                return each
        return None


@dataclass(frozen=True, slots=True)
class Spread:
    """One figure over several trainings."""

    values: tuple[float, ...]
    """One or more, in the order of the seeds."""

    @property
    def mean(self) -> float:
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float | None:
        """Standard deviation of the sample; None of a single value."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None


@dataclass(frozen=True, slots=True)
class EngineSpread:
    engine: str
    spread: Spread | None
    """None where no training has this figure."""


@dataclass(frozen=True, slots=True)
class Published:
    """A figure that somebody else reached."""

    quantity: str
    value: float
    of: str
    """What reached it, on what."""
    origin: str
    """Paper or document."""
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One quantity of one design."""

    quantity: str
    engines: tuple[EngineSpread, ...]
    loss: Spread | None
    """By how much emulated is worse than float, training by training."""
    limit: float | None
    """That the loss should not exceed; None where none is set."""
    published: tuple[Published, ...]

    @property
    def kept(self) -> int | None:
        """Trainings whose loss is within the limit."""
        if self.loss is None or self.limit is None:
            return None
        return sum(value <= self.limit for value in self.loss.values)


@dataclass(frozen=True, slots=True)
class System:
    """One design."""

    design: str
    question: str
    """What is told from what, in which input."""
    lines: tuple[Line, ...]
    trainings: tuple[Training, ...]
    published: tuple[Published, ...]
    """All of them, of whatever quantity."""
    difference: str
    """How the events differ from those of the published figures."""


@dataclass(frozen=True, slots=True)
class FigureTable:
    systems: tuple[System, ...]
    asked: int
    """Trainings of each design."""
    command: str
