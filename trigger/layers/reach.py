"""Value ranges: which integers a tensor can hold, whatever the pixels are.

Exact interval arithmetic on integers. Rounding and saturation are monotonic, so they map the ends
of an interval to the ends of its image; wrapping sends an interval that does not fit to the whole
range of the format. The result always contains every reachable integer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from trigger.fixed import FixedFormat, Overflow, RawArray, requantise, widen


def unchanged_range(form: FixedFormat) -> tuple[int, int]:
    """Return the raw numbers that the overflow rule of a format leaves as they are.

    They are those of the format, but for the most negative one under SAT_SYM.
    """
    symmetric = form.overflow is Overflow.SAT_SYM
    return (form.raw_min_symmetric if symmetric else form.raw_min), form.raw_max


@dataclass(frozen=True, slots=True)
class Demand:
    """What arrives at one format, rounded to its step, before its overflow rule is asked."""

    role: str
    """``accumulator``, ``result``, or a layer's own word where it feeds itself."""
    low: int
    high: int
    format: FixedFormat

    @property
    def overflows(self) -> bool:
        """Whether a number can arrive that the overflow rule changes."""
        least, most = unchanged_range(self.format)
        return self.low < least or self.high > most

    @property
    def spare_bits(self) -> int:
        """How many high bits the format could lose (or, if negative, lacks) to hold it all."""
        needed = FixedFormat.for_range(self.low, self.high, self.format.fractional)
        sign = int(self.format.signed and not needed.signed)
        return self.format.width - needed.width - sign


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """The smallest and the largest integer of every element of a tensor."""

    low: RawArray
    """Shape of one event's tensor."""
    high: RawArray
    format: FixedFormat
    demands: tuple[Demand, ...] = ()
    """Every format that a number enters on its way through the layer, in order."""

    @property
    def raw_min(self) -> int:
        return int(self.low.min(initial=0)) if self.low.size == 0 else int(self.low.min())

    @property
    def raw_max(self) -> int:
        return int(self.high.max(initial=0)) if self.high.size == 0 else int(self.high.max())

    @classmethod
    def full(cls, shape: tuple[int, ...], form: FixedFormat) -> Reach:
        """Return everything that a format can hold."""
        low: RawArray = np.full(shape, form.raw_min, dtype=_dtype(form.width))
        return cls(low, np.full(shape, form.raw_max, dtype=_dtype(form.width)), form)

    def entering(self, target: FixedFormat, role: str = "result") -> Reach:
        """Return the reach after the conversion to another format, with one more demand."""
        low = widen(_rounded(self.low, self.format.fractional, target), target.width + 1)
        high = widen(_rounded(self.high, self.format.fractional, target), target.width + 1)
        arrived = Reach(low, high, target)
        demand = Demand(role, arrived.raw_min, arrived.raw_max, target)
        if demand.overflows:
            low, high = _limited(low, high, target)
        return Reach(low, high, target, (*self.demands, demand))


def widest(demands: Iterable[Demand]) -> tuple[Demand, ...]:
    """Return one demand for all of the same role."""
    found: dict[str, Demand] = {}
    for demand in demands:
        other = found.get(demand.role, demand)
        low, high = min(demand.low, other.low), max(demand.high, other.high)
        found[demand.role] = replace(demand, low=low, high=high)
    return tuple(found.values())


def _dtype(bits: int) -> type:
    return np.int64 if bits <= 63 else object


def _rounded(raw: RawArray, fractional: int, target: FixedFormat) -> RawArray:
    """Return ``raw`` at the step of ``target`` by its rounding, in a format wide enough for all."""
    if raw.size == 0:
        return raw
    source = FixedFormat.for_range(int(raw.min()), int(raw.max()), fractional)
    integer = max(source.integer, 1 - target.fractional) + 2
    wide = FixedFormat(integer + target.fractional, integer, True, target.rounding)
    return requantise(raw, source, wide)


def _limited(low: RawArray, high: RawArray, target: FixedFormat) -> tuple[RawArray, RawArray]:
    """Return the ends of intervals after the overflow rule of ``target``."""
    least, most = unchanged_range(target)
    fits = (low >= least) & (high <= most)
    match target.overflow:
        case Overflow.WRAP:
            return np.where(fits, low, least), np.where(fits, high, most)
        case Overflow.SAT_ZERO:
            inside = np.clip(low, least, most), np.clip(high, least, most)
            return (
                np.where(fits, low, np.minimum(inside[0], 0)),
                np.where(fits, high, np.maximum(inside[1], 0)),
            )
        case _:
            return np.clip(low, least, most), np.clip(high, least, most)
