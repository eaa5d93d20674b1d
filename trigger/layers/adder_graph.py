"""Adder graph: straight-line code of shifts and additions, each number in a format of its own.

Mirrors the functions that da4ml writes for hls4ml's strategy ``distributed_arithmetic``
(``nnet_code_gen.h``). Every operation is exact and then enters its format, as an assignment to an
``ap_fixed`` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np

from trigger.errors import NetworkError
from trigger.fixed import FixedFormat, requantise, widen
from trigger.layers.base import Tensor

MOST_SHIFT = 4096
"""Places; far more than any number is wide."""


class Kind(Enum):
    """What an operation makes."""

    INPUT = "an element of the input"
    CONSTANT = "a number"
    SUM = "the sum of its terms, one or more"
    RELU = "its term, or zero where that is negative"
    PRODUCT = "the product of its two terms"
    SELECT = "its second term where the highest bit of the first is set, else its third"


_TERMS = {Kind.INPUT: 0, Kind.CONSTANT: 0, Kind.RELU: 1, Kind.PRODUCT: 2, Kind.SELECT: 3}
"""How many terms an operation takes; a sum takes any number but none."""


@dataclass(frozen=True, slots=True)
class Term:
    """What an operation reads: an earlier one, shifted (to the left) and perhaps negated."""

    operation: int
    """Place in the graph."""
    shift: int = 0
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One assignment."""

    kind: Kind
    format: FixedFormat
    """Of the variable that it fills."""
    terms: tuple[Term, ...] = ()
    number: int = 0
    """Place of an input; raw value of a constant."""


@dataclass(frozen=True)
class AdderGraph:
    """Operations in execution order, and which of them leave it."""

    inputs: int
    """Elements of the window that it reads."""
    operations: tuple[Operation, ...]
    outputs: tuple[int, ...]
    """Place of the operation that makes each output."""

    def __post_init__(self) -> None:
        for place, operation in enumerate(self.operations):
            problem = self._problem(place, operation)
            if problem:
                raise NetworkError(problem, where=f"operation {place} of an adder graph")
        if not all(0 <= output < len(self.operations) for output in self.outputs):
            raise NetworkError(
                "an output is no operation",
                where="adder graph",
                allowed=f"0 to {len(self.operations) - 1}",
            )

    def _problem(self, place: int, operation: Operation) -> str:
        """Return what is wrong with an operation, or nothing."""
        kind, count = operation.kind, len(operation.terms)
        if count != _TERMS.get(kind, max(count, 1)):
            return f"{kind.name} has {count} terms"
        if any(not 0 <= term.operation < place for term in operation.terms):
            return "it reads what comes later"
        for term in operation.terms:
            if abs(term.shift) > MOST_SHIFT:
                return f"it shifts by {term.shift}, more than {MOST_SHIFT} places"
        low, high = 0, self.inputs - 1
        if kind is Kind.CONSTANT:
            low, high = operation.format.raw_min, operation.format.raw_max
        if kind in (Kind.INPUT, Kind.CONSTANT) and not low <= operation.number <= high:
            return f"{kind.name} {operation.number} lies outside {low} to {high}"
        return ""

    def __str__(self) -> str:
        """The function as C++ spells it; ``read_adders`` reads it back."""
        return "\n".join(
            [
                f"void adders(inp_t model_inp[{self.inputs}], "
                f"out_t model_out[{len(self.outputs)}]) {{",
                *(f"{each.format} v{i} = {self._text(each)};" for i, each in self._numbered),
                *(f"model_out[{i}] = v{place};" for i, place in enumerate(self.outputs)),
                "}",
            ]
        )

    @property
    def _numbered(self) -> list[tuple[int, Operation]]:
        return list(enumerate(self.operations))

    def _text(self, operation: Operation) -> str:
        form, terms = operation.format, [_spelt(term) for term in operation.terms]
        match operation.kind:
            case Kind.INPUT:
                return f"model_inp[{operation.number}]"
            case Kind.CONSTANT:
                return repr(float(form.values(np.array(operation.number, dtype=object))))
            case Kind.SUM:
                return terms[0] + "".join(
                    f" - {text[1:]}" if text.startswith("-") else f" + {text}" for text in terms[1:]
                )
            case Kind.RELU if operation.terms[0].negative:
                return f"{terms[0][1:]} > 0 ? {form}(0) : {form}({terms[0]})"
            case Kind.RELU:
                return f"{terms[0]} > 0 ? {form}({terms[0]}) : {form}(0)"
            case Kind.PRODUCT:
                return f"{terms[0]} * {terms[1]}"
            case Kind.SELECT:
                top = self.operations[operation.terms[0].operation].format.width - 1
                return f"{terms[0]}[{top}] ? {form}({terms[1]}) : {form}({terms[2]})"

    @property
    def additions(self) -> tuple[Operation, ...]:
        """The operations that need an adder."""
        return tuple(
            each for each in self.operations if each.kind is Kind.SUM and len(each.terms) > 1
        )

    @cached_property
    def depth(self) -> int:
        """Additions on the longest way from an input to an output."""
        depths: list[int] = []
        for operation in self.operations:
            before = max((depths[term.operation] for term in operation.terms), default=0)
            adds = operation.kind is Kind.SUM and len(operation.terms) > 1
            depths.append(before + adds)
        return max((depths[output] for output in self.outputs), default=0)

    def evaluate(self, rows: Tensor) -> tuple[Tensor, ...]:
        """Return every output of raw windows (rows, elements), each (rows,) in its own format."""
        made: list[Tensor] = []
        for operation in self.operations:
            exact = self._exact(operation, made, rows)
            raw = requantise(exact.raw, exact.format, operation.format)
            made.append(Tensor(raw, operation.format))
        return tuple(made[output] for output in self.outputs)

    def _exact(self, operation: Operation, made: Sequence[Tensor], rows: Tensor) -> Tensor:
        """Return what an operation makes before its format limits it."""
        if operation.kind is Kind.INPUT:
            return Tensor(rows.raw[:, operation.number], rows.format)
        if operation.kind is Kind.CONSTANT:
            return Tensor(np.full(len(rows.raw), operation.number), operation.format.grid)
        if operation.kind is Kind.SELECT:
            first, *choices = (read(term, made) for term in operation.terms)
            low = np.zeros_like(first.raw)
            high_bit = first.raw < low if first.format.signed else first.raw > _half(first.format)
            form = operation.format
            one, other = (requantise(each.raw, each.format, form) for each in choices)
            return Tensor(np.where(high_bit, one, other), form.grid)
        return combine(operation.kind, [read(term, made) for term in operation.terms])


