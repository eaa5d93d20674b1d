"""Argmax: softmax by its largest number alone (``nnet_activation.h``: softmax_argmax)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.fixed import FixedFormat, RawArray, requantise
from trigger.layers.base import Tensor
from trigger.layers.reach import Reach
from trigger.layers.slices import Sliced


@dataclass(frozen=True, kw_only=True, eq=False)
class Argmax(Sliced):
    """1 where a slice is largest (the first time), 0 elsewhere."""

    def of_slices(self, tensor: Tensor) -> RawArray:
        first = np.argmax(tensor.raw, axis=-1)[..., None]
        largest = np.arange(self.slice_length) == first
        return requantise(largest.astype(np.int64), FixedFormat(2, 2), self.result)

    def reach(self, *inputs: Reach) -> Reach:
        shape = inputs[0].low.shape
        ends = np.zeros(shape, dtype=np.int64), np.ones(shape, dtype=np.int64)
        return Reach(*ends, FixedFormat(2, 2)).entering(self.result)
