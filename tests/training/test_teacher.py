"""A teacher draws what it was trained on better than what it never saw."""

from __future__ import annotations

import numpy as np
import pytest

from trigger.design import LayerSpec, ModelSpec
from trigger.errors import DesignError
from trigger.fixed import FixedFormat
from trigger.training import Sample, TrainingSpec
from trigger.training.teacher import fit_teacher, log_error

LAYERS = (
    LayerSpec("Flatten", "flat"),
    LayerSpec("Dense", "code", {"units": 2, "activation": "relu"}),
    LayerSpec("Dense", "drawn", {"units": 16}),
)
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