def _half(form: FixedFormat) -> int:
    """Return the largest raw number of an unsigned format whose highest bit is not set."""
    return (1 << (form.width - 1)) - 1


def _spelt(term: Term) -> str:
    name = f"v{term.operation}"
    text = f"bit_shift<{term.shift}>({name})" if term.shift else name
    return f"-{text}" if term.negative else text


def read(term: Term, made: Sequence[Tensor]) -> Tensor:
    """Return a term's exact value; a shift moves the point only."""
    raw, form = made[term.operation].raw, made[term.operation].format
    moved = FixedFormat(form.width, form.integer + term.shift, form.signed)
    if not term.negative:
        return Tensor(raw, moved)
    wide = FixedFormat(moved.width + 1, moved.integer + 1)
    return Tensor(-widen(raw, wide.width), wide)


def combine(kind: Kind, terms: Sequence[Tensor]) -> Tensor:
    """Return the exact sum or product of terms, or their larger one with zero (``RELU``)."""
    if kind is Kind.PRODUCT:
        left, right = terms
        form = FixedFormat.for_product(left.format, right.format)
        return Tensor(widen(left.raw, form.width + 1) * widen(right.raw, form.width + 1), form)
    fractional = max(term.format.fractional for term in terms)
    integer = max(term.format.integer for term in terms) + len(terms)  # a bit for each addition
    integer = max(integer, 1 - fractional)
    form = FixedFormat(integer + fractional, integer)
    total = sum(
        widen(term.raw, form.width) * (1 << (fractional - term.format.fractional)) for term in terms
    )
    return Tensor(np.maximum(total, 0) if kind is Kind.RELU else np.asarray(total), form)
