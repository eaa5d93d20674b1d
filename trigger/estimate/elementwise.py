"""Layers that treat every element alike: activations, tables, softmax, batch normalisation."""

from __future__ import annotations

import math
from collections.abc import Mapping

from trigger.budget import Quantity
from trigger.design import IOType
from trigger.estimate.context import Context, Tool
from trigger.estimate.descriptor import Kind, LayerDescriptor
from trigger.estimate.structure import TIMES, Depth, Structure
from trigger.estimate.terms import (
    Terms,
    constant_multipliers,
    dsps_per_constant,
    input_width,
    memory_blocks,
    multiplier_limit,
    registered_word,
    result_width,
    statistics,
)
from trigger.fixed import Overflow, Rounding

TABLE_WIDTH = 18
"""Bits of a table entry: hls4ml's default ap_fixed<18,8>."""
TABLE_SIZE = 1024


def structure(layer: LayerDescriptor, context: Context, depth_of: Depth) -> Structure:
    """Describe an element-wise layer."""
    del depth_of
    stream = layer.io_type is IOType.STREAM
    lanes = layer.in_shape[-1] if stream else math.prod(layer.in_shape)
    words = layer.in_pixels if stream and len(layer.in_shape) > 1 else 1
    base = float(words) if words > 1 else 0.0
    exact: dict[Quantity, float] = {quantity: base for quantity in TIMES}
    exact[Quantity.INTERVAL_CYCLES] = float(max(1, words))
    exact |= {Quantity.DSP: _dsp(layer, lanes), Quantity.BRAM_18K: _bram(layer, context, lanes)}
    exact[Quantity.URAM] = 0
    start = _start(layer, context)
    terms: dict[Quantity, Terms] = dict.fromkeys(TIMES, start)
    if not stream:
        terms[Quantity.INTERVAL_CYCLES] = {}
    lut, ff = _area(layer, context, lanes)
    control: Terms = {"control": 1.0} if stream else {}
    terms |= {
        Quantity.LUT: {**lut, **control},
        Quantity.FF: {**ff, **control, **registered_word(layer, context)},
    }
    law = "relu" if layer.kind is Kind.LEAKY else layer.kind.value
    return Structure(f"{law}_{'stream' if stream else 'parallel'}", exact, terms)


def _start(layer: LayerDescriptor, context: Context) -> Terms:
    """Delays over the clock period, by fabric; a deeper one for softmax's sum."""
    fabric = "7" if context.seven_series else "us"
    tool = "vivado" if context.tool is Tool.VIVADO else "vitis"
    delay = context.pace
    if layer.kind is Kind.SOFTMAX:
        levels = math.log2(layer.in_shape[-1] + 1)
        shared = float(layer.reuse_factor > 1)
        return {
            f"delay_{fabric}_{tool}": delay,
            "levels": levels * delay,
            "shared": shared * layer.in_shape[-1],
        }
    return {f"delay_{fabric}": delay, "start": 1.0}


def _area(layer: LayerDescriptor, context: Context, lanes: int) -> tuple[Terms, Terms]:
    into, out = float(input_width(layer)), float(result_width(layer))
    rounds = layer.result is not None and layer.result.rounding is not Rounding.TRN
    saturates = layer.result is not None and layer.result.overflow is not Overflow.WRAP
    lut: Terms = {
        "input_bits": lanes * into,
        "result_bits": lanes * out,
        "rounded_bits": lanes * out * rounds,
        "saturated_bits": lanes * into * saturates,
        "lanes": float(lanes),
    }
    ff: Terms = {"input_bits": lanes * into, "result_bits": lanes * out, "lanes": float(lanes)}
    if layer.kind in (Kind.SOFTMAX, Kind.BATCHNORM):
        # Their multipliers and sums are cut by registers, more often in slow fabric.
        name = f"pipelined_lanes_{'7' if context.seven_series else 'us'}"
        ff = {**ff, name: lanes * context.pace}
    if context.dataflow and layer.io_type is IOType.PARALLEL:
        # A process keeps its results until the next one has read them.
        kept: Terms = {"kept_bits": lanes * out}
        return {**lut, **kept}, {**ff, **kept}
    return lut, ff


def _dsp(layer: LayerDescriptor, lanes: int) -> float:
    if layer.kind is Kind.SOFTMAX:
        shared = layer.io_type is IOType.STREAM and layer.reuse_factor > 1
        return 1.0 if shared else float(lanes)
    if layer.kind is Kind.BATCHNORM:
        per_lane = dsps_per_constant(layer)
        if layer.weights is None:
            return float(min(lanes, multiplier_limit(layer)) * per_lane)
        share = constant_multipliers(layer) / max(1, statistics(layer).n)
        return float(math.ceil(lanes * share / layer.reuse_factor) * per_lane)
    if layer.kind is Kind.LEAKY:
        return float(lanes * dsps_per_constant(layer)) if layer.weights is not None else 0.0
    return 0.0


def _bram(layer: LayerDescriptor, context: Context, lanes: int) -> float:
    """Blocks of lookup tables; one block has two ports."""
    if layer.kind not in _TABLES:
        return 0.0
    blocks = memory_blocks(layer.table_size or TABLE_SIZE, TABLE_WIDTH)
    if layer.kind is Kind.TABLE:
        return float(math.ceil(lanes / 2) * blocks)
    if layer.io_type is IOType.STREAM and layer.reuse_factor > 1:
        return 2.0 * blocks
    if context.tool is Tool.VITIS:
        return float(lanes * blocks)
    return float((math.ceil(lanes / 2) + 1) * blocks)


_TABLES: Mapping[Kind, str] = {Kind.TABLE: "one lookup", Kind.SOFTMAX: "exponential and inverse"}
