"""Cropping: the inner part of a sequence or image (``nnet_cropping.h``: cropping1d_cl, 2d_cl)."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.fixed import RawArray
from trigger.layers.base import Shape, expect, only
from trigger.layers.rearrangement import Rearrangement


@dataclass(frozen=True, kw_only=True, eq=False)
class Cropping(Rearrangement):
    """What lies between the margins."""

    margins: tuple[tuple[int, int], ...]
    """Cut off (before, behind) along each axis but the last."""

    def shape(self, *inputs: Shape) -> Shape:
        shape = only(inputs, self, rank=len(self.margins) + 1)
        cut = tuple(
            length - sum(margin) for length, margin in zip(shape, self.margins, strict=False)
        )
        expect(min(cut) > 0, self, f"margins {self.margins} meet {shape}", "narrower margins")
        return (*cut, shape[-1])

    def move(self, raw: RawArray) -> RawArray:
        inner = (
            slice(before, length - behind)
            for (before, behind), length in zip(self.margins, raw.shape[1:-1], strict=True)
        )
        return raw[(slice(None), *inner)]
