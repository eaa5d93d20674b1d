"""Where numbers overflow: the proof against every input there is, and counts on data."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tests.builders import dense, pixels_in, relu, small_cnn
from trigger.emulate import run
from trigger.emulate.overflow import find_ranges, observe_ranges
from trigger.fixed import FixedFormat
from trigger.network import Network

TWO_BITS = FixedFormat.parse("ap_ufixed<2,0>")
ALL = np.array(list(product(range(4), repeat=3)))
"""Every event of three 2-bit inputs."""


def tiny(accumulator: str, result: str) -> Network:
    layer = dense(
        "sum",
        "pixels",
        [[20], [-31], [7]],
        [3],
        accumulator=FixedFormat.parse(accumulator),
        result=FixedFormat.parse(result),
    )
    return Network((pixels_in((3,), TWO_BITS), layer), ("sum",))


@pytest.mark.parametrize(
    ("accumulator", "result"),
    [
        ("ap_fixed<20,6>", "ap_fixed<20,6>"),
        ("ap_fixed<20,6>", "ap_fixed<4,1,AP_RND,AP_SAT>"),
        ("ap_fixed<7,0>", "ap_fixed<7,0>"),
        ("ap_fixed<5,1,AP_RND_CONV>", "ap_fixed<6,0,AP_TRN,AP_SAT_SYM>"),
    ],
)
def test_the_proven_range_is_what_all_inputs_together_reach(accumulator, result):
    for row in find_ranges(tiny(accumulator, result), ALL):
        demand, seen = row.demand, row.observed
        assert demand.low <= seen.low <= seen.high <= demand.high
        assert demand.overflows or seen.overflows == 0
        assert seen.elements == len(ALL)


def test_a_range_without_rounding_is_reached_at_both_ends():
    rows = find_ranges(tiny("ap_fixed<20,6>", "ap_fixed<20,6>"), ALL)
    last = rows[-1]
    assert (last.demand.low, last.demand.high) == (last.observed.low, last.observed.high)
    assert last.answer == "cannot overflow"
    assert last.demand.spare_bits > 0


def test_overflows_are_counted_and_named_by_their_rule():
    wrapping = find_ranges(tiny("ap_fixed<20,6>", "ap_fixed<16,0>"), ALL)[-1]
    assert wrapping.answer == "can wrap"
    values = ALL @ np.array([20, -31, 7]) / 128 + 3 / 32
    assert wrapping.observed.overflows == np.count_nonzero((values >= 0.5) | (values < -0.5))
    saturating = find_ranges(tiny("ap_fixed<20,6>", "ap_fixed<16,0,AP_TRN,AP_SAT>"), ALL)[-1]
    assert saturating.answer == "can saturate"
    assert saturating.observed.overflows == wrapping.observed.overflows


def test_without_data_nothing_is_observed():
    assert {row.observed for row in find_ranges(small_cnn())} == {None}


def test_every_layer_but_the_inputs_is_in_the_table():
    names = [row.layer for row in find_ranges(small_cnn())]
    assert list(dict.fromkeys(names)) == ["conv", "relu", "pool", "flat", "score"]


def test_what_a_relu_clips_from_below_is_no_overflow():
    network = Network((pixels_in((1,), FixedFormat(4, 0)), relu("relu", "pixels")), ("relu",))
    (row,) = find_ranges(network, np.arange(-8, 8)[:, None])
    assert (row.demand.low, row.observed.low, row.observed.overflows) == (0, 0, 0)


@pytest.mark.parametrize(
    ("accumulator", "result"),
    [
        ("ap_fixed<20,6>", "ap_fixed<20,6>"),
        ("ap_fixed<20,6>", "ap_fixed<4,1,AP_RND,AP_SAT>"),
        ("ap_fixed<7,0>", "ap_fixed<7,0>"),
    ],
)
def test_known_results_tell_what_a_full_look_tells(accumulator, result):
    network = tiny(accumulator, result)
    results = run(network, ALL, layers=("pixels", "sum"))
    cheap, full = observe_ranges(network, results), find_ranges(network, ALL)
    assert [(row.layer, row.demand) for row in cheap] == [(row.layer, row.demand) for row in full]
    for ours, theirs in zip(cheap, full, strict=True):
        skipped = ours.demand.role == "accumulator" and not ours.demand.overflows
        assert ours.observed == (None if skipped else theirs.observed)
