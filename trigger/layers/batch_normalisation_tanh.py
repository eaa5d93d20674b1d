"""BatchNormalizationTanh: a sign function with the thresholds of a normalisation before it.

Mirrors ``nnet_batchnorm.h``: normalize_binary_tanh, normalize_ternary_tanh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trigger.fixed import FixedFormat, RawArray, requantise
from trigger.layers.base import Shape, Tensor, expect, only
from trigger.layers.pointwise import Pointwise


@dataclass(frozen=True, kw_only=True, eq=False)
class BatchNormalizationTanh(Pointwise):
    """Binary: 1 from the threshold on, else 0. Ternary: 1 above the high, -1 up to the low one."""

    high: RawArray
    """Raw, one per channel (the last axis), or per element when the input is flat."""
    low: RawArray
    """As ``high``; empty for the binary function."""
    threshold_format: FixedFormat

    def shape(self, *inputs: Shape) -> Shape:
        shape = only(inputs, self)
        for thresholds in (self.high, self.low) if self.low.size else (self.high,):
            expect(
                thresholds.shape == (shape[-1],),
                self,
                f"thresholds of shape {thresholds.shape} meet {shape}",
                f"({shape[-1]},), one per channel",
            )
        return shape

    def exact(self, tensor: Tensor) -> Tensor:
        # the C++ takes thresholds in the type of the data
        high = requantise(self.high, self.threshold_format, tensor.format)
        if not self.low.size:
            return Tensor((tensor.raw >= high).astype(np.int64), FixedFormat(2, 2))
        low = requantise(self.low, self.threshold_format, tensor.format)
        sign = np.where(tensor.raw > high, 1, np.where(tensor.raw <= low, -1, 0))
        return Tensor(sign, FixedFormat(2, 2))

    def turning_points(self, source: FixedFormat) -> Sequence[int] | None:
        # with the low threshold above the high one, the function jumps from -1 to 1 to ..; rare
        if self.low.size and bool(np.any(self.low > self.high)):
            return None
        return ()

    def weights(self) -> dict[str, tuple[RawArray, FixedFormat]]:
        found = {"high": (self.high, self.threshold_format)}
        return found | ({"low": (self.low, self.threshold_format)} if self.low.size else {})
