"""ELU: a straight line above zero, a lookup table below (``nnet_activation.h``: elu)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trigger.fixed import FixedFormat, RawArray, requantise, widen
from trigger.layers.base import Shape, Tensor, expect, only
from trigger.layers.pointwise import Pointwise, sum_format, table_index, table_turns

ONE_BIT = FixedFormat(1, 1, signed=False)
"""Holds the factor 1: nothing is multiplied."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ELU(Pointwise):
    """input x positive_scale (1) from zero on, alpha x table[int(input x size / -8)] below."""

    positive_scale: int = 1
    """Raw, as alpha."""
    positive_format: FixedFormat = ONE_BIT
    alpha: int = 1
    alpha_format: FixedFormat = ONE_BIT
    table: RawArray
    table_format: FixedFormat

    def shape(self, *inputs: Shape) -> Shape:
        expect(self.table.ndim == 1 and self.table.size > 0, self, "an empty table", "an entry")
        return only(inputs, self)

    def exact(self, tensor: Tensor) -> Tensor:
        above = FixedFormat.for_product(tensor.format, self.positive_format)
        below = FixedFormat.for_product(self.table_format, self.alpha_format)
        total = sum_format(above, below)
        line = widen(tensor.raw, above.width) * self.positive_scale
        entry = widen(self.table, below.width)[self.index(tensor)] * self.alpha
        chosen = np.where(
            tensor.raw >= 0, requantise(line, above, total), requantise(entry, below, total)
        )
        return Tensor(chosen, total)

    def index(self, tensor: Tensor) -> RawArray:
        """Return the place in the table that each negative number leads to (0 for others)."""
        negative = Tensor(np.minimum(tensor.raw, 0), tensor.format)
        last = self.table.size - 1
        index = table_index(negative, self.table.size, -8)
        # the C++ compares without a sign: an index that wrapped below zero counts as large
        return np.where((index < 0) | (index > last), self.wrapped(index, last), index)

    def wrapped(self, index: RawArray, last: int) -> RawArray:
        """Return the places in the table of indices outside it."""
        return np.full(index.shape, last)

    def turning_points(self, source: FixedFormat) -> Sequence[int] | None:
        turns = table_turns(self.table, self.index, source)
        return None if turns is None else (-1, 0, *turns)

    def weights(self) -> dict[str, tuple[RawArray, FixedFormat]]:
        return {"table": (self.table, self.table_format)}
