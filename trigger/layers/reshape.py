"""Reshape and flatten: the same numbers in another shape, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from trigger.fixed import RawArray, requantise
from trigger.layers.base import Layer, Shape, Tensor, expect, only
from trigger.layers.reach import Reach


@dataclass(frozen=True, kw_only=True, eq=False)
class Reshape(Layer):
    """The input's elements, in order, as ``dimensions``."""

    dimensions: Shape

    def shape(self, *inputs: Shape) -> Shape:
        shape = only(inputs, self)
        expect(
            prod(shape) == prod(self.dimensions),
            self,
            f"{shape} does not have the elements of {self.dimensions}",
            f"{prod(shape)} elements",
        )
        return self.dimensions

    def evaluate(self, *inputs: Tensor) -> RawArray:
        tensor = inputs[0]
        raw = tensor.raw.reshape(len(tensor.raw), *self.dimensions)
        return requantise(raw, tensor.format, self.result)

    def reach(self, *inputs: Reach) -> Reach:
        low, high = (raw.reshape(self.dimensions) for raw in (inputs[0].low, inputs[0].high))
        return Reach(low, high, inputs[0].format).entering(self.result)
