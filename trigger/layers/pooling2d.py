"""Pooling2D: the largest or the mean value of each window.

Mirrors ``nnet_pooling.h`` (``io_parallel``) and ``nnet_pooling_stream.h`` (``io_stream``), which
differ in where numbers enter the accumulator and in the order of additions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from trigger.design import IOType
from trigger.fixed import FixedFormat, RawArray, requantise, widen
from trigger.layers.base import Layer, Shape, Tensor, expect, only
from trigger.layers.conv2d import Padding, image_windows, window_counts


class Pool(Enum):
    """What becomes of a window."""

    MAX = "max"
    AVERAGE = "average"


@dataclass(frozen=True, kw_only=True, eq=False)
class Pooling2D(Layer):
    """One value per window and channel."""

    pool: Pool
    size: tuple[int, int]
    stride: tuple[int, int]
    padding: Padding
    count_padding: bool
    """Whether padded cells count in the mean."""
    accumulator: FixedFormat
    io_type: IOType

    def shape(self, *inputs: Shape) -> Shape:
        height, width, channels = only(inputs, self, rank=3)
        rows, columns = window_counts((height, width), self.size, self.stride, self.padding)
        expect(
            rows > 0 and columns > 0,
            self,
            f"a {height}x{width} image is smaller than the {self.size} window",
            "an image that holds at least one window",
        )
        return rows, columns, channels

    def evaluate(self, *inputs: Tensor) -> RawArray:
        image = inputs[0]
        fill = 0
        if self.pool is Pool.MAX:  # pad_val sets the top bit: the minimum, if the type has a sign
            fill = image.format.raw_min or 1 << (image.format.width - 1)
        windows = image_windows(image.raw, self.size, self.stride, self.padding, fill)
        cells = windows.reshape(*windows.shape[:3], -1, windows.shape[-1])
        if self.io_type is IOType.STREAM:
            pooled = self._stream(Tensor(cells, image.format))
        else:
            counts = self._cells_counted(image.raw.shape[1:3])
            pooled = self._parallel(Tensor(cells, image.format), counts)
        return requantise(pooled, self.accumulator, self.result)

    def _cells_counted(self, size: Shape) -> RawArray:
        """Return the divisor of each window's mean, (rows, columns, 1)."""
        inside = np.ones((1, *size, 1), dtype=np.int64)
        windows = image_windows(
            inside, self.size, self.stride, self.padding, fill=int(self.count_padding)
        )
        counts: RawArray = windows.sum(axis=(3, 4))[0]
        return counts

    def _parallel(self, cells: Tensor, counts: RawArray) -> RawArray:
        """Return the pooled windows in the accumulator; cells (n, rows, columns, window, c)."""
        if self.pool is Pool.MAX:
            return requantise(cells.raw.max(axis=3), cells.format, self.accumulator)
        total = cells.raw[:, :, :, 0] * 0
        wide = _sum_format(self.accumulator, cells.format)
        for index in range(cells.raw.shape[3]):
            left = requantise(total, self.accumulator, wide)
            right = requantise(cells.raw[:, :, :, index], cells.format, wide)
            total = requantise(left + right, wide, self.accumulator)
        return divide_towards_zero(total, counts)

    def _stream(self, cells: Tensor) -> RawArray:
        """As ``_parallel``, but each cell is cast first and the sum is a balanced tree."""
        cast = requantise(cells.raw, cells.format, self.accumulator)
        if self.pool is Pool.MAX:
            result: RawArray = cast.max(axis=3)
            return result
        return divide_towards_zero(tree_sum(cast, self.accumulator), cast.shape[3])


def tree_sum(cells: RawArray, accumulator: FixedFormat) -> RawArray:
    """Return the sum over axis 3 by halving, every sum in the accumulator (``nnet_common.h``)."""
    count = cells.shape[3]
    if count == 1:
        return cells[:, :, :, 0]
    left = 1 << ((count - 1).bit_length() - 1)
    wide = FixedFormat(accumulator.width + 1, accumulator.integer + 1, accumulator.signed)
    total = widen(tree_sum(cells[:, :, :, :left], accumulator), wide.width) + tree_sum(
        cells[:, :, :, left:], accumulator
    )
    return requantise(total, wide, accumulator)


def divide_towards_zero(raw: RawArray, divisor: RawArray | int) -> RawArray:
    """Return raw / divisor without its remainder, as ``ap_fixed / int`` does; divisor > 0."""
    quotient: RawArray = np.abs(raw) // divisor * np.sign(raw)
    return quotient


def _sum_format(left: FixedFormat, right: FixedFormat) -> FixedFormat:
    fractional = max(left.fractional, right.fractional)
    integer = max(left.integer, right.integer) + 2
    return FixedFormat(integer + fractional, integer)
