"""BatchNormalization: scale and bias of each channel (``nnet_batchnorm.h``: normalize)."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.fixed import FixedFormat, RawArray, requantise, widen
from trigger.layers.base import Layer, Shape, Tensor, expect, only


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
        tensor = inputs[0]
        product = FixedFormat.for_product(tensor.format, self.scale_format)
        fractional = max(product.fractional, self.bias_format.fractional)
        integer = max(product.integer, self.bias_format.integer) + 2
        total = FixedFormat(integer + fractional, integer)
        scaled = widen(tensor.raw, total.width) * widen(self.scale, total.width)
        shifted = scaled * (1 << (fractional - product.fractional))
        bias = requantise(self.bias, self.bias_format, total)
        return requantise(shifted + bias, total, self.result)

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
