"""LeakyReLU and PReLU: a slope below zero (``nnet_activation.h``: leaky_relu, prelu)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trigger.fixed import FixedFormat, RawArray, requantise, widen
from trigger.layers.base import Shape, Tensor, expect, only
from trigger.layers.pointwise import Pointwise, sum_format


@dataclass(frozen=True, kw_only=True, eq=False)
class LeakyReLU(Pointwise):
    """The input above zero, alpha x input elsewhere, cast once to the result."""

    alpha: RawArray
    """Raw, (1,), or one per element of the input (PReLU)."""
    alpha_format: FixedFormat

    def shape(self, *inputs: Shape) -> Shape:
        shape = only(inputs, self)
        expect(
            self.alpha.shape in ((1,), shape),
            self,
            f"slopes of shape {self.alpha.shape} meet {shape}",
            f"(1,) or {shape}",
        )
        return shape

    def exact(self, tensor: Tensor) -> Tensor:
        product = FixedFormat.for_product(tensor.format, self.alpha_format)
        total = sum_format(product, tensor.format)
        sloped = widen(tensor.raw, product.width) * widen(self.alpha, product.width)
        chosen = np.where(
            tensor.raw > 0,
            requantise(tensor.raw, tensor.format, total),
            requantise(sloped, product, total),
        )
        return Tensor(chosen, total)

    def turning_points(self, source: FixedFormat) -> Sequence[int]:
        return 0, 1

    def weights(self) -> dict[str, tuple[RawArray, FixedFormat]]:
        return {"alpha": (self.alpha, self.alpha_format)}

    def multiplications(self, *inputs: Shape) -> int:
        return int(np.prod(inputs[0]))
