"""C for dense and convolution layers: tiles of positions, tables of non-zero weights.

One loop over the non-zero weights of an output feeds a tile of neighbouring results (pixels, or
vectors of events where there is only one pixel), so that each weight is loaded once for many
multiply-adds and the accumulators stay in registers. A maximum over a pooling window is taken
while the numbers are still in registers: before rounding, where rounding is monotonic.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from math import prod

import numpy as np
import numpy.typing as npt

from trigger.emulate.native.accumulate import Sum, plan_sum
from trigger.emulate.native.elementwise import append_layer, layer_is_monotonic, scattered
from trigger.emulate.native.kernel import Kernel
from trigger.emulate.native.lanes import Lane
from trigger.emulate.native.places import Frame, Offsets
from trigger.emulate.native.steps import Chain, is_monotonic
from trigger.layers import (
    Conv1D,
    Conv2D,
    DistributedArithmetic,
    Layer,
    MultiplyAccumulate,
    Pooling2D,
)

SPARE_REGISTERS = 6
"""Registers beside the sums: weights, inputs, products."""

PASS_CYCLES = 20
"""Estimated cost of one more pass: the end of its loop is rarely predicted."""

MOST_OUTPUTS = 4
"""Outputs that one pass makes at most; more share more zeros."""


def padding_of(layer: MultiplyAccumulate | DistributedArithmetic) -> Frame:
    """Return the zeros that a layer reads around its input, per axis."""
    match layer:
        case Conv2D():
            return (*layer.padding, (0, 0))
        case Conv1D():
            return (layer.padding, (0, 0))
        case DistributedArithmetic():
            return (*layer.padding, (0, 0))
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
    """How many vectors, rows, columns and outputs one pass makes."""

    vectors: int
    rows: int
    columns: int
    outputs: int

    @property
    def sums(self) -> int:
        return self.vectors * self.rows * self.columns * self.outputs


@dataclass(frozen=True)
class Window:
    """The positions that one pooled result takes in; a single one without pooling."""

    size: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)

    @property
    def cells(self) -> int:
        return self.size[0] * self.size[1]


def choose_tile(
    grid: tuple[int, int, int],
    outputs: int,
    taps: dict[int, int],
    cells: int,
    parts: int,
    registers: int,
) -> Tile:
    """Return the tile with the least estimated time over the whole block.

    Each tap of a pass costs two loads or two multiply-adds a clock cycle, whichever is more; a
    pass costs some twenty cycles more for its loop and for what is done with its sums.

    Args:
        grid: results to make: (vectors, rows, columns).
        outputs: of the layer.
        taps: by outputs made together, how many taps all passes over one position take.
        cells: sums behind each result (of a pooling window).
        parts: registers for one sum.
        registers: how many may hold sums.
    """

    def lengths(length: int, step: int) -> list[int]:
        return [step] * (length // step) + ([length % step] if length % step else [])

    def cost(tile: Tile) -> tuple[float, int]:
        total = 0.0
        for shape in product(*map(lengths, grid, (tile.vectors, tile.rows, tile.columns))):
            sums = prod(shape) * cells * parts
            tap = max(sums * tile.outputs, sums + tile.outputs + 1, 8) / 2
            total += taps[tile.outputs] * tap
            total += outputs // tile.outputs * (PASS_CYCLES + sums * tile.outputs)
        return total, tile.sums

    most = max(registers // (cells * parts), 1)
    vectors = (1,) if grid[1] * grid[2] > 1 else (1, 2, 4, grid[0])
    tiles = [
        tile
        for tile in (
            Tile(v, y, x, together)
            for together in taps
            for v in vectors
            for y in range(1, min(grid[1], most) + 1)
            for x in range(1, min(grid[2], most) + 1)
        )
        if tile.sums <= most or tile.sums == 1
    ]
    return min(tiles, key=cost)


def emit(kernel: Kernel) -> None:
    """Write the C function of a group with a dense or convolution layer at its head."""
    layer = kernel.group.head
    assert isinstance(layer, MultiplyAccumulate)
    plan = plan_sum(layer, kernel.source_reach(layer))
    before, after, window = _functions(kernel, plan)
    offsets = window_offsets(layer, kernel.source.padded(padding_of(layer)))
    start = offsets[:, :, 0]
    target = scattered(kernel, kernel.group.chain)
    target = target.reshape((1,) * (3 - target.ndim) + target.shape)
    rows, columns, outputs = target.shape
    _expect_regular(target)

    registers = kernel.machine.registers - SPARE_REGISTERS
    grid = (kernel.block, rows, columns)
    tile = choose_tile(grid, outputs, _taps(plan), window.cells, plan.lane.parts, registers)
    relative = (offsets[0, 0] - start[0, 0]) * plan.lane.parts * kernel.machine.vector_bytes
    _weight_tables(kernel, plan, relative, tile.outputs)
    kernel.batched = rows == columns == 1
    body: list[str] = []
    for tops, height in _spans(rows, tile.rows):
        for lefts, width in _spans(columns, tile.columns):
            shape = Tile(tile.vectors, height, width, tile.outputs)
            reads, writes = _relative(kernel, shape, window, start, target)
            finish = _finish(plan.lane, shape, writes, window, (before, after))
            corner = start[np.ix_(tops * window.stride[0], lefts * window.stride[1])]
            place = target[np.ix_(tops, lefts)][:, :, 0]
            stem = f"tile{height}x{width}"
            sources = kernel.table(f"{stem}_in", "int32_t", corner.ravel().tolist())
            targets = kernel.table(f"{stem}_out", "int32_t", place.ravel().tolist())
            body += [
                f"  for (long t = 0; t < {corner.size}; t++) {{",
                f"    const char *x = (const char *)(in + {sources}[t]);",
                f"    {kernel.target.lane.vector} *y = out + {targets}[t];",
                *_outputs(kernel, plan, shape, reads, finish),
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


def _expect_regular(target: Offsets) -> None:
    """Check that results lie at equal distances, so that one tile is like the other."""
    steps = [np.diff(target, axis=axis).ravel() for axis in range(3)]
    assert all((step == step[:1]).all() for step in steps)
    assert (steps[2] == 1).all()


def _spans(length: int, step: int) -> list[tuple[Offsets, int]]:
    """Return (starts, size) of the whole tiles and of the remainder along one axis."""
    whole = np.arange(0, length - step + 1, step)
    rest = length % step
    return [(whole, step)] + ([(np.array([length - rest]), rest)] if rest else [])


def _relative(
    kernel: Kernel, tile: Tile, window: Window, start: Offsets, target: Offsets
) -> tuple[list[int], list[int]]:
    """Return the offsets of a tile's reads and writes from those of its first position."""
    rows, columns = np.arange(tile.rows), np.arange(tile.columns)
    tops = (rows[:, None] * window.stride[0] + np.arange(window.size[0]))[:, None, :, None]
    lefts = (columns[:, None] * window.stride[1] + np.arange(window.size[1]))[None, :, None, :]
    vectors = np.arange(tile.vectors)[:, None]
    reads = vectors * kernel.source.size + (start[tops, lefts] - start[0, 0]).ravel()
    writes = vectors * kernel.target.size + (target[: tile.rows, : tile.columns, 0]).ravel()
    return reads.ravel().tolist(), (writes - target[0, 0, 0]).ravel().tolist()


