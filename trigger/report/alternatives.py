"""Firmware that could be built in place of the design, or beside it, and what each is worth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from trigger.budget import Figure
from trigger.report.rivals import Claim, Race


class AlternativeKind(Enum):
    """Where an alternative comes from."""

    DESIGN = "this design"
    """With its own settings, or with the cheapest within the budget."""
    SETTINGS = "this design, other settings"
    """That leave every integer as it is: the front of latency against cost within the budget."""
    TRIAL = "trial"
    """Of a search over knobs that need training."""
    CONVERTED = "converted without training"
    """The float model as hls4ml converts it."""
    ONE_WIDTH = "one width, trained"
    """The design's model with one width for every quantiser."""


class Sample(Enum):
    """Which events a quality was measured on."""

    TEST = "test"
    VALIDATION = "validation"


@dataclass(frozen=True, slots=True)
class Alternative:
    """One firmware: its quality, and its estimated cost."""

    name: str
    kind: AlternativeKind
    quality: Figure
    sample: Sample
    cost_luts: float | None
    """LUTs, DSP blocks weighed in."""
    latency_ns: float | None
    fits: bool | None
    """Whether it keeps every limit of the hardware; None where that is not known."""
    on_front: bool = False
    """Whether it fits, and no other one on the same events that does betters it in quality and
    cost."""


@dataclass(frozen=True, slots=True)
class Alternatives:
    """All that searches and comparisons have left in the design's folder."""

    quality: str
    """What is measured: AUC, or an efficiency."""
    luts_per_dsp: int
    rows: tuple[Alternative, ...]
    claims: tuple[Claim, ...] = ()
    """By what factor the design, or a trial, is cheaper than rivals."""
    races: tuple[Race, ...] = ()
    latency_limit_ns: float | None = None
    """Of the budget."""
    lut_limit: float | None = None
    """Of the budget, for LUTs alone."""
    words: tuple[str, ...] = ()
    """Sentences: how long it took, and what was left out."""
