"""EinsumDense: a sum of products along chosen axes (``nnet_einsum_dense.h``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from trigger.design import Strategy
from trigger.fixed import FixedFormat, RawArray
from trigger.layers.base import Layer, Shape, Tensor, expect, only
from trigger.layers.dense import Dense
from trigger.layers.reach import Reach, widest


@dataclass(frozen=True, kw_only=True, eq=False)
class EinsumDense(Layer):
    """Matrix products of the transposed input, which are transposed again.

    The axes of the input are brought into the order shared, free, contracted; each shared index
    has a matrix of its own, and each row of a product its own bias.
    """

    order: tuple[int, ...]
    """Axis i of the transposed input is axis ``order[i]`` of the input."""
    kernel: RawArray
    """Raw (shared, contracted, outputs)."""
    kernel_format: FixedFormat
    bias: RawArray
    """Raw (shared, free, outputs)."""
    bias_format: FixedFormat
    accumulator: FixedFormat
    strategy: Strategy
    reuse_factor: int
    product_shape: Shape
    """Of all products together: shared axes, free axes, output axes."""
    result_order: tuple[int, ...]
    """Axis i of the result is axis ``result_order[i]`` of the products."""

    def shape(self, *inputs: Shape) -> Shape:
        shape = only(inputs, self, rank=len(self.order))
        shared, contracted, outputs = self.kernel.shape
        rows = self.bias.shape[1]
        expect(
            prod(shape) == shared * rows * contracted
            and self.bias.shape == (shared, rows, outputs)
            and prod(self.product_shape) == shared * rows * outputs,
            self,
            f"kernel {self.kernel.shape} and bias {self.bias.shape} meet {shape}",
            f"{shared} x {rows} x {contracted} elements, and a bias of each of the results",
        )
        return tuple(self.product_shape[axis] for axis in self.result_order)

    def evaluate(self, *inputs: Tensor) -> RawArray:
        rows = self.rows(inputs[0].raw)
        results = [
            product.evaluate(Tensor(rows[:, index], inputs[0].format))
            for index, product in enumerate(self._products())
        ]
        return self.placed(np.stack(results, axis=1))

    def reach(self, *inputs: Reach) -> Reach:
        low, high = (self.rows(raw[None])[0] for raw in (inputs[0].low, inputs[0].high))
        results = [
            product.reach(Reach(low[index], high[index], inputs[0].format))
            for index, product in enumerate(self._products())
        ]
        ends = [np.stack([getattr(each, end) for each in results]) for end in ("low", "high")]
        low, high = (self.placed(end[None])[0] for end in ends)
        demands = widest(demand for each in results for demand in each.demands)
        return Reach(low, high, self.result, demands)

    def rows(self, raw: RawArray) -> RawArray:
        """Return what meets a matrix, (events, shared x free, contracted)."""
        moved = raw.transpose(0, *(axis + 1 for axis in self.order))
        return moved.reshape(len(raw), -1, self.kernel.shape[1])

    def _products(self) -> Iterator[Dense]:
        """Yield the product of each row."""
        for kernel, biases in zip(self.kernel, self.bias, strict=True):
            for bias in biases:
                yield Dense(
                    name=self.name,
                    inputs=(),
                    result=self.result,
                    kernel=kernel,
                    kernel_format=self.kernel_format,
                    bias=bias,
                    bias_format=self.bias_format,
                    accumulator=self.accumulator,
                    strategy=self.strategy,
                    reuse_factor=self.reuse_factor,
                )

    def placed(self, results: RawArray) -> RawArray:
        """Return all products, row after row, where they go."""
        shaped = results.reshape(len(results), *self.product_shape)
        return shaped.transpose(0, *(axis + 1 for axis in self.result_order))

    def weights(self) -> dict[str, tuple[RawArray, FixedFormat]]:
        return {
            "kernel": (self.kernel, self.kernel_format),
            "bias": (self.bias, self.bias_format),
        }

    def multiplications(self, *inputs: Shape) -> int:
        return int(self.kernel.size * self.bias.shape[1])
