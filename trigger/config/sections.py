"""The sections of a design file that no other room declares, as frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from trigger.budget import Budget
from trigger.design import Design
from trigger.errors import DesignError, ReportError, did_you_mean
from trigger.events import SOURCES, EventSource
from trigger.images import InputContract
from trigger.rates import Exposure
from trigger.training.spec import TrainingSpec
from trigger.training.tasks import Task


@dataclass(frozen=True, slots=True)
class GenerateSection:
    """A sample to generate."""

    events_per_class: int
    seed: int | None = None
    """None is the design's seed."""
    options: Any = None
    """The source's own choices of physics; None takes its defaults."""
    event_files: bool = False
    """Write the events as files in the format of real data, and read them from there."""

    def __post_init__(self) -> None:
        if self.events_per_class < 1:
            raise DesignError(
                f"events_per_class is {self.events_per_class}", where="events", allowed=">= 1"
            )


@dataclass(frozen=True, slots=True)
class EventsSection:
    """What the events are: generated, or read from files."""

    source: EventSource
    classes: tuple[str, ...]
    """In the order of the labels 0, 1, ...; with one output the score speaks for the last."""
    generate: GenerateSection | None = None
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Event files of each class, by its name; relative ones lie beside the design file."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", MappingProxyType(dict(self.files)))
        names = self.classes
        known = SOURCES[self.source].classes
        for name in names:
            if name not in known:
                raise DesignError(
                    f"{self.source.value} has no class {name!r}",
                    where="events.classes",
                    allowed=", ".join(known),
                    remedy=did_you_mean(name, list(known)),
                )
        if len(names) < 2 or len(set(names)) < len(names):
            raise DesignError(
                f"the classes are {', '.join(names) or 'none'}",
                where="events.classes",
                allowed="two or more different ones",
            )
        if (self.generate is None) == (not self.files):
            both = "both given" if self.files else "both missing"
            raise DesignError(
                f"generate and files are {both}", where="events", allowed="one of the two"
            )
        if self.files and set(self.files) != set(names):
            raise DesignError(
                f"files are given for {', '.join(self.files)}",
                where="events.files",
                allowed=f"every class: {', '.join(names)}",
            )
        for name, files in self.files.items():
            if not files:
                raise DesignError(
                    f"no file is given for {name}",
                    where="events.files",
                    allowed="one event file or more",
                )


@dataclass(frozen=True, slots=True)
class TriggerSection:
    """What the trigger sees, and its working point: a rate, or a share of background."""

    background: str
    """A class of the events."""
    signal: str
    crossing_rate_mhz: float | None = None
    """Bunch crossings that the trigger sees."""
    colliding_bunches: int | None = None
    """With ``revolution_frequency_khz``, in place of ``crossing_rate_mhz``."""
    revolution_frequency_khz: float | None = None
    background_per_crossing: float = 1.0
    """Mean number of background events in a crossing."""
    target_rate_khz: float | None = None
    """Rate of accepted background at the working point."""
    background_acceptance: float | None = None
    """Share of background events that are accepted at the working point."""

    def __post_init__(self) -> None:
        if (self.target_rate_khz is None) == (self.background_acceptance is None):
            raise DesignError(
                "the working point is given "
                + ("nowhere" if self.target_rate_khz is None else "twice"),
                where="trigger",
                allowed="one of target_rate_khz and background_acceptance",
            )
        machine = (self.colliding_bunches, self.revolution_frequency_khz)
        if machine.count(None) == 1 or (None not in machine and self.crossing_rate_mhz is not None):
            raise DesignError(
                "the crossing rate is given in part or twice",
                where="trigger",
                allowed="crossing_rate_mhz, or colliding_bunches and revolution_frequency_khz",
            )
        exposure = self.exposure
        if self.target_rate_khz is not None and exposure is None:
            raise DesignError(
                "target_rate_khz stands without a crossing rate",
                where="trigger",
                allowed="crossing_rate_mhz, or colliding_bunches and revolution_frequency_khz",
            )
        if not 0 < self.acceptance <= 1:
            raise DesignError(
                f"background_acceptance is {self.acceptance:g}",
                where="trigger",
                allowed="more than 0, at most 1",
            )
        if self.background == self.signal:
            raise DesignError("background and signal are the same class", where="trigger")

    @property
    def exposure(self) -> Exposure | None:
        """How often background comes by; None where the crossing rate is not given."""
        rate = self.crossing_rate_mhz
        if self.colliding_bunches is not None and self.revolution_frequency_khz is not None:
            rate = self.colliding_bunches * self.revolution_frequency_khz / 1000
        try:
            return None if rate is None else Exposure(rate, self.background_per_crossing)
        except ReportError as error:
            raise DesignError(error.problem, where="trigger", allowed=error.allowed) from error

    @property
    def acceptance(self) -> float:
        """Share of background events that are accepted at the working point."""
        if self.background_acceptance is not None:
            return self.background_acceptance
        exposure, rate = self.exposure, self.target_rate_khz
        assert exposure is not None  # as checked when the section was read
        assert rate is not None
        try:
            return exposure.acceptance(rate)
        except ReportError as error:
            raise DesignError(error.problem, where="trigger", allowed=error.allowed) from error


@dataclass(frozen=True, slots=True)
class DesignFile:
    """A design file, read and checked; sections that it leaves out are None."""

    name: str
    seed: int
    """The one seed; training and generation take it unless they name their own."""
    design: Design
    input: InputContract
    """Without a scale where that is to be fitted."""
    task: Task
    """What the model is asked to learn."""
    budget: Budget
    events: EventsSection | None
    training: TrainingSpec | None
    trigger: TriggerSection | None
    source: str
    """Path of the file as it was given."""
    text: str
    """The whole file; of one with a base, what both say together."""
    sha256: str
    """Of the text (hex)."""

    @property
    def event_classes(self) -> tuple[str, ...]:
        """Classes of events; () without events."""
        return self.events.classes if self.events is not None else ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the images' labels 0, 1, ..."""
        return self.task.labels(self.event_classes)

    @property
    def classes(self) -> tuple[str, ...]:
        """What scores tell apart; () where the task decides nothing."""
        return self.task.classes(self.event_classes)
