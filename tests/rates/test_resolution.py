"""Quantiles of errors and the variance explained: against counting, and their coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger.errors import ReportError
from trigger.rates import ONE_SIGMA, measure_quantile, measure_r2


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_a_share_of_the_values_does_not_exceed_the_quantile(values, share):
    found = measure_quantile(values, share)
    assert np.mean(np.array(values) <= found.value) >= share - 1e-12
    assert np.mean(np.array(values) < found.value) < share
    assert min(values) <= found.low <= found.value <= found.high <= max(values)


def test_the_interval_holds_the_true_quantile_as_often_as_it_says():
    samples = np.abs(np.random.default_rng(1).normal(size=(1000, 400)))
    found = [measure_quantile(sample, coverage=0.9) for sample in samples]
    covered = np.mean([each.low <= 1 <= each.high for each in found])  # one standard deviation
    assert 0.87 < covered < 0.93
    assert pytest.approx(0.6827, abs=1e-4) == ONE_SIGMA


def test_r2_is_0_for_the_mean_and_1_for_the_truth():
    truth = np.array([1.0, 2.0, 4.0])
    assert measure_r2(truth, truth) == 1
    assert measure_r2(np.full(3, truth.mean()), truth) == pytest.approx(0)
    assert measure_r2(-truth, truth) < 0
    assert measure_r2([1.0, 2.0], [3.0, 3.0]) is None


@pytest.mark.parametrize(
    ("values", "match"), [([], "there are no values"), ([1.0, np.nan], "a value is not finite")]
)
def test_what_has_no_quantile_is_refused(values, match):
    with pytest.raises(ReportError, match=match):
        measure_quantile(values)
