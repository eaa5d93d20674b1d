"""What a search over training knobs may turn, and what it chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

STARTS = 4
"""Trials that are no draw: all knobs together, from their first values towards their last, by an
eighth of the way, a quarter and a half: one knob too far ruins the whole."""

Choice = Mapping[str, int]
"""A value of every knob, by name."""


@dataclass(frozen=True, slots=True)
class Knob:
    """Something that is chosen: a whole number between two bounds."""

    name: str
    low: int
    high: int
    step: int = 1
    first: int | None = None
    """Value of the first trial; None is drawn."""
    last: int | None = None
    """Value that the trials after the first one go towards, ``STARTS`` in all; None is drawn."""
    may_idle: bool = False
    """Whether there may be nothing to save by it, however far it is turned."""

    @property
    def towards_cheap(self) -> int:
        """-1 where smaller values are expected to be cheap, else 1."""
        up = self.first is not None and self.last is not None and self.last > self.first
        return 1 if up else -1

    def steps_left(self, value: int, way: int) -> int:
        """Return the steps from a value to the bound that lies in a way, 1 or -1."""
        return (self.high - value if way > 0 else value - self.low) // self.step

    def start(self, number: int) -> int | None:
        """Return the value of one of the first trials; None is drawn."""
        if self.first is None or (number and self.last is None):
            return None
        way = 0 if self.last is None or number == 0 else self.last - self.first
        return self.first + round(way / (1 << STARTS - number) / self.step) * self.step
