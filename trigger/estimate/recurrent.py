"""Recurrent layers: a cell of two matrix products that runs once per step (``nnet_recurrent.h``).

The products of the input and of the state run side by side; then tables bound the sums, and each
unit multiplies gates with states. A step waits for the state that the one before it made, so that
nothing overlaps: latency and interval are the steps times the cycles of one.
"""

from __future__ import annotations

import math

from trigger.budget import Quantity
from trigger.estimate import products
from trigger.estimate.context import Context
from trigger.estimate.descriptor import LayerDescriptor
from trigger.estimate.structure import TIMES, Depth, Structure
from trigger.estimate.terms import Terms, dsps_of, is_unrolled, result_width

STATE_PRODUCTS = 3
"""Multiplications of a unit besides the matrix products: three in a GRU, three in an LSTM."""


def structure(layer: LayerDescriptor, context: Context, depth_of: Depth) -> Structure | None:
    """Describe an LSTM or GRU; None where its two products are not known."""
    if len(layer.parts) != 2:
        return None
    steps, width = layer.in_shape[0], result_width(layer)
    units, sums = layer.parts[1].n_in, layer.parts[1].n_out
    stored = not all(is_unrolled(part) for part in layer.parts)
    waits = max(part.reuse_factor for part in layer.parts) if stored else 0
    exact: dict[Quantity, float] = dict.fromkeys(TIMES, float(steps * waits))
    fabric = "7" if context.seven_series else "us"
    delay = {f"step_{fabric}": steps * context.pace}
    terms = {quantity: dict(delay) for quantity in TIMES}
    exact |= {
        Quantity.DSP: sum(map(products.dsp, layer.parts))
        + STATE_PRODUCTS * units * dsps_of(width, width),
        # A table has two ports and serves two sums.
        Quantity.BRAM_18K: sum(map(products.bram, layer.parts)) + math.ceil(sums / 2),
        Quantity.URAM: 0,
        Quantity.LUT: math.fsum(map(products.chosen_sum_luts, layer.parts)),
        Quantity.FF: math.fsum(map(products.sum_registers, layer.parts)),
    }
    first, second = (
        products.area_terms(part, context, depth_of(part, context)) for part in layer.parts
    )
    area: dict[Quantity, Terms] = {
        quantity: {
            "gates": float(sums),
            **{
                name: first[quantity].get(name, 0.0) + second[quantity].get(name, 0.0)
                for name in (*first[quantity], *second[quantity])
            },
        }
        for quantity in first
    }
    return Structure(
        "recurrent",
        exact,
        {**terms, **area},
        area_law=f"product_{'stored' if stored else products.weights_are(layer.parts[0])}",
    )
