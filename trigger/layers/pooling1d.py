"""Pooling1D: Pooling2D on an image of one row (``nnet_pooling.h``, ``nnet_pooling_stream.h``)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from trigger.design import IOType
from trigger.fixed import FixedFormat, RawArray
from trigger.layers.base import Layer, Shape, Tensor, only
from trigger.layers.pooling2d import Pool, Pooling2D
from trigger.layers.reach import Reach


@dataclass(frozen=True, kw_only=True, eq=False)
class Pooling1D(Layer):
    """One value per window of steps and channel."""

    pool: Pool
    size: int
    stride: int
    padding: tuple[int, int]
    """Steps added (before, behind)."""
    count_padding: bool
    """Whether padded steps count in the mean."""
    accumulator: FixedFormat
    io_type: IOType

    @property
    def row(self) -> Pooling2D:
        """The same pooling on images (1, length, channels)."""
        return Pooling2D(
            name=self.name,
            inputs=self.inputs,
            result=self.result,
            pool=self.pool,
            size=(1, self.size),
            stride=(1, self.stride),
            padding=((0, 0), self.padding),
            count_padding=self.count_padding,
            accumulator=self.accumulator,
            io_type=self.io_type,
        )

    def shape(self, *inputs: Shape) -> Shape:
        return self.row.shape((1, *only(inputs, self, rank=2)))[1:]

    def evaluate(self, *inputs: Tensor) -> RawArray:
        pooled: RawArray = self.row.evaluate(replace(inputs[0], raw=inputs[0].raw[:, None]))[:, 0]
        return pooled

    def reach(self, *inputs: Reach) -> Reach:
        image = replace(inputs[0], low=inputs[0].low[None], high=inputs[0].high[None])
        pooled = self.row.reach(image)
        return replace(pooled, low=pooled.low[0], high=pooled.high[0])
