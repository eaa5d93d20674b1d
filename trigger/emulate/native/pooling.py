"""C for pooling layers that could not be joined to the layer before them."""

from __future__ import annotations

import numpy as np

from trigger.design import IOType
from trigger.emulate.native.arithmetic import tree_sum
from trigger.emulate.native.elementwise import append_layer, scattered
from trigger.emulate.native.kernel import Kernel
from trigger.emulate.native.lanes import Lane, narrowest
from trigger.emulate.native.places import Offsets
from trigger.emulate.native.steps import Chain, Term, overflow_to, requantise, round_to
from trigger.fixed import Overflow
from trigger.layers import GlobalPooling, Pool, Pooling1D, Pooling2D, Shape
from trigger.layers.conv2d import image_windows

PADDED = -1
"""Tap of a cell that lies in the padding."""


def emit(kernel: Kernel) -> None:
    """Write the C function of a group that starts with a pooling layer."""
    layer, image = _as_image(kernel)
    fill = layer.fill(kernel.source_format(layer))
    at = _taps(layer, image[None, :, :, :1])
    taps = kernel.table("tap", "int32_t", at.ravel().tolist())
    target = scattered(kernel, kernel.group.chain)
    targets = kernel.index_table("out", target, "e")
    cells = at.shape[-1]
    padded = bool((at == PADDED).any())
    load = _loaded(kernel)
    start = load.term
    if padded:
        low, high = min(start.low, fill), max(start.high, fill)
        start = Term(narrowest(low, high, _from(start.lane)), low, high, start.fractional)
    cell = kernel.function("cell", load, kernel.source_term(), start.lane)
    read = f"{cell}(in[q[k] + c], c)"
    if padded:
        vector = start.lane.vector
        kernel.text += [
            f"INLINE {vector} {kernel.name}_read(const {kernel.source.lane.vector} *in, "
            "const int32_t tap, const long c) {",
            f"  {vector} v = {{0}};",
            f"  v += {start.lane.literal(fill)};",
            f"  if (tap >= 0) v = {cell}(in[tap + c], c);",
            "  return v;",
            "}",
        ]
        read = f"{kernel.name}_read(in, q[k], c)"
    if layer.pool is Pool.MAX:
        lines = _largest(kernel, layer, start, cells)
    else:
        lines = _mean(kernel, layer, start, cells, image.shape[:2])
    positions, channels = target.reshape(-1, target.shape[-1]).shape
    kernel.text += [
        kernel.signature(),
        f"  for (long p = 0, e = 0; p < {positions}; p++) {{",
        f"    const int32_t *q = {taps} + p * {cells};",
        f"    for (long c = 0; c < {channels}; c++, e++) {{",
        *(f"      {line.replace('READ', read).replace('TARGET', targets)}" for line in lines),
        "    }",
        "  }",
        "}",
    ]


def _as_image(kernel: Kernel) -> tuple[Pooling2D, Offsets]:
    """Return the head as a pooling of an image, and where the image's elements lie."""
    layer, offsets = kernel.group.head, kernel.source.offsets
    match layer:
        case Pooling1D():
            return layer.row, offsets[None]
        case GlobalPooling():
            image = offsets.reshape(1, -1, offsets.shape[-1])
            return layer.window(image.shape[1]), image
    assert isinstance(layer, Pooling2D)
    return layer, offsets


def _loaded(kernel: Kernel) -> Chain:
    """Return what happens to a number before it is pooled."""
    layer, load = kernel.group.head, Chain(kernel.source_term())
    if isinstance(layer, GlobalPooling) and layer.io_type is IOType.STREAM:
        requantise(load, layer.accumulator)
    return load


def _from(lane: Lane) -> tuple[Lane, ...]:
    order = tuple(Lane)
    return order[order.index(lane) :]


def _taps(layer: Pooling2D, first: Offsets) -> Offsets:
    """Return the offset of channel 0 of every cell, (positions, cells of a window)."""
    windows: Offsets = image_windows(first, layer.size, layer.stride, layer.padding, PADDED)[0]
    return windows.reshape(windows.shape[0] * windows.shape[1], -1)


def _rest(kernel: Kernel, layer: Pooling2D, chain: Chain, start: Term, name: str) -> str:
    """Finish a chain with the layer's result and all that follows; return the C function."""
    requantise(chain, layer.result)
    kernel.known(chain, layer)
    for follower in kernel.group.chain:
        append_layer(kernel, chain, follower)
    return kernel.function(name, chain, start, kernel.target.lane)


def _largest(kernel: Kernel, layer: Pooling2D, start: Term, cells: int) -> list[str]:
    """Return the statements of a maximum, cast before (stream) or behind (parallel) it."""
    before = Chain(start)
    if layer.io_type is IOType.STREAM:
        requantise(before, layer.accumulator)
    middle = before.term
    cast = kernel.function("cast", before, start, middle.lane)
    after = Chain(middle)
    requantise(after, layer.accumulator)
    finish = _rest(kernel, layer, after, middle, "value")
    vector = middle.lane.vector
    return [
        f"long k = 0; {vector} m = {cast}(READ, c);",
        f"for (k = 1; k < {cells}; k++) {{",
        f"  const {vector} v = {cast}(READ, c);",
        "  m = LARGER(m, v);",
        "}",
        f"out[TARGET] = {finish}(m, c);",
    ]


