"""Dot: the product of two vectors (``nnet_merge.h``: dot1d)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.fixed import FixedFormat, RawArray, requantise, widen
from trigger.layers.base import Layer, Shape, Tensor, expect
from trigger.layers.pointwise import sum_format
from trigger.layers.reach import Reach


@dataclass(frozen=True, kw_only=True, eq=False)
class Dot(Layer):
    """Each product is stored in the accumulator, then added there, in order."""

    accumulator: FixedFormat

    def shape(self, *inputs: Shape) -> Shape:
        expect(
            len(inputs) == 2 and len(inputs[0]) == 1 and inputs[0] == inputs[1],
            self,
            f"shapes {inputs}",
            "two vectors of one length",
        )
        return (1,)

    def evaluate(self, *inputs: Tensor) -> RawArray:
        product = FixedFormat.for_product(inputs[0].format, inputs[1].format)
        left, right = (widen(tensor.raw, product.width) for tensor in inputs)
        terms = requantise(left * right, product, self.accumulator)
        wide = sum_format(self.accumulator, self.accumulator)
        total = terms[:, :1] * 0
        for index in range(terms.shape[1]):
            both = widen(total, wide.width) + terms[:, index, None]
            shifted = both * (1 << wide.fractional - self.accumulator.fractional)
            total = requantise(shifted, wide, self.accumulator)
        return requantise(total, self.accumulator, self.result)

    def reach(self, *inputs: Reach) -> Reach:
        product = FixedFormat.for_product(inputs[0].format, inputs[1].format)
        corners = np.stack(
            [
                left.astype(object) * right
                for left in (inputs[0].low, inputs[0].high)
                for right in (inputs[1].low, inputs[1].high)
            ]
        )
        terms = Reach(corners.min(axis=0), corners.max(axis=0), product)
        terms = terms.entering(self.accumulator, "accumulator")
        total = Reach(terms.low[:1] * 0, terms.low[:1] * 0, self.accumulator, terms.demands)
        for index in range(len(terms.low)):
            total = Reach(
                total.low.astype(object) + terms.low[index],
                total.high.astype(object) + terms.high[index],
                self.accumulator,
                total.demands,
            ).entering(self.accumulator, "accumulator")
        return Reach(total.low, total.high, self.accumulator, total.demands).entering(self.result)
