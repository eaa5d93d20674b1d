"""The reference engine: every event through every layer, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import trigger
from tests.builders import PIXEL, dense, pixels_in, small_cnn
from trigger.emulate import reference
from trigger.errors import NetworkError
from trigger.network import Network


def test_events_do_not_depend_on_the_block_they_are_in(monkeypatch):
    network = small_cnn()
    pixels = np.random.default_rng(0).integers(0, 256, (37, 8, 8, 1))
    whole = reference.run(network, pixels)["score"]
    monkeypatch.setattr(reference, "BLOCK_EVENTS", 5)
    assert (reference.run(network, pixels)["score"] == whole).all()
    assert (reference.run(network, pixels[20:21])["score"] == whole[20:21]).all()


def test_any_layer_can_be_asked_for_inputs_too():
    network = small_cnn()
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1))
    results = reference.run(network, pixels, layers=("pool", "pixels"))
    assert set(results) == {"pool", "pixels"}
    assert results["pool"].shape == (3, 3, 3, 4)
    assert (results["pixels"] == pixels).all()


def test_no_events_give_no_scores():
    assert reference.run(small_cnn(), np.zeros((0, 8, 8, 1), int))["score"].shape == (0, 2)


def test_progress_is_told_after_each_block(monkeypatch):
    monkeypatch.setattr(reference, "BLOCK_EVENTS", 2)
    done = []
    reference.run(small_cnn(), np.zeros((5, 8, 8, 1), int), progress=done.append)
    assert done == [2, 4, 5]


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        ((), "0 arrays for 1 inputs.*pixels"),
        ((np.zeros((1, 8, 8, 1)),), "dtype float64.*raw integers of ap_ufixed<8,0>"),
        (
            (np.full((1, 8, 8, 1), 1.5, dtype=object),),
            "dtype object with 1.5.*raw integers of ap_ufixed<8,0>",
        ),
        ((np.zeros((1, 8, 7, 1), int),), r"shape \(1, 8, 7, 1\).*\(events, 8, 8, 1\)"),
        ((np.full((1, 8, 8, 1), 256),), "256 to 256.*0 to 255, the raw range"),
        ((np.full((1, 8, 8, 1), -1),), "-1 to -1"),
    ],
    ids=["none", "floats", "floats-as-objects", "shape", "high", "low"],
)
def test_pixels_that_the_port_cannot_take_are_refused(pixels, message):
    with pytest.raises(NetworkError, match=message):
        reference.run(small_cnn(), *pixels)


def test_inputs_with_different_numbers_of_events_are_refused():
    both = Network(
        (
            pixels_in((2,)),
            trigger.layers.Input(name="b", inputs=(), result=PIXEL, dimensions=(2,)),
            dense("d", "pixels", [[1], [2]], [0]),
        ),
        ("d",),
    )
    with pytest.raises(NetworkError, match="differ in their number of events"):
        reference.run(both, np.zeros((1, 2), int), np.zeros((2, 2), int))


def test_trigger_emulate_takes_raw_integers_and_real_numbers():
    network = small_cnn()
    raw = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1))
    scores = trigger.emulate(network, raw)
    assert scores.shape == (4, 2)
    assert (trigger.emulate(network, raw / 256) == scores).all()
    assert (trigger.emulate(network, raw / 256 + 0.003) == scores).all()  # truncated, as ap_ufixed


def test_several_outputs_come_as_a_tuple():
    network = Network(small_cnn().layers, ("pool", "score"))
    pool, score = trigger.emulate(network, np.zeros((1, 8, 8, 1), int))
    assert pool.shape == (1, 3, 3, 4)
    assert score.shape == (1, 2)
