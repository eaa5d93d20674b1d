"""Layers that only move numbers: every result is one of the inputs, or zero, in a new format."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from trigger.fixed import RawArray, requantise
from trigger.layers.base import Layer, Tensor
from trigger.layers.reach import Reach


@dataclass(frozen=True, kw_only=True, eq=False)
class Rearrangement(Layer):
    """A move of elements and one cast."""

    @abstractmethod
    def move(self, raw: RawArray) -> RawArray:
        """Return the elements, (events, *shape), where they go."""

    def evaluate(self, *inputs: Tensor) -> RawArray:
        return requantise(self.move(inputs[0].raw), inputs[0].format, self.result)

    def reach(self, *inputs: Reach) -> Reach:
        low, high = (self.move(raw[None])[0] for raw in (inputs[0].low, inputs[0].high))
        return Reach(low, high, inputs[0].format).entering(self.result)
