"""C for dense and convolution layers: tiles of positions, tables of non-zero weights.

One loop over the non-zero weights of an output feeds a tile of neighbouring results (pixels, or
vectors of events where there is only one pixel), so that each weight is loaded once for many
multiply-adds and the accumulators stay in registers. A maximum over a pooling window is taken
while the numbers are still in registers: before rounding, where rounding is monotonic.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from trigger.emulate.native.accumulate import Sum, plan_sum
from trigger.emulate.native.elementwise import append_layer, layer_is_monotonic, scattered
from trigger.emulate.native.kernel import Kernel
from trigger.emulate.native.places import Frame, Offsets
from trigger.emulate.native.steps import Chain, is_monotonic
from trigger.layers import Conv1D, Conv2D, Layer, MultiplyAccumulate, Pooling2D

SPARE_REGISTERS = 8
"""Registers beside the accumulators: weight, products, rounding constants."""


def padding_of(layer: MultiplyAccumulate) -> Frame:
    """Return the zeros that a layer reads around its input, per axis."""
    match layer:
        case Conv2D():
            return (*layer.padding, (0, 0))
        case Conv1D():
            return (layer.padding, (0, 0))
    return ((0, 0),)


def window_offsets(layer: MultiplyAccumulate, padded: Offsets) -> Offsets:
    """Return where each window's elements lie, (rows, columns, window elements)."""
    unpadded: MultiplyAccumulate
    match layer:
        case Conv2D():
            unpadded = replace(layer, padding=((0, 0), (0, 0)))
        case Conv1D():
            unpadded = replace(layer, padding=(0, 0))
        case _:
            unpadded = layer
    windows: Offsets = unpadded.windows(padded[None])[0]
    return windows.reshape((1,) * (3 - windows.ndim) + windows.shape)


@dataclass(frozen=True)
class Tile:
    """How many vectors, rows and columns of results one pass makes."""

    vectors: int
    rows: int
    columns: int


@dataclass(frozen=True)
class Window:
    """The positions that one pooled result takes in; a single one without pooling."""

    size: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)

    @property
    def cells(self) -> int:
        return self.size[0] * self.size[1]


