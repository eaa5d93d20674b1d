"""Time in a trigger: clock cycles against bunch crossings."""

from __future__ import annotations

import math

LHC_CROSSING_PERIOD_NS = 25.0
"""Nominal distance of two bunch crossings at the LHC."""

CLOCK_PERIODS_NS = (0.1, 1000.0)
"""Between these lies the clock of every FPGA; the estimator's pipelines grow as 1 / period."""


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
