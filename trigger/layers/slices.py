"""Layers that work on slices along one axis (``nnet_activation.h``: softmax_multidim)."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from trigger.fixed import RawArray
from trigger.layers.base import Layer, Shape, Tensor, expect, only


@dataclass(frozen=True, kw_only=True, eq=False)
class Sliced(Layer):
    """A function of slices of a tensor."""

    slice_length: int
    """Numbers that belong together."""
    inner: int = 1
    """Numbers between two of one slice, for an axis that is not the last."""

    def shape(self, *inputs: Shape) -> Shape:
        shape = only(inputs, self)
        expect(
            int(np.prod(shape)) % (self.slice_length * self.inner) == 0,
            self,
            f"slices of {self.slice_length} x {self.inner} meet {shape}",
            "slices that fill the tensor",
        )
        return shape

    def evaluate(self, *inputs: Tensor) -> RawArray:
        raw, form = inputs[0].raw, inputs[0].format
        slices = raw.reshape(len(raw), -1, self.slice_length, self.inner)
        along = np.moveaxis(slices, 2, 3)
        result = self.of_slices(Tensor(along, form))
        return np.moveaxis(result, 3, 2).reshape(raw.shape)

    @abstractmethod
    def of_slices(self, tensor: Tensor) -> RawArray:
        """Return the raw result for slices along the last axis, (events, outer, inner, slice)."""
