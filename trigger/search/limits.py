"""A budget as limits of the estimator's quantities."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from trigger.budget import Budget, Part, Quantity
from trigger.design import Target
from trigger.units import interval_limit_cycles

SLACK = 1 + 1e-9
"""As ``budget.judge`` allows: 8 cycles of 3.125 ns are 25 ns, also in binary."""


def find_limits(budget: Budget, target: Target, device: Part | None) -> Mapping[Quantity, float]:
    """Return the largest value of each quantity that a budget limits.

    A resource of which the device has no known number is left out; the verdict says so.
    """
    clock = target.clock_period_ns
    found: list[tuple[Quantity, float | None]] = [
        (Quantity.LATENCY_CYCLES, budget.latency_cycles),
        (Quantity.LATENCY_CYCLES, _times(budget.latency_ns, 1 / clock)),
        (Quantity.LATENCY_CYCLES, _times(budget.latency_bx, budget.crossing_period_ns / clock)),
        (Quantity.INTERVAL_CYCLES, budget.interval_cycles),
    ]
    if budget.interval_bx is not None:
        crossings = budget.interval_bx * budget.time_multiplexing
        cycles = interval_limit_cycles(clock, crossings, budget.crossing_period_ns)
        found.append((Quantity.INTERVAL_CYCLES, float(cycles)))
    for fractions, one_slr in ((budget.device, False), (budget.per_slr, True)):
        for resource, fraction in fractions.items():
            count = device.capacity(resource, per_slr=one_slr) if device is not None else None
            found.append((Quantity(resource), _times(count, fraction)))
    limits: dict[Quantity, float] = {}
    for quantity, limit in found:
        if limit is not None:
            limits[quantity] = min(limit * SLACK, limits.get(quantity, math.inf))
    return limits


def hardware_part(budget: Budget) -> Budget:
    """Return a budget without its limits of quality, which no hardware setting changes."""
    return replace(budget, auc_loss=None, quality={})


def _times(limit: float | None, factor: float) -> float | None:
    return None if limit is None else limit * factor