def _outputs(
    kernel: Kernel,
    plan: Sum,
    tile: Tile,
    reads: list[int],
    finish: list[str],
) -> list[str]:
    """Return the loops over outputs and over window elements that make one tile."""
    name, part, parts = kernel.name, plan.lane.part, plan.lane.parts
    cells = [(i, p) for i in range(len(reads)) for p in range(parts)]
    begin = []
    for j in range(tile.outputs):
        begin.append(f"const {part} bias{j} = ({part}){{0}} + {name}_bias[c + {j}];")
        begin += [f"{part} a{i}_{j}_{p} = bias{j};" for i, p in cells]

    block = "c" if tile.outputs == 1 else f"c / {tile.outputs}"
    lines = [
        f"for (long c = 0; c < {plan.kernel.shape[1]}; c += {tile.outputs}) {{",
        *begin,
        f"const long end = {name}_start[{block} + 1];",
        f"for (long k = {name}_start[{block}]; k < end; k++) {{",
        f"  const {part} *u = (const {part} *)(x + {name}_offset[k]);",
    ]
    for j in range(tile.outputs):
        weight = f"{name}_weight[k * {tile.outputs} + {j}]"
        lines.append(f"  const {part} w{j} = ({part}){{0}} + {weight};")
    lines += [*_tap(plan, reads, tile.outputs), "}", *finish, "}"]
    return [f"    {line}" for line in lines]


