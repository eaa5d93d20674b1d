"""Transpose: axes in another order (``nnet_transpose.h``, ``nnet_transpose_stream.h``)."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.fixed import RawArray
from trigger.layers.base import Shape, expect, only
from trigger.layers.rearrangement import Rearrangement


@dataclass(frozen=True, kw_only=True, eq=False)
class Transpose(Rearrangement):
    """Axis i of the result is axis ``order[i]`` of the input."""

    order: tuple[int, ...]

    def shape(self, *inputs: Shape) -> Shape:
        shape = only(inputs, self, rank=len(self.order))
        expect(
            sorted(self.order) == list(range(len(shape))),
            self,
            f"the order {self.order}",
            f"each of 0 to {len(shape) - 1} once",
        )
        return tuple(shape[axis] for axis in self.order)

    def move(self, raw: RawArray) -> RawArray:
        return raw.transpose(0, *(axis + 1 for axis in self.order))
