"""C for functions of slices: softmax in each implementation, argmax."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trigger.emulate.native.arithmetic import (
    INTEGERS,
    add,
    index_of,
    into_table,
    lookup,
    multiply,
    tree_sum,
)
from trigger.emulate.native.elementwise import finish, scattered
from trigger.emulate.native.kernel import Kernel
from trigger.emulate.native.lanes import Lane, narrowest
from trigger.emulate.native.steps import Chain, Term, overflow_to
from trigger.emulate.native.steps import requantise as append_requantise
from trigger.fixed import FixedFormat, requantise
from trigger.layers import Argmax, LegacySoftmax, Softmax, StableSoftmax
from trigger.layers.slices import Sliced


def write_slices(kernel: Kernel, body: list[str]) -> None:
    """Write a C function that does ``body`` for each slice.

    There, ``READ(k)`` is number k of the slice, ``OUT(k)`` the place of its result and
    ``CHANNEL(k)`` its channel.
    """
    layer = kernel.group.head
    assert isinstance(layer, Sliced)
    order = np.arange(kernel.source.offsets.size)
    order = np.moveaxis(order.reshape(-1, layer.slice_length, layer.inner), 1, 2).ravel()
    at = f"s * {layer.slice_length} + k"
    target = scattered(kernel, kernel.group.chain)
    read = kernel.index_table("in", kernel.source.offsets.ravel()[order], at)
    write = kernel.index_table("out", target.ravel()[order], at)
    channel = kernel.index_table("channel", order % target.shape[-1], at)
    names = {"READ(k)": f"in[{read}]", "OUT(k)": f"out[{write}]", "CHANNEL(k)": channel}
    text = "\n".join(f"    {line}" for line in body)
    for name, expression in names.items():
        text = text.replace(name, expression)
    count = order.size // layer.slice_length
    kernel.text += [
        kernel.signature(),
        f"  for (long s = 0; s < {count}; s++) {{",
        text,
        "  }",
        "}",
    ]


def each(statement: str, layer: Sliced, start: int = 0) -> str:
    """Return a loop over the numbers of a slice."""
    return f"for (long k = {start}; k < {layer.slice_length}; k++) {{ {statement} }}"


def emit_argmax(kernel: Kernel) -> None:
    """Write the C function of a group with an argmax at its head."""
    layer = kernel.group.head
    assert isinstance(layer, Argmax)
    lane = kernel.source_term().lane
    whole = Lane.I64 if lane.bits == 64 else Lane.I32
    flag = Term(whole, 0, 1, 0)
    chain = Chain(flag)
    finish(kernel, chain)
    value = kernel.function("value", chain, flag, kernel.target.lane)
    larger = f"const {whole.vector} w = ({whole.vector})(v > m)"
    write_slices(
        kernel,
        [
            f"long k = 0; {lane.vector} m = READ(k); {whole.vector} first = {{0}};",
            each(
                f"const {lane.vector} v = READ(k); {larger};"
                f" m = LARGER(m, v); first = (first & ~w) | (w & ({whole.c_type})k);",
                layer,
                start=1,
            ),
            each(
                f"OUT(k) = {value}(-({whole.vector})(first == ({whole.c_type})k), CHANNEL(k));",
                layer,
            ),
        ],
    )


def emit_softmax(kernel: Kernel) -> None:
    """Write the C function of a group with a softmax of table and inverse table at its head."""
    layer = kernel.group.head
    assert isinstance(layer, Softmax)
    source = kernel.source_term()
    body, grown = _exponentials(kernel, layer, source)
    sums, total = tree_sum(kernel, layer.accumulator, grown.lane, layer.slice_length)
    inverse = Chain(total)
    append_requantise(inverse, layer.inverse_input)
    _look_up_top_bits(kernel, inverse, layer.inverse_input, "inverse", layer.inverse_table.tolist())
    inverse.term = replace(inverse.term, fractional=layer.inverse_format.fractional)
    quotient = inverse.term
    one_over = kernel.function("one_over", inverse, total, quotient.lane)
    product = Chain(grown)
    multiply(product, Chain(quotient, lines=product.lines, name="w"))
    finish(kernel, product)
    value = kernel.function("value", product, grown, kernel.target.lane, quotient)
    body += [
        f"{grown.lane.vector} t[{layer.slice_length}]; memcpy(t, g, sizeof t);",
        *sums,
        f"const {quotient.lane.vector} w = {one_over}(t[0], 0);",
        each(f"OUT(k) = {value}(g[k], w, CHANNEL(k));", layer),
    ]
    write_slices(kernel, body)


def _exponentials(kernel: Kernel, layer: Softmax, source: Term) -> tuple[list[str], Term]:
    """Return the statements that fill the array ``g``, and what its numbers can be."""
    table = requantise(layer.exp_table, layer.exp_format, layer.accumulator).tolist()
    chain, form, arguments, begin = Chain(source), kernel.source_format(layer), "READ(k)", []
    second = None
    if isinstance(layer, StableSoftmax):
        begin = [
            f"long k = 0; {source.lane.vector} m = READ(k);",
            each("m = LARGER(m, READ(k));", layer, start=1),
        ]
        arguments, second, form = "READ(k), m", source, layer.difference_format
        chain = _distance(layer, source)
    _look_up_top_bits(kernel, chain, form, "exp", table)
    grown = replace(chain.term, fractional=layer.accumulator.fractional)
    # sums need more room than one term, and take place where the terms are
    low, high = layer.accumulator.raw_min * 2, layer.accumulator.raw_max * 2
    grown = replace(grown, lane=narrowest(low, high, INTEGERS))
    function = kernel.function("exp_of", chain, source, grown.lane, second)
    begin += [
        f"{grown.lane.vector} g[{layer.slice_length}];",
        each(f"g[k] = {function}({arguments}, 0);", layer),
    ]
    return begin, grown


def _distance(layer: StableSoftmax, source: Term) -> Chain:
    """Return the chain from a number ``v`` and the largest one, ``w``, to their distance."""
    chain = Chain(source)
    largest = Chain(source, lines=chain.lines, name="w")
    first, second = (chain, largest) if layer.negative else (largest, chain)
    spread = source.high - source.low
    add(first, second, -1)
    first.term = first.term.within(*((-spread, 0) if layer.negative else (0, spread)))
    append_requantise(first, layer.difference_format)
    return first


def _look_up_top_bits(
    kernel: Kernel, chain: Chain, form: FixedFormat, name: str, numbers: list[int]
) -> None:
    """Append the entry whose place is the top bits of a number in ``form``, without a sign."""
    size = len(numbers)
    bits = (size - 1).bit_length()
    chain.make_room(chain.term.low, chain.term.high, INTEGERS)
    term = chain.term
    shift = min(form.width - bits, term.lane.bits - 1)
    low, high = term.low >> shift, term.high >> shift
    chain.let(f"{chain.name} >> {shift}", replace(term, low=low, high=high, fractional=0))
    if low < 0 or high >= size:
        after = replace(chain.term, low=0, high=size - 1)
        chain.let(f"{chain.name} & {after.lane.literal(size - 1)}", after)
    lookup(kernel, chain, name, numbers)


def emit_legacy_softmax(kernel: Kernel) -> None:
    """Write the C function of a group with hls4ml's first softmax at its head."""
    layer = kernel.group.head
    assert isinstance(layer, LegacySoftmax)
    source, form = kernel.source_term(), layer.table_format
    lane = narrowest(2 * form.raw_min, 2 * form.raw_max, INTEGERS)
    chain = Chain(source)  # v: the other number, w: the own one
    add(chain, Chain(source, lines=chain.lines, name="w"), -1)
    size = layer.exp_table.size
    index_of(chain, size, 16, offset=8 * size // 16)
    into_table(chain, size)
    lookup(kernel, chain, "exp", layer.exp_table.tolist())
    term = kernel.function("exp_of", chain, source, lane, source)
    both = Term(lane, 2 * form.raw_min, 2 * form.raw_max, form.fractional)
    limited = Chain(both)
    overflow_to(limited, form)
    limit = kernel.function("limit", limited, both, lane)
    total = Term(lane, form.raw_min, form.raw_max, form.fractional)
    inverse = Chain(total)
    index_of(inverse, layer.inverse_table.size, 64)
    into_table(inverse, layer.inverse_table.size)
    lookup(kernel, inverse, "inverse", layer.inverse_table.tolist())
    inverse.term = replace(inverse.term, fractional=form.fractional)
    finish(kernel, inverse)
    value = kernel.function("value", inverse, total, kernel.target.lane)
    one = int(requantise(np.array(1), FixedFormat(2, 2), form))
    vector = source.lane.vector
    inner = f"for (long j = 0; j < {layer.slice_length}; j++)"
    write_slices(
        kernel,
        [
            f"{vector} x[{layer.slice_length}];",
            each("x[k] = READ(k);", layer),
            each(
                f"{lane.vector} m = {{0}}; {inner} {{"
                f" {lane.vector} v = {{0}};"
                f" if (j == k) v += {lane.literal(one)}; else v = {term}(x[j], x[k], 0);"
                f" m = {limit}(m + v, 0); }}"
                f" OUT(k) = {value}(m, CHANNEL(k));",
                layer,
            ),
        ],
    )