def _tap(plan: Sum, reads: list[int], outputs: int) -> list[str]:
    """Return the multiply-adds of one window element."""
    part, parts, lines = plan.lane.part, plan.lane.parts, []
    for i, read in enumerate(reads):
        for p in range(parts):
            lines.append(f"  {{ {part} p = u[{read * parts + p}];")
            if outputs > 1:
                lines.append("    KEEP(p);")
            for j in range(outputs):
                lines += [f"    {line}" for line in plan.add(f"a{i}_{j}_{p}", f"p * w{j}")]
            lines.append("  }")
    return lines


def _finish(
    lane: Lane, tile: Tile, writes: list[int], window: Window, functions: tuple[str, str]
) -> list[str]:
    """Return the statements that make results of sums and store them."""
    before, after = functions
    lines = []
    for j in range(tile.outputs):
        for index, place in enumerate(writes):
            mine = range(index * window.cells, (index + 1) * window.cells)
            sums = [whole(lane.vector, f"a{i}_{j}", lane.parts) for i in mine]
            value = f"{before}({sums[0]}, c + {j})"
            for other in sums[1:]:
                value = f"LARGER({value}, {before}({other}, c + {j}))"
            lines.append(f"y[{place} + c + {j}] = {after}({value}, c + {j});")
    return lines


def whole(vector: str, stem: str, parts: int) -> str:
    """Return one whole vector made of registers."""
    if parts == 1:
        return f"{stem}_0"
    return f"JOIN_{vector}({stem}_0, {stem}_1)"


def _used(plan: Sum, together: int) -> npt.NDArray[np.bool_]:
    """Return which window elements each block of outputs needs, (blocks, window elements)."""
    used = plan.kernel.T.reshape(-1, together, plan.kernel.shape[0]) != 0
    needed: npt.NDArray[np.bool_] = used.any(axis=1)
    return needed


def _taps(plan: Sum) -> dict[int, int]:
    """Return how many taps all outputs take, by how many outputs are made together."""
    outputs = plan.kernel.shape[1]
    most = 1 if plan.product is not None else MOST_OUTPUTS
    return {
        together: int(np.count_nonzero(_used(plan, together)))
        for together in range(1, most + 1)
        if outputs % together == 0
    }


def _weight_tables(kernel: Kernel, plan: Sum, relative: Offsets, together: int) -> None:
    """Write the weights that are not zero for a block of outputs, in the order of addition."""
    order = np.asarray(plan.order, dtype=np.int64)
    lane = plan.lane
    starts, offsets, weights = [0], [], []
    for block, used in enumerate(_used(plan, together)):
        taps = order[used[order]]
        offsets += relative[taps].tolist()
        rows = plan.kernel[taps, block * together : (block + 1) * together]
        weights += [lane.literal(int(weight)) for weight in rows.ravel()]
        starts.append(len(offsets))
    kernel.table("start", "int32_t", starts)
    kernel.table("offset", "int32_t", offsets)
    kernel.table("weight", lane.c_type, weights)
    kernel.table("bias", lane.c_type, (lane.literal(int(raw)) for raw in plan.bias))


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
