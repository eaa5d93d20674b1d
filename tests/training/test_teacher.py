"""A teacher draws what it was trained on better than what it never saw."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger.design import LayerSpec, ModelSpec
from trigger.errors import DesignError
from trigger.events.hit_batch import HitBatch
from trigger.fixed import FixedFormat
from trigger.images import Encoding
from trigger.images.hit_maps import HitMapContract
from trigger.training import Sample, SilentProgress, Split, TrainingSpec
from trigger.training.tasks import Anomaly, Material, Teacher
from trigger.training.tasks.base import Drawn
from trigger.training.teacher import LOG_PIXEL, fit_teacher, log_error, soften

LAYERS = (
    LayerSpec("Flatten", "flat"),
    LayerSpec("Dense", "code", {"units": 2, "activation": "relu"}),
    LayerSpec("Dense", "drawn", {"units": 16}),
)
NO_HITS = HitBatch(*(np.zeros(n, int) for n in (0, 0, 1, 0, 0, 0, 0, 0)))
MODEL = ModelSpec((4, 4, 1), FixedFormat(8, 0, signed=False), LAYERS)


def bars(images: int, seed: int, *, rows: bool) -> Sample:
    """Return images with the first row (or column) lit, of any brightness."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((images, 4, 4, 1), np.uint8)
    brightness = rng.integers(60, 256, (images, 1, 1))
    if rows:
        pixels[:, 0] = brightness
    else:
        pixels[:, :, 0] = brightness
    return Sample(pixels, np.zeros(images, int))


@pytest.mark.training
def test_what_the_teacher_never_saw_has_the_larger_error(tmp_path):
    training = TrainingSpec(epochs=8, batch_size=32, learning_rate=0.02)
    known, held_out = bars(600, 1, rows=True), bars(200, 2, rows=True)
    teacher = fit_teacher(MODEL, training, known, held_out, tmp_path)
    familiar = log_error(teacher, held_out.pixels_raw)
    strange = log_error(teacher, bars(200, 3, rows=False).pixels_raw)
    assert familiar.shape == (200,)
    assert np.median(strange) > np.quantile(familiar, 0.9) + 1
    # the pixels' own rounding is the least error that there is
    assert familiar.min() >= np.log((1 / 256) ** 2 / 12)
    best = teacher.history[teacher.best_epoch - 1].validation_loss
    assert np.mean(np.exp(familiar) - (1 / 256) ** 2 / 12) == pytest.approx(best, rel=1e-3)


def test_a_teacher_gives_back_as_many_numbers_as_it_takes(tmp_path):
    model = ModelSpec(MODEL.input_shape, MODEL.input_format, LAYERS[:2])
    sample = bars(8, 1, rows=True)
    with pytest.raises(DesignError, match=r"teacher gives \(2,\).*\(4, 4, 1\)"):
        fit_teacher(model, TrainingSpec(epochs=1), sample, sample, tmp_path)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1), st.floats(1e-3, 1e4))
def test_softened_pixels_are_logarithms_to_half_a_step(pixels, mean):
    raw = np.array(pixels, np.uint32)
    step = float(LOG_PIXEL.step)
    expected = np.minimum(np.log1p(raw / mean), LOG_PIXEL.raw_max * step)
    assert np.abs(soften(raw, mean) * step - expected).max() <= step / 2 + 1e-12


@pytest.mark.training
@pytest.mark.parametrize("logarithm", [False, True])
def test_of_logarithms_many_small_errors_outweigh_a_large_one(tmp_path, logarithm):
    rng = np.random.default_rng(4)
    means = np.repeat([10, 10, 30], [600, 50, 50])[:, None, None, None]
    pixels = rng.poisson(means, (700, 4, 4, 1))
    pixels[600:650, 1, 2] += 100
    sample = Sample(pixels, np.repeat([0, 1, 2], [600, 50, 50]))
    parts = np.arange(400), np.arange(400, 600), np.arange(600, 700)
    task = Anomaly("mm", Teacher(LAYERS, 10, 32, 0.02, logarithm=logarithm))
    contract = HitMapContract(Encoding.PER_HIT, (4, 4), MODEL.input_format, 256)
    drawn = Drawn(NO_HITS, sample.labels, np.arange(700), 0)
    lesson = task.lesson(
        Material(drawn, contract, sample, Split(*parts), tmp_path, SilentProgress())
    )
    score = lesson.sample.targets[:, 0]
    assert score[:400].mean() == pytest.approx(0, abs=1e-4)  # in units of the background's spread
    assert score[:400].std() == pytest.approx(1, abs=1e-4)
    large, many = np.median(score[600:650]), np.median(score[650:])
    assert min(large, many) > 1
    assert (many > large) == logarithm
