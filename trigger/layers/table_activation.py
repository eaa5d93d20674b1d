"""Sigmoid, tanh, softplus and softsign: lookup tables (``nnet_activation.h``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trigger.fixed import FixedFormat, RawArray
from trigger.layers.base import Shape, Tensor, expect, only
from trigger.layers.pointwise import Pointwise, table_index, table_turns
from trigger.layers.tables import Function

SPANS = {
    Function.SIGMOID: 16,
    Function.TANH: 8,
    Function.SOFTPLUS: 16,
    Function.SOFTSIGN: 16,
}
"""Length of the interval around 0 that each table covers."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TableActivation(Pointwise):
    """table[int(input x size / span) + size / 2], the index clipped to the table."""

    function: Function
    table: RawArray
    """Raw, of any length; see ``trigger.layers.tables``."""
    table_format: FixedFormat

    def shape(self, *inputs: Shape) -> Shape:
        allowed = ", ".join(function.value for function in SPANS)
        expect(self.function in SPANS, self, f"the function {self.function.value}", allowed)
        expect(self.table.ndim == 1 and self.table.size > 0, self, "an empty table", "an entry")
        return only(inputs, self)

    def exact(self, tensor: Tensor) -> Tensor:
        return Tensor(self.table[self.index(tensor)], self.table_format)

    def index(self, tensor: Tensor) -> RawArray:
        """Return the place in the table that each number leads to."""
        span, size = SPANS[self.function], self.table.size
        index = table_index(tensor, size, span, offset=span // 2 * size // span)
        clipped: RawArray = np.clip(index, 0, size - 1)
        return clipped

    def turning_points(self, source: FixedFormat) -> Sequence[int] | None:
        return table_turns(self.table, self.index, source)

    def weights(self) -> dict[str, tuple[RawArray, FixedFormat]]:
        return {"table": (self.table, self.table_format)}
