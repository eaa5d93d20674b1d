"""Conv2D: a dense layer on every window of an image (``nnet_conv2d.h``, ``_stream.h``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.fixed import RawArray
from trigger.layers.base import Shape, expect, only, pad
from trigger.layers.multiply_accumulate import MultiplyAccumulate

Padding = tuple[tuple[int, int], tuple[int, int]]
"""Zeros added around an image: ((top, bottom), (left, right))."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Conv2D(MultiplyAccumulate):
    """A convolution; kernel (height, width, channels, filters)."""

    stride: tuple[int, int]
    """(rows, columns)."""
    padding: Padding
    parallelization_factor: int
    """Pixels that are computed at once in ``io_parallel``."""

    def shape(self, *inputs: Shape) -> Shape:
        height, width, channels = only(inputs, self, rank=3)
        expect(
            self.kernel.ndim == 4, self, f"kernel of shape {self.kernel.shape}", "(kh, kw, c, f)"
        )
        expect(
            self.kernel.shape[2] == channels,
            self,
            f"kernel of shape {self.kernel.shape} meets {channels} channels",
            f"{channels} in the kernel's third axis",
        )
        self.expect_weights(int(np.prod(self.kernel.shape[:3])))
        return *self.counts(height, width), self.kernel.shape[3]

    def counts(self, height: int, width: int) -> tuple[int, int]:
        """Return how many windows an image has, below and beside one another; at least one."""
        size = (self.kernel.shape[0], self.kernel.shape[1])
        rows, columns = window_counts((height, width), size, self.stride, self.padding)
        expect(
            rows > 0 and columns > 0,
            self,
            f"a {height}x{width} image is smaller than the {size} kernel",
            "an image that holds at least one window",
        )
        return rows, columns

    def windows(self, raw: RawArray) -> RawArray:
        size = (self.kernel.shape[0], self.kernel.shape[1])
        windows = image_windows(raw, size, self.stride, self.padding)
        return windows.reshape(*windows.shape[:3], self.matrix.shape[0])

    def multiplications(self, *inputs: Shape) -> int:
        rows, columns, _ = self.shape(*inputs)
        return int(self.kernel.size) * rows * columns


def window_counts(
    image: tuple[int, int], size: tuple[int, int], stride: tuple[int, int], padding: Padding
) -> tuple[int, int]:
    """Return how many windows fit below and beside one another."""
    rows, columns = (
        (length + sum(pad) - window) // step + 1
        for length, window, step, pad in zip(image, size, stride, padding, strict=True)
    )
    return rows, columns


def image_windows(
    raw: RawArray,
    size: tuple[int, int],
    stride: tuple[int, int],
    padding: Padding,
    fill: int = 0,
) -> RawArray:
    """Return every window of channels-last images.

    Args:
        raw: (events, height, width, channels).
        fill: what stands in the padding.

    Returns:
        (events, rows, columns, window height, window width, channels).
    """
    padded = pad(raw, ((0, 0), *padding, (0, 0)), fill)
    windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=(1, 2))
    chosen = windows[:, :: stride[0], :: stride[1]]
    return np.moveaxis(chosen, 3, -1)
