"""Random adder graphs: every kind of operation, exact or in hostile formats."""

from __future__ import annotations

from collections.abc import Callable

from trigger.fixed import FixedFormat, Overflow, Rounding
from trigger.layers.adder_graph import AdderGraph, Kind, Operation, Term

Pick = Callable[[int, int], int]
"""Return an integer between two bounds, both included."""

OTHERS = (Kind.RELU, Kind.PRODUCT, Kind.SELECT, Kind.CONSTANT)


def draw_graph(pick: Pick, source: FixedFormat, inputs: int, *, exact: bool) -> AdderGraph:
    """Return a graph of sums alone that lose nothing, or of anything at all."""
    operations: list[Operation] = []
    for number in range(inputs):
        form = source.grid if exact or pick(0, 1) else draw_format(pick, source)
        operations.append(Operation(Kind.INPUT, form, (), number))
    for _ in range(pick(1, 12)):
        kind = Kind.SUM if exact or pick(0, 1) else OTHERS[pick(0, 3)]
        if kind is Kind.CONSTANT:
            form = draw_format(pick, source).grid
            number = pick(form.raw_min, form.raw_max)
            operations.append(Operation(kind, form, (), number))
            continue
        count = {Kind.SUM: pick(1, 3), Kind.RELU: 1, Kind.PRODUCT: 2, Kind.SELECT: 3}[kind]
        terms = [
            Term(pick(0, len(operations) - 1), pick(-3, 3), bool(pick(0, 1))) for _ in range(count)
        ]
        if kind is Kind.SELECT:
            terms[0] = Term(terms[0].operation)
        read = [operations[term.operation].format for term in terms]
        form = _wide(terms, read) if exact else draw_format(pick, read[-1])
        if form.width > 60:
            break
        operations.append(Operation(kind, form, tuple(terms)))
    last = len(operations) - 1
    return AdderGraph(
        inputs, tuple(operations), (last, *(pick(0, last) for _ in range(pick(0, 3))))
    )


def _wide(terms: list[Term], read: list[FixedFormat]) -> FixedFormat:
    """Return a format that holds every sum of terms."""
    fractional = max(form.fractional - term.shift for form, term in zip(read, terms, strict=True))
    integer = max(form.integer + term.shift for form, term in zip(read, terms, strict=True))
    integer = max(integer + len(terms), 1 - fractional)
    return FixedFormat(integer + fractional, integer)


def draw_format(pick: Pick, near: FixedFormat) -> FixedFormat:
    """Return a format near another one, in any mode half of the time."""
    modes = pick(0, 1)
    rounding = tuple(Rounding)[pick(0, 6)] if modes else Rounding.TRN
    overflow = tuple(Overflow)[pick(0, 3)] if modes else Overflow.WRAP
    width = pick(1, 14)
    return FixedFormat(width, near.integer + pick(-2, 2), bool(pick(0, 1)), rounding, overflow)
