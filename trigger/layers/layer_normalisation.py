"""LayerNormalization: mean 0 and spread 1 along the last axis (``nnet_layernorm.h``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.fixed import FixedFormat, RawArray, from_values, requantise, widen
from trigger.layers.base import Layer, Shape, Tensor, expect, only
from trigger.layers.pointwise import sum_format, table_index


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerNormalization(Layer):
    """(x - mean) x table[variance] x scale + bias; every sum and product enters the accumulator."""

    scale: RawArray
    """Raw, one per channel, as the bias."""
    scale_format: FixedFormat
    bias: RawArray
    bias_format: FixedFormat
    accumulator: FixedFormat
    table: RawArray
    """1 / sqrt(variance), for variances from 0 to 2**-range_power."""
    table_format: FixedFormat
    range_power: int

    def shape(self, *inputs: Shape) -> Shape:
        shape = only(inputs, self, rank=2)
        expect(
            self.scale.shape == self.bias.shape == shape[-1:],
            self,
            f"scale {self.scale.shape} and bias {self.bias.shape} meet {shape}",
            f"{shape[-1:]} each",
        )
        return shape

    def evaluate(self, *inputs: Tensor) -> RawArray:
        count = inputs[0].raw.shape[-1]
        form = self.accumulator
        share = int(from_values(1.0 / count, form))
        data = requantise(inputs[0].raw, inputs[0].format, form)
        mean = self._product(self._sum(data), share)
        wide = FixedFormat(form.width + 2, form.integer + 2)
        difference = self._enter(widen(data, wide.width) - mean[..., None], wide)
        squares = self._product(difference, difference)
        variance = self._product(self._sum(squares), share)
        return self._scaled(difference, self.table[self._place(variance)])

    def _place(self, variance: RawArray) -> RawArray:
        size = self.table.size
        index = table_index(Tensor(variance, self.accumulator), size << self.range_power, 1)
        clipped: RawArray = np.clip(index, 0, size - 1)
        return clipped

    def _scaled(self, difference: RawArray, inverse: RawArray) -> RawArray:
        one = FixedFormat.for_product(self.accumulator, self.table_format)
        two = FixedFormat.for_product(one, self.scale_format)
        total = sum_format(two, self.bias_format)
        product = widen(difference, two.width) * widen(inverse, two.width)[..., None]
        product = product * widen(self.scale, two.width)
        bias = requantise(self.bias, self.bias_format, total)
        return requantise(requantise(product, two, total) + bias, total, self.result)

    def _sum(self, terms: RawArray) -> RawArray:
        """Return the sum along the last axis, each partial sum in the accumulator."""
        form = self.accumulator
        total = terms[..., 0] * 0
        for index in range(terms.shape[-1]):
            both = widen(total, form.width + 2) + terms[..., index]
            total = self._enter(both, FixedFormat(form.width + 2, form.integer + 2))
        return total

    def _product(self, left: RawArray, right: RawArray | int) -> RawArray:
        product = FixedFormat.for_product(self.accumulator, self.accumulator)
        return self._enter(widen(left, product.width) * right, product)

    def _enter(self, raw: RawArray, source: FixedFormat) -> RawArray:
        return requantise(raw, source, self.accumulator)

    def weights(self) -> dict[str, tuple[RawArray, FixedFormat]]:
        return {
            "scale": (self.scale, self.scale_format),
            "bias": (self.bias, self.bias_format),
            "table": (self.table, self.table_format),
        }
