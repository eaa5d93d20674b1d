"""Embedding: a row of a table for each whole number (``nnet_embed.h``, ``nnet_embed_stream.h``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.fixed import FixedFormat, RawArray, requantise
from trigger.layers.base import Layer, Shape, Tensor, expect, only
from trigger.layers.reach import Reach


@dataclass(frozen=True, kw_only=True, eq=False)
class Embedding(Layer):
    """rows[input], cast to the result; the C++ reads beyond its table where there is no row."""

    rows: RawArray
    """Raw (words, length of a row)."""
    row_format: FixedFormat

    def shape(self, *inputs: Shape) -> Shape:
        (length,) = only(inputs, self, rank=1)
        expect(self.rows.ndim == 2, self, f"a table of shape {self.rows.shape}", "(words, length)")
        return length, self.rows.shape[1]

    def evaluate(self, *inputs: Tensor) -> RawArray:
        form, raw = inputs[0].format, inputs[0].raw
        words = len(self.rows)
        expect(form.fractional == 0, self, f"words in {form}", "whole numbers")
        expect(
            raw.size == 0 or (raw.min() >= 0 and raw.max() < words),
            self,
            f"words from {raw.min(initial=0)} to {raw.max(initial=0)}",
            f"0 to {words - 1}",
        )
        return requantise(self.rows[raw.astype(np.int64)], self.row_format, self.result)

    def reach(self, *inputs: Reach) -> Reach:
        length = inputs[0].low.shape
        ends = self.rows.min(axis=0), self.rows.max(axis=0)
        low, high = (np.tile(end, (*length, 1)) for end in ends)
        return Reach(low, high, self.row_format).entering(self.result)

    def weights(self) -> dict[str, tuple[RawArray, FixedFormat]]:
        return {"rows": (self.rows, self.row_format)}
