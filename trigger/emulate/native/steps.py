"""What happens to one number after another: C statements whose exactness the ranges prove.

A ``Chain`` follows one C variable with the range of integers that it can hold. Each step appends
statements and narrows or widens the range; where a range shows that nothing can happen (no bit to
round, nothing to clip) nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from trigger.emulate.native.lanes import Lane, narrowest
from trigger.errors import UnsupportedLayerError
from trigger.fixed import FixedFormat, Overflow, Rounding
from trigger.fixed import requantise as requantise_raw
from trigger.layers.reach import unchanged_range

_INTEGERS = (Lane.I32, Lane.I64)
RINT_LIMIT = {Lane.F32: 2**22, Lane.F64: 2**51}
"""Up to here (x + 1.5 * 2**23) - 1.5 * 2**23 rounds to the nearest integer, ties to even."""


@dataclass(frozen=True, slots=True)
class Term:
    """A C variable: the integers it can hold and the step that they count."""

    lane: Lane
    low: int
    high: int
    fractional: int

    def within(self, low: int, high: int) -> Term:
        """Return the term with a range that is known to be no wider than this."""
        return replace(self, low=max(self.low, low), high=min(self.high, high))


def _expect_room(term: Term) -> None:
    """Raise UnsupportedLayerError rather than let a lane hold what it cannot."""
    if not term.lane.holds(term.low, term.high):
        narrowest(term.low, term.high, (term.lane,))


@dataclass
class Chain:
    """Statements on the variable ``v``, which changes its C type along the way."""

    term: Term
    part: bool = False
    """Whether the variable is one register rather than a whole vector of events."""
    lines: list[str] = field(default_factory=list)
    name: str = "v"
    stem: str = "v"

    def __post_init__(self) -> None:
        _expect_room(self.term)

    def c_type(self, lane: Lane) -> str:
        return lane.part if self.part else lane.vector

    def let(self, expression: str, term: Term) -> None:
        """Append a statement that makes the next variable."""
        _expect_room(term)
        name = f"{self.stem}{len(self.lines)}"
        self.lines.append(f"const {self.c_type(term.lane)} {name} = {expression};")
        self.name, self.term = name, term

    def cast(self, lane: Lane) -> None:
        if lane is not self.term.lane:
            self.let(
                f"__builtin_convertvector({self.name}, {self.c_type(lane)})",
                replace(self.term, lane=lane),
            )

    def make_room(self, low: int, high: int, allowed: tuple[Lane, ...] | None = None) -> None:
        """Move to a lane that holds a range beside the present one, if this one does not."""
        lane = self.term.lane
        if allowed is None:
            allowed = (Lane.F32, Lane.I32, Lane.F64, Lane.I64)
        if lane not in allowed or not lane.holds(low, high):
            low, high = min(low, self.term.low), max(high, self.term.high)
            self.cast(narrowest(low, high, allowed))


def rounded_range(term: Term, target: FixedFormat) -> tuple[int, int]:
    """Return the range of a term at the step of ``target``; rounding is monotonic."""
    source = FixedFormat.for_range(term.low, term.high, term.fractional)
    integer = max(source.integer, 1 - target.fractional) + 2
    wide = FixedFormat(integer + target.fractional, integer, True, target.rounding)
    ends = (
        requantise_raw(np.array([end], dtype=object), source, wide)[0]
        for end in (term.low, term.high)
    )
    low, high = (int(end) for end in ends)
    return low, high


def is_monotonic(term: Term, target: FixedFormat) -> bool:
    """Tell whether larger numbers stay larger (or equal) through a conversion."""
    low, high = rounded_range(term, target)
    fits = target.raw_min <= low and high <= target.raw_max
    return fits or target.overflow in (Overflow.SAT, Overflow.SAT_SYM)


def requantise(chain: Chain, target: FixedFormat) -> None:
    """Append the conversion to a format: round, then overflow."""
    round_to(chain, target)
    overflow_to(chain, target)


def at_least_zero(chain: Chain) -> None:
    """Append max(x, 0)."""
    term = chain.term
    if term.low < 0:
        after = replace(term, low=0, high=max(term.high, 0))
        chain.let(f"AT_LEAST({chain.name}, {term.lane.literal(0)})", after)


def at_most_zero(chain: Chain) -> None:
    """Append min(x, 0)."""
    term = chain.term
    if term.high > 0:
        after = replace(term, low=min(term.low, 0), high=0)
        chain.let(f"AT_MOST({chain.name}, {term.lane.literal(0)})", after)


def round_to(chain: Chain, target: FixedFormat) -> None:
    """Append the rounding to the step of ``target``; the range stays unlimited."""
    term = chain.term
    shift = term.fractional - target.fractional
    low, high = rounded_range(term, target)
    after = Term(term.lane, low, high, target.fractional)
    if term.low == term.high == 0 or shift == 0:
        chain.term = after
        return
    if shift < 0:
        chain.make_room(low, high)
        after = replace(after, lane=chain.term.lane)
        factor = f"{chain.name} * {after.lane.literal(1 << -shift)}"
        chain.let(factor if after.lane.is_float else f"{chain.name} << {-shift}", after)
        return
    mode = _one_sided(target.rounding, term)
    if term.lane.is_float and mode in _FLOAT_OFFSETS and _float_is_exact(term, shift, after, mode):
        _round_float(chain, shift, mode, after)
    else:
        _round_integer(chain, shift, mode, after)


def _one_sided(mode: Rounding, term: Term) -> Rounding:
    """Return a mode without a case for the sign, where the range has only one."""
    if term.low >= 0:
        same = {
            Rounding.TRN_ZERO: Rounding.TRN,
            Rounding.RND_ZERO: Rounding.RND_MIN_INF,
            Rounding.RND_INF: Rounding.RND,
        }
    elif term.high <= 0:
        same = {Rounding.RND_ZERO: Rounding.RND, Rounding.RND_INF: Rounding.RND_MIN_INF}
    else:
        same = {}
    return same.get(mode, mode)


_FLOAT_OFFSETS: dict[Rounding, Callable[[float], float]] = {
    Rounding.RND_CONV: lambda step: 0.0,
    Rounding.TRN: lambda step: step / 2 - 0.5,
    Rounding.RND: lambda step: step / 2,
    Rounding.RND_MIN_INF: lambda step: -step / 2,
}
"""With x a multiple of ``step`` = 2**-shift, nearest-even(x + offset) rounds by the mode: the
offset is half a step away from any tie, so ties cannot occur."""


def _float_is_exact(term: Term, shift: int, after: Term, mode: Rounding) -> bool:
    """Tell whether 2x, 2x + 2**shift and the result are integers that the lane holds."""
    largest = 2 * max(-term.low, term.high) + (0 if mode is Rounding.RND_CONV else 1 << shift)
    limit = RINT_LIMIT[term.lane]
    return largest <= term.lane.exact and max(-after.low, after.high) < limit and shift < 64


def _round_float(chain: Chain, shift: int, mode: Rounding, after: Term) -> None:
    lane = after.lane
    suffix = "f" if lane is Lane.F32 else ""
    step = 2.0**-shift
    offset = _FLOAT_OFFSETS[mode](step)
    scaled = f"{chain.name} * {step.hex()}{suffix}"
    if offset:
        scaled += f" + {offset.hex()}{suffix}"
    magic = f"{(1.5 * 2.0 * RINT_LIMIT[lane]).hex()}{suffix}"
    chain.let(f"(({scaled}) + {magic}) - {magic}", after)


def _round_integer(chain: Chain, shift: int, mode: Rounding, after: Term) -> None:
    term = chain.term
    half, rest = 1 << (shift - 1), (1 << shift) - 1
    if shift > 62:
        raise UnsupportedLayerError(
            f"{shift} bits are rounded away at once",
            where="native engine",
            allowed="at most 62",
            remedy="use the reference engine, which takes any width",
        )
    allowed = _INTEGERS if shift < 31 else (Lane.I64,)
    chain.make_room(term.low - rest, term.high + rest, allowed)
    lane, v = chain.term.lane, chain.name
    sign = f"({v} >> {lane.bits - 1})"
    c = lane.literal
    shifted = {
        Rounding.TRN: v,
        Rounding.TRN_ZERO: f"({v} + ({sign} & {c(rest)}))",
        Rounding.RND: f"({v} + {c(half)})",
        Rounding.RND_MIN_INF: f"({v} + {c(half - 1)})",
        Rounding.RND_INF: f"({v} + {c(half)} + {sign})",
        Rounding.RND_ZERO: f"({v} + {c(half - 1)} - {sign})",
        Rounding.RND_CONV: f"({v} + {c(half - 1)} + (({v} >> {shift}) & {c(1)}))",
    }[mode]
    chain.let(f"{shifted} >> {shift}", replace(after, lane=lane))


def overflow_to(chain: Chain, target: FixedFormat) -> None:
    """Append the overflow rule of ``target`` where the range shows that it can apply."""
    term, (least, most) = chain.term, unchanged_range(target)
    if least <= term.low and term.high <= most:
        return
    match target.overflow:
        case Overflow.WRAP:
            wrap_to(chain, target.width, target.signed)
        case Overflow.SAT_ZERO:
            zero_outside(chain, least, most)
        case Overflow.SAT | Overflow.SAT_SYM:
            clip(chain, least, most)


def clip(chain: Chain, least: int, most: int) -> None:
    """Append the nearest number within a range."""
    term = chain.term
    low, high = (min(max(end, least), most) for end in (term.low, term.high))
    if chain.term.low < least:
        lifted = replace(chain.term, low=low, high=max(term.high, least))
        chain.let(f"AT_LEAST({chain.name}, {lifted.lane.literal(least)})", lifted)
    if chain.term.high > most:
        lowered = replace(chain.term, low=low, high=high)
        chain.let(f"AT_MOST({chain.name}, {lowered.lane.literal(most)})", lowered)


def zero_outside(chain: Chain, least: int, most: int) -> None:
    """Append zero in place of numbers outside a range."""
    term = chain.term
    chain.make_room(term.low, term.high, _INTEGERS)
    lane, v = chain.term.lane, chain.name
    low, high = (min(max(end, least), most) for end in (term.low, term.high))
    after = replace(chain.term, low=min(low, 0), high=max(high, 0))
    floor, ceiling = max(least, -lane.exact - 1), min(most, lane.exact)
    chain.let(f"ZERO_OUTSIDE({v}, {lane.literal(floor)}, {lane.literal(ceiling)})", after)


def wrap_to(chain: Chain, width: int, signed: bool) -> None:
    """Append the drop of all bits above ``width``; correct for any number modulo 2**width."""
    least = -(1 << (width - 1)) if signed else 0
    most = (1 << (width - signed)) - 1
    term = chain.term
    bits = width if signed else width + 1
    if bits > 64:
        narrowest(least, most, _INTEGERS)  # raises: too wide
    chain.make_room(term.low, term.high, _INTEGERS if bits <= 32 else (Lane.I64,))
    lane, v = chain.term.lane, chain.name
    after = replace(chain.term, low=least, high=most)
    if not signed:
        chain.let(f"{v} & {lane.literal(most)}", after)
    elif width < lane.bits:
        drop = lane.bits - width
        chain.let(f"({v} << {drop}) >> {drop}", after)
    else:
        chain.term = after