def _mean(kernel: Kernel, layer: Pooling2D, start: Term, cells: int, size: Shape) -> list[str]:
    """Return the statements of a mean: the sum in the accumulator, then the division."""
    total, lines = _sum(kernel, layer, start, cells)
    chain = Chain(total)
    counts = np.full(1, cells)
    if layer.io_type is IOType.PARALLEL:
        counts = layer.cells_counted(size).ravel()
    mean = _divide_and_finish(kernel, layer, chain, total, counts)
    return [*lines, f"out[TARGET] = {mean};"]


def _divide_and_finish(
    kernel: Kernel, layer: Pooling2D, chain: Chain, total: Term, counts: Offsets
) -> str:
    """Write the division towards zero; return the C expression of the finished mean."""
    largest = max(-total.low, total.high)
    if largest < 2**23 and total.lane in (Lane.F32, Lane.I32):
        lane, whole = Lane.F32, Lane.I32
    elif largest < 2**52:
        lane, whole = Lane.F64, Lane.I64
    else:
        lane = whole = Lane.I64
    chain.cast(lane)
    start = kernel.function("total", chain, total, lane)
    few = int(counts.min())
    low, high = (int(abs(end) // few) * (1 if end > 0 else -1) for end in (total.low, total.high))
    mean = Term(whole, min(low, 0), max(high, 0), layer.accumulator.fractional)
    finish = _rest(kernel, layer, Chain(mean), mean, "value")
    if counts.min() == counts.max():
        count = lane.literal(few)
    else:
        count = kernel.table("count", lane.c_type, map(lane.literal, counts.tolist())) + "[p]"
    quotient = f"{start}(m, c) / {count}"
    if lane is not whole:  # correctly rounded, so never across an integer below 2**23 (2**52)
        quotient = f"__builtin_convertvector({quotient}, {whole.vector})"
    return f"{finish}({quotient}, c)"


def _sum(kernel: Kernel, layer: Pooling2D, start: Term, cells: int) -> tuple[Term, list[str]]:
    """Return the sum over a window in the accumulator, and the statements that make ``m``."""
    accumulator = layer.accumulator
    stream = layer.io_type is IOType.STREAM
    wraps = accumulator.overflow is Overflow.WRAP
    demands = kernel.reaches[layer.name].demands[:-1]
    overflows = any(demand.overflows for demand in demands)
    if stream or accumulator.fractional >= start.fractional:
        cast = Chain(start)
        (requantise if stream and not wraps else round_to)(cast, accumulator)
        if wraps or not overflows:
            return _plain_sum(kernel, layer, start, cast, cells)
        if stream:
            return _tree_sum(kernel, layer, start, cast, cells)
    return _stepped_sum(kernel, layer, start, cells)


def _plain_sum(
    kernel: Kernel, layer: Pooling2D, start: Term, cast: Chain, cells: int
) -> tuple[Term, list[str]]:
    """Add all cells exactly, then wrap once."""
    accumulator, term = layer.accumulator, cast.term
    low, high = min(term.low * cells, term.low), max(term.high * cells, term.high)
    lane = narrowest(low, high, _from(term.lane))
    function = kernel.function("cast", cast, start, lane)
    total = Term(lane, low, high, accumulator.fractional)
    wrapped = Chain(total)
    overflow_to(wrapped, accumulator)
    limit = kernel.function("limit", wrapped, total, wrapped.term.lane)
    return wrapped.term, [
        f"{lane.vector} s = {{0}};",
        f"for (long k = 0; k < {cells}; k++) s += {function}(READ, c);",
        f"const {wrapped.term.lane.vector} m = {limit}(s, c);",
    ]


def _stepped_sum(
    kernel: Kernel, layer: Pooling2D, start: Term, cells: int
) -> tuple[Term, list[str]]:
    """Add one cell after the other, each sum rounded and limited to the accumulator."""
    accumulator = layer.accumulator
    fractional = max(accumulator.fractional, start.fractional)
    up = fractional - accumulator.fractional
    cell = Chain(Term(start.lane, start.low, start.high, start.fractional))
    factor = 1 << (fractional - start.fractional)
    cell.cast(Lane.I64)
    narrowest(start.low * factor, start.high * factor, (Lane.I64,))
    cell.let(
        f"{cell.name} << {fractional - start.fractional}",
        Term(Lane.I64, start.low * factor, start.high * factor, fractional),
    )
    aligned = kernel.function("cast", cell, start, Lane.I64)
    low = (accumulator.raw_min << up) + min(cell.term.low, 0)
    high = (accumulator.raw_max << up) + max(cell.term.high, 0)
    narrowest(low, high, (Lane.I64,))
    both = Term(Lane.I64, low, high, fractional)
    added = Chain(both)
    requantise(added, accumulator)
    step = kernel.function("step", added, both, Lane.I64)
    total = Term(Lane.I64, accumulator.raw_min, accumulator.raw_max, accumulator.fractional)
    return total, [
        "i64 m = {0};",
        f"for (long k = 0; k < {cells}; k++) m = {step}((m << {up}) + {aligned}(READ, c), c);",
    ]


def _tree_sum(
    kernel: Kernel, layer: Pooling2D, start: Term, cast: Chain, cells: int
) -> tuple[Term, list[str]]:
    """Add by halving, each sum limited to the accumulator."""
    function = kernel.function("cast", cast, start, Lane.I64)
    lines, total = tree_sum(kernel, layer.accumulator, Lane.I64, cells)
    return total, [
        f"i64 t[{cells}];",
        f"for (long k = 0; k < {cells}; k++) t[k] = {function}(READ, c);",
        *lines,
        "const i64 m = t[0];",
    ]
