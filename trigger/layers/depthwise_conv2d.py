"""DepthwiseConv2D: a convolution of each channel by itself.

Mirrors ``nnet_sepconv2d_latency.h`` and ``nnet_depthwise_product.h``: the products of a channel
reach its accumulator in the order in which a full convolution would take them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.fixed import RawArray
from trigger.layers.base import Shape, expect, only
from trigger.layers.conv2d import Conv2D


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthwiseConv2D(Conv2D):
    """A Conv2D whose kernel, (height, width, channels), is zero between different channels."""

    @property
    def matrix(self) -> RawArray:
        return diagonal(self.kernel)

    def shape(self, *inputs: Shape) -> Shape:
        height, width, channels = only(inputs, self, rank=3)
        expect(
            self.kernel.ndim == 3 and self.kernel.shape[2] == channels,
            self,
            f"kernel of shape {self.kernel.shape} meets {channels} channels",
            f"(height, width, {channels})",
        )
        self.expect_weights(int(self.kernel.size))
        return *self.counts(height, width), channels


def diagonal(kernel: RawArray) -> RawArray:
    """Return the full matrix (window elements, channels) of a kernel (*window, channels)."""
    channels = kernel.shape[-1]
    cells = kernel.reshape(-1, channels)
    full = np.zeros((*cells.shape, channels), dtype=kernel.dtype)
    places = np.arange(channels)
    full[:, places, places] = cells
    return full.reshape(-1, channels)
