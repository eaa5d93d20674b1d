"""Merge: two tensors, element by element (``nnet_merge.h``, ``nnet_merge_stream.h``)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import prod

import numpy as np

from trigger.fixed import FixedFormat, RawArray, requantise, widen
from trigger.layers.base import Layer, Shape, Tensor, expect
from trigger.layers.pointwise import sum_format
from trigger.layers.reach import Reach


class Operation(Enum):
    """What becomes of two numbers."""

    ADD = "add"
    SUBTRACT = "subtract"
    MULTIPLY = "multiply"
    AVERAGE = "average"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"


@dataclass(frozen=True, kw_only=True, eq=False)
class Merge(Layer):
    """An operation in full precision, then one cast; the shorter tensor is repeated."""

    operation: Operation

    def shape(self, *inputs: Shape) -> Shape:
        expect(len(inputs) == 2, self, f"{len(inputs)} inputs", "two")
        long, short = sorted(inputs, key=prod, reverse=True)
        expect(
            prod(long) % prod(short) == 0,
            self,
            f"{inputs[0]} meets {inputs[1]}",
            "equal shapes, or one that repeats within the other",
        )
        return long

    def evaluate(self, *inputs: Tensor) -> RawArray:
        shapes = [tensor.raw.shape[1:] for tensor in inputs]
        shape = self.shape(*shapes)
        left, right = (_repeated(tensor.raw, shape) for tensor in inputs)
        exact = self.exact(Tensor(left, inputs[0].format), Tensor(right, inputs[1].format))
        return requantise(exact.raw, exact.format, self.result)

    def exact(self, left: Tensor, right: Tensor) -> Tensor:
        """Return the operation's exact results."""
        if self.operation is Operation.MULTIPLY:
            product = FixedFormat.for_product(left.format, right.format)
            bits = product.width
            return Tensor(widen(left.raw, bits) * widen(right.raw, bits), product)
        total = sum_format(left.format, right.format)
        a, b = (requantise(tensor.raw, tensor.format, total) for tensor in (left, right))
        match self.operation:
            case Operation.ADD:
                return Tensor(a + b, total)
            case Operation.SUBTRACT:
                return Tensor(a - b, total)
            case Operation.AVERAGE:  # times 0.5: the same integers count half as much
                return Tensor(a + b, FixedFormat(total.width, total.integer - 1))
            case Operation.MAXIMUM:
                return Tensor(np.maximum(a, b), total)
            case _:
                return Tensor(np.minimum(a, b), total)

    def reach(self, *inputs: Reach) -> Reach:
        shape = self.shape(*(reach.low.shape for reach in inputs))
        ends = [
            [
                Tensor(_repeated(raw[None], shape)[0], reach.format)
                for raw in (reach.low, reach.high)
            ]
            for reach in inputs
        ]
        corners = [self.exact(left, right) for left in ends[0] for right in ends[1]]
        raw = np.stack([corner.raw for corner in corners])
        return Reach(raw.min(axis=0), raw.max(axis=0), corners[0].format).entering(self.result)


def _repeated(raw: RawArray, shape: Shape) -> RawArray:
    """Return a tensor's elements over and over until they fill a shape."""
    flat = raw.reshape(len(raw), -1)
    return np.tile(flat, prod(shape) // flat.shape[1]).reshape(len(raw), *shape)
