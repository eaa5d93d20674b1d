"""C for adder graphs that are no matrix product: straight-line code, one variable per operation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trigger.emulate.native.kernel import Kernel
from trigger.emulate.native.lanes import Lane, narrowest
from trigger.emulate.native.multiply import padding_of
from trigger.emulate.native.places import Offsets
from trigger.emulate.native.steps import Chain, Term, at_least_zero, requantise
from trigger.fixed import FixedFormat
from trigger.layers import DistributedArithmetic
from trigger.layers.adder_graph import Kind, Operation
from trigger.layers.adder_graph import Term as Read

_INTEGERS = (Lane.I32, Lane.I64)


def emit(kernel: Kernel) -> None:
    """Write the C function of a layer with an adder graph."""
    layer = kernel.group.head
    assert isinstance(layer, DistributedArithmetic)
    unpadded = replace(layer, padding=((0, 0),) * len(layer.padding))
    padded = kernel.source.padded(padding_of(layer))
    sources, elements = _regular(unpadded.windows(padded[None])[0])
    targets, places = _regular(kernel.target.offsets)
    value = [f"x[{element}]" for element in elements]
    lines = []
    made: list[Chain] = []
    formats = [operation.format for operation in layer.graph.operations]
    analysis = layer.analyse(kernel.source_reach(layer))
    for place, operation in enumerate(layer.graph.operations):
        chain = _operation(kernel, place, operation, made, value, formats)
        reach = analysis.reaches[place]
        chain.term = chain.term.within(reach.raw_min, reach.raw_max)
        made.append(chain)
        lines += chain.lines
    for number, (output, offset) in enumerate(zip(layer.graph.outputs, places, strict=True)):
        chain = Chain(made[output].term, name=made[output].name, stem=f"y{number}_")
        requantise(chain, layer.result)
        kernel.known(chain, layer)
        chain.cast(kernel.target.lane)
        lines += [*chain.lines, f"y[{offset}] = {chain.name};"]
    first, last = (
        kernel.index_table(role, starts, "t")
        for role, starts in (("in", sources), ("out", targets))
    )
    kernel.text += [
        kernel.signature(),
        f"  for (long t = 0; t < {sources.size}; t++) {{",
        f"    const {kernel.source.lane.vector} *x = in + {first};",
        f"    {kernel.target.lane.vector} *y = out + {last};",
        *(f"    {line}" for line in lines),
        "  }",
        "}",
    ]


def _regular(offsets: Offsets) -> tuple[Offsets, list[int]]:
    """Return where each position begins, and where its elements lie from there."""
    rows = offsets.reshape(-1, offsets.shape[-1])
    relative = rows - rows[:, :1]
    assert np.all(relative == relative[0])
    return rows[:, 0], relative[0].tolist()


def _operation(
    kernel: Kernel,
    place: int,
    operation: Operation,
    made: list[Chain],
    value: list[str],
    formats: list[FixedFormat],
) -> Chain:
    """Return the statements that make the variable of an operation."""
    stem = f"o{place}_"
    if operation.kind is Kind.INPUT:
        chain = Chain(kernel.source_term(), name=value[operation.number], stem=stem)
        requantise(chain, operation.format)
        return chain
    if operation.kind is Kind.CONSTANT:
        raw = operation.number
        lane = narrowest(raw, raw, _INTEGERS)
        name = f"(({lane.vector}){{0}} + {lane.literal(raw)})"
        return Chain(Term(lane, raw, raw, operation.format.fractional), name=name, stem=stem)
    if operation.kind is Kind.SELECT:
        return _select(stem, operation, made, formats[operation.terms[0].operation])
    chain = (_product if operation.kind is Kind.PRODUCT else _sum)(stem, operation.terms, made)
    if operation.kind is Kind.RELU:
        at_least_zero(chain)
    requantise(chain, operation.format)
    return chain


def _sum(stem: str, terms: tuple[Read, ...], made: list[Chain]) -> Chain:
    """Return the exact sum of terms: a shift only moves the point."""
    chains = [made[term.operation] for term in terms]
    points = [chain.term.fractional - term.shift for chain, term in zip(chains, terms, strict=True)]
    fractional = max(points)
    low = high = bound = 0
    for chain, term, point in zip(chains, terms, points, strict=True):
        ends = [end << (fractional - point) for end in (chain.term.low, chain.term.high)]
        least, most = (-ends[1], -ends[0]) if term.negative else ends
        low, high, bound = low + least, high + most, bound + max(-least, most, 0)
    lane = narrowest(-bound, bound, _INTEGERS)
    text = "".join(
        f" {'-' if term.negative else '+'} ({_as(chain, lane)} << {fractional - point})"
        for chain, term, point in zip(chains, terms, points, strict=True)
    )
    return _variable(f"({lane.vector}){{0}}{text}", Term(lane, low, high, fractional), stem)


def _product(stem: str, terms: tuple[Read, ...], made: list[Chain]) -> Chain:
    one, other = (_sum(f"{stem}{side}_", (term,), made) for side, term in enumerate(terms))
    corners = [
        a * b for a in (one.term.low, one.term.high) for b in (other.term.low, other.term.high)
    ]
    ends = [*corners, one.term.low, one.term.high, other.term.low, other.term.high]
    lane = narrowest(min(ends), max(ends), _INTEGERS)
    fractional = one.term.fractional + other.term.fractional
    term = Term(lane, min(corners), max(corners), fractional)
    chain = _variable(f"{_as(one, lane)} * {_as(other, lane)}", term, stem)
    chain.lines[:0] = [*one.lines, *other.lines]
    return chain


def _select(stem: str, operation: Operation, made: list[Chain], form: FixedFormat) -> Chain:
    """Return one of two numbers by a mask that is all ones where the highest bit is set.

    Args:
        form: of the number whose highest bit is asked.
    """
    asked = made[operation.terms[0].operation]
    choices = []
    for side, term in enumerate(operation.terms[1:]):
        choices.append(_sum(f"{stem}{side}_", (term,), made))
        requantise(choices[-1], operation.format)
    ends = [end for chain in (asked, *choices) for end in (chain.term.low, chain.term.high)]
    lane = narrowest(min(ends), max(ends), _INTEGERS)
    name = _as(asked, lane)
    if form.signed:
        mask = f"({name} >> {lane.bits - 1})"
    elif asked.term.high < 1 << (form.width - 1):
        mask = f"({lane.vector}){{0}}"
    else:
        mask = f"-(({name} >> {form.width - 1}) & 1)"
    one, other = (_as(chain, lane) for chain in choices)
    low, high = (
        choose(getattr(chain.term, side) for chain in choices)
        for choose, side in ((min, "low"), (max, "high"))
    )
    term = Term(lane, low, high, operation.format.fractional)
    chain = _variable(f"({mask} & {one}) | (~{mask} & {other})", term, stem)
    chain.lines[:0] = [line for choice in choices for line in choice.lines]
    return chain


def _as(chain: Chain, lane: Lane) -> str:
    """Return a variable as an expression in another lane."""
    if chain.term.lane is lane:
        return chain.name
    return f"__builtin_convertvector({chain.name}, {lane.vector})"


def _variable(expression: str, term: Term, stem: str) -> Chain:
    chain = Chain(term, name=expression, stem=stem)
    chain.let(expression, term)
    return chain
