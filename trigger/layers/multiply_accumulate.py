"""The multiply-accumulate core that dense and convolution layers share.

Mirrors ``nnet_dense_latency.h`` and ``nnet_dense_resource.h``: each product is stored in
``accum_t`` before it is added, the accumulator starts from the bias, and the sum is cast to the
result. A convolution does this once per pixel on its window.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.design import Strategy
from trigger.fixed import FixedFormat, Overflow, RawArray, requantise, widen
from trigger.layers.base import Layer, Tensor, expect
from trigger.layers.reach import Demand, Reach
from trigger.layers.reuse import STORED

FLOAT64_EXACT = 2**53
"""Integers up to this magnitude, and their sums below it, are exact in float64."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MultiplyAccumulate(Layer):
    """A layer that multiplies windows of its input by a constant matrix."""

    kernel: RawArray
    """Raw weights; the last axis counts the outputs (filters)."""
    kernel_format: FixedFormat
    bias: RawArray
    """Raw, one per output."""
    bias_format: FixedFormat
    accumulator: FixedFormat
    strategy: Strategy
    reuse_factor: int

    @property
    def matrix(self) -> RawArray:
        """The kernel as (window elements, outputs)."""
        return self.kernel.reshape(-1, self.kernel.shape[-1])

    def weights(self) -> dict[str, tuple[RawArray, FixedFormat]]:
        return {
            "kernel": (self.kernel, self.kernel_format),
            "bias": (self.bias, self.bias_format),
        }

    @abstractmethod
    def windows(self, raw: RawArray) -> RawArray:
        """Return what meets the matrix: (events, *positions, window elements)."""

    def evaluate(self, *inputs: Tensor) -> RawArray:
        windows = self.windows(inputs[0].raw)
        rows = windows.reshape(-1, windows.shape[-1])
        result = self.multiply(Tensor(rows, inputs[0].format))
        return result.reshape(*windows.shape[:-1], self.matrix.shape[1])

    def reach(self, *inputs: Reach) -> Reach:
        low, high = (self.windows(raw[None])[0] for raw in (inputs[0].low, inputs[0].high))
        rows = Reach(
            low.reshape(-1, low.shape[-1]), high.reshape(-1, low.shape[-1]), inputs[0].format
        )
        result = sum_reach(self, rows).entering(self.result)
        shape = (*low.shape[:-1], -1)
        return Reach(
            result.low.reshape(shape), result.high.reshape(shape), self.result, result.demands
        )

    def multiply(self, windows: Tensor) -> RawArray:
        """Return windows x kernel + bias in the result format.

        Args:
            windows: raw (rows, window elements).

        Returns:
            Raw (rows, outputs) in ``self.result``.
        """
        total = (
            _whole_sum(self, windows) if _sum_is_exact(self, windows) else _by_steps(self, windows)
        )
        return requantise(total, self.accumulator, self.result)

    def expect_weights(self, elements: int) -> None:
        """Raise NetworkError unless kernel and bias fit windows of ``elements``."""
        expect(
            self.matrix.shape[0] == elements,
            self,
            f"kernel of shape {self.kernel.shape} meets windows of {elements} elements",
            f"a kernel with {elements} elements per output",
        )
        expect(
            self.bias.shape == (self.kernel.shape[-1],),
            self,
            f"bias of shape {self.bias.shape}",
            f"({self.kernel.shape[-1]},), one per output",
        )


def _sum_bound(layer: MultiplyAccumulate, windows: Tensor) -> int:
    """Return a bound of every partial sum, in steps of the accumulator when that is exact."""
    largest = max(-windows.format.raw_min, windows.format.raw_max)
    columns = np.abs(layer.matrix.astype(object)).sum(axis=0)
    product_fraction = windows.format.fractional + layer.kernel_format.fractional
    products = int(columns.max(initial=0)) * largest << max(
        layer.accumulator.fractional - product_fraction, 0
    )
    bias = bias_in_accumulator(layer).astype(object)
    return products + int(np.abs(bias).max(initial=0))


