"""Signal efficiency against background acceptance, counted exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import exp, log

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from trigger.errors import ReportError
from trigger.rates.efficiency import COVERAGE, Efficiency, clopper_pearson, measure_efficiency
from trigger.rates.scores import ScoreArray, check_scores

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Roc:
    """The counts behind a ROC curve: one point per different score, the strictest first."""

    thresholds: ScoreArray
    """Shape (points,), strictly falling; the events with score >= threshold pass."""
    signal_passed: Counts
    """Shape (points,), signal events that pass each threshold."""
    background_passed: Counts
    signal_total: int
    background_total: int

    @property
    def signal_efficiency(self) -> npt.NDArray[np.float64]:
        """Shape (points + 1,): 0 where nothing passes, then the share at each threshold."""
        return np.concatenate(([0], self.signal_passed)) / self.signal_total

    @property
    def background_acceptance(self) -> npt.NDArray[np.float64]:
        """Shape (points + 1,), beside ``signal_efficiency``."""
        return np.concatenate(([0], self.background_passed)) / self.background_total

    @property
    def exact_auc(self) -> Fraction:
        """P(signal > background) + P(signal = background) / 2 over all pairs of events."""
        wide = 2 * self.signal_total * self.background_total > np.iinfo(np.int64).max
        signal, background = (
            np.diff(passed.astype(object) if wide else passed, prepend=0)
            for passed in (self.signal_passed, self.background_passed)
        )
        below = self.background_total - self.background_passed
        doubled = int(np.sum(signal * (2 * below + background)))
        return Fraction(doubled, 2 * self.signal_total * self.background_total)

    @property
    def auc(self) -> float:
        """Area under the curve, ties counted half."""
        return float(self.exact_auc)

    def auc_interval(self, coverage: float = COVERAGE) -> tuple[float, float]:
        """Return the interval of the area under the curve.

        The variance of DeLong et al., Biometrics 44 (1988) 837, taken to the logit so that the
        interval stays inside [0, 1]. Where the classes are separated perfectly that variance is 0;
        then min(signal, background) independent pairs were all ordered alike, and the interval is
        the Clopper-Pearson interval of that.
        """
        auc = self.auc
        if auc in (0.0, 1.0):
            pairs = min(self.signal_total, self.background_total)
            return clopper_pearson(round(auc) * pairs, pairs, coverage)
        signal = np.diff(self.signal_passed, prepend=0)
        background = np.diff(self.background_passed, prepend=0)
        beaten = 1 - (self.background_passed - background / 2) / self.background_total
        beating = (self.signal_passed - signal / 2) / self.signal_total
        variance = _variance_of_mean(beaten, signal) + _variance_of_mean(beating, background)
        centre = log(auc / (1 - auc))
        reach = float(ndtri((1 + coverage) / 2)) * variance**0.5 / (auc * (1 - auc))
        return _logistic(centre - reach), _logistic(centre + reach)


@dataclass(frozen=True, slots=True)
class WorkingPoint:
    """A threshold with what passes it."""

    threshold: float | int | None
    """The lowest score that passes; None where only an empty selection is strict enough."""
    signal: Efficiency
    background: Efficiency


def build_roc(signal: npt.ArrayLike, background: npt.ArrayLike) -> Roc:
    """Return the ROC counts of scores that are large for signal.

    Args:
        signal: ``(events,)``, integers or floats.
        background: ``(events,)``, of the same kind.

    Raises:
        ReportError: a class without events, scores that are not finite, or integers beside floats.
    """
    signal_scores = check_scores(signal, "signal scores")
    background_scores = check_scores(background, "background scores")
    if (signal_scores.dtype.kind == "f") != (background_scores.dtype.kind == "f"):
        raise ReportError(
            f"signal is {signal_scores.dtype} and background is {background_scores.dtype}",
            where="ROC",
            allowed="both integers or both floats",
            remedy="take both from one engine",
        )
    both = np.concatenate((signal_scores, background_scores))
    levels, group = np.unique(both, return_inverse=True)
    found = [
        np.bincount(part, minlength=len(levels))[::-1].cumsum().astype(np.int64)
        for part in np.split(group, [len(signal_scores)])
    ]
    return Roc(levels[::-1], found[0], found[1], len(signal_scores), len(background_scores))


def find_working_point(roc: Roc, acceptance: float, coverage: float = COVERAGE) -> WorkingPoint:
    """Return the loosest threshold that accepts no more background than asked.

    Ties decide what can be reached: the acceptance of the answer may lie well below the asked one.

    Args:
        acceptance: share of background events, 0 to 1.

    Raises:
        ReportError: an acceptance outside [0, 1].
    """
    return _working_point(roc, _strictest(roc, acceptance), coverage)


def find_next_looser(
    roc: Roc, acceptance: float, coverage: float = COVERAGE
) -> WorkingPoint | None:
    """Return the strictest threshold that accepts more background than asked; None: there is none.

    With ``find_working_point`` it encloses what was asked for: between the two lies no score.

    Raises:
        ReportError: an acceptance outside [0, 1].
    """
    chosen = _strictest(roc, acceptance) + 1
    return _working_point(roc, chosen, coverage) if chosen < len(roc.thresholds) else None


def measure_rejection(roc: Roc, efficiency: float, coverage: float = COVERAGE) -> WorkingPoint:
    """Return the strictest threshold with at least this signal efficiency; 1/background is there.

    Raises:
        ReportError: an efficiency outside (0, 1].
    """
    if not 0 < efficiency <= 1:
        raise ReportError(
            f"the signal efficiency is {efficiency}", where="rejection", allowed="above 0, up to 1"
        )
    needed = -int(-Fraction(efficiency).limit_denominator(10**12) * roc.signal_total // 1)
    return _working_point(roc, int(np.searchsorted(roc.signal_passed, needed)), coverage)


def _strictest(roc: Roc, acceptance: float) -> int:
    """Return the place of the loosest threshold within an acceptance; -1 where none is."""
    if not 0 <= acceptance <= 1:
        raise ReportError(
            f"the background acceptance is {acceptance}", where="working point", allowed="0 to 1"
        )
    # floor of an exact product: 0.1 as a float is a little more than 1/10, which does no harm here
    allowed = int(Fraction(acceptance).limit_denominator(10**12) * roc.background_total)
    return int(np.searchsorted(roc.background_passed, allowed, side="right")) - 1


def _working_point(roc: Roc, chosen: int, coverage: float) -> WorkingPoint:
    """Return the threshold at a place with what passes; -1 is above every score."""
    passed = (0, 0)
    threshold = None
    if chosen >= 0:
        passed = int(roc.signal_passed[chosen]), int(roc.background_passed[chosen])
        threshold = roc.thresholds[chosen]
        threshold = float(threshold) if roc.thresholds.dtype.kind == "f" else int(threshold)
    return WorkingPoint(
        threshold,
        measure_efficiency(passed[0], roc.signal_total, coverage),
        measure_efficiency(passed[1], roc.background_total, coverage),
    )


def outline(roc: Roc, most: int | None = None) -> Roc:
    """Return the corners of the curve: the same polygon and area from fewer points.

    Args:
        most: thin further to at most so many points (at least 2), which then cuts corners.
    """
    signal = np.diff(roc.signal_passed, prepend=0)
    background = np.diff(roc.background_passed, prepend=0)
    turns = signal[:-1] * background[1:] != signal[1:] * background[:-1]
    kept = np.append(np.flatnonzero(turns), len(roc.thresholds) - 1)
    if most is not None and len(kept) > most:
        # closest together at the strict end, which a logarithmic axis shows largest
        places = np.geomspace(1, len(kept), max(most, 2)).round().astype(int) - 1
        kept = kept[np.unique(places)]
    return replace(
        roc,
        thresholds=roc.thresholds[kept],
        signal_passed=roc.signal_passed[kept],
        background_passed=roc.background_passed[kept],
    )


def _variance_of_mean(values: npt.NDArray[np.float64], counts: Counts) -> float:
    """Return the variance of the mean of values that occur so many times."""
    total = int(counts.sum())
    if total < 2:
        return 0.25  # of one event nothing is known: the largest variance of a share
    mean = np.dot(values, counts) / total
    return float(np.dot((values - mean) ** 2, counts) / (total - 1) / total)


def _logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x > -700 else 0.0  # exp overflows beyond 709
