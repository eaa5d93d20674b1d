"""ThresholdedReLU: zero up to a threshold (``nnet_activation.h``: thresholded_relu)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trigger.fixed import FixedFormat
from trigger.layers.base import Tensor
from trigger.layers.pointwise import Pointwise


@dataclass(frozen=True, kw_only=True, eq=False)
class ThresholdedReLU(Pointwise):
    """The input above the threshold, zero elsewhere."""

    threshold: int
    """Raw."""
    threshold_format: FixedFormat

    def exact(self, tensor: Tensor) -> Tensor:
        above = tensor.raw > self.last_zero(tensor.format)
        return Tensor(np.where(above, tensor.raw, 0), tensor.format)

    def last_zero(self, source: FixedFormat) -> int:
        """Return the largest raw input that becomes zero."""
        shift = source.fractional - self.threshold_format.fractional
        return self.threshold << shift if shift >= 0 else self.threshold >> -shift

    def turning_points(self, source: FixedFormat) -> Sequence[int]:
        last = self.last_zero(source)
        return last, last + 1
