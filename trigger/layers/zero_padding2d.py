"""ZeroPadding2D: a frame of zeros (``nnet_padding.h``, ``nnet_padding_stream.h``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.fixed import RawArray, requantise
from trigger.layers.base import Layer, Shape, Tensor, only
from trigger.layers.conv2d import Padding
from trigger.layers.reach import Reach


@dataclass(frozen=True, kw_only=True, eq=False)
class ZeroPadding2D(Layer):
    """The image inside zeros; hls4ml writes one before each padded convolution in ``io_stream``."""

    padding: Padding

    def shape(self, *inputs: Shape) -> Shape:
        height, width, channels = only(inputs, self, rank=3)
        return height + sum(self.padding[0]), width + sum(self.padding[1]), channels

    def evaluate(self, *inputs: Tensor) -> RawArray:
        padded = np.pad(inputs[0].raw, ((0, 0), *self.padding, (0, 0)))
        return requantise(padded, inputs[0].format, self.result)

    def reach(self, *inputs: Reach) -> Reach:
        low, high = (
            np.pad(raw, (*self.padding, (0, 0))) for raw in (inputs[0].low, inputs[0].high)
        )
        return Reach(low, high, inputs[0].format).entering(self.result)
