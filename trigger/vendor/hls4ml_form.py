"""Vendor reports in the dictionaries of hls4ml's ``parse_vivado_report``, and back.

Scripts that were written for hls4ml read these keys; every value is text, as in hls4ml. What is
not known is ``N/A``. hls4ml counts block RAM after logic synthesis in tiles of two BRAM_18K.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trigger.budget import Cost, Quantity, Source
from trigger.errors import VendorReportError
from trigger.vendor.csynth import RESOURCES, Counts
from trigger.vendor.report import ReportKind, Slack, VendorReport, layer_cost
from trigger.vendor.tables import UNKNOWN_CELLS

UNKNOWN = "N/A"
CSYNTHESIS, SYNTHESIS, COSIM = "CSynthesisReport", "VivadoSynthReport", "CosimReport"
IMPLEMENTATION, TIMING = "ImplementationReport", "TimingReport"

LATENCIES = {
    "BestLatency": Quantity.LATENCY_MIN_CYCLES,
    "WorstLatency": Quantity.LATENCY_CYCLES,
    "IntervalMax": Quantity.INTERVAL_CYCLES,
}
COSIM_KEYS = {
    "LatencyMin": Quantity.LATENCY_MIN_CYCLES,
    "LatencyMax": Quantity.LATENCY_CYCLES,
    "IntervalMax": Quantity.INTERVAL_CYCLES,
}
COUNTED = {
    "BRAM_18K": Quantity.BRAM_18K,
    "DSP": Quantity.DSP,
    "FF": Quantity.FF,
    "LUT": Quantity.LUT,
    "URAM": Quantity.URAM,
}
SYNTHESIS_KEYS = {
    "LUT": (Quantity.LUT, 1),
    "FF": (Quantity.FF, 1),
    "BRAM_18K": (Quantity.BRAM_18K, 2),
    "URAM": (Quantity.URAM, 1),
    "DSP48E": (Quantity.DSP, 1),
}
"""Quantity by key, and how many of its units one of hls4ml's is."""
IMPLEMENTATION_KEYS = {
    "TotLUTs": (Quantity.LUT, 1),
    "FFs": (Quantity.FF, 1),
    "DSPs": (Quantity.DSP, 1),
    "URAMs": (Quantity.URAM, 1),
    "RAMB36s": (Quantity.BRAM_18K, 2),
    "RAMB18s": (Quantity.BRAM_18K, 1),
}
"""hls4ml counts both sizes of block RAM apart; they are read together and cannot be written."""
SLACKS = {
    "WNS": "setup_ns",
    "TNS": "setup_total_ns",
    "WHS": "hold_ns",
    "THS": "hold_total_ns",
    "WPWS": "pulse_ns",
    "TPWS": "pulse_total_ns",
}


def report_of(cost: Cost) -> VendorReport:
    """Return a cost, such as an estimate, in the form of a report of C synthesis."""
    return VendorReport(
        kind=ReportKind.CSYNTH,
        path=Path(cost.origin),
        source=cost.source,
        tool=cost.tool,
        top=None,
        part=cost.part,
        clock_period_ns=cost.clock_period_ns,
        total=cost.total,
        layers=cost.layers,
    )


def to_hls4ml(reports: Iterable[VendorReport]) -> dict[str, dict[str, Any]]:
    """Return reports under hls4ml's keys; layers have no place there. Slacks are numbers."""
    dictionary: dict[str, dict[str, Any]] = {}
    for report in reports:
        if report.kind is ReportKind.COSIM:
            dictionary[COSIM] = {
                "RTL": report.total.kind,
                "Status": "Pass",
                **{key: _text(report, quantity) for key, quantity in COSIM_KEYS.items()},
                "IntervalMin": _number(report.interval_min_cycles),
            }
        elif report.kind is ReportKind.TIMING and report.slack is not None:
            dictionary[TIMING] = {key: getattr(report.slack, name) for key, name in SLACKS.items()}
        elif report.kind is ReportKind.UTILISATION:
            if report.source is Source.SYNTHESIS:
                dictionary[SYNTHESIS] = _utilisation(report, SYNTHESIS_KEYS)
            else:
                dictionary[IMPLEMENTATION] = _utilisation(report, IMPLEMENTATION_KEYS)
        else:
            dictionary[CSYNTHESIS] = _csynthesis(report)
    return dictionary


def _csynthesis(report: VendorReport) -> dict[str, str]:
    return {
        "TargetClockPeriod": _number(report.clock_period_ns, ".2f"),
        "EstimatedClockPeriod": _number(report.estimated_clock_ns, ".3f"),
        **{key: _text(report, quantity) for key, quantity in LATENCIES.items()},
        "IntervalMin": _number(report.interval_min_cycles),
        **{key: _text(report, quantity) for key, quantity in COUNTED.items()},
        **{
            f"Available{key}": _number(report.available.get(quantity))
            for key, quantity in COUNTED.items()
        },
    }


