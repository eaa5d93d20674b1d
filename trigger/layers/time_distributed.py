"""TimeDistributed: layers that every step of a sequence passes (``nnet_time_distributed.h``)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from trigger.fixed import FixedFormat, RawArray
from trigger.layers.base import Layer, Shape, Tensor, expect, only
from trigger.layers.input import Input
from trigger.layers.reach import Reach, widest


@dataclass(frozen=True, kw_only=True, eq=False)
class TimeDistributed(Layer):
    """A small network that is run on each step alone, as if it were an event."""

    layers: tuple[Layer, ...]
    """In execution order: an Input, which stands for one step, and what becomes of it."""

    def shape(self, *inputs: Shape) -> Shape:
        steps, *step = only(inputs, self)
        first, last = self.layers[0], self.layers[-1]
        expect(
            isinstance(first, Input) and first.dimensions == tuple(step),
            self,
            f"steps of shape {tuple(step)}",
            f"an input of that shape as the first of {[layer.name for layer in self.layers]}",
        )
        expect(
            last.result == self.result,
            self,
            f"{last.name} makes {last.result}",
            f"{self.result}, the format of all steps together",
        )
        shapes: dict[str, Shape] = {}
        for layer in self.layers:
            shapes[layer.name] = layer.shape(*(shapes[name] for name in layer.inputs))
        return (steps, *shapes[last.name])

    def evaluate(self, *inputs: Tensor) -> RawArray:
        raw = inputs[0].raw
        events = raw.shape[:2]
        first, *others = self.layers
        tensors = {first.name: Tensor(raw.reshape(-1, *raw.shape[2:]), inputs[0].format)}
        for layer in others:
            made = layer.evaluate(*(tensors[name] for name in layer.inputs))
            tensors[layer.name] = Tensor(made, layer.result)
        result = tensors[self.layers[-1].name].raw
        return result.reshape(*events, *result.shape[1:])

    def reach(self, *inputs: Reach) -> Reach:
        ends = zip(inputs[0].low, inputs[0].high, strict=True)
        steps = [self._reach_of_step(Reach(*pair, inputs[0].format)) for pair in ends]
        low, high = (np.stack([getattr(step, end) for step in steps]) for end in ("low", "high"))
        demands = widest(demand for step in steps for demand in step.demands)
        return Reach(low, high, self.result, demands)

    def _reach_of_step(self, step: Reach) -> Reach:
        first, *others = self.layers
        reaches, demands = {first.name: step}, []
        for layer in others:
            reaches[layer.name] = layer.reach(*(reaches[name] for name in layer.inputs))
            demands += [
                replace(demand, role=f"{demand.role} of {layer.name}")
                for demand in reaches[layer.name].demands
            ]
        return replace(reaches[self.layers[-1].name], demands=tuple(demands))

    def weights(self) -> dict[str, tuple[RawArray, FixedFormat]]:
        return {
            f"{role} of {layer.name}": constant
            for layer in self.layers
            for role, constant in layer.weights().items()
        }

    def multiplications(self, *inputs: Shape) -> int:
        shapes: dict[str, Shape] = {}
        total = 0
        for layer in self.layers:
            given = [shapes[name] for name in layer.inputs]
            shapes[layer.name] = layer.shape(*given)
            total += layer.multiplications(*given)
        return inputs[0][0] * total
