"""Conv1D: a convolution along one axis (``nnet_conv1d.h``, ``nnet_conv1d_stream.h``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.fixed import RawArray
from trigger.layers.base import Shape, expect, only
from trigger.layers.conv2d import image_windows, window_counts
from trigger.layers.multiply_accumulate import MultiplyAccumulate


@dataclass(frozen=True, kw_only=True, eq=False)
class Conv1D(MultiplyAccumulate):
    """A convolution over a sequence; kernel (width, channels, filters)."""

    stride: int
    padding: tuple[int, int]
    """Zeros (before, behind) the sequence."""
    parallelization_factor: int

    def shape(self, *inputs: Shape) -> Shape:
        length, channels = only(inputs, self, rank=2)
        expect(
            self.kernel.ndim == 3 and self.kernel.shape[1] == channels,
            self,
            f"kernel of shape {self.kernel.shape} meets {channels} channels",
            f"(width, {channels}, filters)",
        )
        self.expect_weights(int(np.prod(self.kernel.shape[:2])))
        _, columns = window_counts(
            (1, length), (1, self.kernel.shape[0]), (1, self.stride), ((0, 0), self.padding)
        )
        expect(
            columns > 0, self, f"{length} steps are shorter than the kernel", "at least one window"
        )
        return columns, self.kernel.shape[2]

    def windows(self, raw: RawArray) -> RawArray:
        size, stride = (1, self.kernel.shape[0]), (1, self.stride)
        windows = image_windows(raw[:, None], size, stride, ((0, 0), self.padding))
        return windows.reshape(len(raw), windows.shape[2], self.matrix.shape[0])

    def multiplications(self, *inputs: Shape) -> int:
        return int(self.kernel.size) * self.shape(*inputs)[0]
