"""ZeroPadding1D: zeros before and behind a sequence (``nnet_padding.h``: zeropad1d_cl)."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.fixed import RawArray
from trigger.layers.base import Shape, only, pad
from trigger.layers.rearrangement import Rearrangement


@dataclass(frozen=True, kw_only=True, eq=False)
class ZeroPadding1D(Rearrangement):
    """The sequence between zeros."""

    padding: tuple[int, int]

    def shape(self, *inputs: Shape) -> Shape:
        length, channels = only(inputs, self, rank=2)
        return length + sum(self.padding), channels

    def move(self, raw: RawArray) -> RawArray:
        return pad(raw, ((0, 0), self.padding, (0, 0)))
