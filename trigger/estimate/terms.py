"""Structural terms: what of a layer HLS has to build, before any coefficient.

A law is a non-negative combination of such terms. Each term counts something that the generated
hardware really has (adder bits, multipliers, window registers, ...), so that coefficients carry
over from one project to another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from trigger.design import IOType, Strategy
from trigger.estimate.context import Context, Tool
from trigger.estimate.descriptor import (
    CSD_CLASSES,
    Kind,
    LayerDescriptor,
    WeightStatistics,
    csd_digit_counts,
)
from trigger.layers.reuse import STORED

Terms = Mapping[str, float]

DEFAULT_WIDTH = 16
"""Bits of a tensor whose format is not known: hls4ml's default."""

FABRIC_INPUT_WIDTH = 9
"""Multiplications of an input of at most so many bits by a constant are built from LUTs."""

FABRIC_WEIGHT_WIDTH = 5
"""Multiplications by a stored weight of at most so many bits are built from LUTs."""

DSP_WIDTHS = (27, 18)
"""Signed operands of one DSP48E2 multiplier; wider ones take several."""


def input_width(layer: LayerDescriptor) -> int:
    return layer.input.width if layer.input else DEFAULT_WIDTH


def result_width(layer: LayerDescriptor) -> int:
    return layer.result.width if layer.result else DEFAULT_WIDTH


def weight_width(layer: LayerDescriptor) -> int:
    return layer.weight.width if layer.weight else DEFAULT_WIDTH


def accumulator_width(layer: LayerDescriptor) -> int:
    return layer.accumulator.width if layer.accumulator else result_width(layer)


def outputs(layer: LayerDescriptor) -> int:
    """Return how many accumulators one matrix product has."""
    return layer.in_shape[-1] if layer.kind is Kind.DEPTHWISE else layer.n_out


def statistics(layer: LayerDescriptor) -> WeightStatistics:
    """Return the weights' statistics, or typical ones where only their format is known.

    Typical are weights spread evenly over the range that they start training in: LeCun's for
    dense layers, +- sqrt(3 / fan in), Glorot's for others, +- sqrt(6 / (fan in + fan out)). Of m
    draws from d values, d (1 - (1 - 1/d)^m) are distinct.
    """
    if layer.weights is not None:
        return layer.weights
    n = layer.products
    fraction = layer.weight.fractional if layer.weight else DEFAULT_WIDTH - 6
    fan_out = math.prod(layer.kernel) * layer.n_out if layer.kernel else layer.n_in
    reach = math.sqrt(6 / (layer.n_in + fan_out)) * 2.0**fraction
    largest = max(1, min(round(reach), (1 << (weight_width(layer) - 1)) - 1, 1 << 16))
    digits = csd_digit_counts(np.arange(largest + 1))
    counts = [round(n * float(np.mean(digits >= least))) for least in range(1, CSD_CLASSES + 1)]
    values, draws = 2 * largest + 1, outputs(layer)
    shared = values / draws * (1 - (1 - 1 / values) ** draws)
    rows = [round(count * shared) for count in counts]
    return WeightStatistics(
        n=n,
        zeros=n - counts[0],
        csd_digits=sum(counts),
        row_distinct_by_csd=(rows[0], rows[1], rows[2], rows[3]),
    )


def dsps_per_constant(layer: LayerDescriptor) -> int:
    """Return DSP blocks of one multiplication of the input by a constant of many digits."""
    width = input_width(layer)
    if width <= FABRIC_INPUT_WIDTH:
        return 0
    return _blocks(width, weight_width(layer))


def dsps_per_stored_weight(layer: LayerDescriptor) -> int:
    """Return DSP blocks of one multiplication of the input by a weight that changes each cycle."""
    return dsps_of(input_width(layer), weight_width(layer))


def dsps_of(first: int, second: int) -> int:
    """Return DSP blocks of one multiplication of two variables of so many bits."""
    narrow, wide = sorted((first, second))
    if narrow <= FABRIC_WEIGHT_WIDTH or wide <= FABRIC_INPUT_WIDTH:
        return 0
    return _blocks(wide, narrow)


def _blocks(first: int, second: int) -> int:
    wide, narrow = max(first, second), min(first, second)
    return math.ceil(wide / DSP_WIDTHS[0]) * math.ceil(narrow / DSP_WIDTHS[1])


def is_unrolled(layer: LayerDescriptor) -> bool:
    """Tell whether weights are constants in the logic: Latency, or Resource with nothing reused."""
    if layer.strategy in STORED:
        return layer.reuse_factor == 1 and layer.io_type is IOType.PARALLEL
    return True


def constant_multipliers(layer: LayerDescriptor) -> int:
    """Return multiplications that HLS makes with a multiplier: three or more CSD digits.

    Equal constants of one input share one.
    """
    return statistics(layer).row_distinct_by_csd[2]


def multiplier_limit(layer: LayerDescriptor) -> int:
    """Return hls4ml's limit of multipliers for a reuse factor, zeros taken off."""
    stats = statistics(layer)
    return max(1, math.ceil(stats.n / layer.reuse_factor) - stats.zeros // layer.reuse_factor)


def stored_multipliers(layer: LayerDescriptor) -> int:
    """Return the multipliers of stored weights: one per reuse_factor of them.

    What is stored may be anything to Vitis HLS, zeros too. The code that hls4ml generates for
    Resource_unrolled names each product, leaves out those of zeros, and takes the multipliers
    without others off their limit (``unrolled_codegen.py``).
    """
    multipliers = math.ceil(layer.products / layer.reuse_factor)
    if layer.strategy is Strategy.RESOURCE_UNROLLED:
        multipliers -= layer.zero_multipliers
    return max(1, multipliers)


def fan_in(layer: LayerDescriptor) -> float:
    """Return the mean number of terms that one accumulator adds."""
    return max(1.0, statistics(layer).nonzeros / max(1, outputs(layer)))


def word_bits(layer: LayerDescriptor) -> int:
    """Return bits of one stream word of the result: all channels of a pixel."""
    return layer.out_shape[-1] * result_width(layer)


def registered_word(layer: LayerDescriptor, context: Context) -> Terms:
    """Return the output register of a streaming process: Vitis HLS keeps the word, Vivado not."""
    stream = layer.io_type is IOType.STREAM
    kept = stream and context.tool is Tool.VITIS
    return {"registered_word_bits": float(word_bits(layer))} if kept else {}


def memory_blocks(depth: int, width: int) -> int:
    """Return 18 Kb blocks of a memory: 36 bits wide up to 512 deep, 18 to 1024, 9 to 2048, ..."""
    if depth <= 512:
        return math.ceil(width / 36)
    if depth <= 1024:
        return math.ceil(width / 18)
    doublings = max(0, math.ceil(math.log2(depth / 2048)))
    return math.ceil(width / 9) << doublings
