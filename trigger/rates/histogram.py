"""Score histograms of several classes on one set of bins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.rates.scores import ScoreArray, check_scores


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many scores of one class fall into each bin."""

    name: str
    edges: tuple[float, ...]
    """One more than bins; bin i holds edges[i] <= score < edges[i + 1], the last its upper edge."""
    counts: tuple[int, ...]


def build_histograms(scores: Mapping[str, npt.ArrayLike], bins: int = 50) -> tuple[Histogram, ...]:
    """Return one histogram per class; every score is in a bin of the common edges.

    Integer scores get bins of equal whole width, with edges half-way between two integers, so that
    no bin holds more integers than its neighbour.

    Args:
        scores: of each class, shape ``(events,)``.
        bins: at most so many.

    Raises:
        ReportError: no events in a class, or scores that are not finite numbers.
    """
    arrays = {name: check_scores(values, f"scores of {name}") for name, values in scores.items()}
    low = min(array.min() for array in arrays.values())
    high = max(array.max() for array in arrays.values())
    edges = _edges(arrays, low, high, bins)
    return tuple(
        Histogram(
            name,
            tuple(float(edge) for edge in edges),
            tuple(int(count) for count in np.histogram(array.astype(np.float64), edges)[0]),
        )
        for name, array in arrays.items()
    )


def _edges(
    arrays: Mapping[str, ScoreArray], low: float, high: float, bins: int
) -> npt.NDArray[np.float64]:
    if all(array.dtype.kind != "f" for array in arrays.values()):
        span = int(high) - int(low) + 1
        width = -(-span // bins)
        return int(low) - 0.5 + width * np.arange(-(-span // width) + 1, dtype=np.float64)
    return np.histogram_bin_edges(np.array([low, high], dtype=np.float64), bins)
