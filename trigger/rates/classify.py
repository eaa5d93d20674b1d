"""From scores to a decision for one class, and how often it is right."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trigger.errors import ReportError
from trigger.rates.efficiency import COVERAGE, Efficiency, measure_efficiency
from trigger.rates.scores import check_scores


def predict_classes(scores: npt.ArrayLike, threshold: float = 0) -> npt.NDArray[np.int64]:
    """Return the class of each event, shape ``(events,)``.

    Args:
        scores: ``(events, classes)``: the largest score wins, the first class among equal ones;
            ``(events,)`` or ``(events, 1)``: class 1 from the threshold on, class 0 below.
        threshold: of the one score; 0 is the even decision of a logit.

    Raises:
        ReportError: no events, or scores that are not numbers.
    """
    array = check_scores(scores, "class decision", np.ndim(scores) if np.ndim(scores) == 2 else 1)
    if array.ndim == 2 and array.shape[1] > 1:
        return np.asarray(np.argmax(array, axis=1), dtype=np.int64)
    return np.asarray(array.reshape(len(array)) >= threshold, dtype=np.int64)


def count_confusion(
    predicted: npt.ArrayLike, labels: npt.ArrayLike, classes: int
) -> npt.NDArray[np.int64]:
    """Return how many events of each class (row) were taken for each class (column).

    Args:
        predicted: ``(events,)`` as ``predict_classes`` gives them.
        labels: ``(events,)`` true classes, 0 to ``classes`` - 1.

    Raises:
        ReportError: another number of labels than of events, or a class that is not known.
    """
    guess, truth = np.asarray(predicted), np.asarray(labels)
    if guess.shape != truth.shape:
        raise ReportError(
            f"labels have the shape {truth.shape}",
            where="confusion",
            allowed=f"one label for each of the {len(guess)} events",
        )
    for name, found in (("predicted", guess), ("true", truth)):
        if len(found) and not 0 <= found.min() <= found.max() < classes:
            raise ReportError(
                f"{name} classes span {found.min()}..{found.max()}",
                where="confusion",
                allowed=f"0..{classes - 1}",
            )
    pairs = np.bincount(truth * classes + guess, minlength=classes * classes)
    return pairs.reshape(classes, classes).astype(np.int64)


def measure_accuracy(
    scores: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    threshold: float = 0,
    coverage: float = COVERAGE,
) -> Efficiency:
    """Return the share of events whose class is the labelled one.

    Args:
        scores: as `predict_classes`.
        labels: ``(events,)``, the number of the true class.

    Raises:
        ReportError: no events, or another number of labels than of events.
    """
    predicted = predict_classes(scores, threshold)
    truth = np.asarray(labels)
    if truth.shape != predicted.shape:
        raise ReportError(
            f"labels have the shape {truth.shape}",
            where="accuracy",
            allowed=f"one label for each of the {len(predicted)} events",
        )
    return measure_efficiency(int(np.sum(predicted == truth)), len(truth), coverage)
