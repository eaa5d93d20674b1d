"""How one multiply-accumulate layer adds: in which lane, in which units, rounding when.

The sum is exact and limited once at the end whenever that is provably what the C++ gives; else
every product is rounded, and every partial sum limited, in integer lanes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.emulate.native.lanes import Lane
from trigger.emulate.native.steps import Chain, Term, overflow_to, requantise, round_to, wrap_to
from trigger.errors import UnsupportedLayerError
from trigger.fixed import FixedFormat, Overflow, RawArray
from trigger.layers import MultiplyAccumulate, Reach
from trigger.layers.multiply_accumulate import addition_order, bias_in_accumulator

LANE_ORDER = (Lane.F32, Lane.F64, Lane.I32, Lane.I64)
"""By speed: a 32-bit integer product takes longer than two fused float64 ones."""


@dataclass(frozen=True)
class Sum:
    """The arithmetic of one layer's accumulators."""

    layer: MultiplyAccumulate
    lane: Lane
    kernel: RawArray
    """(window elements, outputs): integers in units of the sum."""
    bias: RawArray
    term: Term
    """What the sum can be before the accumulator's own limit."""
    product: Term | None
    """What one product can be where it is rounded or limited before it is added."""
    spare: int
    """Low bits of the accumulator that are always zero and are left out."""

    def finish(self, chain: Chain) -> None:
        """Append what turns the sum into the layer's result."""
        if self.wraps:
            accumulator = self.layer.accumulator
            wrap_to(chain, accumulator.width - self.spare, accumulator.signed)
        requantise(chain, self.layer.result)

    @property
    def wraps(self) -> bool:
        """Whether a sum may reach the accumulator's range from outside."""
        accumulator = self.layer.accumulator
        low, high = accumulator.raw_min >> self.spare, accumulator.raw_max >> self.spare
        return self.term.low < low or self.term.high > high

    @property
    def order(self) -> list[int]:
        """The window elements as they reach the accumulator."""
        layer = self.layer
        return addition_order(layer.matrix.shape[0], layer.strategy, layer.reuse_factor)

    def add(self, total: str, value: str) -> list[str]:
        """Return the statements that add the product ``value`` (one register) to ``total``."""
        if self.product is None:
            return [f"{total} += {value};"]
        accumulator = self.layer.accumulator
        saturates = accumulator.overflow is not Overflow.WRAP
        term = Chain(self.product, part=True)
        (requantise if saturates else round_to)(term, accumulator)
        low, high = min(term.term.low, 0), max(term.term.high, 0)
        low, high = accumulator.raw_min + low, accumulator.raw_max + high
        if not saturates:
            low, high = self.term.low, self.term.high
        if term.term.lane is not self.lane or not self.lane.holds(low, high):
            raise _Narrow
        partial = Chain(
            Term(self.lane, low, high, accumulator.fractional), part=True, name="s", stem="s"
        )
        if saturates:
            overflow_to(partial, accumulator)
        if partial.term.lane is not self.lane:
            raise _Narrow
        return [
            f"{{ const {self.lane.part} v = {value};",
            *term.lines,
            f"const {self.lane.part} s = {total} + {term.name};",
            *partial.lines,
            f"{total} = {partial.name}; }}",
        ]


class _Narrow(Exception):
    """A step needs more room than the lane has."""


