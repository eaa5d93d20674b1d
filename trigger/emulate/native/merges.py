"""C for layers that read two tensors: element by element, side by side, or as a product."""

from __future__ import annotations

import numpy as np

from trigger.emulate.native.arithmetic import INTEGERS, add, align, meet, multiply
from trigger.emulate.native.elementwise import finish, scattered
from trigger.emulate.native.kernel import Kernel
from trigger.emulate.native.lanes import narrowest
from trigger.emulate.native.steps import Chain, Term, requantise
from trigger.layers import Concatenate, Dot, Merge, Operation


def emit(kernel: Kernel) -> None:
    """Write the C function of a group with a merge at its head."""
    layer = kernel.group.head
    assert isinstance(layer, Merge)
    left, right = kernel.source_term(0), kernel.source_term(1)
    chain = Chain(left)
    _combine(layer.operation, chain, Chain(right, lines=chain.lines, name="w"))
    finish(kernel, chain)
    value = kernel.function("value", chain, left, kernel.target.lane, right)
    shape = kernel.network.shapes[layer.name]
    # the shorter tensor is repeated
    reads = [np.resize(place.offsets.ravel(), int(np.prod(shape))) for place in kernel.sources]
    a, b = (kernel.index_table(f"in{port}", read, "e") for port, read in enumerate(reads))
    target = kernel.index_table("out", scattered(kernel, kernel.group.chain), "e")
    kernel.text += [
        kernel.signature(),
        f"  for (long e = 0; e < {reads[0].size}; e++)",
        f"    out[{target}] = {value}(in[{a}], in1[{b}], e % {shape[-1]});",
        "}",
    ]


def _combine(operation: Operation, left: Chain, right: Chain) -> None:
    """Append the operation's exact result to ``left``."""
    if operation is Operation.MULTIPLY:
        multiply(left, right)
        return
    fractional = max(left.term.fractional, right.term.fractional)
    align(left, fractional)
    align(right, fractional)
    match operation:
        case Operation.ADD:
            add(left, right)
        case Operation.SUBTRACT:
            add(left, right, -1)
        case Operation.AVERAGE:  # half the sum: the same integer in steps of half the size
            add(left, right)
            term = left.term
            left.term = Term(term.lane, term.low, term.high, term.fractional + 1)
        case Operation.MAXIMUM | Operation.MINIMUM:
            pick = max if operation is Operation.MAXIMUM else min
            low = pick(left.term.low, right.term.low)
            high = pick(left.term.high, right.term.high)
            lane = meet(left, right, low, high)
            macro = "LARGER" if operation is Operation.MAXIMUM else "SMALLER"
            left.let(f"{macro}({left.name}, {right.name})", Term(lane, low, high, fractional))


def emit_concatenate(kernel: Kernel) -> None:
    """Write the C function of a group with a concatenation at its head."""
    layer = kernel.group.head
    assert isinstance(layer, Concatenate)
    target = scattered(kernel, kernel.group.chain)
    body, start = [], 0
    for port, place in enumerate(kernel.sources):
        term = kernel.source_term(port)
        chain = Chain(term)
        finish(kernel, chain)
        value = kernel.function(f"value{port}", chain, term, kernel.target.lane)
        length = place.shape[layer.axis]
        part = np.take(target, range(start, start + length), axis=layer.axis)
        first = start if layer.axis == len(place.shape) - 1 else 0
        read = kernel.index_table(f"in{port}", place.offsets, "e")
        write = kernel.index_table(f"out{port}", part, "e")
        body += [
            f"  for (long e = 0; e < {part.size}; e++)",
            f"    out[{write}] = "
            f"{value}({'in1' if port else 'in'}[{read}], {first} + e % {part.shape[-1]});",
        ]
        start += length
    kernel.text += [kernel.signature(), *body, "}"]


def emit_dot(kernel: Kernel) -> None:
    """Write the C function of a group with a dot product at its head."""
    layer = kernel.group.head
    assert isinstance(layer, Dot)
    accumulator = layer.accumulator
    left, right = kernel.source_term(0), kernel.source_term(1)
    product = Chain(left)
    multiply(product, Chain(right, lines=product.lines, name="w"))
    requantise(product, accumulator)
    step = product.term
    low, high = accumulator.raw_min + step.low, accumulator.raw_max + step.high
    lane = narrowest(min(low, accumulator.raw_min), max(high, accumulator.raw_max), INTEGERS)
    both = Term(lane, low, high, accumulator.fractional)
    total = Chain(both)
    requantise(total, accumulator)
    end = Term(lane, accumulator.raw_min, accumulator.raw_max, accumulator.fractional)
    last = Chain(end)
    finish(kernel, last)
    term = kernel.function("term", product, left, lane, right)
    limit = kernel.function("limit", total, both, lane)
    value = kernel.function("value", last, end, kernel.target.lane)
    a, b = (
        kernel.index_table(f"in{port}", place.offsets, "e")
        for port, place in enumerate(kernel.sources)
    )
    place = int(scattered(kernel, kernel.group.chain).ravel()[0])
    kernel.text += [
        kernel.signature(),
        f"  {lane.vector} m = {{0}};",
        f"  for (long e = 0; e < {kernel.source.offsets.size}; e++)",
        f"    m = {limit}(m + {term}(in[{a}], in1[{b}], 0), 0);",
        f"  out[{place}] = {value}(m, 0);",
        "}",
    ]
