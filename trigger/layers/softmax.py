"""Softmax: exponentials and the inverse of their sum from tables (``nnet_activation.h``).

This is ``softmax_latency``; ``stable_softmax.py`` builds on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.fixed import FixedFormat, RawArray, requantise, widen
from trigger.layers.base import Shape, Tensor, expect
from trigger.layers.pooling2d import tree_sum
from trigger.layers.reach import Reach
from trigger.layers.slices import Sliced


@dataclass(frozen=True, kw_only=True, eq=False)
class Softmax(Sliced):
    """exp_table[x] x inverse_table[sum of exp_table[x]]; a table's index is the top bits."""

    exp_table: RawArray
    exp_format: FixedFormat
    accumulator: FixedFormat
    """Holds each exponential and every partial sum."""
    inverse_input: FixedFormat
    """``inv_inp_t``: the sum as it looks up its inverse."""
    inverse_table: RawArray
    inverse_format: FixedFormat

    def shape(self, *inputs: Shape) -> Shape:
        for role, table in (("exponential", self.exp_table), ("inverse", self.inverse_table)):
            expect(
                table.size & (table.size - 1) == 0 and table.size > 0,
                self,
                f"the {role} table has {table.size} entries",
                "a power of two: other sizes are read beyond their end",
            )
        expect(
            self.inverse_table.size <= 1 << self.inverse_input.width,
            self,
            f"{self.inverse_table.size} inverses meet {self.inverse_input}",
            f"at most {1 << self.inverse_input.width}",
        )
        return super().shape(*inputs)

    def of_slices(self, tensor: Tensor) -> RawArray:
        grown = self.exponentials(tensor)
        total = tree_sum(grown[..., None], self.accumulator)
        place = top_bits(
            requantise(total, self.accumulator, self.inverse_input),
            self.inverse_input,
            self.inverse_table.size,
        )
        product = FixedFormat.for_product(self.accumulator, self.inverse_format)
        scaled = widen(grown, product.width) * widen(self.inverse_table, product.width)[place]
        return requantise(scaled, product, self.result)

    def exponentials(self, tensor: Tensor) -> RawArray:
        """Return exp(x) of each number in the accumulator."""
        expect(
            self.exp_table.size <= 1 << tensor.format.width,
            self,
            f"{self.exp_table.size} exponentials meet {tensor.format}",
            f"at most {1 << tensor.format.width}",
        )
        place = top_bits(tensor.raw, tensor.format, self.exp_table.size)
        return requantise(self.exp_table[place], self.exp_format, self.accumulator)

    def reach(self, *inputs: Reach) -> Reach:
        grown = requantise(self.exp_table, self.exp_format, self.accumulator).astype(object)
        ends = [np.full(inputs[0].low.shape, end(grown), dtype=object) for end in (min, max)]
        count = self.slice_length
        sums = Reach(ends[0] * count, ends[1] * count, self.accumulator.grid)
        demands = sums.entering(self.accumulator, "accumulator").demands
        product = FixedFormat.for_product(self.accumulator, self.inverse_format)
        corners = [
            end * int(inverse)
            for end in ends
            for inverse in (self.inverse_table.min(), self.inverse_table.max())
        ]
        low, high = np.min(corners, axis=0), np.max(corners, axis=0)
        return Reach(low, high, product, demands).entering(self.result)

    def weights(self) -> dict[str, tuple[RawArray, FixedFormat]]:
        return {
            "exponentials": (self.exp_table, self.exp_format),
            "inverses": (self.inverse_table, self.inverse_format),
        }


def top_bits(raw: RawArray, form: FixedFormat, size: int) -> RawArray:
    """Return the place in a table of a power of two entries: the top bits, read without a sign."""
    bits = (size - 1).bit_length()
    index = raw >> (form.width - bits)
    return np.asarray(index & (size - 1)).astype(np.int64)
