"""Numbers as text: thousands, digits that the band justifies, source, and 'unknown'."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from trigger.budget import Check, Figure, Outcome, Source

UNKNOWN = "unknown"
NOT_APPLICABLE = "none"
SPACE = "\u00a0"
"""Keeps a number and its unit on one line."""

OUTCOME_WORDS: dict[Outcome, str] = {
    Outcome.PASS: "✓ pass",
    Outcome.FAIL: "✗ fail",
    Outcome.UNKNOWN: "? unknown",
}
"""A sign and a word, so that no answer is told by colour alone."""


def word_number(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """Return a number with as many digits as it deserves.

    Whole numbers are written in full. Others get 4 significant digits, or, inside a band, so many
    decimals that the width of the band has 2 significant digits.
    """
    if value is None:
        return UNKNOWN
    return _fixed(value, _decimals(value, low, high))


def word_band(value: float, low: float, high: float) -> str:
    """Return low and high with a dash, or ``-3 to 5`` where a minus sign would be misread."""
    decimals = _decimals(value, low, high)
    joint = " to " if min(low, high) < 0 else "–"
    return _fixed(low, decimals) + joint + _fixed(high, decimals)


@dataclass(frozen=True, slots=True)
class Origin:
    """What the figures of one table have in common, said once above it."""

    source: Source | None = None
    coverage: float | None = None

    @property
    def clause(self) -> str:
        """What a caption ends with: ``; all numbers: estimate; bands hold 80 %``, or nothing."""
        words = [] if self.source is None else [f"all numbers: {self.source.value}"]
        if self.coverage is not None:
            words.append(f"bands hold {word_percent(self.coverage)}")
        return "".join(f"; {part}" for part in words)


NO_ORIGIN = Origin()


def common_origin(figures: Iterable[Figure | None]) -> Origin:
    """Return the source, and the coverage of bands, that all known figures share."""
    known = [figure for figure in figures if figure is not None]
    sources = {figure.source for figure in known}
    coverages = {figure.coverage for figure in known if figure.low is not None}
    return Origin(
        sources.pop() if len(sources) == 1 else None,
        coverages.pop() if len(coverages) == 1 else None,
    )


def word_origin(figure: Figure, said: Origin = NO_ORIGIN) -> str:
    """Return what a figure rests on: its band, ``estimate, 80 %, 12 reports``.

    Args:
        said: what the table says above already, and is left out here.
    """
    parts = []
    if figure.low is not None and figure.high is not None and figure.low != figure.high:
        parts.append(word_band(figure.value, figure.low, figure.high))
    if figure.source is not said.source:
        parts.append(figure.source.value)
    if figure.coverage is not None and figure.coverage != said.coverage:
        parts.append(word_percent(figure.coverage))
    if figure.support is not None:
        parts.append(f"{figure.support:,}{SPACE}report{'' if figure.support == 1 else 's'}")
    return ", ".join(parts)


def word_figure(figure: Figure | None) -> str:
    """Return ``1,234 (band, estimate, 80 %, 12 reports)``, or ``unknown``."""
    if figure is None:
        return UNKNOWN
    return f"{word_number(figure.value, figure.low, figure.high)} ({word_origin(figure)})"


def word_percent(share: float) -> str:
    """Return a share as per cent, with 3 significant digits: ``80 %``, ``0.12 %``."""
    return f"{_plain(100 * share, 3)}{SPACE}%"


def word_unit(value: float | None, unit: str) -> str:
    """Return a number with its unit; fractions are written as per cent."""
    if value is None:
        return UNKNOWN
    if unit == "fraction":
        return word_percent(value)
    return f"{word_number(value)} {unit}".rstrip()


def word_check_value(check: Check) -> str:
    """Return the value of a check with its unit."""
    return word_unit(check.value, check.unit)


def word_check_band(check: Check) -> str:
    """Return the band of a check's value; its source has its own column."""
    if check.value is None or check.low is None or check.high is None:
        return ""
    scale = 100 if check.unit == "fraction" else 1
    band = word_band(check.value * scale, check.low * scale, check.high * scale)
    return f"{band}{SPACE}%" if check.unit == "fraction" else band


def word_shape(shape: tuple[int, ...]) -> str:
    """Return the sizes with multiplication signs between them."""
    return " × ".join(map(str, shape))


def word_place(shape: tuple[int, ...], position: int) -> str:
    """Return the words for a position among the numbers of one event's input."""
    at: list[int] = []
    for length in reversed(shape):
        position, index = divmod(position, length)
        at.insert(0, index)
    match at:
        case [row, column, channel]:
            words = f"row {row}, column {column}"
            return words if shape[2] == 1 else f"{words}, channel {channel}"
        case [candidate, feature]:
            return f"candidate {candidate}, feature {feature}"
        case _:
            return "position " + ", ".join(map(str, at))


def word_share(part: int, whole: int) -> str:
    """Return ``50 %``; ``none`` where there is nothing to take a share of."""
    return word_percent(part / whole) if whole else NOT_APPLICABLE


def _decimals(value: float, low: float | None, high: float | None) -> int | None:
    """Return the number of decimals, or None for 4 significant digits."""
    if low is None or high is None or low == high:
        return 0 if float(value).is_integer() else None
    if all(float(number).is_integer() for number in (value, low, high)):
        return 0
    return max(0, 1 - math.floor(math.log10(abs(high - low))))


def _fixed(value: float, decimals: int | None) -> str:
    # adding 0 turns the minus zero of a rounded number into zero
    return _plain(value, 4) if decimals is None else f"{round(value, decimals) + 0.0:,.{decimals}f}"


def _plain(value: float, digits: int) -> str:
    """Return ``value`` with so many significant digits, without an exponent where one can."""
    if value == 0:
        return "0"
    power = math.floor(math.log10(abs(value)))
    if power < -6 or power > 14:
        return f"{value:.{digits - 1}e}"
    text = f"{value:,.{max(0, digits - 1 - power)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
