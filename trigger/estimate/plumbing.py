"""Layers that move or compare pixels: pooling, padding, reshaping, merging, upsampling."""

from __future__ import annotations

import math

from trigger.budget import Quantity
from trigger.design import IOType
from trigger.estimate.context import Context
from trigger.estimate.descriptor import Kind, LayerDescriptor
from trigger.estimate.structure import TIMES, Depth, Structure
from trigger.estimate.terms import Terms, dsps_of, input_width, registered_word, result_width


def structure(layer: LayerDescriptor, context: Context, depth_of: Depth) -> Structure:
    """Describe a layer without weights that works on whole images or on a stream of pixels."""
    del depth_of
    stream = layer.io_type is IOType.STREAM
    how = "stream" if stream else "parallel"
    kind = layer.kind.value
    stand_in = ""
    if layer.kind in (Kind.POOLING, Kind.GLOBAL_POOLING):
        if layer.average and stream:
            # No report shows one. The template is that of the maximum with adders for comparators,
            # so its coefficients stand in; the band is that of an estimate without reports.
            stand_in = f"maximum_{kind}_stream"
        kind = f"{'average' if layer.average else 'maximum'}_{kind}"
    words = max(layer.in_pixels, layer.out_pixels)
    wires = layer.kind is Kind.RESHAPE
    same = wires and layer.in_shape == layer.out_shape
    base = float(words) if stream and not same else 0.0
    exact: dict[Quantity, float] = dict.fromkeys(TIMES, base)
    exact[Quantity.INTERVAL_CYCLES] = max(1.0, base)
    exact |= {Quantity.DSP: 0, Quantity.BRAM_18K: 0, Quantity.URAM: 0}
    if wires and (same or not stream):
        return Structure(f"{kind}_{how}", {**exact, Quantity.LUT: 0, Quantity.FF: 0}, {})
    start: Terms = {"start": 1.0}
    terms: dict[Quantity, Terms] = dict.fromkeys(TIMES, start)
    if not stream:
        levels = math.log2(math.prod(layer.kernel) + 1) if layer.kernel else 1.0
        slow: Terms = {"levels": levels * context.pace}
        terms = {quantity: slow for quantity in TIMES[:2]}
    if layer.kind in (Kind.MERGE, Kind.MULTIPLY, Kind.UPSAMPLING):
        if layer.kind is Kind.MULTIPLY:
            exact[Quantity.DSP] = _multipliers(layer, stream=stream)
        return Structure(f"{kind}_{how}", {**exact, **_adders(layer, stream=stream)}, {})
    area = _stream_area(layer) if stream else _parallel_area(layer)
    terms |= {Quantity.LUT: area, Quantity.FF: {**area, **registered_word(layer, context)}}
    return Structure(f"{kind}_{how}", exact, terms, stand_in, stand_in)


def _multipliers(layer: LayerDescriptor, *, stream: bool) -> float:
    """Return DSP blocks: one product of two variables per lane that enters."""
    lanes = layer.in_shape[-1] if stream else math.prod(layer.in_shape)
    return float(lanes * dsps_of(input_width(layer), input_width(layer)))


def _adders(layer: LayerDescriptor, *, stream: bool) -> dict[Quantity, float]:
    """Return LUT and FF of one adder per lane: no report shows these layers, so nothing is fitted.

    An adder of w bits counts w + 7 LUTs in csynth reports.
    """
    lanes = layer.out_shape[-1] if stream else math.prod(layer.out_shape)
    adds = 0.0 if layer.kind is Kind.UPSAMPLING else lanes * (result_width(layer) + 7.0)
    return {Quantity.LUT: adds, Quantity.FF: float(lanes * result_width(layer) * stream)}


def _stream_area(layer: LayerDescriptor) -> Terms:
    channels = layer.in_shape[-1]
    bits = channels * float(input_width(layer))
    window = math.prod(layer.kernel) * bits if layer.kernel else 0.0
    rows = (layer.kernel[0] - 1) * bits if len(layer.kernel) == 2 else 0.0
    line = rows * layer.in_shape[-2] / 32 if rows else 0.0
    return {
        "control": 1.0,
        "channels": float(channels),
        "word_bits": bits,
        "window_bits": window,
        "line_buffer_bits": line,
    }


def _parallel_area(layer: LayerDescriptor) -> Terms:
    results = math.prod(layer.out_shape)
    size = math.prod(layer.kernel) if layer.kernel else math.prod(layer.in_shape) // results
    return {
        "comparison_bits": float(results * max(0, size - 1) * input_width(layer)),
        "result_bits": float(results * result_width(layer)),
    }
