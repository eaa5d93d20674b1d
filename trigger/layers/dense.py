"""Dense: every input times every output's weights (``nnet_dense.h``)."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.fixed import RawArray
from trigger.layers.base import Shape, only
from trigger.layers.multiply_accumulate import MultiplyAccumulate


@dataclass(frozen=True, kw_only=True, eq=False)
class Dense(MultiplyAccumulate):
    """A fully connected layer; kernel (inputs, outputs)."""

    def shape(self, *inputs: Shape) -> Shape:
        (elements,) = only(inputs, self, rank=1)
        self.expect_weights(elements)
        return (self.kernel.shape[-1],)

    def windows(self, raw: RawArray) -> RawArray:
        return raw

    def multiplications(self, *inputs: Shape) -> int:
        return int(self.kernel.size)
