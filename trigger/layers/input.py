"""Where the pixels enter."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.errors import NetworkError
from trigger.fixed import RawArray
from trigger.layers.base import Layer, Shape, Tensor, expect
from trigger.layers.reach import Reach


@dataclass(frozen=True, kw_only=True, eq=False)
class Input(Layer):
    """An input port of the firmware (``input_t``); ``result`` is its format."""

    dimensions: Shape

    def shape(self, *inputs: Shape) -> Shape:
        expect(not inputs, self, f"{len(inputs)} inputs", "an input reads nothing")
        return self.dimensions

    def evaluate(self, *inputs: Tensor) -> RawArray:
        raise NetworkError("an input has no operation", where=self.name, allowed="raw data")

    def reach(self, *inputs: Reach) -> Reach:
        return Reach.full(self.dimensions, self.result)
