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
from trigger.layers.reach import Demand, Reach


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
        expect(
            self.io_type is IOType.PARALLEL or not any(sum(pad) for pad in self.padding),
            self,
            "the streaming pooling of hls4ml cannot pad: it stops C simulation",
            "no padding with io_stream (padding: valid), or io_parallel",
        )
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
        cells = self.cells(image.raw, image.format)
        if self.io_type is IOType.STREAM:
            pooled = self._stream(Tensor(cells, image.format))
        else:
            counts = self.cells_counted(image.raw.shape[1:3])
            pooled = self._parallel(Tensor(cells, image.format), counts)
        return requantise(pooled, self.accumulator, self.result)

    def cells(self, raw: RawArray, form: FixedFormat) -> RawArray:
        """Return every window, (n, rows, columns, window, c), with what stands in the padding."""
        windows = image_windows(raw, self.size, self.stride, self.padding, self.fill(form))
        return windows.reshape(*windows.shape[:3], self.size[0] * self.size[1], windows.shape[-1])

    def fill(self, form: FixedFormat) -> int:
        """Return the raw value of padded cells."""
        if self.pool is Pool.AVERAGE:
            return 0
        return form.raw_min or 1 << (form.width - 1)  # pad_val sets the top bit

    def cells_counted(self, size: Shape) -> RawArray:
        """Return the divisor of each window's mean, (rows, columns, 1)."""
        inside = np.ones((1, *size, 1), dtype=np.int64)
        windows = image_windows(
            inside, self.size, self.stride, self.padding, fill=int(self.count_padding)
        )
        counts: RawArray = windows.sum(axis=(3, 4))[0]
        return counts

    def reach(self, *inputs: Reach) -> Reach:
        source = inputs[0].format
        low, high = (self.cells(raw[None], source)[0] for raw in (inputs[0].low, inputs[0].high))
        cells = Reach(np.moveaxis(low, 2, 0), np.moveaxis(high, 2, 0), source)
        if self.io_type is IOType.STREAM:
            cells = cells.entering(self.accumulator, "accumulator")
        if self.pool is Pool.MAX:
            largest = Reach(
                cells.low.max(axis=0), cells.high.max(axis=0), cells.format, cells.demands
            )
            return largest.entering(self.accumulator, "accumulator").entering(self.result)
        if self.io_type is IOType.STREAM:
            total = _tree_reach(cells, self.accumulator)
            counts = np.asarray(len(cells.low))
        else:
            total = _sum_reach(cells, self.accumulator)
            counts = self.cells_counted(inputs[0].low.shape[:2])
        mean = [divide_towards_zero(raw, counts) for raw in (total.low, total.high)]
        return Reach(mean[0], mean[1], self.accumulator, total.demands).entering(self.result)

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


def _sum_reach(cells: Reach, accumulator: FixedFormat) -> Reach:
    """Return what the accumulator can hold after adding cells (axis 0) one after the other."""
    wide = _sum_format(accumulator, cells.format)
    low = high = np.zeros(cells.low.shape[1:], dtype=object)
    least, most = 0, 0
    for index in range(len(cells.low)):
        ends = [
            requantise(total, accumulator, wide) + requantise(raw[index], cells.format, wide)
            for total, raw in ((low, cells.low), (high, cells.high))
        ]
        total = Reach(ends[0], ends[1], wide).entering(accumulator, "accumulator")
        low, high = total.low, total.high
        least, most = min(least, total.demands[0].low), max(most, total.demands[0].high)
    return Reach(low, high, accumulator, (Demand("accumulator", least, most, accumulator),))


def _tree_reach(cells: Reach, accumulator: FixedFormat) -> Reach:
    """Return what ``tree_sum`` can reach; cells on axis 0, in the accumulator's format."""
    count = len(cells.low)
    if count == 1:
        return Reach(cells.low[0], cells.high[0], accumulator, cells.demands)
    left = 1 << ((count - 1).bit_length() - 1)
    ends = [
        _tree_reach(
            Reach(cells.low[part], cells.high[part], accumulator, cells.demands), accumulator
        )
        for part in (slice(left), slice(left, None))
    ]
    low = ends[0].low.astype(object) + ends[1].low
    high = ends[0].high.astype(object) + ends[1].high
    total = Reach(low, high, accumulator).entering(accumulator, "accumulator")
    demands = [*ends[0].demands, *ends[1].demands, *total.demands]
    widest = Demand(
        "accumulator", min(d.low for d in demands), max(d.high for d in demands), accumulator
    )
    return Reach(total.low, total.high, accumulator, (widest,))


def divide_towards_zero(raw: RawArray, divisor: RawArray | int) -> RawArray:
    """Return raw / divisor without its remainder, as ``ap_fixed / int`` does; divisor > 0."""
    quotient: RawArray = np.abs(raw) // divisor * np.sign(raw)
    return quotient


def _sum_format(left: FixedFormat, right: FixedFormat) -> FixedFormat:
    fractional = max(left.fractional, right.fractional)
    integer = max(left.integer, right.integer) + 2
    return FixedFormat(integer + fractional, integer)
