"""Einsum: a sum of products of two tensors along chosen axes (``nnet_einsum.h``)."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from trigger.fixed import FixedFormat, RawArray, requantise, widen
from trigger.layers.base import Layer, Shape, Tensor, expect
from trigger.layers.pointwise import sum_format
from trigger.layers.reach import Reach, widest


@dataclass(frozen=True, kw_only=True, eq=False)
class Einsum(Layer):
    """Products of rows of both transposed inputs; each is added exactly, the sum then stored.

    The axes of both inputs are brought into the order shared, free, contracted.
    """

    accumulator: FixedFormat
    dimensions: tuple[Shape, Shape]
    """Axes of both inputs, as the sum counts them."""
    orders: tuple[tuple[int, ...], tuple[int, ...]]
    """Axis i of a transposed input is axis ``orders[input][i]`` of it."""
    shared: int
    """Elements along the shared axes."""
    contracted: int
    product_shape: Shape
    """Of all products together: shared axes, free axes of the first, then of the second."""
    result_order: tuple[int, ...]
    """Axis i of the result is axis ``result_order[i]`` of the products."""

    def shape(self, *inputs: Shape) -> Shape:
        sizes = [
            (prod(shape), prod(axes)) for shape, axes in zip(inputs, self.dimensions, strict=True)
        ]
        rows = [size // (self.shared * self.contracted) for size, _ in sizes]
        expect(
            all(given == counted for given, counted in sizes)
            and self.shared * prod(rows) == prod(self.product_shape),
            self,
            f"inputs have shapes {list(inputs)}",
            f"{self.dimensions}, which share {self.shared} and contract {self.contracted} elements",
        )
        return tuple(self.product_shape[axis] for axis in self.result_order)

    def evaluate(self, *inputs: Tensor) -> RawArray:
        product = FixedFormat.for_product(inputs[0].format, inputs[1].format)
        exact = sum_format(product, self.accumulator)
        left, right = (
            widen(self.rows(tensor.raw, which), product.width)
            for which, tensor in enumerate(inputs)
        )
        total = np.zeros((*left.shape[:3], right.shape[2]), np.int64)
        for index in range(self.contracted):
            term = left[..., index, None] * right[..., None, :, index]
            both = requantise(term, product, exact) + requantise(total, self.accumulator, exact)
            total = requantise(both, exact, self.accumulator)
        return self.placed(requantise(total, self.accumulator, self.result))

    def reach(self, *inputs: Reach) -> Reach:
        product = FixedFormat.for_product(inputs[0].format, inputs[1].format)
        exact = sum_format(product, self.accumulator)
        left, right = (
            [self.rows(raw[None], which)[0].astype(object) for raw in (each.low, each.high)]
            for which, each in enumerate(inputs)
        )
        zero = np.zeros((*left[0].shape[:2], right[0].shape[1]), dtype=object)
        total = Reach(zero, zero, self.accumulator)
        for index in range(self.contracted):
            corners = np.stack(
                [one[..., index, None] * two[:, None, :, index] for one in left for two in right]
            )
            low, high = (
                requantise(end, product, exact) + requantise(so_far, self.accumulator, exact)
                for end, so_far in (
                    (corners.min(axis=0), total.low),
                    (corners.max(axis=0), total.high),
                )
            )
            total = Reach(low, high, exact, total.demands).entering(self.accumulator, "accumulator")
        low, high = (self.placed(end[None])[0] for end in (total.low, total.high))
        placed = Reach(low, high, self.accumulator, widest(total.demands))
        return placed.entering(self.result)

    def rows(self, raw: RawArray, which: int) -> RawArray:
        """Return an input as (events, shared, free, contracted)."""
        shaped = raw.reshape(len(raw), *self.dimensions[which])
        moved = shaped.transpose(0, *(axis + 1 for axis in self.orders[which]))
        return moved.reshape(len(raw), self.shared, -1, self.contracted)

    def placed(self, results: RawArray) -> RawArray:
        """Return all products, row after row, where they go."""
        shaped = results.reshape(len(results), *self.product_shape)
        return shaped.transpose(0, *(axis + 1 for axis in self.result_order))
