"""From layers to the top function: a pipeline, a dataflow of processes, or streams between them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from trigger.budget import Quantity
from trigger.design import IOType, Strategy
from trigger.estimate.context import Context, Tool
from trigger.estimate.descriptor import Kind, LayerDescriptor
from trigger.estimate.structure import TIMES, Structure
from trigger.estimate.terms import Terms, input_width, memory_blocks, result_width, word_bits

SHIFT_REGISTER_BITS = 512
"""Vivado HLS keeps a FIFO of one channel in shift registers up to about so many bits."""
SHIFT_REGISTER_DEPTH = 100
"""Vitis HLS keeps a FIFO, all channels wide, in shift registers up to about so many words."""

WIDEST_REGISTER_BITS = 4096
QUEUE_BLOCK_BITS = 9
"""A FIFO of up to 2,048 words takes an 18 Kb block per so many bits of the word."""

Values = Mapping[Quantity, float | None]


def design_class(layers: Sequence[LayerDescriptor], context: Context) -> str:
    """Return the class that bands of totals are kept by: kind, io type, strategy."""
    kinds = {layer.kind for layer in layers}
    if Kind.RECURRENT in kinds:
        kind = "recurrent"
    elif kinds & {Kind.CONV, Kind.DEPTHWISE}:
        kind = "conv"
    else:
        kind = "dense" if Kind.DENSE in kinds else "other"
    return f"{kind} {context.io_type.value} {design_strategy(layers)}"


def design_strategy(layers: Sequence[LayerDescriptor]) -> str:
    """Return the strategies of the layers with weights, ``-`` without any."""
    return "+".join(sorted({layer.strategy.value for layer in layers if layer.strategy})) or "-"


def structure(
    layers: Sequence[LayerDescriptor], values: Sequence[Values], context: Context
) -> Structure:
    """Describe the top function, given the figures of its layers.

    A quantity that one layer does not know is left out of ``exact``, and so is unknown in total.
    """
    exact: dict[Quantity, float] = {}
    for quantity in Quantity:
        figures = [value.get(quantity) for value in values]
        known = [figure for figure in figures if figure is not None]
        if len(known) == len(figures) and known:
            exact[quantity] = _combined(quantity, known, context)
    if context.io_type is IOType.STREAM and Quantity.LATENCY_CYCLES in exact:
        # The shortest run, too, waits for the slowest layer to read its whole image.
        exact[Quantity.LATENCY_MIN_CYCLES] = exact[Quantity.LATENCY_CYCLES]
    if _takes_turns(layers, context) and Quantity.LATENCY_CYCLES in exact:
        exact[Quantity.INTERVAL_CYCLES] = exact[Quantity.LATENCY_CYCLES]
    if Quantity.BRAM_18K in exact:
        exact[Quantity.BRAM_18K] += fifo_blocks(layers, context)
    if Quantity.FF in exact and not context.dataflow:
        # hls4ml's ap_vld ports keep their value in registers.
        exact[Quantity.FF] += math.prod(layers[0].in_shape) * input_width(layers[0])
    terms = _terms(layers, values, context)
    known_terms = {quantity: part for quantity, part in terms.items() if quantity in exact}
    return Structure(_law(context), exact, known_terms)


def _takes_turns(layers: Sequence[LayerDescriptor], context: Context) -> bool:
    """Tell whether a new event waits for the last one: Vitis HLS does not overlap parallel layers
    with stored weights."""
    stored = any(layer.strategy is Strategy.RESOURCE for layer in layers)
    parallel = context.dataflow and context.io_type is IOType.PARALLEL
    return parallel and stored and context.tool is Tool.VITIS


def _law(context: Context) -> str:
    if context.io_type is IOType.STREAM:
        return f"top_stream_{context.tool.name.lower()}"
    return "top_dataflow" if context.dataflow else "top_pipeline"


def _combined(quantity: Quantity, figures: Sequence[float], context: Context) -> float:
    """Streams run at once, a pipeline one after the other; resources add up."""
    if quantity is Quantity.INTERVAL_CYCLES:
        return max(figures)
    if quantity in TIMES and context.io_type is IOType.STREAM:
        return max(figures)
    return math.fsum(figures)


def _terms(
    layers: Sequence[LayerDescriptor], values: Sequence[Values], context: Context
) -> dict[Quantity, Terms]:
    latencies = [value.get(Quantity.LATENCY_CYCLES) or 0.0 for value in values]
    between = _between(layers)
    if context.io_type is IOType.STREAM:
        tail = math.fsum(
            latency
            for layer, latency in zip(layers, latencies, strict=True)
            if layer.kind in (Kind.DENSE, Kind.SOFTMAX, Kind.TABLE)
        )
        late: Terms = {
            "tail": tail if tail < max(latencies) else tail - max(latencies),
            "layers": float(len(between)),
        }
        fifo: Terms = {
            "channels": float(sum(layer.out_shape[-1] for layer in between)),
            "word_bits": float(sum(word_bits(layer) for layer in between)),
            "fifos": float(len(between)),
        }
        interval: Terms = {"processes": float(bool(between))}
        return {
            Quantity.LATENCY_MIN_CYCLES: late,
            Quantity.LATENCY_CYCLES: late,
            Quantity.INTERVAL_CYCLES: interval,
            Quantity.LUT: fifo,
            Quantity.FF: fifo,
        }
    busy = float(sum(latency >= 0.5 for latency in latencies[:-1]))
    tool = context.tool.name.lower()
    late = {f"calls_{tool}": busy, "layers": float(max(0, len(between) - 1))}
    bits = float(sum(math.prod(layer.out_shape) * result_width(layer) for layer in between))
    if context.dataflow:  # a FIFO of two words for every element
        elements = float(sum(math.prod(layer.out_shape) for layer in between))
        queued = queued_input_bits(layers, context) / input_width(layers[0])
        held: Terms = {
            "elements": elements,
            "layers": float(len(between)),
            "queued_inputs": queued,
        }
        return {
            Quantity.LATENCY_MIN_CYCLES: late,
            Quantity.LATENCY_CYCLES: late,
            Quantity.LUT: held,
            Quantity.FF: held,
        }
    # What a layer makes is registered where a cycle ends there: between layers of no cycles, not.
    ends = min(1.0, math.fsum(latencies) / len(layers))
    return {
        Quantity.LATENCY_MIN_CYCLES: late,
        Quantity.LATENCY_CYCLES: late,
        Quantity.LUT: {"layers": float(len(between)), "between_bits": bits},
        Quantity.FF: {"between_bits": bits * ends},
    }


def fifo_blocks(layers: Sequence[LayerDescriptor], context: Context) -> int:
    """Return 18 Kb blocks of FIFOs: of a wide parallel input, or between streaming layers.

    Vivado HLS makes a FIFO per channel, Vitis HLS one for all channels of a pixel, each an image
    deep.
    """
    if context.io_type is not IOType.STREAM:
        return math.ceil(queued_input_bits(layers, context) / QUEUE_BLOCK_BITS)
    blocks = 0
    for layer in _between(layers):
        depth = layer.out_pixels
        if context.tool is Tool.VIVADO:
            if depth * result_width(layer) > SHIFT_REGISTER_BITS:
                # Both ports of a block are in use, which leaves 18 bits of width.
                narrow = max(depth, 513)
                blocks += layer.out_shape[-1] * memory_blocks(narrow, result_width(layer))
        elif depth > SHIFT_REGISTER_DEPTH:
            blocks += memory_blocks(depth, word_bits(layer))
    return blocks


def queued_input_bits(layers: Sequence[LayerDescriptor], context: Context) -> int:
    """Return bits of the parallel input that Vivado HLS passes on through a FIFO of block RAM.

    It does so ahead of a dense layer with stored weights whose inputs have more than 4,096 bits.
    """
    first = layers[0]
    bits = math.prod(first.in_shape) * input_width(first)
    stored = first.kind is Kind.DENSE and first.strategy is Strategy.RESOURCE
    parallel = context.dataflow and context.io_type is IOType.PARALLEL
    queued = parallel and stored and context.tool is Tool.VIVADO and bits > WIDEST_REGISTER_BITS
    return bits if queued else 0


def _between(layers: Sequence[LayerDescriptor]) -> list[LayerDescriptor]:
    """Return the layers whose results another layer reads through a FIFO or registers."""
    return [layer for layer in layers[:-1] if not is_free(layer)]


def is_free(layer: LayerDescriptor) -> bool:
    """Tell whether a layer is wires only."""
    parallel = layer.io_type is IOType.PARALLEL
    return layer.kind is Kind.RESHAPE and (parallel or layer.in_shape == layer.out_shape)
