"""What tasks draw and ask for: labels, targets, events that stay together, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trigger.design import LayerSpec
from trigger.errors import DesignError, EventError
from trigger.events.hit_batch import HitBatch, Truth
from trigger.fixed import FixedFormat
from trigger.images import Encoding, encode
from trigger.images.hit_maps import HitMapContract
from trigger.training import PixelCrossEntropy, Sample, SilentProgress, Split, SquaredError
from trigger.training.tasks import TASKS, Anomaly, HitNoise, Material, Momentum, Teacher, TrackClass

CONTRACT = HitMapContract(
    Encoding.PER_HIT, (4, 4), FixedFormat(8, 0, signed=False), scale=1024, keep_noise=True
)
TEACHER = Teacher((LayerSpec("Flatten", "flat"), LayerSpec("Dense", "drawn", {"units": 16})), 1)
SPLIT = Split(*(np.zeros(0, np.int64) for _ in range(3)))


def events(truth: bool = True) -> HitBatch:
    """Return two events: one with two hits of each particle, one in which pi- left a single one.

    In the first, wires 0 and 1 of layer 42 share a pixel, as pi+ and noise then do; wire 144 of
    layer 42 is noise alone.
    """
    tracks = [0, 0, 1, 1, 2, 2, 3, 3, -1, -1, 0, 0, 1, 2, 2, 3, 3]
    wires = [0, 40, 50, 60, 70, 80, 90, 100, 1, 144, 0, 40, 50, 70, 80, 90, 100]
    momentum = np.arange(24, dtype=float).reshape(2, 4, 3) / 10
    zeros = np.zeros_like(momentum)
    hits = len(tracks)
    return HitBatch(
        np.array([7, 8]),
        np.zeros(2, int),
        np.array([0, 10, hits]),
        np.full(hits, 42),
        np.array(wires),
        np.zeros(hits, int),
        np.full(hits, 500),
        np.array(tracks),
        Truth(np.array([[0, 1, 4, 5], [0, 1, 2, 3]]), momentum, zeros, zeros) if truth else None,
    )


def lesson_of(task, batch: HitBatch, contract: HitMapContract = CONTRACT) -> Sample:
    drawn = task.draw([batch])
    sample = Sample(encode(drawn.batch, contract), drawn.labels, group=task.group)
    return task.lesson(Material(drawn, contract, sample, SPLIT, Path(), SilentProgress())).sample


def test_tracks_with_too_few_hits_are_left_out():
    drawn = TrackClass(min_hits=2).draw([events(), events()])
    assert drawn.labels.tolist() == [0, 1, 2, 3, 0, 2, 3] * 2
    assert drawn.event_ids.tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3]
    assert drawn.left_out == 2
    assert drawn.batch.hits_per_event.tolist() == [2] * 14
    with pytest.raises(EventError, match=r"no track has 3 hits.*lower task min_hits"):
        TrackClass(min_hits=3).draw([events()])


def test_momenta_are_of_whole_events_in_units_of_the_scale():
    task = Momentum(sum_weight=0.5, scale_gev=4, min_hits=2)
    drawn = task.draw([events(), events()])
    assert drawn.event_ids.tolist() == [0, 0, 0, 0, 2, 2, 2, 2]
    assert drawn.left_out == 8
    sample = lesson_of(task, events())
    assert sample.group == 4
    assert np.allclose(sample.targets * 4, np.arange(12).reshape(4, 3) / 10)
    assert task.loss == SquaredError(0.5, (0.0405 / 4, 0.0, 0.0))
    assert Momentum().group == 1
    with pytest.raises(EventError, match=r"the events have no truth.*take event text"):
        task.draw([events(truth=False)])


def test_a_pixel_with_any_hit_of_a_particle_is_signal_and_unlit_ones_are_not_asked_for():
    sample = lesson_of(HitNoise(), events())
    pixels, targets = sample.pixels_raw[0, :, :, 0], sample.targets[0, :, :, 0]
    assert np.array_equal(np.isnan(targets), pixels == 0)
    assert targets[1, 3] == 1  # pi+ and noise meet
    assert targets[2, 0] == 0  # noise alone
    assert HitNoise().loss == PixelCrossEntropy()
    views = lesson_of(HitNoise(), events(), replace(CONTRACT, stereo_views=True))
    assert np.array_equal(views.targets, sample.targets, equal_nan=True)
    only_noise = replace(CONTRACT, keep_noise=False)
    with pytest.raises(DesignError, match=r"the images have no noise.*set input.keep_noise"):
        HitNoise().outputs(only_noise, ("mm", "ee"))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: TrackClass(min_hits=0), "min_hits is 0"),
        (lambda: Momentum(scale_gev=0), "scale_gev is 0"),
        (lambda: Momentum(sum_weight=-1), "sum_weight is -1"),
        (lambda: Momentum(beam_momentum_gev=(1.0,)), "has 1 numbers.*px, py, pz"),
        (lambda: Anomaly("mm", TEACHER, outliers=("mm",)), "mm is the background"),
        (lambda: Anomaly("mm", TEACHER).outputs(CONTRACT, ("ee", "cont")), "mm is not a class"),
        (lambda: Anomaly("mm", TEACHER).outputs(CONTRACT, ("ee", "mm")), "first class is ee"),
        (
            lambda: Anomaly("mm", TEACHER).outputs(replace(CONTRACT, shape=(5, 4)), ("mm", "ee")),
            r"teacher gives \(16,\).*\(5, 4, 1\)",
        ),
    ],
)
def test_impossible_choices_are_refused(make, match):
    with pytest.raises(DesignError, match=match):
        make()


def test_a_student_is_taught_the_background_alone_unless_told_otherwise():
    assert Anomaly("mm", TEACHER).taught(("mm", "ee")) == ("mm",)
    assert Anomaly("mm", TEACHER, outliers=("ee",)).taught(("mm", "ee")) == ("mm", "ee")
    assert TrackClass().taught(("mm", "ee")) == ("pi+", "pi-", "l+", "l-")


def test_every_task_is_judged_by_figures_of_its_own():
    from trigger.flow.figures import FIGURES

    assert set(FIGURES) == set(TASKS.values())