def choose_tile(block: int, rows: int, columns: int, most: int) -> Tile:
    """Return the tile with the least estimated time over the whole block.

    A pass costs a multiply-add per accumulator, at least eight to hide their latency, and two
    loads of table entries.
    """

    def passes(length: int, step: int) -> list[int]:
        return [step] * (length // step) + ([length % step] if length % step else [])

    def cost(tile: Tile) -> tuple[float, int]:
        total = sum(
            max(v * y * x, 8) + 2
            for v in passes(block, tile.vectors)
            for y in passes(rows, tile.rows)
            for x in passes(columns, tile.columns)
        )
        return total, tile.vectors * tile.rows * tile.columns

    tiles = [
        Tile(vectors, y, x)
        for vectors in ((1,) if rows * columns > 1 else (1, 2, 4, block))
        for y in range(1, min(rows, most) + 1)
        for x in range(1, min(columns, most) + 1)
        if vectors * y * x <= max(most, 1)
    ]
    return min(tiles, key=cost)


def emit(kernel: Kernel) -> None:
    """Write the C function of a group with a dense or convolution layer at its head."""
    layer = kernel.group.head
    assert isinstance(layer, MultiplyAccumulate)
    assert kernel.source is not None
    plan = plan_sum(layer, kernel.source_reach(layer))
    before, after, window = _functions(kernel, plan)
    offsets = window_offsets(layer, kernel.source.padded(padding_of(layer)))
    start = offsets[:, :, 0]
    relative = offsets[0, 0] - start[0, 0]
    target = scattered(kernel, kernel.group.chain)
    target = target.reshape((1,) * (3 - target.ndim) + target.shape)
    rows, columns, outputs = target.shape
    channels = kernel.index_table("channel", target[0, 0] - target[0, 0, 0], "c")
    _weight_tables(kernel, plan, relative)

    registers = kernel.machine.registers - SPARE_REGISTERS
    most = max(1, min(16, registers) // (plan.lane.parts * window.cells))
    tile = choose_tile(kernel.block, rows, columns, most)
    kernel.batched = rows == columns == 1
    body: list[str] = []
    for tops, height in _spans(rows, tile.rows):
        for lefts, width in _spans(columns, tile.columns):
            shape = Tile(tile.vectors, height, width)
            reads, writes = _relative(kernel, shape, window, start, target)
            corner = start[np.ix_(tops * window.stride[0], lefts * window.stride[1])]
            place = target[np.ix_(tops, lefts)][:, :, 0]
            stem = f"tile{height}x{width}"
            sources = kernel.table(f"{stem}_in", "int32_t", corner.ravel().tolist())
            targets = kernel.table(f"{stem}_out", "int32_t", place.ravel().tolist())
            body += [
                f"  for (long t = 0; t < {corner.size}; t++) {{",
                f"    const {plan.lane.part} *x = (const {plan.lane.part} *)(in + {sources}[t]);",
                f"    {kernel.target.lane.vector} *y = out + {targets}[t];",
                f"    for (long c = 0; c < {outputs}; c++) {{",
                *_pass(kernel, plan, reads, writes, window, (before, after), channels),
                "    }",
                "  }",
            ]
    if kernel.batched:
        body = [
            f"  for (long b = 0; b < {kernel.block}; b += {tile.vectors}, "
            f"in += {tile.vectors * kernel.source.size}, "
            f"out += {tile.vectors * kernel.target.size}) {{",
            *body,
            "  }",
        ]
    kernel.text += [kernel.signature(), *body, "}"]


def _spans(length: int, step: int) -> list[tuple[Offsets, int]]:
    """Return (starts, size) of the whole tiles and of the remainder along one axis."""
    whole = np.arange(0, length - step + 1, step)
    rest = length % step
    return [(whole, step)] + ([(np.array([length - rest]), rest)] if rest else [])


def _relative(
    kernel: Kernel, tile: Tile, window: Window, start: Offsets, target: Offsets
) -> tuple[list[int], list[int]]:
    """Return the offsets of a tile's reads and writes from those of its first position."""
    assert kernel.source is not None
    rows, columns = np.arange(tile.rows), np.arange(tile.columns)
    tops = (rows[:, None] * window.stride[0] + np.arange(window.size[0]))[:, None, :, None]
    lefts = (columns[:, None] * window.stride[1] + np.arange(window.size[1]))[None, :, None, :]
    vectors = np.arange(tile.vectors)[:, None]
    reads = vectors * kernel.source.size + (start[tops, lefts] - start[0, 0]).ravel()
    writes = vectors * kernel.target.size + (target[: tile.rows, : tile.columns, 0]).ravel()
    return reads.ravel().tolist(), (writes - target[0, 0, 0]).ravel().tolist()


def _pass(
    kernel: Kernel,
    plan: Sum,
    reads: list[int],
    writes: list[int],
    window: Window,
    functions: tuple[str, str],
    channels: str,
) -> list[str]:
    """Return the statements that make one output of one tile."""
    name, lane, parts = kernel.name, plan.lane, plan.lane.parts
    before, after = functions
    cells = [(i, part) for i in range(len(reads)) for part in range(parts)]
    lines = [
        f"const {lane.part} bias = ({lane.part}){{0}} + {name}_bias[c];",
        *(f"{lane.part} a{i}_{part} = bias;" for i, part in cells),
        f"for (long k = {name}_start[c]; k < {name}_start[c + 1]; k++) {{",
        f"  const {lane.part} *u = x + {name}_offset[k];",
        f"  const {lane.part} w = ({lane.part}){{0}} + {name}_weight[k];",
    ]
    for i, part in cells:
        value = f"u[{reads[i] * parts + part}] * w"
        lines += [f"  {line}" for line in plan.add(f"a{i}_{part}", value)]
    lines.append("}")
    for place, first in zip(writes, range(0, len(reads), window.cells), strict=True):
        sums = [_whole(lane.vector, f"a{i}", parts) for i in range(first, first + window.cells)]
        value = f"{before}({sums[0]}, c)"
        for other in sums[1:]:
            value = f"LARGER({value}, {before}({other}, c))"
        lines.append(f"y[{place} + {channels}] = {after}({value}, c);")
    return [f"      {line}" for line in lines]


def _whole(vector: str, stem: str, parts: int) -> str:
    """Return one whole vector made of registers."""
    if parts == 1:
        return f"{stem}_0"
    return f"JOIN_{vector}({stem}_0, {stem}_1)"


def _weight_tables(kernel: Kernel, plan: Sum, relative: Offsets) -> None:
    """Write the non-zero weights of every output, in the order in which they are added."""
    order = np.asarray(plan.order, dtype=np.int64)
    starts, offsets, weights = [0], [], []
    for output in range(plan.kernel.shape[1]):
        column = plan.kernel[order, output]
        used = np.flatnonzero(column != 0)
        offsets += (relative[order[used]] * plan.lane.parts).tolist()
        weights += [plan.lane.literal(int(weight)) for weight in column[used]]
        starts.append(len(offsets))
    kernel.table("start", "int32_t", starts)
    kernel.table("offset", "int32_t", offsets)
    kernel.table("weight", plan.lane.c_type, weights)
    kernel.table("bias", plan.lane.c_type, (plan.lane.literal(int(raw)) for raw in plan.bias))


def _functions(kernel: Kernel, plan: Sum) -> tuple[str, str, Window]:
    """Write what happens before and after the pooling maximum; return the names."""
    layers = kernel.group.layers
    pools = [index for index, layer in enumerate(layers) if isinstance(layer, Pooling2D)]
    cut, window = 0, Window()
    if pools:
        pool = layers[pools[0]]
        assert isinstance(pool, Pooling2D)
        window = Window(pool.size, pool.stride)
        cut = _first_monotonic(kernel, plan, layers[: pools[0]])
    chain = Chain(plan.term)
    for layer in layers[:cut]:
        _append(kernel, plan, chain, layer)
    middle = chain.term
    before = kernel.function("before", chain, plan.term, middle.lane)
    chain = Chain(middle)
    for layer in layers[cut:]:
        _append(kernel, plan, chain, layer)
    after = kernel.function("after", chain, middle, kernel.target.lane)
    return before, after, window


def _first_monotonic(kernel: Kernel, plan: Sum, layers: tuple[Layer, ...]) -> int:
    """Return the first layer from which on all are monotonic, so that a maximum may come first."""
    chain, cut = Chain(plan.term), 0
    for index, layer in enumerate(layers):
        if layer is plan.layer:
            monotonic = not plan.wraps and is_monotonic(chain.term, layer.result)
        else:
            monotonic = layer_is_monotonic(chain, layer)
        if not monotonic:
            cut = index + 1
        _append(kernel, plan, chain, layer)
    return cut


def _append(kernel: Kernel, plan: Sum, chain: Chain, layer: Layer) -> None:
    """Append what a layer of the group does to one sum."""
    if layer is plan.layer:
        plan.finish(chain)
        kernel.known(chain, layer)
    else:
        append_layer(kernel, chain, layer)
