"""SELU: ELU with constants of its own (``nnet_activation.h``, ``.._stream.h``: selu)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.design import IOType
from trigger.fixed import FixedFormat, RawArray, from_values
from trigger.layers.elu import ELU


@dataclass(frozen=True, kw_only=True, eq=False)
class SELU(ELU):
    """input x lambda from zero on, a table of lambda x alpha x (exp(x) - 1) below (alpha: 1)."""

    io_type: IOType

    def wrapped(self, index: RawArray, last: int) -> RawArray:
        if self.io_type is IOType.STREAM:
            return super().wrapped(index, last)
        return np.where(index < 0, 0, last)


PARALLEL_SCALE = FixedFormat(16, 1, signed=False)
"""The type of lambda in ``io_parallel``; ``io_stream`` takes that of the input."""


def selu_scale(form: FixedFormat) -> tuple[int, FixedFormat]:
    """Return lambda as the C++ holds it in a format."""
    return int(from_values(1.0507009873554804934193349852946, form)), form
