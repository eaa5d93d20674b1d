"""What a design costs, what it may cost, and whether it keeps to that."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Any, Protocol

from trigger.errors import DesignError, did_you_mean
from trigger.units import LHC_CROSSING_PERIOD_NS, interval_limit_cycles


class Source(Enum):
    """Where a number comes from; no number goes without."""

    ESTIMATE = "estimate"
    """Of what C synthesis would report."""
    ESTIMATED_SYNTHESIS = "estimate of logic synthesis"
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


RESOURCES = tuple(quantity.value for quantity in Quantity if not quantity.value.endswith("_cycles"))
"""What a device has a number of."""


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


BEST_FIRST = (
    Source.IMPLEMENTATION,
    Source.SYNTHESIS,
    Source.RTL_SIMULATION,
    Source.CSYNTH,
    Source.ESTIMATE,
)
"""Sources of a cost, the one nearest to the finished firmware first."""


def best(costs: Sequence[Cost]) -> Cost:
    """Return the first cost with each total from the best source that knows it.

    Every figure keeps its source. Layers are left out: no source knows them all.
    """
    ranked = sorted(costs, key=lambda cost: BEST_FIRST.index(cost.source))
    figures: dict[str, Any] = {}
    for quantity in Quantity:
        known = (cost.total.figure(quantity) for cost in ranked)
        figures[quantity.value] = next((figure for figure in known if figure is not None), None)
    total = replace(costs[0].total, **figures)
    origin = ", ".join(cost.origin for cost in ranked)
    return replace(costs[0], source=ranked[0].source, total=total, layers=(), origin=origin)


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

    @property
    def within_band(self) -> bool:
        """Whether the other answer is within the value's band."""
        return self.low is not None and self.high is not None and self.low <= self.limit < self.high


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


