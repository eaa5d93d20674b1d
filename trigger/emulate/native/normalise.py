"""C for layer normalisation: mean and variance of each row, step by step in the accumulator."""

from __future__ import annotations

from dataclasses import replace

from trigger.emulate.native.arithmetic import (
    INTEGERS,
    add,
    align,
    index_of,
    into_table,
    lookup,
    multiply,
    times,
)
from trigger.emulate.native.elementwise import finish, scattered
from trigger.emulate.native.kernel import Kernel
from trigger.emulate.native.lanes import narrowest
from trigger.emulate.native.steps import Chain, Term, overflow_to, requantise
from trigger.fixed import from_values
from trigger.layers import LayerNormalization


def emit(kernel: Kernel) -> None:
    """Write the C function of a group with a layer normalisation at its head."""
    layer = kernel.group.head
    assert isinstance(layer, LayerNormalization)
    form = layer.accumulator
    rows, count = kernel.source.shape
    lane = narrowest(2 * form.raw_min - 1, 2 * form.raw_max + 1, INTEGERS)
    held = Term(lane, form.raw_min, form.raw_max, form.fractional)
    share = int(from_values(1.0 / count, form))

    start = kernel.source_term()
    entering = Chain(start)
    requantise(entering, form)
    enter = kernel.function("enter", entering, start, lane)

    def limited(name: str, sign: int) -> str:
        """Write held + held, or held - held, in the accumulator."""
        chain = Chain(held)
        add(chain, Chain(held, lines=chain.lines, name="w"), sign)
        overflow_to(chain, form)
        return kernel.function(name, chain, held, lane, held)

    plus, minus = limited("plus", 1), limited("minus", -1)
    mean = Chain(held)
    times(mean, [share], form.fractional)
    requantise(mean, form)
    mean_of = kernel.function("mean", mean, held, lane)
    square = Chain(held)
    multiply(square, Chain(held, lines=square.lines, name="v"))
    square.term = square.term.within(0, square.term.high)
    requantise(square, form)
    square_of = kernel.function("square", square, held, lane)

    inverse = Chain(held)
    size = layer.table.size
    index_of(inverse, size << layer.range_power, 1)
    into_table(inverse, size)
    lookup(kernel, inverse, "root", layer.table.tolist())
    inverse.term = replace(inverse.term, fractional=layer.table_format.fractional)
    root = inverse.term
    inverse_of = kernel.function("inverse", inverse, held, root.lane)

    value = _scaled(kernel, layer, held, root)
    read = kernel.index_table("in", kernel.source.offsets, f"r * {count} + k")
    write = kernel.index_table("out", scattered(kernel, kernel.group.chain), f"r * {count} + k")
    vector, loop = lane.vector, f"for (long k = 0; k < {count}; k++)"
    kernel.text += [
        kernel.signature(),
        f"  for (long r = 0; r < {rows}; r++) {{",
        f"    {vector} x[{count}], sum = {{0}}, squares = {{0}};",
        f"    {loop} {{ x[k] = {enter}(in[{read}], 0); sum = {plus}(sum, x[k], 0); }}",
        f"    const {vector} mean = {mean_of}(sum, 0);",
        f"    {loop} {{ x[k] = {minus}(x[k], mean, 0);"
        f" squares = {plus}(squares, {square_of}(x[k], 0), 0); }}",
        f"    const {root.lane.vector} w = {inverse_of}({mean_of}(squares, 0), 0);",
        f"    {loop} out[{write}] = {value}(x[k], w, k);",
        "  }",
        "}",
    ]


def _scaled(kernel: Kernel, layer: LayerNormalization, held: Term, root: Term) -> str:
    """Write difference x inverse x scale + bias and all that follows."""
    chain = Chain(held)
    multiply(chain, Chain(root, lines=chain.lines, name="w"))
    scale = layer.scale.tolist()
    times(chain, scale, layer.scale_format.fractional, f"{kernel.name}_scale")
    kernel.constants("scale", chain.term.lane, scale)
    align(chain, max(chain.term.fractional, layer.bias_format.fractional))
    shift = chain.term.fractional - layer.bias_format.fractional
    bias = [int(raw) << shift for raw in layer.bias]
    low, high = chain.term.low + min(bias), chain.term.high + max(bias)
    chain.make_room(min(low, *bias), max(high, *bias))
    name = kernel.constants("bias", chain.term.lane, bias)
    chain.let(f"{chain.name} + {name}[c]", replace(chain.term, low=low, high=high))
    finish(kernel, chain)
    return kernel.function("value", chain, held, kernel.target.lane, root)
