"""What the estimator has to beat: closed-form laws, and a generic regressor.

The closed forms are the published rules of thumb; the regressor is gradient boosting on summed
features of the same descriptors, one model per quantity, fitted to the same records.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from trigger.budget import Quantity
from trigger.design import IOType
from trigger.estimate import products
from trigger.estimate.context import Tool
from trigger.estimate.descriptor import Kind, LayerDescriptor
from trigger.estimate.records import Record
from trigger.estimate.terms import (
    accumulator_width,
    input_width,
    is_unrolled,
    result_width,
    statistics,
    stored_multipliers,
    weight_width,
)

PRODUCTS = (Kind.DENSE, Kind.CONV, Kind.DEPTHWISE)


def closed_form(record: Record) -> Mapping[Quantity, float]:
    """Return the rules of thumb for a whole design; what they do not cover is absent.

    DSP as in the laws. LUT: 18.9 per non-zero weight, 34.3 per distinct constant of two digits,
    5.1 of three or more, less 35.4 per output. Parallel latency: reuse factor + 1 per layer.
    Streams: the slowest layer's pixels. Block RAM: stored weights.
    """
    found: dict[Quantity, float] = dict.fromkeys((Quantity.DSP, Quantity.LUT, Quantity.BRAM_18K), 0)
    latencies, intervals = [], []
    for layer in record.layers:
        if layer.kind not in PRODUCTS:
            if layer.io_type is IOType.STREAM:
                latencies.append(layer.in_pixels + 3.0)
            continue
        stats = statistics(layer)
        rows = stats.row_distinct_by_csd
        found[Quantity.DSP] += products.dsp(layer)
        found[Quantity.BRAM_18K] += products.bram(layer)
        two = rows[1] - rows[2]
        lut = 18.9 * stats.nonzeros + 34.3 * two + 5.1 * rows[2] - 35.4 * layer.n_out
        found[Quantity.LUT] += max(0.0, lut)
        reuse = 1 if is_unrolled(layer) else layer.reuse_factor
        if layer.io_type is IOType.STREAM and layer.kind is not Kind.DENSE:
            per_pixel = 1 if is_unrolled(layer) else layer.reuse_factor + 6
            latencies.append(layer.in_pixels * per_pixel + 5.0)
        elif layer.io_type is IOType.STREAM:
            latencies.append(reuse + layer.in_pixels + 5.0)
        elif layer.kind is not Kind.DENSE:
            latencies.append(float((layer.partitions or layer.out_pixels) * reuse))
        else:
            latencies.append(reuse + 1.0)
        intervals.append(float(layer.reuse_factor))
    if record.context.io_type is IOType.STREAM:
        found[Quantity.LATENCY_CYCLES] = found[Quantity.INTERVAL_CYCLES] = max(latencies or [1.0])
    else:
        found[Quantity.LATENCY_CYCLES] = math.fsum(latencies)
        found[Quantity.INTERVAL_CYCLES] = max(intervals or [1.0])
    return found


def features(record: Record) -> list[float]:
    """Return what a generic regressor sees of a design, sums and maxima over its layers."""
    made = [layer for layer in record.layers if layer.kind in PRODUCTS]
    stats = [statistics(layer) for layer in made]
    context = record.context

    def total(amounts: Sequence[float]) -> float:
        return math.log1p(math.fsum(amounts))

    def widest(layers: Sequence[LayerDescriptor], width) -> float:
        return float(max(map(width, layers), default=16))

    return [
        len(record.layers),
        len(made),
        context.clock_period_ns,
        float(context.tool is Tool.VITIS),
        context.tool_year or 2020.1,
        float(context.seven_series),
        float(context.io_type is IOType.STREAM),
        float(context.dataflow),
        float(any(not is_unrolled(layer) for layer in made)),
        max((layer.reuse_factor for layer in made), default=1),
        total([layer.products for layer in made]),
        total([stored_multipliers(layer) for layer in made]),
        total([found.nonzeros for found in stats]),
        total([found.row_distinct_by_csd[1] for found in stats]),
        total([found.row_distinct_by_csd[2] for found in stats]),
        total([layer.out_shape[-1] for layer in record.layers]),
        total([math.prod(layer.in_shape) for layer in record.layers]),
        math.log1p(max((layer.in_pixels for layer in record.layers), default=1)),
        math.log1p(max((layer.in_pixels * layer.reuse_factor for layer in made), default=1)),
        widest(made, input_width),
        widest(made, weight_width),
        widest(made, accumulator_width),
        widest(record.layers, result_width),
        float(any(layer.kind is Kind.SOFTMAX for layer in record.layers)),
    ]


def boosting(
    train: Sequence[Record], test: Sequence[Record], quantities: Sequence[Quantity]
) -> list[Mapping[Quantity, float]]:
    """Return a gradient-boosting estimate of each test record."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    found: list[dict[Quantity, float]] = [{} for _ in test]
    sizes = {record.group: 0 for record in train}
    for record in train:
        sizes[record.group] += 1
    for quantity in quantities:
        known = [
            record for record in train if quantity in record.reported and not record.logic_synthesis
        ]
        model = HistGradientBoostingRegressor(
            loss="absolute_error", max_iter=150, min_samples_leaf=5, random_state=0
        )
        model.fit(
            np.array([features(record) for record in known]),
            np.log1p([record.reported[quantity] for record in known]),
            sample_weight=[sizes[record.group] ** -0.5 for record in known],
        )
        answers = np.expm1(model.predict(np.array([features(record) for record in test])))
        for row, answer in zip(found, answers, strict=True):
            row[quantity] = max(0.0, float(answer))
    return found