@dataclass(frozen=True, slots=True)
class Budget:
    """What a design may cost. A limit that is None, or not in a mapping, is not asked.

    Raises:
        DesignError: a limit that nothing or everything would meet, or an unknown resource.
    """

    latency_ns: float | None = None
    latency_cycles: float | None = None
    latency_bx: float | None = None
    """Latency in bunch crossings."""
    interval_cycles: float | None = None
    interval_bx: float | None = None
    """1 asks to keep up with every crossing; usual with ``time_multiplexing`` left at 1."""
    crossing_period_ns: float = LHC_CROSSING_PERIOD_NS
    time_multiplexing: int = 1
    """Number of copies of the design that take turns: each has this many times the interval."""
    device: Mapping[str, float] = field(default_factory=dict)
    """Largest fraction of the whole device, by ``lut``, ``ff``, ``dsp``, ``bram_18k``, ``uram``."""
    per_slr: Mapping[str, float] = field(default_factory=dict)
    """Largest fraction of one die: the design is to fit into a single one."""
    auc_loss: float | None = None
    """Largest loss of AUC against the float model; a gain is never too large."""
    quality: Mapping[str, float] = field(default_factory=dict)
    """Largest loss of other measured qualities, by name, such as ``efficiency_loss``."""

    def __post_init__(self) -> None:
        for name in ("device", "per_slr", "quality"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        for name in _TIMES:
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise DesignError(f"{value:g}", where=name, allowed="a finite number above 0")
        if self.time_multiplexing < 1:
            raise DesignError(
                f"{self.time_multiplexing}",
                where="time_multiplexing",
                allowed="a whole number from 1 on: how many copies take turns",
            )
        fractions = {"auc_loss": self.auc_loss} if self.auc_loss is not None else {}
        fractions |= {f"quality.{name}": limit for name, limit in self.quality.items()}
        for scope in ("device", "per_slr"):
            for resource, limit in getattr(self, scope).items():
                if resource not in RESOURCES:
                    raise DesignError(
                        f"{resource} is not a resource",
                        where=scope,
                        allowed=", ".join(RESOURCES),
                        remedy=did_you_mean(resource, RESOURCES),
                    )
                fractions[f"{scope}.{resource}"] = limit
        for name, limit in fractions.items():
            if not 0 <= limit <= 1:
                raise DesignError(f"{limit:g}", where=name, allowed="a fraction from 0 to 1")


_TIMES = (
    "latency_ns",
    "latency_cycles",
    "latency_bx",
    "interval_cycles",
    "interval_bx",
    "crossing_period_ns",
)


class Part(Protocol):
    """What a budget asks of a device; ``trigger.device.Device`` answers it."""

    @property
    def part(self) -> str: ...

    @property
    def slrs(self) -> int: ...

    def capacity(self, resource: str, *, per_slr: bool = False) -> float | None:
        """Return the count of a resource, None where it is not known."""


def judge(
    budget: Budget,
    cost: Cost,
    device: Part | None = None,
    qualities: Mapping[str, Figure] = MappingProxyType({}),
) -> Verdict:
    """Compare a cost and measured qualities with a budget, one check per limit.

    A quantity that is unknown gives ``Outcome.UNKNOWN``, never a pass. The value decides; where
    its band reaches over the limit, the note says so.

    Args:
        cost: latency and interval in cycles of ``cost.clock_period_ns``, and resources.
        device: the part of the resource limits; None makes those unknown.
        qualities: losses against the float model by name (``auc_loss``, ...); a negative
            loss is a gain.
    """
    checks = [*_time_checks(budget, cost)]
    scopes = ((False, "device", budget.device), (True, "per_slr", budget.per_slr))
    for one_slr, scope, limits in scopes:
        checks += [
            _resource_check(cost, device, scope, resource, limit, one_slr=one_slr)
            for resource, limit in limits.items()
        ]
    losses = dict(budget.quality)
    if budget.auc_loss is not None:
        losses = {"auc_loss": budget.auc_loss, **losses}
    checks += [_loss_check(name, qualities.get(name), limit) for name, limit in losses.items()]
    return Verdict(tuple(checks))


def _time_checks(budget: Budget, cost: Cost) -> list[Check]:
    clock = cost.clock_period_ns
    crossing = budget.crossing_period_ns
    latency, interval = cost.total.latency_cycles, cost.total.interval_cycles
    counted = f"at {clock:g} ns per cycle"
    checks = []
    for name, limit, unit, scale in (
        ("latency_ns", budget.latency_ns, "ns", clock),
        ("latency_cycles", budget.latency_cycles, "cycles", 1.0),
        ("latency_bx", budget.latency_bx, "BX", clock / crossing),
    ):
        if limit is not None:
            checks.append(_check(name, latency, limit, unit, scale, counted))
    if budget.interval_cycles is not None:
        checks.append(_check("interval_cycles", interval, budget.interval_cycles, "cycles"))
    if budget.interval_bx is not None:
        crossings = budget.interval_bx * budget.time_multiplexing
        cycles = interval_limit_cycles(clock, crossings, crossing)
        counted = (
            f"interval_bx {budget.interval_bx:g}: {crossings:g} crossings of {crossing:g} ns are"
            f" {cycles} whole cycles of {clock:g} ns"
        )
        checks.append(_check("interval_bx", interval, float(cycles), "cycles", note=counted))
    return checks


def _resource_check(
    cost: Cost, device: Part | None, scope: str, resource: str, limit: float, *, one_slr: bool
) -> Check:
    name = f"{scope}.{resource}"
    if device is None:
        return _check(name, None, limit, "fraction", note="the device is not known")
    capacity = device.capacity(resource, per_slr=one_slr)
    figure = cost.total.figure(Quantity(resource))
    if capacity is None:
        return _check(name, None, limit, "fraction", note=f"{device.part} has no count of it")
    if capacity == 0:
        if figure is not None and figure.value > 0:
            return replace(
                _check(name, figure, 0.0, "blocks", note=f"{device.part} has none"),
                outcome=Outcome.FAIL,
            )
        return _check(name, figure, limit, "fraction", 0.0, f"{device.part} has none")
    counted = f"of {capacity:.0f} in {'one SLR of ' if one_slr else ''}{device.part}"
    check = _check(name, figure, limit, "fraction", 1 / capacity, counted)
    whole, one = device.capacity(resource), device.capacity(resource, per_slr=True)
    if not one_slr and figure is not None and one is not None and one < figure.value <= capacity:
        check = replace(check, note=f"{check.note}; more than one SLR has ({one:.0f})")
    if one_slr and device.slrs > 1 and figure is not None and whole is not None:
        fits_device = figure.value <= limit * whole
        if check.outcome is Outcome.FAIL and fits_device:
            advice = f"; fits the device of {device.slrs} SLRs but not one of them"
            check = replace(check, note=check.note + advice)
    return check


def _loss_check(name: str, figure: Figure | None, limit: float) -> Check:
    if figure is None:
        return _check(name, None, limit, "AUC" if name == "auc_loss" else "", note="not measured")
    return _check(name, figure, limit, "AUC" if name == "auc_loss" else "")


def _check(
    name: str, figure: Figure | None, limit: float, unit: str, scale: float = 1.0, note: str = ""
) -> Check:
    """Compare ``figure`` times ``scale`` with ``limit``; equal is kept."""
    if figure is None or not math.isfinite(figure.value):
        text = "; ".join(part for part in (note, "unknown, so not passed") if part)
        return Check(name, None, limit, unit, Outcome.UNKNOWN, None, note=text)
    value = figure.value * scale
    low = None if figure.low is None else figure.low * scale
    high = None if figure.high is None else figure.high * scale
    # A part in 10^9 of slack: 8 cycles of 3.125 ns are 25 ns, also in binary.
    reach = limit * (1 + 1e-9)
    outcome = Outcome.PASS if value <= reach else Outcome.FAIL
    notes = [note] if note else []
    if figure.source in BEST_FIRST and figure.source is not Source.ESTIMATE and figure.note:
        notes.append(f"read from {figure.note}")
    share = f"{figure.coverage:.0%} " if figure.coverage is not None else ""
    if outcome is Outcome.PASS and high is not None and high > reach:
        notes.append(f"the {share}band reaches {high:.4g}, over the limit")
    if outcome is Outcome.FAIL and low is not None and low <= reach:
        notes.append(f"the {share}band begins at {low:.4g}, within the limit")
    return Check(name, value, limit, unit, outcome, figure.source, low, high, "; ".join(notes))
