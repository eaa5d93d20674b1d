"""DepthwiseConv1D: a convolution of each channel of a sequence (``nnet_sepconv1d_latency.h``)."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.fixed import RawArray
from trigger.layers.base import Shape, expect, only
from trigger.layers.conv1d import Conv1D
from trigger.layers.conv2d import window_counts
from trigger.layers.depthwise_conv2d import diagonal


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthwiseConv1D(Conv1D):
    """A Conv1D whose kernel, (width, channels), is zero between different channels."""

    @property
    def matrix(self) -> RawArray:
        return diagonal(self.kernel)

    def shape(self, *inputs: Shape) -> Shape:
        length, channels = only(inputs, self, rank=2)
        expect(
            self.kernel.ndim == 2 and self.kernel.shape[1] == channels,
            self,
            f"kernel of shape {self.kernel.shape} meets {channels} channels",
            f"(width, {channels})",
        )
        self.expect_weights(int(self.kernel.size))
        _, columns = window_counts(
            (1, length), (1, self.kernel.shape[0]), (1, self.stride), ((0, 0), self.padding)
        )
        expect(columns > 0, self, f"{length} steps are shorter than the kernel", "one window")
        return columns, channels
