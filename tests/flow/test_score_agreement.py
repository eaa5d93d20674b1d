"""Scores of two engines, event by event, against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest

from trigger.flow.score_agreement import FIRST, Scored, compare_scores

LABELS = np.array([0, 1, 0, 1, 1, 0])
CLASSES = ("mm", "ee")


def scored(name: str, values: list[float], threshold: float | None) -> Scored:
    array = np.array(values)
    return Scored(name, array, None if threshold is None else array >= threshold, threshold)


LEFT = scored("float", [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 2.5)
RIGHT = scored("emulated", [0.5, 2.0, 3.0, 3.0, 1.0, 5.0], 2.0)


def test_decisions_that_differ_are_counted_by_class_and_listed():
    found = compare_scores(LEFT, RIGHT, LABELS, CLASSES)
    assert [
        (row.class_name, row.events, row.left_only, row.right_only) for row in found.decisions
    ] == [("mm", 3, 0, 1), ("ee", 3, 1, 1)]
    assert [(row.event, row.class_name) for row in found.first] == [(1, "ee"), (2, "mm"), (4, "ee")]
    assert (found.first[2].left_score, found.first[2].right_score) == (4.0, 1.0)


def test_residuals_are_right_less_left():
    found = compare_scores(LEFT, RIGHT, LABELS, CLASSES)
    residual = np.array([0.5, 1, 1, 0, -3, 0])
    assert found.residual_mean == pytest.approx(residual.mean())
    assert found.residual_deviation == pytest.approx(residual.std())
    assert (found.residual_largest, found.different) == (3, 4)
    assert sum(found.residual_counts) == sum(found.counts) == 6


def test_equal_scores_fall_into_the_middle_bin_and_on_the_diagonal():
    found = compare_scores(LEFT, LEFT, LABELS, CLASSES)
    assert (found.different, found.residual_largest) == (0, 0)
    middle = len(found.residual_counts) // 2
    assert found.residual_counts[middle] == 6
    assert found.residual_edges[middle] < 0 < found.residual_edges[middle + 1]
    assert found.left_bins == found.right_bins
    assert found.first == ()


def test_without_a_threshold_no_decision_is_compared():
    found = compare_scores(LEFT, scored("QKeras", [1.0] * 6, None), LABELS, CLASSES)
    assert (found.decisions, found.first, found.right_threshold) == ((), (), None)


def test_only_the_first_events_are_listed():
    values = np.arange(40.0)
    low, high = Scored("a", values, values < 0, 99.0), Scored("b", values, values >= 0, 0.0)
    found = compare_scores(low, high, np.zeros(40, dtype=int), CLASSES)
    assert found.decisions[0].right_only == 40
    assert [event.event for event in found.first] == list(range(FIRST))
