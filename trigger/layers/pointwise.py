"""Layers that treat every number alone: an exact function of it, then one cast to the result."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from trigger.fixed import FixedFormat, RawArray, requantise, widen
from trigger.layers.base import Layer, Shape, Tensor, only
from trigger.layers.reach import Reach

C_INT = FixedFormat(32, 32)
"""The ``int`` in which the C++ computes the index of a table; it wraps."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pointwise(Layer):
    """A function of one number, and in some layers of its place."""

    @abstractmethod
    def exact(self, tensor: Tensor) -> Tensor:
        """Return the function of every number, (events, *shape), before the result's rounding."""

    @abstractmethod
    def turning_points(self, source: FixedFormat) -> Sequence[int] | None:
        """Return raw inputs between which ``exact`` is monotonic; of a jump, both sides.

        ``None`` where that cannot be told: then the reach is all that the result's format holds.
        """

    def shape(self, *inputs: Shape) -> Shape:
        return only(inputs, self)

    def evaluate(self, *inputs: Tensor) -> RawArray:
        exact = self.exact(inputs[0])
        return requantise(exact.raw, exact.format, self.result)

    def reach(self, *inputs: Reach) -> Reach:
        low, high, source = inputs[0].low, inputs[0].high, inputs[0].format
        turns = self.turning_points(source)
        if turns is None:
            return Reach.full(low.shape, self.result)
        points = [low, high, *(np.minimum(np.maximum(turn, low), high) for turn in turns)]
        exact = self.exact(Tensor(np.stack(points), source))
        bottom, top = exact.raw.min(axis=0), exact.raw.max(axis=0)
        return Reach(bottom, top, exact.format).entering(self.result)


def sum_format(left: FixedFormat, right: FixedFormat) -> FixedFormat:
    """Return a format that holds every sum and difference of numbers of two formats."""
    fractional = max(left.fractional, right.fractional)
    integer = max(left.integer, right.integer) + 2
    return FixedFormat(integer + fractional, integer)


def table_index(tensor: Tensor, size: int, span: int, offset: int = 0) -> RawArray:
    """Return int(input x size / span) + offset, as ``ap_fixed`` and ``int`` compute it.

    The quotient is cut towards zero at the input's own step, then at the point, and then its bits
    beyond 32 are lost.
    """
    form = tensor.format
    bits = form.width + size.bit_length() + max(-form.fractional, 0) + 2
    product = widen(tensor.raw, bits) * size
    sign = np.sign(product) * (1 if span > 0 else -1)
    quotient = np.abs(product) // abs(span)
    if form.fractional >= 0:
        quotient = quotient >> form.fractional
    else:
        quotient = quotient * (1 << -form.fractional)
    return requantise(sign * quotient + offset, FixedFormat(bits, bits), C_INT)


def table_turns(
    table: RawArray, index: Callable[[Tensor], RawArray], source: FixedFormat
) -> Sequence[int] | None:
    """Return raw inputs that lead to the local extremes of a table, and their neighbours.

    Args:
        index: where numbers of the source format lead to; monotonic.
    """
    if source.integer + table.size.bit_length() > C_INT.width:
        return None  # the index may wrap
    steps = np.sign(np.diff(table))
    moves = np.flatnonzero(steps)
    extremes = [int(place) for place in moves[1:][steps[moves[1:]] != steps[moves[:-1]]]]
    if not extremes:
        return ()

    def place(raw: int) -> int:
        return int(index(Tensor(np.array([raw], dtype=object), source))[0])

    turns = []
    falling = place(source.raw_min) > place(source.raw_max)
    for extreme in extremes:
        low, high = source.raw_min, source.raw_max
        while low < high:  # the first raw number at or behind the extreme
            middle = (low + high) // 2
            if place(middle) <= extreme if falling else place(middle) >= extreme:
                high = middle
            else:
                low = middle + 1
        turns += [max(low - 1, source.raw_min), low]
    return turns


def raw_of(number: int, source: FixedFormat) -> int:
    """Return the largest raw value that is at most a whole number."""
    shift = source.fractional
    return number << shift if shift >= 0 else number >> -shift
