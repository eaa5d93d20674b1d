"""A share of events with its exact binomial interval."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import betaincinv

from trigger.errors import ReportError

COVERAGE = 0.95
"""Confidence level of every interval unless another is asked for."""


@dataclass(frozen=True, slots=True)
class Efficiency:
    """How many of a number of events passed, and the interval of the share behind it."""

    passed: int
    total: int
    low: float
    high: float
    coverage: float
    """Confidence level of [low, high]; Clopper-Pearson covers at least this."""

    @property
    def value(self) -> float:
        return self.passed / self.total


def clopper_pearson(passed: int, total: int, coverage: float = COVERAGE) -> tuple[float, float]:
    """Return the central exact interval of a binomial share.

    Clopper and Pearson, Biometrika 26 (1934) 404, in its form as quantiles of beta distributions.
    The ends are exactly 0 and 1 where no event, or every event, passed.

    Raises:
        ReportError: counts that are no share of at least one event, or an impossible coverage.
    """
    if total < 1 or not 0 <= passed <= total:
        raise ReportError(
            f"{passed} of {total} events is no share",
            where="efficiency",
            allowed="0 <= passed <= total and total >= 1",
        )
    if not 0 < coverage < 1:
        raise ReportError(f"coverage is {coverage}", where="efficiency", allowed="0 < coverage < 1")
    tail = (1 - coverage) / 2
    low = 0.0 if passed == 0 else float(betaincinv(passed, total - passed + 1, tail))
    high = 1.0 if passed == total else float(betaincinv(passed + 1, total - passed, 1 - tail))
    return low, high


def measure_efficiency(passed: int, total: int, coverage: float = COVERAGE) -> Efficiency:
    """Return the share of events that passed, with its Clopper-Pearson interval.

    Raises:
        ReportError: as `clopper_pearson`.
    """
    low, high = clopper_pearson(passed, total, coverage)
    return Efficiency(int(passed), int(total), low, high, coverage)
