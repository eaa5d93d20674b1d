"""Fixed-point formats, and the one function that moves a number from one format to another.

A number is an integer ``raw`` in a format: value = raw * 2**-fractional. Arrays of raw values are
int64 as long as every intermediate provably fits and Python integers (dtype object) beyond, so
that the arithmetic below is exact for every width that ``ap_fixed`` allows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from trigger.errors import FormatError

RawArray = npt.NDArray[Any]
"""Raw integers: dtype int64, or object (Python integers) where int64 cannot hold them."""

INT64_BITS = 63
"""Magnitude bits of the fast array type."""


class Rounding(Enum):
    """What happens to bits below the new least significant bit (names as in ``ap_fixed``)."""

    TRN = "towards minus infinity"
    TRN_ZERO = "towards zero"
    RND = "nearest, ties towards plus infinity"
    RND_ZERO = "nearest, ties towards zero"
    RND_INF = "nearest, ties away from zero"
    RND_MIN_INF = "nearest, ties towards minus infinity"
    RND_CONV = "nearest, ties to even"


class Overflow(Enum):
    """What happens to numbers outside the new range (names as in ``ap_fixed``)."""

    WRAP = "drop the high bits"
    SAT = "clip to [min, max]"
    SAT_ZERO = "become zero"
    SAT_SYM = "clip to [-max, max]"


_AP_TYPE = re.compile(r"(?:(ap|ac)_)?(u?)(fixed|int)\s*<(.*)>", re.DOTALL)
_NUMBER = re.compile(r"[-+]?[0-9]+")
MAX_BITS = 1 << 15
"""The widest type that the headers of ``ap_fixed`` can be set to (``AP_INT_MAX_W``)."""


@dataclass(frozen=True, slots=True)
class FixedFormat:
    """A two's-complement format: value = raw * 2**-fractional."""

    width: int
    """Total bits, sign included."""
    integer: int
    """Bits left of the point, sign included, as in ``ap_fixed<W, I>``; any whole number."""
    signed: bool = True
    rounding: Rounding = Rounding.TRN
    overflow: Overflow = Overflow.WRAP

    def __post_init__(self) -> None:
        if self.width < 1:
            raise FormatError(
                f"width is {self.width}", where="fixed-point format", allowed="width >= 1"
            )

    @property
    def fractional(self) -> int:
        """Bits right of the point; negative when the least significant bit is above 1."""
        return self.width - self.integer

    @property
    def raw_min(self) -> int:
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def raw_max(self) -> int:
        return (1 << (self.width - self.signed)) - 1

    @property
    def raw_min_symmetric(self) -> int:
        """Where ``SAT_SYM`` clips: ``ap_fixed`` sets the lowest bit of the minimum, so -max, but
        -1 where one signed bit is all there is."""
        return self.raw_min | 1 if self.signed else 0

    @property
    def step(self) -> Fraction:
        """Value of one least significant bit, exactly."""
        return Fraction(2) ** -self.fractional

    @property
    def grid(self) -> FixedFormat:
        """The same numbers without a rule of entry (rounding TRN, overflow WRAP)."""
        return replace(self, rounding=Rounding.TRN, overflow=Overflow.WRAP)

    def __str__(self) -> str:
        """Spell the format as C++ does, leaving out what is the default."""
        sign = "" if self.signed else "u"
        if self.overflow is not Overflow.WRAP:
            rules = f",AP_{self.rounding.name},AP_{self.overflow.name}"
        elif self.rounding is not Rounding.TRN:
            rules = f",AP_{self.rounding.name}"
        else:
            rules = ""
        return f"ap_{sign}fixed<{self.width},{self.integer}{rules}>"

    @classmethod
    def parse(cls, text: str, where: object = "fixed-point format") -> FixedFormat:
        """Read ``ap_fixed<16,6,AP_RND,AP_SAT>``, ``ap_ufixed<..>``, ``ap_int<8>``, ``ap_uint<8>``.

        hls4ml's short forms without ``ap_`` (``ufixed<8,0,RND,SAT>``) and ``ac_fixed`` too.

        Raises:
            FormatError: not one of these, an unknown mode, saturation bits that matter, or more
                bits than C++ compiles.
        """
        allowed = "ap_fixed<W,I[,rounding[,overflow[,0]]]>, ap_ufixed<..>, ap_int<W>, ap_uint<W>"
        unreadable = FormatError(f"cannot read the type {text!r}", where=where, allowed=allowed)
        match = _AP_TYPE.fullmatch(text.strip())
        if match is None:
            raise unreadable
        family, unsigned, kind, body = match.groups()
        fields = [field.strip() for field in body.split(",")]
        count = 2 if kind == "fixed" else 1
        numbers, modes = fields[:count], fields[count:]
        if len(numbers) < count or not all(map(_NUMBER.fullmatch, numbers)):
            raise unreadable
        width, integer = int(numbers[0]), int(numbers[-1])
        signed = not unsigned
        if family == "ac" and modes:  # ac_fixed<W, I, signed, rounding, overflow>
            if modes[0] not in ("true", "false"):
                raise unreadable
            signed, modes = modes[0] == "true", modes[1:]
        if len(modes) > (3 if kind == "fixed" else 0):
            raise unreadable
        if not 1 <= width <= MAX_BITS or abs(integer) > MAX_BITS:
            raise FormatError(
                f"{text!r} has {width} bits, {integer} of them integer",
                where=where,
                allowed=f"1 to {MAX_BITS} bits, integer bits from -{MAX_BITS} to {MAX_BITS}",
            )
        rounding = _mode(Rounding, modes[0], text, where) if modes else Rounding.TRN
        overflow = _mode(Overflow, modes[1], text, where) if len(modes) > 1 else Overflow.WRAP
        if len(modes) > 2 and not _is_without_effect(modes[2], overflow):
            raise FormatError(
                f"{text!r} has {modes[2]} saturation bits", where=where, allowed="0 saturation bits"
            )
        return cls(width, integer, signed, rounding, overflow)

    @classmethod
    def for_product(cls, left: FixedFormat, right: FixedFormat) -> FixedFormat:
        """Return the narrowest format that holds every product of numbers of the two formats."""
        products = [
            a * b for a in (left.raw_min, left.raw_max) for b in (right.raw_min, right.raw_max)
        ]
        return cls.for_range(min(products), max(products), left.fractional + right.fractional)

    @classmethod
    def for_sum(cls, terms: FixedFormat, count: int) -> FixedFormat:
        """Return the narrowest format that holds every sum of ``count`` numbers of one format."""
        return cls.for_range(count * terms.raw_min, count * terms.raw_max, terms.fractional)

    @classmethod
    def for_range(cls, raw_min: int, raw_max: int, fractional: int) -> FixedFormat:
        """Return the narrowest format with this point that holds both raw values."""
        signed = raw_min < 0
        width = max(
            1, *(int(raw if raw >= 0 else ~raw).bit_length() + signed for raw in (raw_min, raw_max))
        )
        return cls(width, width - fractional, signed)

    def values(self, raw: RawArray) -> npt.NDArray[np.float64]:
        """Return raw values as real numbers (float64: exact up to 53 significant bits)."""
        return np.ldexp(np.asarray(raw, dtype=np.float64), -self.fractional)


