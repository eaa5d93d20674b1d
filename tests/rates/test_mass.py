"""The dimuon mass, and what a selection does to its peak."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger.errors import ReportError
from trigger.rates import clopper_pearson, dimuon_mass, measure_peak

ANGLES = st.floats(-3, 3)


def test_back_to_back_muons_have_twice_their_momentum():
    assert dimuon_mass([[45.6, 45.6]], [[0, 0]], [[0, np.pi]]) == pytest.approx(91.2)


@given(st.lists(st.tuples(st.floats(1, 500), ANGLES, ANGLES), min_size=2, max_size=2))
def test_the_mass_is_that_of_the_four_momenta(pair):
    pt, eta, phi = np.array(pair).T
    momentum = np.array([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)]).sum(axis=1)
    energy = (pt * np.cosh(eta)).sum()
    square = energy**2 - (momentum**2).sum()
    found = dimuon_mass([pt], [eta], [phi])[0]
    assert found**2 == pytest.approx(square, rel=1e-6, abs=1e-9 * energy**2)


def test_equal_directions_have_no_mass():
    assert dimuon_mass([[30, 70]], [[1.3, 1.3]], [[0.4, 0.4]]) == [0]


def test_a_peak_before_and_after():
    mass = np.array([90.0] * 40 + [70.0] * 20 + [110.0] * 10 + [3.1] * 5 + [80.0, 100.0])
    kept = np.repeat([True, False, True, False, True], [36, 24, 3, 7, 7])
    found = measure_peak(mass, kept)
    assert (found.kept.passed, found.kept.total) == (37, 41)  # 80 is in the peak, 100 is not
    assert (found.before.peak, found.before.sides) == (41, 30)
    assert found.before.value == pytest.approx(41 / 20 / (30 / 30))
    assert (found.after.peak, found.after.sides) == (37, 3)
    assert found.after.value == pytest.approx(37 / 20 / (3 / 30))
    low, high = clopper_pearson(37, 40)
    assert found.after.low == pytest.approx(30 / 20 * low / (1 - low))
    assert found.after.high == pytest.approx(30 / 20 * high / (1 - high))


def test_what_no_event_tells_is_unknown():
    none = measure_peak([], [])
    assert none.kept is None
    assert none.before.value is None
    only = measure_peak([91.0, 92.0], [True, True])
    assert only.after.value is None
    assert only.after.high is None
    assert only.after.low > 0


def test_a_decision_for_each_mass():
    with pytest.raises(ReportError, match=r"\(2,\) masses and \(1,\) decisions"):
        measure_peak([91.0, 92.0], [True])
