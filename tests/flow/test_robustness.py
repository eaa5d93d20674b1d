"""Faults of the input against a plain loop over positions and events."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.builders import dense, pixels_in, small_cnn, weights
from trigger.config import load_design
from trigger.emulate import run
from trigger.fixed import FixedFormat
from trigger.flow import robustness
from trigger.flow.comparison import EMULATED
from trigger.flow.faults import _decided
from trigger.flow.robustness import Decided, study_robustness
from trigger.layers import Reshape
from trigger.network import Network
from trigger.rates import Exposure
from trigger.report import EnginePhysics, Physics
from trigger.training import Sample

EVENTS = 60
NETWORK = small_cnn(3)
SHAPE = NETWORK.inputs[0].dimensions


def score(outputs):
    return outputs[:, 0] - outputs[:, 1]


def decide(pixels, threshold):
    raw = run(NETWORK, pixels)["score"].reshape(len(pixels), -1)
    return score(raw) >= threshold


@pytest.fixture(scope="module")
def decided() -> Decided:
    rng = np.random.default_rng(5)
    pixels = np.where(rng.random((EVENTS, *SHAPE)) < 0.3, rng.integers(0, 256, (EVENTS, *SHAPE)), 0)
    pixels[:, 0] = 0  # a row without cells
    pixels[3, 4, 4] = 255
    threshold = int(np.median(score(run(NETWORK, pixels)["score"].reshape(EVENTS, -1))))
    return Decided(
        network=NETWORK,
        pixels=pixels.astype(np.uint8),
        labels=(rng.random(EVENTS) < 0.5).astype(np.int8),
        score=score,
        threshold=threshold,
        signals=("ee",),
        background="mm",
        exposure=Exposure(40.0),
        contract="",
        with_gain=lambda gain: np.minimum(pixels * (1 + gain), 255).astype(np.uint8),
    )


@pytest.fixture(scope="module")
def found(decided):
    return study_robustness(decided)


@pytest.mark.parametrize(("kind", "value"), [(0, 0), (1, 255)], ids=["dead", "hot"])
def test_a_map_is_what_a_loop_over_all_positions_counts(decided, found, kind, value):
    fault = found.faults[kind]
    assert fault.name == ("dead", "hot")[kind]
    before = decide(decided.pixels, decided.threshold)
    signal, background = decided.labels == 1, decided.labels == 0
    assert (fault.signal_events, fault.background_events) == (signal.sum(), background.sum())
    moved_at_all = 0
    for position in range(decided.pixels[0].size):
        changed = decided.pixels.reshape(EVENTS, -1).copy()
        lit = changed[:, position].any()
        changed[:, position] = value
        after = decide(changed.reshape(-1, *SHAPE), decided.threshold)
        moved = after.astype(int) - before
        counted = [int(moved[each].sum()) if lit else None for each in (signal, background)]
        assert [fault.signal_moved[position], fault.background_moved[position]] == counted
        moved_at_all += any(counted)
    assert moved_at_all > 5


def test_positions_that_nothing_reaches_have_no_cell(found):
    assert found.cells == 7 * 8
    for fault in found.faults:
        assert set(fault.signal_moved[:8]) == {None}
        assert None not in fault.signal_moved[8:]


def test_the_worst_cells_are_the_extremes_of_the_maps(decided, found):
    dead = found.faults[0]
    lost = min(moved for moved in dead.signal_moved if moved is not None)
    first = dead.worst[0]
    assert first.signal_change.value == pytest.approx(lost / dead.signal_events)
    assert first.signal_change.low < first.signal_change.value < first.signal_change.high
    position = dead.signal_moved.index(lost)
    assert first.name == f"row {position // 8}, column {position % 8}"
    before = found.nominal.signal_efficiency.value
    assert first.signal_efficiency.value == pytest.approx(before + first.signal_change.value)


def test_a_noisy_cell_moves_fewer_events_than_it_fires_in(found):
    noisy = found.faults[2]
    assert noisy.name == "noisy"
    assert any(noisy.signal_moved[8:])
    most = max(abs(moved) for moved in noisy.signal_moved if moved is not None)
    assert most <= noisy.signal_events / 4


def test_gain_shifts_stand_in_order_around_the_design(decided, found):
    sizes = [each.size for each in found.gains]
    assert sizes == sorted(sizes)
    assert sizes[4] == 0
    middle = found.gains[4]
    assert middle == replace(found.nominal, size=0)
    assert (middle.signal_change.value, middle.signal_change.low) == (0, None)
    passed = decide(decided.with_gain(0.1), decided.threshold)[decided.labels == 1]
    assert found.gains[-1].signal_efficiency.value == passed.mean()


def test_rates_are_shares_of_the_crossings(found):
    nominal = found.nominal
    assert nominal.rate_khz.value == pytest.approx(40_000 * nominal.background_acceptance.value)


def test_a_mirrored_image_is_decided_as_a_mirrored_image(decided, found):
    (mirrored,) = (each for each in found.orientations if each.name == "mirrored, left and right")
    passed = decide(decided.pixels[:, :, ::-1], decided.threshold)[decided.labels == 1]
    assert mirrored.signal_efficiency.value == passed.mean()
    assert len(found.orientations) == 7


def test_the_same_is_found_again_and_the_key_tells_what_it_depends_on(decided, found):
    assert study_robustness(decided) == found
    assert replace(decided, threshold=decided.threshold + 1).key != found.key
    assert replace(decided, pixels=decided.pixels[:, ::-1]).key != found.key
    assert replace(decided, contract="scale 7").key != found.key


def test_every_signal_is_found_as_if_it_were_alone(decided):
    labels = np.random.default_rng(6).integers(0, 3, EVENTS).astype(np.int8)
    both = study_robustness(replace(decided, labels=labels, signals=("ee", "ttbar")))
    assert [each.signal for each in both.nominal.signals(both.signal)] == ["ee", "ttbar"]
    for label, name in ((1, "ee"), (2, "ttbar")):
        kept = labels != 3 - label

        def with_gain(gain, kept=kept):
            return decided.with_gain(gain)[kept]

        alone = study_robustness(
            replace(
                decided,
                pixels=decided.pixels[kept],
                labels=(labels[kept] > 0).astype(np.int8),
                signals=(name,),
                with_gain=with_gain,
            )
        )
        for one, all_ in zip(
            (alone.nominal, *alone.gains, *alone.orientations),
            (both.nominal, *both.gains, *both.orientations),
            strict=True,
        ):
            assert one.background_change == all_.background_change
            assert one.signals(name)[0] == all_.signals(both.signal)[label - 1]
        for one, all_ in list(zip(alone.faults, both.faults, strict=True))[:2]:  # noise is drawn
            assert one.background_moved == all_.background_moved
            assert one.signals(name)[0] == all_.signals(both.signal)[label - 1]
            assert any(one.signal_moved[8:])


def test_a_worst_cell_may_be_that_of_any_signal(decided):
    labels = np.random.default_rng(6).integers(0, 3, EVENTS).astype(np.int8)
    found = study_robustness(replace(decided, labels=labels, signals=("ee", "ttbar")))
    hot = found.faults[1]
    shares = [
        min(moved / each.events for each, moved in zip(hot.signals("ee"), place, strict=True))
        for place in zip(*(each.moved for each in hot.signals("ee")), strict=True)
        if None not in place
    ]
    lost = [each.change.value for each in hot.worst[0].signals("ee")]
    assert min(lost) == pytest.approx(min(shares))


def test_an_anomaly_trigger_is_asked_for_every_signal_at_one_threshold():
    file = load_design(Path(__file__).parents[2] / "models" / "region_anomaly.yaml")
    labels = np.tile(np.arange(5), 6)
    images = SimpleNamespace(
        sample=Sample(np.arange(30 * 4).reshape(30, 2, 2, 1), labels),
        split=SimpleNamespace(test=np.arange(10, 30)),
        contract=SimpleNamespace(to_dict=dict),
    )
    assert file.classes == ("zero_bias", "ttbar", "haa4b", "suep", "zprime")
    found = [
        Physics(signal, "zero_bias", 4, 4, 0.1, (EnginePhysics(EMULATED, *4 * (None,), threshold),))
        for threshold, signal in ((7, "ttbar"), (8, "zprime"), (9, "haa4b"))
    ]
    decided = _decided(file, images, NETWORK, found)
    assert (decided.threshold, decided.background) == (7, "zero_bias")
    assert decided.signals == ("ttbar", "zprime", "haa4b")
    assert decided.labels.tolist() == 4 * [0, 1, 3, 2]  # suep was not asked for
    assert decided.pixels[:, 0, 0, 0].tolist() == [
        4 * event for event in range(10, 30) if labels[event] != 3
    ]
    assert decided.score(np.array([[5], [-3]])).tolist() == [5, -3]


def test_sets_of_candidates_are_studied_number_by_number():
    form = FixedFormat.parse("ap_fixed<8,4>")
    rng = np.random.default_rng(2)
    network = Network(
        (
            pixels_in((4, 3), form),
            Reshape(name="flat", inputs=("pixels",), result=form, dimensions=(12,)),
            dense("score", "flat", weights(rng, 12, 1), [0]),
        ),
        ("score",),
    )
    pixels = rng.integers(-128, 128, (80, 4, 3))
    raw = run(network, pixels)["score"][:, 0]
    found = study_robustness(
        Decided(
            network=network,
            pixels=pixels.astype(np.int8),
            labels=(np.arange(80) % 2 == 0).astype(np.int8),
            score=lambda outputs: outputs[:, 0],
            threshold=int(np.median(raw)),
            signals=("b",),
            background="qcd",
            exposure=None,
            contract="",
            with_gain=lambda gain: None,
        )
    )
    assert (found.shape, found.cells, found.orientations) == ((4, 3), 12, ())
    assert "Nothing is turned: the input is no image." in found.left_out
    assert found.nominal.rate_khz is None
    hot = found.faults[1]
    assert hot.meaning == "always reads 127, the most"
    assert {each.name.split()[0] for each in hot.worst} == {"candidate"}
    changed = pixels.copy()
    changed[:, 2, 1] = 127
    moved = (run(network, changed)["score"][:, 0] >= found.threshold).astype(int) - (
        raw >= found.threshold
    )
    assert hot.signal_moved[2 * 3 + 1] == moved[::2].sum()


def test_a_hot_cell_may_read_more_than_the_pixels_type_holds():
    form = FixedFormat.parse("ap_ufixed<10,0>")
    network = Network(
        (pixels_in((2,), form), dense("score", "pixels", [[31], [31]], [0])), ("score",)
    )
    found = study_robustness(
        Decided(
            network=network,
            pixels=np.array([[9, 0], [0, 7], [3, 2], [1, 1]], dtype=np.uint8),
            labels=np.array([1, 0, 1, 0], dtype=np.int8),
            score=lambda outputs: outputs[:, 0],
            threshold=31 * 500,
            signals=("b",),
            background="qcd",
            exposure=None,
            contract="",
            with_gain=lambda gain: None,
        )
    )
    assert found.faults[1].signal_moved == (2, 2)


def test_what_would_take_too_long_is_left_out_with_a_sentence(decided, monkeypatch):
    monkeypatch.setattr(robustness, "NATIVE_WORK", 1e6)
    monkeypatch.setattr(robustness, "REFERENCE_WORK", 1e6)
    found = study_robustness(replace(decided, with_gain=lambda gain: None))
    assert [fault.name for fault in found.faults] == []
    assert found.gains == ()
    assert len([each for each in found.left_out if "would take too long" in each]) == 3
    assert any("No shift of the gain" in each for each in found.left_out)