Mode = TypeVar("Mode", Rounding, Overflow)


def _is_without_effect(saturation_bits: str, overflow: Overflow) -> bool:
    """Tell whether saturation bits change nothing: they matter where numbers wrap, if not 0.

    hls4ml before 0.8 repeats a mode there, ``AP_SAT``, which C++ takes for a number; it is 0.
    """
    bits = re.sub(r"^(AP|AC)_", "", saturation_bits)
    known = bits.isdecimal() or bits in Overflow.__members__
    return bits in ("0", "SAT") or (known and overflow is not Overflow.WRAP)


def _mode(family: type[Mode], text: str, whole: str, where: object) -> Mode:
    name = re.sub(r"^(AP|AC)_", "", text)
    if name not in family.__members__:
        raise FormatError(
            f"{text!r} in {whole!r} is not a mode of {family.__name__.lower()}",
            where=where,
            allowed=", ".join(f"AP_{member}" for member in family.__members__),
        )
    return family[name]


def requantise(raw: RawArray, source: FixedFormat, target: FixedFormat) -> RawArray:
    """Return ``raw`` in ``source`` format as raw values in ``target`` format.

    The bits below the new point are rounded by ``target.rounding``, then numbers outside the range
    meet ``target.overflow``: the order and the results of ``ap_fixed``'s conversion.

    Args:
        raw: any shape, int64 or object, each within ``source``.

    Returns:
        The same shape; int64 where the target has at most 63 bits, object otherwise.
    """
    shift = source.fractional - target.fractional
    moved = _round(widen(raw, source.width + max(-shift, 0) + 1), shift, target.rounding)
    return narrow(_overflow(widen(moved, target.width + 1), target), target.width)


