"""C for sums of products along chosen axes: rows of offsets, looped over."""

from __future__ import annotations

import numpy as np

from trigger.emulate.native.accumulate import Sum, plan_sum
from trigger.emulate.native.arithmetic import INTEGERS, align, multiply
from trigger.emulate.native.elementwise import append_layer, finish, scattered
from trigger.emulate.native.kernel import Kernel
from trigger.emulate.native.lanes import narrowest
from trigger.emulate.native.multiply import whole
from trigger.emulate.native.places import Offsets
from trigger.emulate.native.steps import Chain, Term, requantise
from trigger.layers import Dense, Einsum, EinsumDense, Reach


def _results(kernel: Kernel, placed: Offsets) -> tuple[str, str]:
    """Return the C expressions of place and channel of product ``j``.

    Args:
        placed: which product each element of the result is.
    """
    target = scattered(kernel, kernel.group.chain).ravel()
    places, channels = np.empty_like(target), np.empty_like(target)
    places[placed.ravel()] = target
    channels[placed.ravel()] = np.arange(target.size) % placed.shape[-1]
    return kernel.index_table("out", places, "j"), kernel.index_table("channel", channels, "j")


def emit_dense(kernel: Kernel) -> None:
    """Write the C function of a group with a product with constants at its head."""
    layer = kernel.group.head
    assert isinstance(layer, EinsumDense)
    shared, contracted, outputs = layer.kernel.shape
    free = layer.bias.shape[1]
    plan = _plan(kernel, layer)
    start = kernel.source_term()
    load = kernel.function("load", Chain(start), start, plan.lane)
    chain = Chain(plan.term)
    plan.finish(chain)
    kernel.known(chain, layer)
    for follower in kernel.group.chain:
        append_layer(kernel, chain, follower)
    value = kernel.function("value", chain, plan.term, kernel.target.lane)
    rows = layer.rows(kernel.source.offsets[None])[0]
    read = kernel.index_table("in", rows, f"p * {contracted} + k")
    target, channel = _results(kernel, layer.placed(np.arange(rows.shape[0] * outputs)[None])[0])
    order = kernel.index_table("order", np.asarray(plan.order), "i")
    # the weights of all rows that share an index are the same: those of the first are kept
    matrix = plan.kernel.reshape(contracted, shared, free, outputs)[:, :, 0]
    weights = kernel.constants("weight", plan.lane, np.moveaxis(matrix, 1, 0).ravel().tolist())
    biases = kernel.constants("bias", plan.lane, plan.bias.tolist())
    part, parts = plan.lane.part, range(plan.lane.parts)
    body = []
    for q in parts:
        body += [f"{{ const {part} p = ((const {part} *)(x + k))[{q}];"]
        body += [*plan.add(f"a0_{q}", "p * w"), "}"]
    kernel.text += [
        kernel.signature(),
        f"  for (long p = 0, j = 0; p < {shared * free}; p++) {{",
        f"    {plan.lane.vector} x[{contracted}];",
        f"    for (long k = 0; k < {contracted}; k++) x[k] = {load}(in[{read}], 0);",
        f"    for (long o = 0; o < {outputs}; o++, j++) {{",
        *(f"      {part} a0_{q} = ({part}){{0}} + {biases}[j];" for q in parts),
        f"      for (long i = 0; i < {contracted}; i++) {{",
        f"        const long k = {order};",
        f"        const {part} w = ({part}){{0}} + "
        f"{weights}[(p / {free} * {contracted} + k) * {outputs} + o];",
        *(f"        {line}" for line in body),
        "      }",
        f"      out[{target}] = {value}({whole(plan.lane.vector, 'a0', len(parts))}, {channel});",
        "    }",
        "  }",
        "}",
    ]


def _plan(kernel: Kernel, layer: EinsumDense) -> Sum:
    """Return how the sums are made: those of one dense layer with the outputs of all rows."""
    free = layer.bias.shape[1]
    columns = np.repeat(np.moveaxis(layer.kernel, 1, 0)[:, :, None], free, axis=2)
    together = Dense(
        name=layer.name,
        inputs=layer.inputs,
        result=layer.result,
        kernel=columns.reshape(len(columns), -1),
        kernel_format=layer.kernel_format,
        bias=layer.bias.ravel(),
        bias_format=layer.bias_format,
        accumulator=layer.accumulator,
        strategy=layer.strategy,
        reuse_factor=layer.reuse_factor,
    )
    reach = kernel.source_reach(layer)
    low, high = (layer.rows(raw[None])[0] for raw in (reach.low, reach.high))
    return plan_sum(together, Reach(low, high, reach.format))


def emit(kernel: Kernel) -> None:
    """Write the C function of a group with a product of two tensors at its head."""
    layer = kernel.group.head
    assert isinstance(layer, Einsum)
    accumulator = layer.accumulator
    left, right = kernel.source_term(0), kernel.source_term(1)
    term = Chain(left)
    multiply(term, Chain(right, lines=term.lines, name="w"))
    fractional = max(term.term.fractional, accumulator.fractional)
    align(term, fractional)
    up = fractional - accumulator.fractional
    low = (accumulator.raw_min << up) + min(term.term.low, 0)
    high = (accumulator.raw_max << up) + max(term.term.high, 0)
    lane = narrowest(low, high, INTEGERS)
    both = Term(lane, low, high, fractional)
    entering = Chain(both)
    requantise(entering, accumulator)
    end = Term(lane, accumulator.raw_min, accumulator.raw_max, accumulator.fractional)
    last = Chain(end)
    finish(kernel, last)
    product = kernel.function("product", term, left, lane, right)
    enter = kernel.function("enter", entering, both, lane)
    value = kernel.function("value", last, end, kernel.target.lane)
    rows = [layer.rows(place.offsets[None], port)[0] for port, place in enumerate(kernel.sources)]
    # (shared, free of the first, free of the second, contracted)
    shape = (layer.shared, rows[0].shape[1], rows[1].shape[1], layer.contracted)
    reads = [
        np.broadcast_to(row, shape) for row in (rows[0][:, :, None, :], rows[1][:, None, :, :])
    ]
    count = int(np.prod(shape[:-1]))
    a, b = (
        kernel.index_table(f"in{port}", read, f"j * {layer.contracted} + k")
        for port, read in enumerate(reads)
    )
    target, channel = _results(kernel, layer.placed(np.arange(count)[None])[0])
    kernel.text += [
        kernel.signature(),
        f"  for (long j = 0; j < {count}; j++) {{",
        f"    {lane.vector} m = {{0}};",
        f"    for (long k = 0; k < {layer.contracted}; k++)",
        f"      m = {enter}((m << {up}) + {product}(in[{a}], in1[{b}], 0), 0);",
        f"    out[{target}] = {value}(m, {channel});",
        "  }",
        "}",
    ]
