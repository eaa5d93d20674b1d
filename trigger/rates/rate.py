"""From a share of background events to the rate of a trigger, and what a sample can tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from trigger.errors import ReportError
from trigger.rates.efficiency import Efficiency


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate with the interval that comes from the counted events."""

    khz: float
    low_khz: float
    high_khz: float
    coverage: float
    """Confidence level of [low, high]."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """How often background reaches the trigger."""

    crossing_rate_mhz: float
    """Bunch crossings that the trigger sees: colliding bunches times revolution frequency."""
    background_per_crossing: float = 1.0
    """Mean number of background events in a crossing; 1 where every crossing is one."""

    def __post_init__(self) -> None:
        for name in ("crossing_rate_mhz", "background_per_crossing"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ReportError(
                    f"{name} is {getattr(self, name)}", where="rate", allowed="more than 0"
                )

    @property
    def input_rate_khz(self) -> float:
        """Rate of background events before any selection."""
        return 1000 * self.crossing_rate_mhz * self.background_per_crossing

    def rate(self, background: Efficiency) -> Rate:
        """Return the rate of background events that pass."""
        full = self.input_rate_khz
        return Rate(
            full * background.value,
            full * background.low,
            full * background.high,
            background.coverage,
        )

    def acceptance(self, rate_khz: float) -> float:
        """Return the share of background events that makes a rate.

        Raises:
            ReportError: a rate that is not above 0, or above that of all background.
        """
        if not 0 < rate_khz <= self.input_rate_khz:
            raise ReportError(
                f"the rate is {rate_khz:g} kHz",
                where="rate",
                allowed=f"more than 0, at most {self.input_rate_khz:g} kHz: all of background",
            )
        return rate_khz / self.input_rate_khz


def events_needed(acceptance: float, precision: float) -> int:
    """Return how many background events give an acceptance, or its rate, a relative precision.

    The standard deviation of a binomial share over the share is sqrt((1 - p) / (n p)).

    Args:
        acceptance: share of events that pass, above 0.
        precision: one standard deviation over the value, such as 0.1.
    """
    return ceil((1 - acceptance) / (acceptance * precision**2))
