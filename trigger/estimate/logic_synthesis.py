"""What logic synthesis is likely to leave of the resources that C synthesis counts.

C synthesis counts operators before optimisation; logic synthesis merges them, takes narrow
memories into LUTs, and builds multiplications from LUTs when the device runs out of DSP blocks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace

from trigger.budget import Cost, Figure, LayerCost, Quantity, Source
from trigger.design import Strategy
from trigger.device import find
from trigger.errors import DeviceError
from trigger.estimate.coefficients import COVERAGE, Coefficients, Remainder, read_coefficients

REDUCED = (Quantity.DSP, Quantity.LUT, Quantity.FF, Quantity.BRAM_18K)
STRATEGIES = (Strategy.LATENCY.value, Strategy.RESOURCE.value)


def after_logic_synthesis(cost: Cost, coefficients: Coefficients | None = None) -> Cost:
    """Estimate the resources after logic synthesis from an estimate of C synthesis.

    Times and URAM stay. There are no layers: logic synthesis optimises across them.
    """
    fitted = coefficients or read_coefficients()
    known = {quantity: cost.total.figure(quantity) for quantity in REDUCED}
    counted = {quantity: figure.value for quantity, figure in known.items() if figure is not None}
    left = remaining(counted, strategy_of(cost.total.kind), cost.part, fitted)
    figures = {quantity: cost.total.figure(quantity) for quantity in Quantity}
    for quantity in REDUCED:
        law = fitted.logic_synthesis.get((strategy_of(cost.total.kind), quantity))
        value = left.get(quantity)
        figures[quantity] = None if law is None or value is None else _figure(value, quantity, law)
    total = LayerCost(
        "total", cost.total.kind, **{quantity.value: figures[quantity] for quantity in Quantity}
    )
    return replace(cost, source=Source.ESTIMATED_SYNTHESIS, total=total, layers=())


def strategy_of(kind: str) -> str:
    """Return which of ``STRATEGIES`` a class of designs obeys: that of its stored weights."""
    stored = Strategy.RESOURCE.value in kind
    return STRATEGIES[stored]


def remaining(
    counted: Mapping[Quantity, float], strategy: str, part: str, fitted: Coefficients
) -> dict[Quantity, float]:
    """Return what is left of counts; a quantity without a fitted ratio is left out."""
    left = {
        quantity: amount * law.ratio
        for quantity, amount in counted.items()
        if (law := fitted.logic_synthesis.get((strategy, quantity))) is not None
    }
    moved = moved_products(counted.get(Quantity.DSP, 0.0), part)
    if moved and Quantity.LUT in left:
        left[Quantity.LUT] += moved * fitted.moved_product_luts
        left[Quantity.DSP] = counted[Quantity.DSP] - moved
    return left


def moved_products(dsps: float, part: str) -> float:
    """Return the multiplications for which the part has no DSP block; 0 of an unknown part."""
    with contextlib.suppress(DeviceError):
        capacity = find(part).dsp
        return max(0.0, dsps - capacity) if capacity is not None else 0.0
    return 0.0


def _figure(value: float, quantity: Quantity, law: Remainder) -> Figure:
    whole = float(round(value))
    low, high = law.band.around(value, quantity)
    return Figure(
        whole,
        Source.ESTIMATED_SYNTHESIS,
        min(low, whole),
        max(high, whole),
        COVERAGE,
        law.band.support,
        f"C synthesis x {law.ratio:g}; {law.band.support} reports of {law.band.groups}"
        " repositories",
    )
