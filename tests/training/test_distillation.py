"""Distillation: labels that are softened by what the float twin says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trigger.design import LayerSpec, ModelSpec
from trigger.errors import DesignError
from trigger.fixed import FixedFormat
from trigger.training import ModelKind, PixelCrossEntropy, Sample, TrainingSpec, fit, predict
from trigger.training.distillation import distil, to_probability, to_targets
from trigger.training.loss import SoftCrossEntropy
from trigger.training.recipe import Recipe

BYTE = FixedFormat(8, 0, signed=False)
WEIGHTS = {
    "kernel_quantizer": "quantized_bits(8,2,alpha=1)",
    "bias_quantizer": "quantized_bits(8,2,alpha=1)",
}
TWIN = TrainingSpec(epochs=6, batch_size=16, learning_rate=0.1)
TAUGHT = replace(TWIN, distillation=1.0)


def model(outputs: int) -> ModelSpec:
    return ModelSpec((4,), BYTE, (LayerSpec("QDense", "score", {"units": outputs, **WEIGHTS}),))


def sample(classes: int, seed: int) -> Sample:
    """Return pixels that say nothing of some labels and much of others."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (480, 4))
    labels = np.where(rng.random(480) < 0.3, rng.integers(0, classes, 480), pixels[:, 0] * classes)
    return Sample(pixels, np.where(labels < classes, labels, labels // 256))


def test_logits_and_labels_become_probabilities():
    logits = np.array([[0.0, np.log(3), 0.0], [900.0, 0.0, -900.0]])
    assert np.allclose(to_probability(logits), [[0.2, 0.6, 0.2], [1, 0, 0]])
    both = to_probability(np.array([[-900.0], [0.0], [np.log(3)], [900.0]]))
    assert np.allclose(both, [[0], [0.5], [0.75], [1]])
    assert to_targets(np.array([0, 2]), 3).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert to_targets(np.array([0, 1]), 1).tolist() == [[0], [1]]


@pytest.mark.training
@pytest.mark.parametrize("outputs", [1, 3])
def test_a_model_learns_what_its_twin_says_and_is_judged_by_the_labels(tmp_path, outputs):
    train, held_out = (sample(max(2, outputs), seed) for seed in (1, 2))
    twin = fit(Recipe(ModelKind.FLOAT, model(outputs), TWIN, train, held_out), tmp_path / "twin")
    said = to_probability(predict(twin, train.pixels_raw))

    def recipe(share: float, **changes: object) -> Recipe:
        spec = replace(TWIN, distillation=share)
        return Recipe(
            ModelKind.QUANTISED, model(outputs), spec, train, held_out, twin=twin, **changes
        )

    plain, half = recipe(0.0), recipe(0.5)
    assert distil(plain) is plain
    assert plain.digest == replace(plain, twin=None).digest != half.digest
    assert half.digest != replace(half, twin=replace(twin, digest="another")).digest
    softened = distil(half)
    truth = to_targets(train.labels, outputs)
    assert np.allclose(softened.train.targets, (truth + said) / 2)
    assert np.array_equal(softened.validation.targets, to_targets(held_out.labels, outputs))
    assert np.array_equal(softened.train.labels, train.labels)
    assert softened.loss == SoftCrossEntropy()

    # labels that are the wrong way round: who learns of the twin does not see them
    wrong = replace(train, labels=train.labels.max() - train.labels)
    lesson = Recipe(ModelKind.QUANTISED, model(outputs), TAUGHT, wrong, held_out, twin=twin)
    taught = fit(lesson, tmp_path / "taught")
    assert fit(lesson, tmp_path / "taught").digest == taught.digest
    its = to_probability(predict(taught, held_out.pixels_raw))
    teachers = to_probability(predict(twin, held_out.pixels_raw))
    assert np.abs(its - teachers).mean() < 0.05
    chance = its[:, 0] if outputs == 1 else its[np.arange(480), held_out.labels]
    if outputs == 1:
        chance = np.where(held_out.labels == 1, chance, 1 - chance)
    best = taught.history[taught.best_epoch - 1]
    assert best.validation_loss == pytest.approx(-np.log(chance).mean(), rel=1e-3)
    right = its.argmax(axis=1) if outputs > 1 else its[:, 0] > 0.5
    assert best.validation_accuracy == pytest.approx(np.mean(right == held_out.labels), abs=1e-6)


def test_without_a_twin_or_labels_there_is_nothing_to_learn(tmp_path):
    data = sample(2, 1)
    for changes in ({}, {"loss": PixelCrossEntropy()}):
        with pytest.raises(DesignError, match=r"distillation is 1, .*nothing to learn.*float twin"):
            fit(Recipe(ModelKind.QUANTISED, model(1), TAUGHT, data, data, **changes), tmp_path)
