"""Which points are not worse than another in everything."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_BLOCK = 256


def nondominated(points: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Return the positions of points that no other one equals or betters in every coordinate.

    Of equal points the first stays. All coordinates are to be small.

    Args:
        points: (n, coordinates).
    """
    if len(points) == 0:
        return np.zeros(0, dtype=np.intp)
    keys = points[:, np.ptp(points, axis=0) > 0]
    if keys.shape[1] == 0:
        return np.zeros(1, dtype=np.intp)
    # Sorted so, no point is dominated by a later one.
    order = np.lexsort(keys.T[::-1])
    ordered = keys[order]
    if keys.shape[1] == 1:
        return order[:1]
    kept = _sweep(ordered[:, -1]) if keys.shape[1] == 2 else _by_blocks(ordered)
    return np.sort(order[kept])


def nondominated_within(
    groups: npt.NDArray[np.float64], points: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """Return the positions of points that no other one of the same group equals or betters."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=np.nan) != 0)
    kept = [
        part if len(part) == 1 else part[nondominated(points[part])]
        for part in np.split(order, starts[1:])
    ]
    return np.sort(np.concatenate(kept)) if kept else order


def _sweep(second: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Return the points, sorted by the first coordinate, that are the least so far in the other."""
    before = np.concatenate([[np.inf], np.minimum.accumulate(second)[:-1]])
    return np.flatnonzero(second < before)


def _by_blocks(ordered: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    kept = np.zeros(0, dtype=np.intp)
    for start in range(0, len(ordered), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(ordered)))
        block = block[~_dominated(ordered[block], ordered[kept])]
        here = ordered[block]
        worse = np.all(here[:, None] <= here[None], axis=2)
        worse[np.tril_indices(len(here))] = False  # only an earlier one dominates
        kept = np.concatenate([kept, block[~worse.any(axis=0)]])
    return kept


def _dominated(
    points: npt.NDArray[np.float64], others: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(points), dtype=bool)
    for start in range(0, len(others), 4 * _BLOCK):
        part = others[start : start + 4 * _BLOCK]
        open_ = np.flatnonzero(~found)
        if len(open_) == 0:
            break
        smaller = np.ones((len(open_), len(part)), dtype=bool)
        for axis in range(points.shape[1]):
            smaller &= part[None, :, axis] <= points[open_, None, axis]
        found[open_] = smaller.any(axis=1)
    return found
