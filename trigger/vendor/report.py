"""What one vendor report says, whatever its kind; a quantity that it does not say is None."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from trigger.budget import Cost, Figure, LayerCost, Quantity, Source
from trigger.errors import VendorReportError

CLOCK_ROUNDING_NS = 0.006
"""Reports write a clock period with two decimals: 3.125 ns may stand there as 3.12 or 3.13."""


def same_clock(one_ns: float, other_ns: float) -> bool:
    """Tell whether two clock periods are the same but for a report's rounding."""
    return abs(one_ns - other_ns) <= CLOCK_ROUNDING_NS


class ReportKind(Enum):
    """The kinds of reports that are understood."""

    CSYNTH = "C synthesis report"
    CSYNTH_XML = "C synthesis report (XML)"
    CSYNTH_SUMMARY = "summary of C synthesis"
    COSIM = "co-simulation report"
    UTILISATION = "utilisation report"
    TIMING = "timing summary"


@dataclass(frozen=True, slots=True)
class Slack:
    """Worst and total slacks in ns, of a timing summary; below 0 the clock is too fast."""

    setup_ns: float | None
    """WNS."""
    setup_total_ns: float | None = None
    """TNS."""
    hold_ns: float | None = None
    """WHS."""
    hold_total_ns: float | None = None
    """THS."""
    pulse_ns: float | None = None
    """WPWS."""
    pulse_total_ns: float | None = None
    """TPWS."""

    @property
    def met(self) -> bool | None:
        """Whether no worst slack is below 0; None where one is unknown and none is below."""
        worst = (self.setup_ns, self.hold_ns, self.pulse_ns)
        if any(each is not None and each < 0 for each in worst):
            return False
        return True if self.setup_ns is not None and self.hold_ns is not None else None


@dataclass(frozen=True, slots=True)
class VendorReport:
    """One report as data."""

    kind: ReportKind
    path: Path
    source: Source
    tool: str
    """Tool and version, such as ``Vitis HLS 2023.2``."""
    top: str | None
    """Name of the top function or module that it is of."""
    part: str | None
    clock_period_ns: float | None
    """The clock that was asked for."""
    total: LayerCost
    layers: tuple[LayerCost, ...] = ()
    """A row per instance in the top function, or per SLR; named as the vendor names it."""
    interval_min_cycles: float | None = None
    """``total`` has the largest interval."""
    estimated_clock_ns: float | None = None
    """The shortest period that the tool expects to reach."""
    slack: Slack | None = None
    available: Mapping[Quantity, float] = field(default_factory=dict)
    """What the device has, as the report says it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "available", MappingProxyType(dict(self.available)))

    def cost(self, part: str | None = None, clock_period_ns: float | None = None) -> Cost:
        """Return what it says as a cost.

        Args:
            part: taken where the report does not say it.
            clock_period_ns: of the project; taken where the report does not say it, or says it
                rounded.

        Raises:
            VendorReportError: neither the report nor the caller says the clock.
        """
        clock = self.clock_period_ns
        if clock is None or (clock_period_ns is not None and same_clock(clock, clock_period_ns)):
            clock = clock_period_ns
        if clock is None:
            raise VendorReportError(
                "does not say for which clock it is",
                where=self.path,
                remedy="give the clock period that the firmware was built for",
            )
        return Cost(
            source=self.source,
            total=self.total,
            layers=self.layers,
            part=self.part or part or "",
            clock_period_ns=clock,
            tool=self.tool,
            origin=self.path.name,
        )


def layer_cost(
    name: str,
    kind: str,
    counts: Mapping[Quantity, float | None],
    source: Source,
    note: str,
) -> LayerCost:
    """Return a row whose figures come from one report; what is None stays unknown."""
    figures = {
        quantity.value: Figure(count, source, note=note)
        for quantity, count in counts.items()
        if count is not None
    }
    return LayerCost(name, kind, **figures)


def name_layers(report: VendorReport, names: Mapping[str, str]) -> VendorReport:
    """Return the report with the network's layers for the vendor's instances.

    hls4ml's functions are named after their configuration (``..._config2_s``), which is unique to
    a layer. Instances of one layer become one row: resources add up, times are the longest. Other
    instances, such as streams that hls4ml inserts, keep their names without the number formats.

    Args:
        names: layer name by configuration, as the top function calls them.
    """
    configurations = sorted(names, key=len, reverse=True)
    rows: dict[str, LayerCost] = {}
    for row in report.layers:
        found = next((each for each in configurations if _is_of(row.name, each)), None)
        name = names[found] if found else _short(row.name)
        rows[name] = _merged(rows[name], row) if name in rows else replace(row, name=name)
    return replace(report, layers=tuple(rows.values()))


def _short(instance: str) -> str:
    """Return an instance's name without the number formats in it."""
    formats = r"_ap_u?(?:fixed|int)(?:_\d+(?=_|$))+|_array|_\d+u(?=_)"
    return re.sub(formats, "", instance)


def _is_of(instance: str, configuration: str) -> bool:
    """Tell whether ``configuration`` stands in an instance's name as a whole word."""
    _, found, behind = instance.rpartition(configuration)
    return bool(found) and not behind[:1].isalnum()


def _merged(row: LayerCost, other: LayerCost) -> LayerCost:
    times = (Quantity.LATENCY_MIN_CYCLES, Quantity.LATENCY_CYCLES, Quantity.INTERVAL_CYCLES)
    figures: dict[str, Any] = {}
    for quantity in Quantity:
        one, two = row.figure(quantity), other.figure(quantity)
        if one is None or two is None:
            figures[quantity.value] = None
            continue
        value = max(one.value, two.value) if quantity in times else one.value + two.value
        figures[quantity.value] = replace(one, value=value)
    return replace(row, **figures)
