"""StableSoftmax: softmax of the distances from the largest number (``nnet_activation.h``)."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.fixed import FixedFormat, RawArray, requantise, widen
from trigger.layers.base import Tensor
from trigger.layers.pointwise import sum_format
from trigger.layers.softmax import Softmax


@dataclass(frozen=True, kw_only=True, eq=False)
class StableSoftmax(Softmax):
    """As Softmax, but largest - x, in a format of its own, looks up exp(-x)."""

    difference_format: FixedFormat
    """``inp_norm_t``."""
    negative: bool = False
    """Whether x - largest looks up exp(x) instead, as in hls4ml before 1.2."""

    def exponentials(self, tensor: Tensor) -> RawArray:
        return super().exponentials(self.differences(tensor))

    def differences(self, tensor: Tensor) -> Tensor:
        """Return the largest number of each slice minus each, in ``difference_format``."""
        wide = sum_format(tensor.format, tensor.format)
        raw = widen(tensor.raw, wide.width)
        shift = wide.fractional - tensor.format.fractional
        down = (raw.max(axis=-1, keepdims=True) - raw) * (1 << shift)
        down = -down if self.negative else down
        return Tensor(requantise(down, wide, self.difference_format), self.difference_format)
