"""Comparison of engines: == on integers, the first difference by name."""

from __future__ import annotations

import numpy as np
import pytest

from tests.builders import small_cnn
from trigger.emulate import compare, in_steps, merge, run
from trigger.errors import NetworkError

NAMES = ("ours", "theirs")


@pytest.fixture
def traced():
    network = small_cnn()
    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1))
    return network, run(network, pixels, layers=("relu", "pool", "score"))


def changed(results, name, place, by=1):
    other = {key: raw.copy() for key, raw in results.items()}
    other[name][place] += by
    return other


def test_equal_results_have_no_mismatch(traced):
    network, results = traced
    agreement = compare(network, results, results, names=NAMES)
    assert agreement.mismatches == 0
    assert agreement.first is None
    assert agreement.events == 6
    assert agreement.elements == 6 * (6 * 6 * 4 + 3 * 3 * 4 + 2)


def test_one_bit_is_found_and_named(traced):
    network, results = traced
    other = changed(results, "pool", (4, 1, 2, 3))
    agreement = compare(network, results, other, names=NAMES, first_event=100)
    assert agreement.mismatches == 1
    raw = int(results["pool"][4, 1, 2, 3])
    assert str(agreement.first).startswith(
        f"event 104, layer pool, element [1, 2, 3]: {raw} against {raw + 1} in ap_ufixed<6,2"
    )


def test_the_first_difference_is_of_the_layer_that_moved_first(traced):
    network, results = traced
    other = changed(changed(results, "score", (0, 0)), "relu", (5, 0, 0, 0))
    assert compare(network, results, other, names=NAMES).first.layer == "relu"


def test_parts_merge_to_the_whole(traced):
    network, results = traced
    other = changed(results, "score", (5, 1))
    whole = compare(network, results, other, names=NAMES)

    def part(start, stop):
        cut = [{name: raw[start:stop] for name, raw in side.items()} for side in (results, other)]
        return compare(network, *cut, names=NAMES, first_event=start)

    assert merge([part(0, 2), part(2, 6)]) == whole


def test_real_numbers_are_compared_on_the_grid(traced):
    network, results = traced
    values = {name: network[name].result.values(raw) for name, raw in results.items()}
    agreement = compare(network, results, in_steps(network, values), names=NAMES)
    assert agreement.mismatches == 0
    values["pool"][2, 0, 0, 0] += 1 / 64  # a quarter of a step
    moved = compare(network, results, in_steps(network, values), names=NAMES)
    assert moved.mismatches == 1
    assert moved.first.right_raw == moved.first.left_raw + 0.25


@pytest.mark.parametrize(
    ("right", "message"),
    [
        ({}, "do not both have score"),
        ({"score": np.zeros((5, 2), int)}, r"ours has shape \(6, 2\), theirs \(5, 2\)"),
    ],
)
def test_results_that_cannot_be_compared_are_refused(traced, right, message):
    network, results = traced
    with pytest.raises(NetworkError, match=message):
        compare(network, results, right, names=NAMES)


def test_parts_of_other_engines_do_not_merge(traced):
    network, results = traced
    parts = [
        compare(network, results, results, names=NAMES),
        compare(network, results, results, names=("a", "b")),
    ]
    with pytest.raises(NetworkError, match="2 parts of 2 kinds"):
        merge(parts)