def plan_sum(layer: MultiplyAccumulate, source: Reach) -> Sum:
    """Choose how a layer adds, given what its input can hold.

    Raises:
        UnsupportedLayerError: it needs more than 63 bits.
    """
    windows = [layer.windows(raw[None])[0] for raw in (source.low, source.high)]
    low, high = (raw.reshape(-1, raw.shape[-1]).astype(object) for raw in windows)
    low, high = low.min(axis=0), high.max(axis=0)
    largest = np.maximum(np.abs(low), np.abs(high))
    accumulator = layer.accumulator
    shift = accumulator.fractional - source.format.fractional - layer.kernel_format.fractional
    demand = layer.reach(source).demands[0]
    bias = bias_in_accumulator(layer).astype(object)
    kernel = layer.matrix.astype(object)
    may_step = accumulator.overflow is not Overflow.WRAP and demand.overflows
    if shift < 0 or may_step:
        return _stepped(layer, source, kernel, bias, (demand.low, demand.high), largest)
    kernel = kernel * (1 << shift)
    spare = min(_trailing_zeros(kernel), _trailing_zeros(bias), accumulator.width - 1)
    kernel, bias = kernel >> spare, bias >> spare
    bound = int((largest @ np.abs(kernel) + np.abs(bias)).max(initial=0))
    bound = max(bound, int(largest.max(initial=0)), int(np.abs(kernel).max(initial=0)))
    term_low, term_high = demand.low >> spare, demand.high >> spare
    fractional = accumulator.fractional - spare
    for lane in LANE_ORDER:
        # integer lanes may wrap on the way: modulo 2**bits the final sum is the same
        inside = bound <= lane.exact if lane.is_float else lane.holds(term_low, term_high)
        if inside and _fits(lane, source, kernel, bias):
            term = Term(lane, term_low, term_high, fractional)
            return Sum(layer, lane, kernel, bias, term, None, spare)
        if _is_modular(lane, accumulator, spare) and _fits(lane, source, kernel, bias):
            term = Term(lane, -lane.exact, lane.exact, fractional)
            return Sum(layer, lane, kernel, bias, term, None, spare)
    raise _too_wide(layer, bound)


def _stepped(
    layer: MultiplyAccumulate,
    source: Reach,
    kernel: RawArray,
    bias: RawArray,
    ends: tuple[int, int],
    largest: RawArray,
) -> Sum:
    """Plan a sum whose products are rounded or limited one by one."""
    accumulator = layer.accumulator
    bound = int((largest[:, None] * np.abs(kernel)).max(initial=0))
    fractional = source.format.fractional + layer.kernel_format.fractional
    saturates = accumulator.overflow is not Overflow.WRAP
    for lane in (Lane.I32, Lane.I64):
        if not _fits(lane, source, kernel, bias) or bound > lane.exact:
            continue
        if saturates:
            term = Term(lane, accumulator.raw_min, accumulator.raw_max, accumulator.fractional)
        elif lane.holds(*ends):  # partial sums may wrap in the lane: the final sum is the same
            term = Term(lane, *ends, accumulator.fractional)
        elif _is_modular(lane, accumulator, 0):
            term = Term(lane, -lane.exact, lane.exact, accumulator.fractional)
        else:
            continue
        product = Term(lane, -bound, bound, fractional)
        plan = Sum(layer, lane, kernel, bias, term, product, 0)
        try:
            plan.add("a", "b")
        except _Narrow:
            continue
        return plan
    raise _too_wide(layer, bound)


def _is_modular(lane: Lane, accumulator: FixedFormat, spare: int) -> bool:
    """Tell whether sums in the lane, which wrap, may stand for sums in the accumulator."""
    bits = accumulator.width - spare + (not accumulator.signed)
    wraps = accumulator.overflow is Overflow.WRAP
    return wraps and not lane.is_float and bits <= lane.bits


def _fits(lane: Lane, source: Reach, kernel: RawArray, bias: RawArray) -> bool:
    ends = [source.raw_min, source.raw_max]
    for raw in (kernel, bias):
        ends += [int(raw.min(initial=0)), int(raw.max(initial=0))]
    return lane.holds(min(ends), max(ends))


def _trailing_zeros(numbers: RawArray) -> int:
    """Return how many low bits are zero in every number (many, if all are zero)."""
    together = 0
    for number in numbers.ravel().tolist():
        together |= abs(number)
    return (together & -together).bit_length() - 1 if together else 1 << 30


def _too_wide(layer: MultiplyAccumulate, bound: int) -> UnsupportedLayerError:
    return UnsupportedLayerError(
        f"its sums reach {bound}",
        where=layer.name,
        allowed="at most 63 bits in the native engine",
        remedy="use the reference engine, which takes any width",
    )