def widen(raw: RawArray, bits: int) -> RawArray:
    """Return ``raw`` in a dtype whose arithmetic is exact for signed numbers of ``bits`` bits."""
    array = np.asarray(raw)
    if array.dtype == object:
        return array
    return array.astype(object) if bits > INT64_BITS else array.astype(np.int64, copy=False)


def narrow(raw: RawArray, bits: int) -> RawArray:
    """Return ``raw`` as int64 if numbers of ``bits`` bits fit, unchanged otherwise."""
    return raw.astype(np.int64, copy=False) if bits <= INT64_BITS else raw


def _round(raw: RawArray, shift: int, mode: Rounding) -> RawArray:
    """Drop ``shift`` fractional bits by a rounding mode; a negative shift appends zeros."""
    if shift <= 0:
        return raw * (1 << -shift) if raw.dtype == object else raw << -shift
    if raw.dtype != object and shift >= INT64_BITS:
        raw = raw.astype(object)
    down = raw >> shift
    if mode is Rounding.TRN:
        return down
    rest = raw & ((1 << shift) - 1)
    half = 1 << (shift - 1)
    match mode:
        case Rounding.TRN_ZERO:
            up = (raw < 0) & (rest > 0)
        case Rounding.RND:
            up = rest >= half
        case Rounding.RND_ZERO:
            up = (rest > half) | ((rest == half) & (raw < 0))
        case Rounding.RND_INF:
            up = (rest > half) | ((rest == half) & (raw >= 0))
        case Rounding.RND_MIN_INF:
            up = rest > half
        case Rounding.RND_CONV:
            up = (rest > half) | ((rest == half) & (down & 1 == 1))
    return down + np.asarray(up).astype(down.dtype)


def _overflow(raw: RawArray, target: FixedFormat) -> RawArray:
    """Bring rounded numbers into the range of ``target`` by its overflow mode."""
    low, high = target.raw_min, target.raw_max
    match target.overflow:
        case Overflow.WRAP:
            modulus = 1 << target.width
            if raw.dtype != object and modulus > np.iinfo(np.int64).max:
                return raw  # 63 or more bits: an int64 number is inside already
            return (raw - low) % modulus + low
        case Overflow.SAT:
            return np.minimum(np.maximum(raw, low), high)
        case Overflow.SAT_ZERO:
            return np.where((raw < low) | (raw > high), raw * 0, raw)
        case Overflow.SAT_SYM:
            return np.minimum(np.maximum(raw, target.raw_min_symmetric), high)


def from_values(values: npt.ArrayLike, target: FixedFormat) -> RawArray:
    """Return real numbers as raw values of ``target``, as ``ap_fixed(double)`` does.

    Args:
        values: any shape; each float64 is taken exactly (it is a dyadic rational).

    Raises:
        FormatError: a value that is not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if not np.all(np.isfinite(array)):
        raise FormatError("a value is not finite", where=str(target), allowed="finite numbers")
    mantissa, exponent = np.frexp(array)
    whole = np.ldexp(mantissa, 53).astype(np.int64)  # exact: float64 has 53 significant bits
    exponent = np.where(whole == 0, 0, exponent - 53)
    result = np.empty(array.shape, dtype=object if target.width > INT64_BITS else np.int64)
    for power in np.unique(exponent):
        chosen = exponent == power
        source = FixedFormat(54, 54 + int(power))
        result[chosen] = requantise(whole[chosen], source, target)
    return result
