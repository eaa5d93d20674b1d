"""ZeroPadding2D: a frame of zeros (``nnet_padding.h``, ``nnet_padding_stream.h``)."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.fixed import RawArray
from trigger.layers.base import Shape, only, pad
from trigger.layers.conv2d import Padding
from trigger.layers.rearrangement import Rearrangement


@dataclass(frozen=True, kw_only=True, eq=False)
class ZeroPadding2D(Rearrangement):
    """The image inside zeros; hls4ml writes one before each padded convolution in ``io_stream``."""

    padding: Padding

    def shape(self, *inputs: Shape) -> Shape:
        height, width, channels = only(inputs, self, rank=3)
        return height + sum(self.padding[0]), width + sum(self.padding[1]), channels

    def move(self, raw: RawArray) -> RawArray:
        return pad(raw, ((0, 0), *self.padding, (0, 0)))
