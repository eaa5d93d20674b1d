"""Where a tensor lies in the scratch memory: one vector of events per element.

All geometry (windows, padding, reshapes) is done here, in NumPy, on arrays of offsets. The
generated C then needs no index arithmetic: it walks tables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
import numpy.typing as npt

from trigger.emulate.native.lanes import Lane
from trigger.layers import Shape

Offsets = npt.NDArray[np.int64]
"""Positions counted in vectors from the start of a tensor's memory."""

Frame = tuple[tuple[int, int], ...]
"""Zeros (before, behind) along each axis, kept around a tensor for the padding of its readers."""


@dataclass(frozen=True)
class Place:
    """The memory of one tensor in one lane type."""

    tensor: str
    shape: Shape
    lane: Lane
    frame: Frame

    @property
    def framed_shape(self) -> Shape:
        return tuple(length + sum(pad) for length, pad in zip(self.shape, self.frame, strict=True))

    @property
    def size(self) -> int:
        """Vectors that one copy takes."""
        return prod(self.framed_shape)

    @cached_property
    def offsets(self) -> Offsets:
        """Offset of every element, in the tensor's shape."""
        return self.padded(tuple((0, 0) for _ in self.shape))

    def padded(self, padding: Frame) -> Offsets:
        """Return the offsets of the elements and of the zeros around them."""
        whole = np.arange(self.size).reshape(self.framed_shape)
        cut = tuple(
            slice(frame[0] - pad[0], length - frame[1] + pad[1])
            for frame, pad, length in zip(self.frame, padding, self.framed_shape, strict=True)
        )
        return whole[cut]


def identifier(name: str) -> str:
    """Return a layer's name with only what a C identifier may hold."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)
