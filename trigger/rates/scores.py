"""The guard at the border of the room: which arrays are scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.errors import ReportError

ScoreArray = npt.NDArray[Any]
"""Scores: int64, float64, or object where integers are wider than 63 bits."""


def check_scores(scores: npt.ArrayLike, where: str, dimensions: int = 1) -> ScoreArray:
    """Return scores as an array whose comparisons are exact.

    Args:
        scores: ``dimensions`` axes, the first one events; integers or finite floats.

    Raises:
        ReportError: no events, another shape, another kind of number, or one that is not finite.
    """
    array = np.asarray(scores)
    if array.ndim != dimensions or array.size == 0:
        raise ReportError(
            f"scores have the shape {array.shape}",
            where=where,
            allowed=f"{dimensions} axes and at least one event",
        )
    if array.dtype == object and all(isinstance(score, int) for score in array.flat):
        return array
    if array.dtype.kind not in "iuf":
        raise ReportError(
            f"scores are of type {array.dtype}", where=where, allowed="integers or floats"
        )
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        bad = int(np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(axis=1))[0])
        raise ReportError(
            f"the score of event {bad} is not finite",
            where=where,
            allowed="finite numbers",
            remedy="find out why the engine gives NaN or infinity; no figure is made from it",
        )
    return array