def _sum_is_exact(layer: MultiplyAccumulate, windows: Tensor) -> bool:
    """Tell whether adding everything first and wrapping once gives what the C++ gives.

    It does when no product is rounded, and the sum either wraps (modular arithmetic does not
    mind when it is reduced) or cannot leave the accumulator's range.
    """
    product_fraction = windows.format.fractional + layer.kernel_format.fractional
    if layer.accumulator.fractional < product_fraction:
        return False
    if layer.accumulator.overflow is Overflow.WRAP:
        return True
    holds = min(layer.accumulator.raw_max, -layer.accumulator.raw_min)
    return _sum_bound(layer, windows) <= holds


def bias_in_accumulator(layer: MultiplyAccumulate) -> RawArray:
    """Return the raw biases that the accumulators start from."""
    return requantise(layer.bias, layer.bias_format, layer.accumulator)


def _whole_sum(layer: MultiplyAccumulate, windows: Tensor) -> RawArray:
    """Return the accumulators after one exact matrix product."""
    product = FixedFormat.for_product(windows.format, layer.kernel_format)
    shift = layer.accumulator.fractional - product.fractional
    bound = _sum_bound(layer, windows)
    # weights that are all zero may be of any step: the bound does not tell of it
    kernel = widen(layer.matrix, layer.kernel_format.width + shift) * (1 << shift)
    if bound <= FLOAT64_EXACT:  # BLAS: every partial sum is an integer that float64 holds
        total: RawArray = _as_float(windows.raw) @ _as_float(kernel)
        total = total.astype(np.int64) + bias_in_accumulator(layer)
    else:
        bits = bound.bit_length() + 1
        total = widen(windows.raw, bits) @ widen(kernel, bits) + bias_in_accumulator(layer)
    wide = FixedFormat(
        bound.bit_length() + 2, bound.bit_length() + 2 - layer.accumulator.fractional
    )
    return requantise(total, wide, layer.accumulator)


def _as_float(raw: RawArray) -> npt.NDArray[np.float64]:
    return raw.astype(np.float64)


def _by_steps(layer: MultiplyAccumulate, windows: Tensor) -> RawArray:
    """Return the accumulators after one rounded product at a time, in the order of the C++."""
    accumulator = layer.accumulator
    product = _product_format(layer, windows.format)
    added = FixedFormat(accumulator.width + 2, accumulator.integer + 2)
    outputs = layer.matrix.shape[1]
    total = np.broadcast_to(bias_in_accumulator(layer), (len(windows.raw), outputs))
    raw = widen(windows.raw, product.width)
    kernel = widen(layer.matrix, product.width)
    for element in addition_order(layer.matrix.shape[0], layer.strategy, layer.reuse_factor):
        terms = requantise(raw[:, element, None] * kernel[element], product, accumulator)
        total = requantise(widen(total, added.width) + terms, added, accumulator)
    return total


def _product_format(layer: MultiplyAccumulate, source: FixedFormat) -> FixedFormat:
    """Return the narrowest format that holds every product with the real weights."""
    products = [
        int(weight) * raw
        for weight in (layer.matrix.min(initial=0), layer.matrix.max(initial=0))
        for raw in (source.raw_min, source.raw_max)
    ]
    fractional = source.fractional + layer.kernel_format.fractional
    return FixedFormat.for_range(min(products), max(products), fractional)


def sum_reach(layer: MultiplyAccumulate, windows: Reach) -> Reach:
    """Return what the accumulators can hold at the end, (rows, outputs).

    A wrapping accumulator is a number modulo its range, so only the final sum matters. One that
    saturates is followed step by step if any partial sum can leave its range.
    """
    low, high, least, most = _sum_ends(layer, windows)
    exact = Reach(low, high, layer.accumulator.grid)
    final = exact.entering(layer.accumulator, "accumulator")
    if layer.accumulator.overflow is Overflow.WRAP:
        return final
    partial = Demand("accumulator", least, most, layer.accumulator)
    if not partial.overflows:
        return Reach(low, high, layer.accumulator, (partial,))
    stepped = _sum_ends_by_steps(layer, windows)
    return Reach(stepped.low, stepped.high, layer.accumulator, (partial,))


