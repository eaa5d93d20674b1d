"""HardSigmoid and HardTanh: a straight line between two constants (``nnet_activation.h``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trigger.fixed import FixedFormat, requantise, widen
from trigger.layers.base import Shape, Tensor
from trigger.layers.pointwise import Pointwise, sum_format


@dataclass(frozen=True, kw_only=True, eq=False)
class HardSigmoid(Pointwise):
    """slope x input + shift, in full precision, kept between 0 and 1."""

    slope: int
    """Raw, as the shift."""
    slope_format: FixedFormat
    shift: int
    shift_format: FixedFormat

    def exact(self, tensor: Tensor) -> Tensor:
        product = FixedFormat.for_product(tensor.format, self.slope_format)
        total = sum_format(sum_format(product, self.shift_format), FixedFormat(2, 2))
        shift = requantise(np.array(self.shift), self.shift_format, total)
        line = requantise(widen(tensor.raw, product.width) * self.slope, product, total) + shift
        return Tensor(np.clip(line, 0, 1 << total.fractional), total)

    def turning_points(self, source: FixedFormat) -> Sequence[int]:
        return ()

    def multiplications(self, *inputs: Shape) -> int:
        return int(np.prod(inputs[0]))


@dataclass(frozen=True, kw_only=True, eq=False)
class HardTanh(HardSigmoid):
    """2 x HardSigmoid - 1."""

    def exact(self, tensor: Tensor) -> Tensor:
        sigmoid = super().exact(tensor)
        return Tensor(2 * sigmoid.raw - (1 << sigmoid.format.fractional), sigmoid.format)
