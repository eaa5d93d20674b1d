"""Time in a trigger: clock cycles, nanoseconds and bunch crossings."""

from __future__ import annotations

import math

LHC_CROSSING_PERIOD_NS = 25.0
"""Nominal distance of two bunch crossings at the LHC."""


def cycles_to_ns(cycles: float, clock_period_ns: float) -> float:
    """Return the duration in ns of ``cycles`` periods of the clock."""
    return cycles * clock_period_ns


def ns_to_crossings(
    duration_ns: float, crossing_period_ns: float = LHC_CROSSING_PERIOD_NS
) -> float:
    """Return a duration in units of bunch crossings (not rounded)."""
    return duration_ns / crossing_period_ns


def interval_limit_cycles(
    clock_period_ns: float,
    crossings: float = 1.0,
    crossing_period_ns: float = LHC_CROSSING_PERIOD_NS,
) -> int:
    """Return the largest initiation interval, in cycles, that keeps up with the crossings.

    ``crossings`` is the time multiplexing: how many crossings share one interval. The limit is
    floor(crossings x crossing period / clock period); a part in 10^9 of slack keeps 25 / 3.125
    at 8 in binary floating point.
    """
    return math.floor(crossings * crossing_period_ns / clock_period_ns * (1 + 1e-9))
