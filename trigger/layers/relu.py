"""ReLU: zero below zero, then a change of format (``nnet_activation.h``: relu)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.fixed import RawArray, requantise
from trigger.layers.base import Layer, Shape, Tensor, only
from trigger.layers.reach import Reach


@dataclass(frozen=True, kw_only=True, eq=False)
class ReLU(Layer):
    """max(input, 0) in the result format, whose rounding and overflow do the quantising."""

    def shape(self, *inputs: Shape) -> Shape:
        return only(inputs, self)

    def evaluate(self, *inputs: Tensor) -> RawArray:
        return requantise(np.maximum(inputs[0].raw, 0), inputs[0].format, self.result)

    def reach(self, *inputs: Reach) -> Reach:
        low, high = np.maximum(inputs[0].low, 0), np.maximum(inputs[0].high, 0)
        return Reach(low, high, inputs[0].format).entering(self.result)