def _utilisation(report: VendorReport, keys: Mapping[str, tuple[Quantity, int]]) -> dict[str, str]:
    known = {}
    for key, (quantity, unit) in keys.items():
        figure = report.total.figure(quantity)
        if figure is not None and not key.startswith("RAMB"):
            known[key] = _number(figure.value / unit)
    return known


def from_hls4ml(
    dictionary: Mapping[str, Mapping[str, Any]],
    *,
    part: str,
    clock_period_ns: float,
    tool: str = "",
    origin: str = "hls4ml",
) -> tuple[VendorReport, ...]:
    """Return what a dictionary of hls4ml's says, one report per key that is known.

    Args:
        part: the dictionary does not name it; ``clock_period_ns`` is taken where it is not there.
        origin: what the figures are said to come from.

    Raises:
        VendorReportError: a value is not a number.
    """
    empty = VendorReport(
        kind=ReportKind.CSYNTH,
        path=Path(origin),
        source=Source.CSYNTH,
        tool=tool,
        top=None,
        part=part,
        clock_period_ns=clock_period_ns,
        total=layer_cost("total", "", {}, Source.CSYNTH, origin),
    )
    return tuple(
        READERS[key](_Values(values, f"{origin}: {key}"), empty)
        for key, values in dictionary.items()
        if key in READERS
    )


@dataclass(frozen=True, slots=True)
class _Values:
    """One of hls4ml's dictionaries, read as numbers."""

    values: Mapping[str, Any]
    where: str

    def number(self, key: str) -> float | None:
        value = self.values.get(key)
        if value is None or str(value).strip().lower() in UNKNOWN_CELLS:
            return None
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise VendorReportError(
                f"{key} is {value!r}", where=self.where, allowed="a number, or N/A"
            )
        return number

    def counts(self, keys: Mapping[str, Quantity], before: str = "") -> Counts:
        return {keys[key]: self.number(before + key) for key in keys if before + key in self.values}


def _read_csynthesis(values: _Values, empty: VendorReport) -> VendorReport:
    counts = values.counts({**LATENCIES, **RESOURCES})
    available = values.counts(RESOURCES, "Available")
    return replace(
        empty,
        clock_period_ns=values.number("TargetClockPeriod") or empty.clock_period_ns,
        estimated_clock_ns=values.number("EstimatedClockPeriod"),
        interval_min_cycles=values.number("IntervalMin"),
        total=layer_cost("total", "", counts, Source.CSYNTH, str(empty.path)),
        available={quantity: each for quantity, each in available.items() if each is not None},
    )


def _read_cosim(values: _Values, empty: VendorReport) -> VendorReport:
    language = str(values.values.get("RTL", ""))
    source = Source.RTL_SIMULATION
    return replace(
        empty,
        kind=ReportKind.COSIM,
        source=source,
        total=layer_cost("total", language, values.counts(COSIM_KEYS), source, str(empty.path)),
        interval_min_cycles=values.number("IntervalMin"),
    )


def _read_synthesis(values: _Values, empty: VendorReport) -> VendorReport:
    return _read_utilisation(values, empty, Source.SYNTHESIS, SYNTHESIS_KEYS)


def _read_implementation(values: _Values, empty: VendorReport) -> VendorReport:
    return _read_utilisation(values, empty, Source.IMPLEMENTATION, IMPLEMENTATION_KEYS)


def _read_utilisation(
    values: _Values,
    empty: VendorReport,
    source: Source,
    keys: Mapping[str, tuple[Quantity, int]],
) -> VendorReport:
    counts: Counts = {}
    for key, (quantity, unit) in keys.items():
        count = values.number(key)
        if count is not None:  # blocks of both sizes add up
            counts[quantity] = (counts.get(quantity) or 0) + count * unit
    total = layer_cost("total", "", counts, source, str(empty.path))
    return replace(empty, kind=ReportKind.UTILISATION, source=source, total=total)


def _read_timing(values: _Values, empty: VendorReport) -> VendorReport:
    slack = Slack(**{name: values.number(key) for key, name in SLACKS.items()})
    return replace(empty, kind=ReportKind.TIMING, source=Source.IMPLEMENTATION, slack=slack)


READERS: Mapping[str, Callable[[_Values, VendorReport], VendorReport]] = {
    CSYNTHESIS: _read_csynthesis,
    SYNTHESIS: _read_synthesis,
    COSIM: _read_cosim,
    IMPLEMENTATION: _read_implementation,
    TIMING: _read_timing,
}


def _text(report: VendorReport, quantity: Quantity) -> str:
    figure = report.total.figure(quantity)
    return _number(None if figure is None else figure.value)


def _number(value: float | None, form: str = "g") -> str:
    if value is None:
        return UNKNOWN
    return f"{value:.0f}" if form == "g" and float(value).is_integer() else f"{value:{form}}"
