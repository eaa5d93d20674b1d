"""How near numbers come to the truth: quantiles of their errors, and the variance explained."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from trigger.errors import ReportError
from trigger.rates.efficiency import COVERAGE

ONE_SIGMA = math.erf(math.sqrt(0.5))
"""Share of a normal distribution within one standard deviation, 0.6827."""


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of a sample with its interval."""

    value: float
    low: float
    high: float
    coverage: float


def measure_quantile(
    values: npt.ArrayLike, share: float = ONE_SIGMA, coverage: float = COVERAGE
) -> Quantile:
    """Return what a share of the values does not exceed, whatever their distribution.

    The interval is that of order statistics: how many of n values lie below the true quantile is
    binomial (here by its normal approximation).

    Raises:
        ReportError: no values, or one that is not finite.
    """
    ordered = np.sort(np.asarray(values, np.float64).ravel())
    if not len(ordered) or not np.all(np.isfinite(ordered)):
        raise ReportError(
            "there are no values" if not len(ordered) else "a value is not finite",
            where="quantile",
            allowed="finite numbers",
        )
    count = len(ordered)
    reach = float(ndtri((1 + coverage) / 2)) * math.sqrt(count * share * (1 - share))
    places = (share * count, share * count - reach, share * count + reach)
    value, low, high = (
        float(ordered[min(max(math.ceil(place) - 1, 0), count - 1)]) for place in places
    )
    return Quantile(value, low, high, coverage)


def measure_r2(values: npt.ArrayLike, truth: npt.ArrayLike) -> float | None:
    """Return 1 - mean squared error / variance of the truth; None where the truth is one number.

    0 is what the mean of the truth would reach, 1 is no error at all; it may be negative.
    """
    known = np.asarray(truth, np.float64)
    spread = float(np.var(known))
    if spread == 0:
        return None
    return 1 - float(np.mean(np.square(np.asarray(values, np.float64) - known))) / spread