def _sum_ends(layer: MultiplyAccumulate, windows: Reach) -> tuple[RawArray, RawArray, int, int]:
    """Return both ends of the unlimited sums; bounds of every product and every partial sum.

    The products are stored in the accumulator, too, and the sums may be added in any order.
    """
    bias = bias_in_accumulator(layer).astype(object)
    shift = (
        layer.accumulator.fractional - windows.format.fractional - layer.kernel_format.fractional
    )
    if shift >= 0:  # no product is rounded: two matrix products, by the sign of the weights
        plus, minus = np.maximum(layer.matrix, 0), np.minimum(layer.matrix, 0)

        def ends(left: RawArray, right: RawArray) -> RawArray:
            total: RawArray = _product(left, plus) + _product(right, minus)
            total = total * (1 << shift) + bias
            return total

        least = ends(np.minimum(windows.low, 0), np.maximum(windows.high, 0))
        most = ends(np.maximum(windows.high, 0), np.minimum(windows.low, 0))
        low, high = ends(windows.low, windows.high), ends(windows.high, windows.low)
        inputs = np.stack([windows.low.min(axis=0), windows.high.max(axis=0)]).astype(object)
        alone = inputs[:, :, None] * layer.matrix * (1 << shift)
        least, most = min(least.min(), alone.min()), max(most.max(), alone.max())
        return low, high, int(least), int(most)
    low = np.zeros((len(windows.low), len(bias)), dtype=object) + bias
    high, least, most, smallest, largest = low, low, low, 0, 0
    for element in np.flatnonzero(np.any(layer.matrix != 0, axis=1)):
        terms = _term_ends(layer, windows, int(element))
        low, high = low + terms[0], high + terms[1]
        least, most = least + np.minimum(terms[0], 0), most + np.maximum(terms[1], 0)
        smallest, largest = min(smallest, terms[0].min()), max(largest, terms[1].max())
    return low, high, int(min(least.min(), smallest)), int(max(most.max(), largest))


def _product(left: RawArray, right: RawArray) -> RawArray:
    """Return the exact matrix product as Python integers, by BLAS where float64 is exact."""
    bound = int(np.abs(left.astype(object)).max(initial=0)) * int(
        np.abs(right.astype(object)).sum(axis=0).max(initial=0)
    )
    if bound <= FLOAT64_EXACT:
        product: RawArray = (_as_float(left) @ _as_float(right)).astype(np.int64).astype(object)
    else:
        product = left.astype(object) @ right.astype(object)
    return product


def _term_ends(
    layer: MultiplyAccumulate, windows: Reach, element: int
) -> tuple[RawArray, RawArray]:
    """Return both ends of one window element's products, rounded but not limited."""
    product = FixedFormat.for_product(windows.format, layer.kernel_format)
    wide = FixedFormat(
        layer.accumulator.fractional + max(product.integer, 1 - layer.accumulator.fractional) + 2,
        max(product.integer, 1 - layer.accumulator.fractional) + 2,
        True,
        layer.accumulator.rounding,
    )
    kernel = layer.matrix[element].astype(object)
    ends = [
        requantise(raw[:, element, None].astype(object) * kernel, product, wide)
        for raw in (windows.low, windows.high)
    ]
    return np.minimum(*ends).astype(object), np.maximum(*ends).astype(object)


def _sum_ends_by_steps(layer: MultiplyAccumulate, windows: Reach) -> Reach:
    accumulator = layer.accumulator
    bias = bias_in_accumulator(layer).astype(object)
    start = np.zeros((len(windows.low), len(bias)), dtype=object) + bias
    total = Reach(start, start, accumulator)
    for element in addition_order(layer.matrix.shape[0], layer.strategy, layer.reuse_factor):
        low, high = _term_ends(layer, windows, element)
        term = Reach(low, high, accumulator).entering(accumulator)
        total = Reach(total.low + term.low, total.high + term.high, accumulator).entering(
            accumulator
        )
    return Reach(total.low, total.high, accumulator)


def addition_order(elements: int, strategy: Strategy, reuse_factor: int) -> list[int]:
    """Return the order in which the window elements reach each accumulator.

    It matters only to an accumulator that saturates. The Resource strategies visit the weights in
    strides of the reuse factor (``nnet_dense_resource.h``: for ir in rf, for im in blocks; what is
    generated for Resource_unrolled leaves out zeros, and has the same order).
    """
    if strategy in STORED and reuse_factor < elements:
        return sorted(range(elements), key=lambda element: element % reuse_factor)
    return list(range(elements))
