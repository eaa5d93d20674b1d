"""BatchNormalization: scale and bias of each channel (``nnet_batchnorm.h``: normalize)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.fixed import FixedFormat, RawArray, requantise, widen
from trigger.layers.base import Layer, Shape, Tensor, expect, only
from trigger.layers.reach import Reach


@dataclass(frozen=True, kw_only=True, eq=False)
class BatchNormalization(Layer):
    """result = input x scale + bias in full precision, then one cast to the result."""

    scale: RawArray
    """Raw, one per channel (the last axis), or one per element when the input is flat."""
    scale_format: FixedFormat
    bias: RawArray
    bias_format: FixedFormat

    def shape(self, *inputs: Shape) -> Shape:
        shape = only(inputs, self)
        expect(
            self.scale.shape == self.bias.shape == (shape[-1],),
            self,
            f"scale {self.scale.shape} and bias {self.bias.shape} meet {shape}",
            f"({shape[-1]},) each, one per channel",
        )
        return shape

    def evaluate(self, *inputs: Tensor) -> RawArray:
        total = self.total_format(inputs[0].format)
        scale, bias = self.in_total_format(inputs[0].format)
        return requantise(widen(inputs[0].raw, total.width) * scale + bias, total, self.result)

    def total_format(self, source: FixedFormat) -> FixedFormat:
        """Return the format that holds every input x scale + bias exactly."""
        product = FixedFormat.for_product(source, self.scale_format)
        fractional = max(product.fractional, self.bias_format.fractional)
        integer = max(product.integer, self.bias_format.integer) + 2
        return FixedFormat(integer + fractional, integer)

    def in_total_format(self, source: FixedFormat) -> tuple[RawArray, RawArray]:
        """Return scale and bias such that raw x scale + bias is raw in ``total_format``."""
        total = self.total_format(source)
        shift = total.fractional - source.fractional - self.scale_format.fractional
        scale = widen(self.scale, total.width) * (1 << shift)
        return scale, requantise(self.bias, self.bias_format, total)

    def reach(self, *inputs: Reach) -> Reach:
        total = self.total_format(inputs[0].format)
        scale, bias = self.in_total_format(inputs[0].format)
        ends = [widen(raw, total.width) * scale + bias for raw in (inputs[0].low, inputs[0].high)]
        low, high = np.minimum(*ends), np.maximum(*ends)
        return Reach(low, high, total).entering(self.result)

    def weights(self) -> dict[str, tuple[RawArray, FixedFormat]]:
        return {
            "scale": (self.scale, self.scale_format),
            "bias": (self.bias, self.bias_format),
        }

    def multiplications(self, *inputs: Shape) -> int:
        size = 1
        for length in self.shape(*inputs):
            size *= length
        return size
