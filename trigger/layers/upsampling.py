"""Upsampling: each pixel several times (``nnet_image.h``: resize_nearest)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.fixed import RawArray
from trigger.layers.base import Shape, only
from trigger.layers.rearrangement import Rearrangement


@dataclass(frozen=True, kw_only=True, eq=False)
class Upsampling(Rearrangement):
    """An image or sequence of another size; the nearest pixel, by the header's 16-bit ratio."""

    size: tuple[int, ...]
    """New length of each axis but the last."""

    def shape(self, *inputs: Shape) -> Shape:
        shape = only(inputs, self, rank=len(self.size) + 1)
        return (*self.size, shape[-1])

    def move(self, raw: RawArray) -> RawArray:
        moved = raw
        for axis, length in enumerate(self.size, start=1):
            moved = np.take(moved, nearest(raw.shape[axis], length), axis=axis)
        return moved


def nearest(length: int, new_length: int) -> npt.NDArray[np.int64]:
    """Return the old place of each new one."""
    ratio = (length << 16) // new_length + 1
    return np.arange(new_length) * ratio >> 16
