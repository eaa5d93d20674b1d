"""What a design costs, what it may cost, and whether it keeps to that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Source(Enum):
    """Where a number comes from; no number goes without."""

    ESTIMATE = "estimate"
    CSIM = "C simulation"
    CSYNTH = "C synthesis report"
    RTL_SIMULATION = "RTL simulation"
    SYNTHESIS = "logic synthesis"
    IMPLEMENTATION = "implementation"
    MEASURED = "measured on events"


class Quantity(Enum):
    """What a cost counts; the value is the word in tables and JSON."""

    LATENCY_MIN_CYCLES = "latency_min_cycles"
    LATENCY_CYCLES = "latency_cycles"
    INTERVAL_CYCLES = "interval_cycles"
    DSP = "dsp"
    LUT = "lut"
    FF = "ff"
    BRAM_18K = "bram_18k"
    URAM = "uram"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its origin: a value, the band that holds it, and what that rests on."""

    value: float
    source: Source
    low: float | None = None
    """Lower end of the band; None where the number is exact or read from a report."""
    high: float | None = None
    coverage: float | None = None
    """Share of held-out cases inside such bands, 0.8 for an 80 % band; None without a band."""
    support: int | None = None
    """Number of similar vendor reports behind an estimate; None for read or measured numbers."""
    note: str = ""
    """The law or file, and a warning where little stands behind it."""


@dataclass(frozen=True, slots=True)
class LayerCost:
    """The cost of one layer; a quantity that is not known is None."""

    name: str
    kind: str
    latency_min_cycles: Figure | None = None
    latency_cycles: Figure | None = None
    interval_cycles: Figure | None = None
    dsp: Figure | None = None
    lut: Figure | None = None
    ff: Figure | None = None
    bram_18k: Figure | None = None
    uram: Figure | None = None

    def figure(self, quantity: Quantity) -> Figure | None:
        """Return the figure of one quantity, or None where it is unknown."""
        figure: Figure | None = getattr(self, quantity.value)
        return figure


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a whole design from one source: a total row, and a row per layer."""

    source: Source
    total: LayerCost
    layers: tuple[LayerCost, ...]
    part: str
    clock_period_ns: float
    tool: str
    """Tool and version that the figures are of or for, such as ``Vitis HLS 2023.2``; "" unknown."""
    origin: str
    """File that was read, or coefficients that were used."""


class Outcome(Enum):
    """The answer to one limit. Unknown is not a pass."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a verdict."""

    name: str
    """What is limited, with its unit: ``latency_ns``, ``per_slr.lut``."""
    value: float | None
    limit: float
    unit: str
    """ns, cycles, BX, fraction, AUC."""
    outcome: Outcome
    source: Source | None
    """Where the value comes from; None when it is unknown."""
    low: float | None = None
    high: float | None = None
    note: str = ""
    """What was counted, and what to do when it fails or is unknown."""

    @property
    def margin(self) -> float | None:
        """Limit minus value, in the unit of both; None when the value is unknown."""
        return None if self.value is None else self.limit - self.value


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a budget: passed only if every check passed."""

    checks: tuple[Check, ...]

    @property
    def outcome(self) -> Outcome:
        outcomes = {check.outcome for check in self.checks}
        if Outcome.FAIL in outcomes:
            return Outcome.FAIL
        return Outcome.UNKNOWN if Outcome.UNKNOWN in outcomes or not outcomes else Outcome.PASS
