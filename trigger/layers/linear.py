"""Linear: a change of format, nothing else (``nnet_activation.h``: linear)."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.fixed import RawArray, requantise
from trigger.layers.base import Layer, Shape, Tensor, only
from trigger.layers.reach import Reach


@dataclass(frozen=True, kw_only=True, eq=False)
class Linear(Layer):
    """The input in another format; QKeras calls it ``quantized_bits`` as an activation."""

    def shape(self, *inputs: Shape) -> Shape:
        return only(inputs, self)

    def evaluate(self, *inputs: Tensor) -> RawArray:
        return requantise(inputs[0].raw, inputs[0].format, self.result)

    def reach(self, *inputs: Reach) -> Reach:
        return Reach(inputs[0].low, inputs[0].high, inputs[0].format).entering(self.result)
