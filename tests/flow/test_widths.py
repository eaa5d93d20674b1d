"""Ranges and widths of a small network, counted again number by number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import small_cnn
from trigger.emulate import run
from trigger.fixed import FixedFormat
from trigger.flow.widths import bits_needed, measure_widths, range_rows, run_layers

NETWORK = small_cnn(2)
PIXELS = np.random.default_rng(1).integers(0, 256, (40, *NETWORK.inputs[0].dimensions))


@pytest.fixture(scope="module")
def results():
    return run_layers(NETWORK, PIXELS)


@given(st.integers(-(2**40), 2**40 - 1), st.booleans())
def test_the_bits_of_a_number_hold_it_and_one_less_does_not(raw: int, signed: bool):
    raw = raw if signed else abs(raw)
    (bits,) = bits_needed(np.array([raw]), FixedFormat(41, 41, signed)).tolist()
    if raw == 0:
        assert bits == 0
        return
    form = FixedFormat(bits, bits, signed)
    assert form.raw_min <= raw <= form.raw_max
    if bits > 1:
        smaller = FixedFormat(bits - 1, bits - 1, signed)
        assert not smaller.raw_min <= raw <= smaller.raw_max


def test_range_rows_say_how_many_events_they_saw(results):
    assert {row.observed_events for row in range_rows(NETWORK)} == {None}
    rows = range_rows(NETWORK, results)
    assert {row.observed_events for row in rows if row.role == "result"} == {40}


def test_weights_are_mapped_by_output(results):
    (conv,) = (
        each
        for each in measure_widths(NETWORK, results)
        if (each.layer, each.role) == ("conv", "kernel")
    )
    kernel = NETWORK["conv"].kernel
    assert conv.map_shape == (4, 9)
    assert conv.zero_share == np.mean(kernel == 0)
    assert conv.by_bits[0] == np.count_nonzero(kernel == 0)
    assert sum(conv.by_bits) == kernel.size
    bits = np.array(conv.bits).reshape(4, 3, 3)
    assert bits[1, 2, 0] == bits_needed(kernel[2, 0, 0, 1:2], NETWORK["conv"].kernel_format)[0]


def test_results_are_mapped_by_place_over_their_channels(results):
    (relu,) = (each for each in measure_widths(NETWORK, results) if each.layer == "relu")
    raw = run(NETWORK, PIXELS, layers=("relu",))["relu"]
    assert (relu.events, relu.map_shape) == (40, raw.shape[1:3])
    most = np.vectorize(lambda value: int(value).bit_length())(raw.max(axis=(0, 3)))
    assert relu.bits == tuple(most.ravel().tolist())
    zeros = np.mean(raw == 0, axis=(0, 3)).ravel()
    assert relu.zero_shares == pytest.approx(zeros, abs=0.001)
    assert relu.by_bits[0] == np.count_nonzero(~raw.any(axis=0))


def test_a_network_alone_tells_of_its_weights():
    assert {each.role for each in measure_widths(NETWORK)} == {"kernel"}


def test_maps_too_large_to_look_at_are_counts_alone(monkeypatch):
    monkeypatch.setattr("trigger.flow.widths.MOST_PLACES", 10)
    conv = measure_widths(NETWORK)[0]
    assert (conv.map_shape, conv.bits) == ((0, 0), ())
    assert sum(conv.by_bits) == NETWORK["conv"].kernel.size
