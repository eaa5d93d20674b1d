"""LegacySoftmax: hls4ml's first softmax (``nnet_activation.h``: softmax_legacy)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.fixed import FixedFormat, RawArray, requantise, widen
from trigger.layers.base import Tensor
from trigger.layers.pointwise import sum_format, table_index
from trigger.layers.reach import Reach
from trigger.layers.slices import Sliced


@dataclass(frozen=True, kw_only=True, eq=False)
class LegacySoftmax(Sliced):
    """inverse_table[sum over j of exp_table[x_j - x_i]]: no product, two clipped tables."""

    exp_table: RawArray
    """exp(x) for x from -8 to 8."""
    inverse_table: RawArray
    """1/x for x from 0 to 64."""
    table_format: FixedFormat
    """Of both tables, and of every partial sum."""

    def of_slices(self, tensor: Tensor) -> RawArray:
        table = self.table_format
        wide = sum_format(table, FixedFormat(2, 2))
        one = requantise(np.array(1), FixedFormat(2, 2), table)
        difference = FixedFormat(tensor.format.width + 1, tensor.format.integer + 1)
        raw = widen(tensor.raw, difference.width)
        total = np.zeros(raw.shape, dtype=np.int64) + 0 * one
        size = self.exp_table.size
        for other in range(self.slice_length):
            delta = Tensor(raw[..., other, None] - raw, difference)
            place = np.clip(table_index(delta, size, 16, offset=8 * size // 16), 0, size - 1)
            term = np.where(np.arange(self.slice_length) == other, one, self.exp_table[place])
            total = requantise(
                requantise(total, table, wide) + requantise(term, table, wide), wide, table
            )
        place = table_index(Tensor(total, table), self.inverse_table.size, 64)
        place = np.clip(place, 0, self.inverse_table.size - 1)
        return requantise(self.inverse_table[place], table, self.result)

    def reach(self, *inputs: Reach) -> Reach:
        shape = inputs[0].low.shape
        ends = [np.full(shape, end(self.inverse_table.tolist())) for end in (min, max)]
        return Reach(ends[0], ends[1], self.table_format).entering(self.result)

    def weights(self) -> dict[str, tuple[RawArray, FixedFormat]]:
        return {
            "exponentials": (self.exp_table, self.table_format),
            "inverses": (self.inverse_table, self.table_format),
        }
