"""The sections of a design file that no other room declares, as frozen records."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from trigger.budget import Budget
from trigger.design import Design
from trigger.errors import DesignError
from trigger.events.drift_chamber_generator import GeneratorOptions
from trigger.events.drift_chamber_kinematics import Reaction
from trigger.fixed import FixedFormat
from trigger.images.contract import Encoding, InputContract
from trigger.training.spec import TrainingSpec


class EventSource(Enum):
    """Where events come from."""

    DRIFT_CHAMBER = "drift_chamber"


@dataclass(frozen=True, slots=True)
class GenerateSection:
    """A sample to generate."""

    events_per_class: int
    seed: int | None = None
    """None is the design's seed."""
    options: GeneratorOptions = field(default_factory=GeneratorOptions)
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
    classes: tuple[Reaction, ...]
    """In the order of the labels 0, 1, ...; with one output the score speaks for the last."""
    generate: GenerateSection | None = None
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Event files of each class, by its name; relative ones lie beside the design file."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", MappingProxyType(dict(self.files)))
        names = [reaction.value for reaction in self.classes]
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
class InputSection:
    """The integer contract with the detector, before the scale is fitted."""

    encoding: Encoding
    shape: tuple[int, ...]
    """[rows, columns] of the image."""
    format: FixedFormat
    scale: int | None = None
    """ADC counts of the value 1.0; None fits it on the training events."""
    half_width_mm: int = 800
    keep_noise: bool = False

    def __post_init__(self) -> None:
        if len(self.shape) != 2:
            raise DesignError(
                f"shape is {list(self.shape)}", where="input.shape", allowed="[rows, columns]"
            )
        self.contract(1)

    def contract(self, fitted_scale: int) -> InputContract:
        """Return the whole contract; ``fitted_scale`` counts where the design gives none."""
        scale = fitted_scale if self.scale is None else self.scale
        rows, columns = self.shape
        return InputContract(
            self.encoding, rows, columns, self.format, scale, self.half_width_mm, self.keep_noise
        )


@dataclass(frozen=True, slots=True)
class TriggerSection:
    """The rates that the trigger works with."""

    crossing_rate_mhz: float
    """Events per microsecond that the trigger sees."""
    target_rate_khz: float
    """Rate of accepted background."""
    background: Reaction
    signal: Reaction
    background_acceptance: float = 0.1
    """Share of background events at which signal efficiencies are compared."""

    def __post_init__(self) -> None:
        if not 0 < self.background_acceptance < 1:
            raise DesignError(
                f"background_acceptance is {self.background_acceptance:g}",
                where="trigger",
                allowed="between 0 and 1",
            )
        for name in ("crossing_rate_mhz", "target_rate_khz"):
            if not 0 < getattr(self, name) < math.inf:
                raise DesignError(
                    f"{name} is {getattr(self, name):g}", where="trigger", allowed="> 0, finite"
                )
        if self.target_rate_khz > 1000 * self.crossing_rate_mhz:
            raise DesignError(
                f"target_rate_khz is {self.target_rate_khz:g}",
                where="trigger",
                allowed=f"at most the crossing rate, {1000 * self.crossing_rate_mhz:g} kHz",
            )
        if self.background is self.signal:
            raise DesignError("background and signal are the same class", where="trigger")


@dataclass(frozen=True, slots=True)
class DesignFile:
    """A design file, read and checked; sections that it leaves out are None."""

    name: str
    seed: int
    """The one seed; training and generation take it unless they name their own."""
    design: Design
    input: InputSection
    budget: Budget
    events: EventsSection | None
    training: TrainingSpec | None
    trigger: TriggerSection | None
    source: str
    """Path of the file as it was given."""
    text: str
    """The whole file."""
    sha256: str
    """Of the file's bytes (hex)."""
