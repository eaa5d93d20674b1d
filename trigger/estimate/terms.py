"""Structural terms: what of a layer HLS has to build, before any coefficient.

A law is a non-negative combination of such terms. Each term counts something that the generated
hardware really has (adder bits, multipliers, window registers, ...), so that coefficients carry
over from one project to another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from trigger.design import IOType, Strategy
from trigger.estimate.descriptor import Kind, LayerDescriptor, WeightStatistics

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

    The typical weight of a trained layer uses about two bits less than its format offers, and a
    number of b bits has about b / 3 CSD digits: shares of >= 1, 2, 3, 4 digits by these bits.
    """
    if layer.weights is not None:
        return layer.weights
    n = layer.products
    fraction = layer.weight.fractional if layer.weight else 10
    bits = max(1, min(weight_width(layer), fraction) - 1)
    shares = tuple(
        1 / (1 + math.exp(-slope * (bits - middle)))
        for slope, middle in ((1.0, -0.5), (0.9, 3.5), (0.8, 6.5), (0.7, 9.5))
    )
    counts = tuple(round(n * share) for share in shares)
    return WeightStatistics(
        n=n,
        zeros=n - counts[0],
        pow2=counts[0] - counts[1],
        csd_digits=sum(counts),
        distinct=min(n, 1 << bits),
        count_by_csd=(counts[0], counts[1], counts[2], counts[3]),
        row_distinct_by_csd=(counts[0], counts[1], counts[2], counts[3]),
    )


def dsps_per_constant(layer: LayerDescriptor) -> int:
    """Return DSP blocks of one multiplication of the input by a constant of many digits."""
    width = input_width(layer)
    if width <= FABRIC_INPUT_WIDTH:
        return 0
    return _blocks(width, weight_width(layer))


def dsps_per_stored_weight(layer: LayerDescriptor) -> int:
    """Return DSP blocks of one multiplication of the input by a weight that changes each cycle."""
    wide, narrow = sorted((input_width(layer), weight_width(layer)), reverse=True)
    if narrow <= FABRIC_WEIGHT_WIDTH or wide <= FABRIC_INPUT_WIDTH:
        return 0
    return _blocks(wide, narrow)


def _blocks(first: int, second: int) -> int:
    wide, narrow = max(first, second), min(first, second)
    return math.ceil(wide / DSP_WIDTHS[0]) * math.ceil(narrow / DSP_WIDTHS[1])


def is_unrolled(layer: LayerDescriptor) -> bool:
    """Tell whether weights are constants in the logic: Latency, or Resource with nothing reused."""
    if layer.strategy in (Strategy.RESOURCE, Strategy.RESOURCE_UNROLLED):
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
    """Return the multipliers of the Resource strategy: one per reuse_factor weights."""
    return max(1, math.ceil(layer.products / layer.reuse_factor))


def fan_in(layer: LayerDescriptor) -> float:
    """Return the mean number of terms that one accumulator adds."""
    return max(1.0, statistics(layer).nonzeros / max(1, outputs(layer)))


def word_bits(layer: LayerDescriptor) -> int:
    """Return bits of one stream word of the result: all channels of a pixel."""
    return layer.out_shape[-1] * result_width(layer)


def memory_blocks(depth: int, width: int) -> int:
    """Return 18 Kb blocks of a memory: 36 bits wide up to 512 deep, 18 to 1024, 9 to 2048, ..."""
    if depth <= 512:
        return math.ceil(width / 36)
    if depth <= 1024:
        return math.ceil(width / 18)
    doublings = max(0, math.ceil(math.log2(depth / 2048)))
    return math.ceil(width / 9) << doublings
