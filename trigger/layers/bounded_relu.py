"""BoundedReLU: ReLU that stops at a whole number (``nnet_activation.h``: relu_max)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trigger.fixed import FixedFormat, requantise
from trigger.layers.base import Tensor
from trigger.layers.pointwise import Pointwise, sum_format


@dataclass(frozen=True, kw_only=True, eq=False)
class BoundedReLU(Pointwise):
    """The input between zero and ``maximum``, the nearer of the two outside."""

    maximum: int
    """A value, not raw."""

    def exact(self, tensor: Tensor) -> Tensor:
        bound = FixedFormat.for_range(0, self.maximum, 0)
        total = sum_format(tensor.format, bound)
        raw = requantise(tensor.raw, tensor.format, total)
        return Tensor(np.clip(raw, 0, self.maximum << total.fractional), total)

    def turning_points(self, source: FixedFormat) -> Sequence[int]:
        return ()
