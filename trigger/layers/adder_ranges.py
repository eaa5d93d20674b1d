"""What the numbers of an adder graph can be, and where they are linear in the input.

As long as no bit is rounded away and no format overflows, an operation is a sum of inputs times
constants. Its range is then known exactly, and a graph whose outputs are all such sums is a
matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np

from trigger.fixed import FixedFormat, RawArray
from trigger.layers.adder_graph import AdderGraph, Kind, Operation, Term, combine, read
from trigger.layers.base import Tensor
from trigger.layers.reach import Reach, unchanged_range

Numbers = TypeVar("Numbers", int, RawArray)


@dataclass(frozen=True, slots=True)
class Linear:
    """An exact sum of raw inputs times constants, and a constant, in units of the whole graph."""

    factors: RawArray
    """One per element of the input."""
    constant: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """Every operation of a graph, in execution order."""

    fractional: int
    """The unit of ``linear`` is 2**-fractional."""
    linear: tuple[Linear | None, ...]
    reaches: tuple[Reach, ...]
    """Of shape (1,)."""


def analyse(graph: AdderGraph, source: Reach) -> Analysis:
    """Follow every operation, given what each element of the input can hold.

    Args:
        source: of shape (elements,).
    """
    low, high = source.low.astype(object), source.high.astype(object)
    fractional = _finest(graph, source.format)
    linear: list[Linear | None] = []
    reaches: list[Reach] = []
    for operation in graph.operations:
        form = _linear(operation, linear, graph.inputs, fractional, source.format)
        if form is not None:
            products = form.factors * low, form.factors * high
            ends = [
                int(choose(*products).sum()) + form.constant for choose in (np.minimum, np.maximum)
            ]
            if not _is_held(form, ends, operation.format, fractional):
                form = None
        linear.append(form)
        if form is None:
            reaches.append(_reach(operation, reaches, source))
        else:
            step = 1 << (fractional - operation.format.fractional)
            bounds = [np.array([end // step], dtype=object) for end in ends]
            reaches.append(Reach(bounds[0], bounds[1], operation.format))
    return Analysis(fractional, tuple(linear), tuple(reaches))


def _finest(graph: AdderGraph, source: FixedFormat) -> int:
    """Return how many fractional bits hold every number of a graph."""
    formats = [each.format for each in graph.operations]
    shifted = [
        formats[term.operation].fractional - term.shift
        for each in graph.operations
        for term in each.terms
    ]
    return max([source.fractional, *(form.fractional for form in formats), *shifted])


def _linear(
    operation: Operation,
    linear: Sequence[Linear | None],
    inputs: int,
    fractional: int,
    source: FixedFormat,
) -> Linear | None:
    """Return an operation as a sum of inputs before its format limits it; None if it is none."""
    factors = np.zeros(inputs, dtype=object)
    match operation.kind:
        case Kind.INPUT:
            factors[operation.number] = 1 << (fractional - source.fractional)
            return Linear(factors, 0)
        case Kind.CONSTANT:
            return Linear(factors, operation.number << (fractional - operation.format.fractional))
        case Kind.SUM:
            constant = 0
            for term in operation.terms:
                form = linear[term.operation]
                if form is None:
                    return None
                sign = -1 if term.negative else 1
                factors = factors + sign * _shifted(form.factors, term.shift)
                constant += sign * _shifted(form.constant, term.shift)
            return Linear(factors, constant)
    return None


def _shifted(numbers: Numbers, shift: int) -> Numbers:
    """Return numbers times 2**shift; exact, as they are held by a format that allows it."""
    return numbers << shift if shift >= 0 else numbers >> -shift


def _is_held(form: Linear, ends: list[int], target: FixedFormat, fractional: int) -> bool:
    """Tell whether a format takes every value of a sum as it is."""
    step = 1 << (fractional - target.fractional)
    least, most = unchanged_range(target)
    whole = form.constant % step == 0 and not np.any(form.factors % step)
    return whole and least * step <= ends[0] and ends[1] <= most * step


def _reach(operation: Operation, reaches: Sequence[Reach], source: Reach) -> Reach:
    """Return the interval of an operation from those of its terms."""
    target = operation.format
    if operation.kind is Kind.INPUT:
        place = slice(operation.number, operation.number + 1)
        return Reach(source.low[place], source.high[place], source.format).entering(target)
    ends = [_ends(term, reaches) for term in operation.terms]
    if operation.kind is Kind.SELECT:
        choices = [Reach(low.raw, high.raw, low.format).entering(target) for low, high in ends[1:]]
        low = np.minimum(*(each.low for each in choices))
        return Reach(low, np.maximum(*(each.high for each in choices)), target)
    corners = product(*ends) if operation.kind is Kind.PRODUCT else zip(*ends, strict=True)
    found = [combine(operation.kind, corner) for corner in corners]
    raws = [each.raw for each in found]
    low, high = np.minimum.reduce(raws), np.maximum.reduce(raws)
    return Reach(low, high, found[0].format).entering(target)


def _ends(term: Term, reaches: Sequence[Reach]) -> tuple[Tensor, Tensor]:
    """Return the smallest and the largest value of a term."""
    reach = reaches[term.operation]
    moved = Term(0, term.shift, term.negative)
    low, high = (read(moved, [Tensor(raw, reach.format)]) for raw in (reach.low, reach.high))
    return (high, low) if term.negative else (low, high)
