"""BinaryTanh and TernaryTanh: the sign of a number (``nnet_activation.h``, ``.._stream.h``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trigger.design import IOType
from trigger.fixed import FixedFormat, requantise, widen
from trigger.layers.base import Tensor
from trigger.layers.pointwise import Pointwise, raw_of

_SIGN = FixedFormat(2, 2)


@dataclass(frozen=True, kw_only=True, eq=False)
class BinaryTanh(Pointwise):
    """1 above zero, ``below`` below."""

    below: int
    """-1, or 0 where the result is ``ap_uint<1>``, as in xnor networks."""
    zero: int = 1
    """What becomes of 0; hls4ml before 1.2 had it among the negative numbers."""

    def exact(self, tensor: Tensor) -> Tensor:
        sign = np.where(tensor.raw > 0, 1, np.where(tensor.raw < 0, self.below, self.zero))
        return Tensor(sign, _SIGN)

    def turning_points(self, source: FixedFormat) -> Sequence[int]:
        return -1, 0, 1


@dataclass(frozen=True, kw_only=True, eq=False)
class TernaryTanh(Pointwise):
    """-1, 0 or 1. ``io_stream`` cuts at 1 and -1; ``io_parallel`` cuts twice the input there.

    Twice the input is stored in the input's own format first, and may wrap.
    """

    io_type: IOType

    def exact(self, tensor: Tensor) -> Tensor:
        raw = tensor.raw
        if self.io_type is IOType.PARALLEL:
            form = tensor.format
            doubled = FixedFormat(form.width + 1, form.integer + 1, form.signed)
            raw = requantise(2 * widen(raw, doubled.width), doubled, form)
        above = raw > raw_of(1, tensor.format)
        return Tensor(np.where(above, 1, np.where(raw <= raw_of(-1, tensor.format), -1, 0)), _SIGN)

    def turning_points(self, source: FixedFormat) -> Sequence[int] | None:
        if self.io_type is IOType.PARALLEL:
            return None
        one, minus = raw_of(1, source), raw_of(-1, source)
        return minus, minus + 1, one, one + 1
