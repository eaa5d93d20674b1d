"""The interval of an area under the curve from resampled events, beside the one from a formula."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trigger.errors import ReportError
from trigger.rates.efficiency import COVERAGE
from trigger.rates.roc import Counts, Roc

REPLICAS = 1000
BLOCK = 50
"""Replicas that are drawn at a time."""
MOST_LEVELS = 4096
"""Different scores that are told apart; neighbours beyond that are resampled as ties."""


def bootstrap_auc(
    roc: Roc, coverage: float = COVERAGE, replicas: int = REPLICAS, seed: int = 0
) -> tuple[float, float]:
    """Return the percentile interval of the area under the curve.

    Signal and background are resampled with replacement, each to its own number of events; ties
    count half. The same call gives the same interval. Classes that are separated perfectly stay so
    in every replica: the interval is then a point, and ``Roc.auc_interval`` tells more.

    Raises:
        ReportError: fewer than two replicas, or an impossible coverage.
    """
    if replicas < 2 or not 0 < coverage < 1:
        raise ReportError(
            f"{replicas} replicas for a coverage of {coverage}",
            where="bootstrap",
            allowed="two or more, 0 < coverage < 1",
        )
    generator = np.random.default_rng(seed)
    kept = np.unique(np.linspace(0, len(roc.thresholds) - 1, MOST_LEVELS).astype(np.int64))
    signal, background = (
        np.diff(passed[kept], prepend=0) for passed in (roc.signal_passed, roc.background_passed)
    )
    areas = np.concatenate(
        [
            _areas(signal, background, generator, min(BLOCK, replicas - done))
            for done in range(0, replicas, BLOCK)
        ]
    )
    areas += roc.auc - _area(signal, background)  # what the grouping of neighbours shifts
    low, high = np.quantile(areas, ((1 - coverage) / 2, (1 + coverage) / 2))
    return float(max(low, 0.0)), float(min(high, 1.0))


def _areas(
    signal: Counts, background: Counts, generator: np.random.Generator, replicas: int
) -> npt.NDArray[np.float64]:
    """Return the areas of so many replicas of events, counted by score, the highest first."""
    drawn = (
        generator.multinomial(counts.sum(), counts / counts.sum(), size=replicas)
        for counts in (signal, background)
    )
    return _area(*drawn)


def _area(signal: Counts, background: Counts) -> npt.NDArray[np.float64]:
    """Return the share of pairs in order, ties counted half; any leading axes."""
    totals = signal.sum(axis=-1), background.sum(axis=-1)
    below = totals[1][..., None] - np.cumsum(background, axis=-1) + background / 2
    won = np.einsum("...l,...l->...", signal, below)
    return np.asarray(won / (totals[0] * totals[1]), dtype=np.float64)
