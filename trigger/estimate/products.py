"""Matrix products: dense, convolution and depthwise layers, parallel and streaming.

What HLS builds is the same core in all of them: a matrix product of one window. Its weights are
constants in the logic (Latency strategy: adders for constants of two CSD digits, a multiplier for
more), or stored and read one per multiplier and cycle (Resource). A convolution runs it once per
pixel; streaming adds window registers and line buffers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from trigger.budget import Quantity
from trigger.design import IOType, Strategy
from trigger.estimate.context import Context, Tool
from trigger.estimate.descriptor import AdderStatistics, Kind, LayerDescriptor
from trigger.estimate.structure import Depth, Structure
from trigger.estimate.terms import (
    Terms,
    accumulator_width,
    constant_multipliers,
    dsps_per_constant,
    dsps_per_stored_weight,
    fan_in,
    input_width,
    is_unrolled,
    memory_blocks,
    multiplier_limit,
    outputs,
    registered_word,
    result_width,
    statistics,
    stored_multipliers,
    weight_width,
)
from trigger.fixed import Overflow, Rounding

PIXEL_CYCLES = 3
"""Cycles that a streamed pixel takes with stored weights when no window is complete: it is read,
and shifted in column by column."""
WINDOW_CYCLES = 3
"""Cycles around the product of a complete window: its result is read and written."""
INDEX_TABLE = 1 << 14
DIVIDER_CYCLES = 5
SHIFTS_AT_ONCE_BEFORE = 2020.0
"""Vivado HLS of earlier years unrolls the shift of the window."""


def weights_are(layer: LayerDescriptor) -> str:
    """Return how weights enter: constants, constants that share multipliers, or stored."""
    if not is_unrolled(layer):
        return "stored"
    return "constant" if layer.reuse_factor == 1 else "shared"


def shape_of(layer: LayerDescriptor) -> str:
    kind = "dense" if layer.kind is Kind.DENSE else "conv"
    return f"{kind}_{'stream' if layer.io_type is IOType.STREAM else 'parallel'}"


def depth_terms(layer: LayerDescriptor, context: Context) -> Terms:
    """Terms of the pipeline depth of one product: delays over the clock period, by fabric."""
    fabric = "7" if context.seven_series else "us"
    tool = "vivado" if context.tool is Tool.VIVADO else "vitis"
    if layer.adders is not None:
        return {f"adder_{fabric}_{tool}": layer.adders.depth * context.pace}
    levels = math.log2(fan_in(layer) + 1)
    multiplies = constant_multipliers(layer) > 0 and dsps_per_constant(layer) > 0
    return {
        f"product_{fabric}_{tool}": context.pace if multiplies else 0.0,
        f"adder_{fabric}_{tool}": levels * context.pace,
    }


def dsp(layer: LayerDescriptor) -> int:
    """Return the DSP blocks: a structural count, exact in most reports.

    Constant weights: multipliers that share equal constants of one input (times the blocks of one
    product). Shared: at most the multiplier limit. Stored: one per reuse_factor weights.
    """
    copies = parallel_pixels(layer)
    if not is_unrolled(layer):
        return stored_multipliers(layer) * dsps_per_stored_weight(layer) * copies
    needed = constant_multipliers(layer)
    if layer.reuse_factor > 1:
        needed = min(needed, multiplier_limit(layer))
    return needed * dsps_per_constant(layer) * copies


def parallel_pixels(layer: LayerDescriptor) -> int:
    """Return how many pixels a parallel convolution computes at once."""
    if layer.kind is Kind.DENSE or layer.io_type is IOType.STREAM or not layer.partitions:
        return 1
    return max(1, layer.out_pixels // layer.partitions)


def cycles_per_product(layer: LayerDescriptor) -> int:
    """Return cycles between two products of one multiplier with stored weights.

    Up to 2^14 of them, a table says which sum a product belongs to; beyond that a divider of the
    counter's bits does, a bit a cycle, and nothing overlaps.
    """
    if layer.reuse_factor <= INDEX_TABLE:
        return 1
    return layer.reuse_factor.bit_length() + DIVIDER_CYCLES


def rounds_of_shared(layer: LayerDescriptor) -> int:
    """Return how many products each multiplier makes where they are limited in number."""
    if layer.reuse_factor == 1:
        return 1
    return max(1, math.ceil(constant_multipliers(layer) / multiplier_limit(layer)))


def product_interval(layer: LayerDescriptor, depth: float) -> int:
    """Return cycles between two products of the core.

    Stored weights take reuse_factor cycles. Shared multipliers take as many rounds as they have
    products each, and half the depth of the pipeline (sums begin while products are still made),
    but never more than the reuse factor.
    """
    if not is_unrolled(layer):
        return layer.reuse_factor * cycles_per_product(layer)
    if layer.reuse_factor == 1:
        return 1
    rounds = rounds_of_shared(layer)
    drain = 2.0 if layer.io_type is IOType.STREAM else depth / 2 + 1
    return max(1, min(layer.reuse_factor, round(rounds + drain)))


def area_terms(layer: LayerDescriptor, context: Context, depth: float) -> dict[Quantity, Terms]:
    """Terms of LUT and FF."""
    if is_unrolled(layer):
        core_lut, core_ff = _constant_core(layer, context, depth)
    else:
        core_lut, core_ff = _stored_core(layer)
    plumbing_lut, plumbing_ff = _plumbing(layer)
    copies = parallel_pixels(layer)
    return {
        Quantity.LUT: {**{k: v * copies for k, v in core_lut.items()}, **plumbing_lut},
        Quantity.FF: {
            **{name: amount * copies for name, amount in core_ff.items()},
            **plumbing_ff,
            **registered_word(layer, context),
        },
    }


def _constant_core(layer: LayerDescriptor, context: Context, depth: float) -> tuple[Terms, Terms]:
    stats = statistics(layer)
    rows = stats.row_distinct_by_csd
    many = rows[2]
    digits = (stats.csd_digits / max(1, stats.nonzeros)) if stats.nonzeros else 0
    width, out = accumulator_width(layer), outputs(layer)
    product_width = input_width(layer) + weight_width(layer)
    in_dsp = dsps_per_constant(layer) > 0
    shared = layer.reuse_factor > 1
    tool = context.tool.name.lower()
    additions = max(0, stats.nonzeros - out)
    cast_sums = stats.nonzeros * float(width) if casts_sums(layer) else 0.0
    lut = {
        "adder_bits": additions * (width + 7.0),
        "two_digit_bits": (rows[1] - many) * (product_width + 7.0),
        "dsp_products": float(many * dsps_per_constant(layer)) if in_dsp else 0.0,
        "fabric_product_bits": 0.0
        if in_dsp
        else many * (product_width + 7.0) * (max(3.0, digits) - 1),
        "result_bits": float(out * result_width(layer)),
        "cast_sum_bits": cast_sums,
        "shared_products": many * float(input_width(layer)) if shared and in_dsp else 0.0,
    }
    ff = {
        "cut_sums": out * width * cut_adder_tree(fan_in(layer), depth),
        "pipelined_inputs": depth * layer.n_in * float(input_width(layer)),
        "shallow_product_bits": min(depth, 2.0) * many * product_width,
        # Vivado HLS keeps products of many cycles inside the DSP.
        f"deep_product_bits_{tool}": max(0.0, depth - 2.0) * many * product_width,
        # Sums wait in registers for the rounds of the shared multipliers.
        "waiting_sums": stats.nonzeros * width * (1 - 1 / rounds_of_shared(layer)),
        "input_bits": layer.n_in * float(input_width(layer)),
        "cast_sum_bits": cast_sums,
    }
    return lut, ff


def casts_sums(layer: LayerDescriptor) -> bool:
    """Tell whether every product is rounded or saturated on its way into the accumulator."""
    sums = layer.accumulator
    return sums is not None and (
        sums.overflow is not Overflow.WRAP or sums.rounding is not Rounding.TRN
    )


def cut_adder_tree(terms: float, depth: float) -> float:
    """Return the sums that registers hold when ``depth`` cuts divide an adder tree evenly.

    After a share f of the tree's levels, terms^(1 - f) partial sums of an output are left; d cuts
    stand at f = 1/(d+1), 2/(d+1), ... Between whole depths the sum is interpolated.
    """
    whole = math.floor(depth)
    below, above = (
        math.fsum(terms ** (1 - cut / (cuts + 1)) for cut in range(1, cuts + 1))
        for cuts in (whole, whole + 1)
    )
    return below + (above - below) * (depth - whole)


def _stored_core(layer: LayerDescriptor) -> tuple[Terms, Terms]:
    """One multiplier per reuse_factor weights (``nnet_dense_resource.h``).

    Up to n_in cycles each multiplier chooses among its inputs; beyond that it also chooses the
    sum that it adds to (``chosen_sum_luts``).
    """
    multipliers = stored_multipliers(layer)
    width, out = accumulator_width(layer), outputs(layer)
    product_width = input_width(layer) + weight_width(layer)
    in_dsp = dsps_per_stored_weight(layer) > 0
    input_bits = layer.n_in * float(input_width(layer))
    long = layer.reuse_factor > layer.n_in
    size = "long" if long else "short"
    lut = {
        f"{size}_block": 1.0,
        f"{size}_input_bits": input_bits,
        "short_choice_bits": 0.0
        if long
        else float(multipliers * layer.reuse_factor * input_width(layer)),
        f"{size}_adder_bits": multipliers * (width + 7.0),
        "fabric_product_bits": 0.0
        if in_dsp
        else float(multipliers * input_width(layer) * weight_width(layer)),
        f"{size}_sum_bits": float(out * width),
        "cast_sum_bits": multipliers * float(width) if casts_sums(layer) else 0.0,
    }
    ff = {
        f"{size}_block": 1.0,
        "divided_input_bits": 0.0 if cycles_per_product(layer) == 1 else input_bits,
        "weight_bits": float(multipliers * weight_width(layer)),
        "product_bits": 0.0 if long else float(multipliers * product_width),
        "dsp_products": float(multipliers * width) if in_dsp else 0.0,
        "short_input_bits": 0.0 if long else input_bits,
    }
    return lut, ff


def chosen_sum_luts(layer: LayerDescriptor) -> float:
    """Return LUTs of the multiplexers by which stored weights of many cycles choose their sum.

    Each multiplier has one over all outputs, rounded up to a power of two, unless it has two of
    them only. Four inputs share a 6-input LUT, 1/4 + 1/16 + ... = 1/3 of a LUT per input and bit.
    """
    if is_unrolled(layer) or layer.reuse_factor <= 2 * layer.n_in:
        return 0.0
    inputs = 1 << (outputs(layer) - 1).bit_length()
    return stored_multipliers(layer) * accumulator_width(layer) * inputs / 3


def sum_registers(layer: LayerDescriptor) -> float:
    """Return the flip-flops of the sums that stored weights add to, cycle after cycle."""
    return 0.0 if is_unrolled(layer) else float(outputs(layer) * accumulator_width(layer))


def _plumbing(layer: LayerDescriptor) -> tuple[Terms, Terms]:
    """Registers and shift memories around the core, by the form of the layer."""
    bits = float(input_width(layer))
    if layer.io_type is IOType.STREAM and layer.kind is not Kind.DENSE:
        channels = layer.in_shape[-1]
        window = math.prod(layer.kernel) * channels * bits
        rows = (layer.kernel[0] - 1 if len(layer.kernel) == 2 else 0) * channels
        line = rows * bits * layer.in_shape[-2] / 32 if rows else 0.0
        return (
            {"window_bits": window, "line_buffer_bits": line, "stream_control": 1.0},
            {"window_bits": window, "line_rows_bits": rows * bits, "stream_control": 1.0},
        )
    if layer.io_type is IOType.STREAM:
        held = layer.n_in * bits if layer.in_pixels > 1 else 0.0
        return {"held_bits": held, "stream_control": 1.0}, {
            "held_bits": held,
            "stream_control": 1.0,
        }
    if layer.kind is not Kind.DENSE:
        image = math.prod(layer.in_shape) * bits
        result = math.prod(layer.out_shape) * float(result_width(layer))
        return {"image_bits": image, "image_result_bits": result}, {
            "image_bits": image,
            "image_result_bits": result,
        }
    return {}, {}


def bram(layer: LayerDescriptor) -> int:
    """Return 18 Kb blocks of stored weights; constants in the logic take none."""
    if is_unrolled(layer) or layer.reuse_factor == 1:
        return 0
    bits = stored_multipliers(layer) * weight_width(layer)
    if layer.reuse_factor <= 16 and bits < 64:
        return 0
    return memory_blocks(layer.reuse_factor, bits) + (layer.reuse_factor > 512)


def structure(layer: LayerDescriptor, context: Context, depth_of: Depth) -> Structure:
    """Describe a dense, convolution or depthwise layer."""
    depth = depth_of(layer, context)
    times = _TIMES[shape_of(layer)](layer, depth, context)
    if layer.adders is not None:
        return _shifts_and_adds(layer, layer.adders, times)
    exact = {Quantity.DSP: dsp(layer), Quantity.BRAM_18K: bram(layer), Quantity.URAM: 0, **times[0]}
    exact[Quantity.LUT] = chosen_sum_luts(layer) * parallel_pixels(layer)
    exact[Quantity.FF] = sum_registers(layer) * parallel_pixels(layer)
    weights = weights_are(layer)
    # No report of Resource_unrolled has been fitted: it takes the coefficients, not the bands.
    unrolled = weights == "stored" and layer.strategy is Strategy.RESOURCE_UNROLLED
    return Structure(
        law=f"{'unrolled' if unrolled else weights}_{shape_of(layer)}",
        area_law=f"product_{weights}",
        time_law=f"{weights}_{shape_of(layer)}",
        exact=exact,
        terms={**times[1], **area_terms(layer, context, depth)},
    )


def _shifts_and_adds(layer: LayerDescriptor, adders: AdderStatistics, times: Times) -> Structure:
    """Describe a product of the strategy distributed_arithmetic: a LUT per bit of a sum.

    No report of it has been fitted: what surrounds it is that of constant weights, and its
    registers are not known.
    """
    copies = parallel_pixels(layer)
    exact = {
        Quantity.DSP: 0,
        Quantity.BRAM_18K: 0,
        Quantity.URAM: 0,
        Quantity.LUT: adders.bits * copies,
        **times[0],
    }
    return Structure(
        law=f"adders_{shape_of(layer)}",
        area_law="product_constant",
        time_law=f"constant_{shape_of(layer)}",
        exact=exact,
        terms={**times[1], Quantity.LUT: _plumbing(layer)[0]},
    )


Times = tuple[dict[Quantity, float], dict[Quantity, Terms]]
LOW, HIGH, EVERY = Quantity.LATENCY_MIN_CYCLES, Quantity.LATENCY_CYCLES, Quantity.INTERVAL_CYCLES


def _dense_parallel(layer: LayerDescriptor, depth: float, context: Context) -> Times:
    interval = float(product_interval(layer, depth))
    if not is_unrolled(layer):
        start: Terms = {"start": 1.0}
        return {LOW: interval, HIGH: interval, EVERY: interval}, {LOW: start, HIGH: start}
    latency = depth
    if layer.strategy is Strategy.RESOURCE:
        interval = round(depth) + 1.0  # its loop is not pipelined beyond one product
    if layer.reuse_factor > 1:
        rounds = rounds_of_shared(layer)
        latency = depth / 2 + rounds if rounds > 1 else depth
    return {LOW: latency, HIGH: latency, EVERY: interval}, {}


def _dense_stream(layer: LayerDescriptor, depth: float, context: Context) -> Times:
    words = float(layer.in_pixels) if layer.in_pixels > 1 else 0.0
    interval = float(product_interval(layer, depth))
    base = words + (interval if interval > 1 else depth)
    terms: Terms = {"start": 1.0}
    if not is_unrolled(layer):
        terms = {"start": 1.0, "rows": float(layer.in_pixels > 1)}
    return {LOW: base, HIGH: base, EVERY: base}, dict.fromkeys((LOW, HIGH, EVERY), terms)


def _conv_stream(layer: LayerDescriptor, depth: float, context: Context) -> Times:
    """One input pixel after the other; each completes at most one window."""
    pixels = float(layer.in_pixels)
    interval = float(product_interval(layer, depth))
    if is_unrolled(layer):
        base = pixels * interval
        terms: Terms = {"start": 1.0, "depth": depth}
        return {LOW: base, HIGH: base, EVERY: base}, dict.fromkeys((LOW, HIGH, EVERY), terms)
    at_once = context.tool_year is not None and context.tool_year < SHIFTS_AT_ONCE_BEFORE
    least = pixels * (PIXEL_CYCLES + (0 if at_once else layer.kernel[-1]))
    most = least + pixels * (interval + WINDOW_CYCLES)
    start: Terms = {"start": 1.0}
    return {LOW: least, HIGH: most, EVERY: most}, dict.fromkeys((LOW, HIGH, EVERY), start)


def _conv_parallel(layer: LayerDescriptor, depth: float, context: Context) -> Times:
    """A loop over partitions, each computing its pixels at once."""
    rounds = float(layer.partitions or layer.out_pixels)
    interval = float(product_interval(layer, depth))
    base = rounds * interval
    terms: Terms = {"start": 1.0}
    return {LOW: base + depth, HIGH: base + depth, EVERY: base}, {LOW: terms, HIGH: terms}


_TIMES: Mapping[str, Callable[[LayerDescriptor, float, Context], Times]] = {
    "dense_parallel": _dense_parallel,
    "dense_stream": _dense_stream,
    "conv_stream": _conv_stream,
    "conv_parallel": _conv_parallel,
}
