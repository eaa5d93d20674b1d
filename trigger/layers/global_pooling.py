"""GlobalPooling: the largest or the mean value of each channel, over all pixels.

Mirrors ``nnet_pooling.h`` and ``nnet_pooling_stream.h``: global_pooling1d_cl, global_pooling2d_cl.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.design import IOType
from trigger.fixed import FixedFormat, RawArray, requantise
from trigger.layers.base import Layer, Shape, Tensor, expect, only
from trigger.layers.pooling2d import Pool, Pooling2D
from trigger.layers.reach import Reach


@dataclass(frozen=True, kw_only=True, eq=False)
class GlobalPooling(Layer):
    """A pooling whose window is everything; ``io_stream`` casts each number, then adds in order."""

    pool: Pool
    accumulator: FixedFormat
    io_type: IOType

    def shape(self, *inputs: Shape) -> Shape:
        shape = only(inputs, self)
        expect(len(shape) in (2, 3), self, f"a tensor of shape {shape}", "2 or 3 axes")
        return shape[-1:]

    def evaluate(self, *inputs: Tensor) -> RawArray:
        raw, form = inputs[0].raw, inputs[0].format
        pixels = raw.reshape(len(raw), 1, -1, raw.shape[-1])
        if self.io_type is IOType.STREAM:
            pixels, form = requantise(pixels, form, self.accumulator), self.accumulator
        window = self.window(pixels.shape[2])
        pooled: RawArray = window.evaluate(Tensor(pixels, form))[:, 0, 0]
        return pooled

    def window(self, pixels: int) -> Pooling2D:
        """Return the same pooling as one window on an image of one row."""
        return Pooling2D(
            name=self.name,
            inputs=self.inputs,
            result=self.result,
            pool=self.pool,
            size=(1, pixels),
            stride=(1, pixels),
            padding=((0, 0), (0, 0)),
            count_padding=False,
            accumulator=self.accumulator,
            io_type=IOType.PARALLEL,  # which adds in order, too
        )

    def reach(self, *inputs: Reach) -> Reach:
        low, high = (raw.reshape(1, -1, raw.shape[-1]) for raw in (inputs[0].low, inputs[0].high))
        pixels = Reach(low, high, inputs[0].format)
        if self.io_type is IOType.STREAM:
            pixels = pixels.entering(self.accumulator, "accumulator")
        pooled = self.window(low.shape[1]).reach(pixels)
        demands = (*pixels.demands, *pooled.demands)
        return Reach(
            np.asarray(pooled.low[0, 0]), np.asarray(pooled.high[0, 0]), self.result, demands
        )
