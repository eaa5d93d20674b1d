"""Concatenate: two tensors side by side (``nnet_merge.h``: concatenate1d, 2d, 3d)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.fixed import RawArray, requantise
from trigger.layers.base import Layer, Shape, Tensor, expect
from trigger.layers.reach import Reach


@dataclass(frozen=True, kw_only=True, eq=False)
class Concatenate(Layer):
    """Both tensors along one axis, each cast to the result."""

    axis: int
    """From 0, without the event axis."""

    def shape(self, *inputs: Shape) -> Shape:
        expect(len(inputs) == 2, self, f"{len(inputs)} inputs", "two")
        first, second = inputs
        others = [shape[: self.axis] + shape[self.axis + 1 :] for shape in inputs]
        expect(
            len(first) == len(second) > self.axis and others[0] == others[1],
            self,
            f"{first} and {second} meet along axis {self.axis}",
            "shapes that are equal along all other axes",
        )
        length = first[self.axis] + second[self.axis]
        return (*first[: self.axis], length, *first[self.axis + 1 :])

    def evaluate(self, *inputs: Tensor) -> RawArray:
        cast = [requantise(tensor.raw, tensor.format, self.result) for tensor in inputs]
        return np.concatenate(cast, axis=self.axis + 1)

    def reach(self, *inputs: Reach) -> Reach:
        cast = [reach.entering(self.result) for reach in inputs]
        low, high = (
            np.concatenate(ends, axis=self.axis)
            for ends in ([each.low for each in cast], [each.high for each in cast])
        )
        demands = tuple(each.demands[-1] for each in cast)
        return Reach(low, high, self.result, demands)
