"""Losses: each is the mean over images that its record says, and learns what it is for."""

from __future__ import annotations

import numpy as np
import pytest

from trigger.design import LayerSpec, ModelSpec, digest_of
from trigger.errors import DesignError, ModelError
from trigger.fixed import FixedFormat
from trigger.training import (
    CrossEntropy,
    ModelKind,
    PixelCrossEntropy,
    Sample,
    SquaredError,
    TrainingSpec,
    fit,
    predict,
)
from trigger.training.recipe import Recipe
from trigger.training.store import package_versions

FLOAT = ModelKind.FLOAT
BYTE = FixedFormat(8, 0, signed=False)
PIXELS = ModelSpec(
    (4, 5, 1), BYTE, (LayerSpec("Conv2D", "noise", {"filters": 1, "kernel_size": 1}),)
)
VECTOR = ModelSpec(
    (4, 5, 1),
    BYTE,
    (LayerSpec("Flatten", "flat"), LayerSpec("Dense", "momentum", {"units": 3})),
)
ONE_EPOCH = TrainingSpec(epochs=1, batch_size=32, learning_rate=0.05)
BEAM = (0.5, 0.0, -0.25)


def hits(images: int, seed: int) -> Sample:
    """Return images whose bright pixels are signal and dim ones noise; later images hold more."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(1, 256, (images, 4, 5, 1))
    pixels[rng.random(pixels.shape) > np.linspace(0.1, 0.9, images)[:, None, None, None]] = 0
    targets = np.where(pixels, pixels > 128, np.nan)
    return Sample(pixels.astype(np.uint8), np.zeros(images, int), targets)


def tracks(images: int, seed: int, group: int = 4) -> Sample:
    """Return images whose targets are sums over columns."""
    pixels = np.random.default_rng(seed).integers(0, 256, (images, 4, 5, 1))
    targets = pixels.sum(axis=1)[:, :3, 0] / 256 - 2
    return Sample(pixels.astype(np.uint8), np.arange(images) % group, targets, group)


@pytest.mark.training
def test_every_pixel_that_is_asked_for_weighs_the_same(tmp_path):
    held_out = hits(1100, 2)  # more than one batch, of unlike numbers of lit pixels
    trained = fit(
        Recipe(FLOAT, PIXELS, ONE_EPOCH, hits(600, 1), held_out, loss=PixelCrossEntropy()), tmp_path
    )
    scores = predict(trained, held_out.pixels_raw).astype(float)
    lit = held_out.pixels_raw > 0
    signal = held_out.targets[lit]
    signed = np.where(signal == 1, scores[lit], -scores[lit])
    (epoch,) = trained.history
    assert epoch.validation_loss == pytest.approx(np.log1p(np.exp(-signed)).mean(), rel=1e-4)
    assert epoch.validation_accuracy == pytest.approx(np.mean(signed > 0), rel=1e-4)
    assert epoch.validation_r2 is None


@pytest.mark.training
def test_what_is_not_asked_for_teaches_nothing(tmp_path):
    sample = hits(300, 1)
    dark = sample.pixels_raw == 0
    pixels = np.where(dark, 255, sample.pixels_raw)  # would be signal, if anybody asked
    other = Sample(pixels, sample.labels, sample.targets)
    weights = []
    for name, lesson in (("dark", sample), ("bright", other)):
        trained = fit(
            Recipe(FLOAT, PIXELS, ONE_EPOCH, lesson, lesson, loss=PixelCrossEntropy()),
            tmp_path / name,
        )
        weights.append(trained.weights["noise"]["kernel"])
    assert np.array_equal(*weights)


@pytest.mark.training
@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_the_squared_error_counts_how_far_a_group_misses_its_sum(tmp_path, weight):
    held_out = tracks(1200, 2)
    loss = SquaredError(weight, BEAM)
    trained = fit(Recipe(FLOAT, VECTOR, ONE_EPOCH, tracks(640, 1), held_out, loss=loss), tmp_path)
    values = predict(trained, held_out.pixels_raw).astype(float)
    mean = np.mean((values - held_out.targets) ** 2)
    sums = values.reshape(-1, 4, 3).sum(axis=1)
    missed = np.mean(np.sum((sums - BEAM) ** 2, axis=1))
    (epoch,) = trained.history
    assert epoch.validation_loss == pytest.approx(mean + weight * missed, rel=1e-4)
    spread = np.mean(np.var(held_out.targets, axis=0))
    assert epoch.validation_r2 == pytest.approx(1 - mean / spread, rel=1e-3)
    assert epoch.validation_accuracy is None


@pytest.mark.training
def test_a_fit_of_groups_goes_on_after_an_interruption(tmp_path):
    from tests.training.test_fit import StopAfter

    training = TrainingSpec(epochs=3, batch_size=32, learning_rate=0.05)
    loss = SquaredError(0.5, BEAM)
    recipe = Recipe(FLOAT, VECTOR, training, tracks(320, 1), tracks(80, 2), loss=loss)
    whole = fit(recipe, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        fit(recipe, tmp_path / "resumed", StopAfter(15))
    resumed = fit(recipe, tmp_path / "resumed")
    assert np.array_equal(
        whole.weights["momentum"]["kernel"], resumed.weights["momentum"]["kernel"]
    )
    assert whole.history[2].validation_loss < 0.9 * whole.history[0].validation_loss


def without_targets() -> Sample:
    return Sample(hits(8, 1).pixels_raw, np.arange(8) % 2)


def with_targets(targets: np.ndarray) -> Sample:
    return Sample(np.zeros((8, 4, 5, 1), int), np.zeros(8, int), targets)


@pytest.mark.parametrize(
    ("model", "loss", "sample", "match"),
    [
        (PIXELS, PixelCrossEntropy(), without_targets(), r"targets are missing.*\(4, 5, 1\)"),
        (VECTOR, SquaredError(), hits(8, 1), r"targets are \(4, 5, 1\).*\(3,\)"),
        (VECTOR, PixelCrossEntropy(), with_targets(np.eye(8, 3)), "gives 3 numbers a pixel"),
        (PIXELS, PixelCrossEntropy(), with_targets(np.zeros((8, 4, 5, 1))), r"targets are \[0.0\]"),
        (VECTOR, SquaredError(), with_targets(np.full((8, 3), np.nan)), "a target is not finite"),
        (VECTOR, SquaredError(1, (0.5,)), tracks(8, 1), "known sum has 1 numbers.*3"),
    ],
)
def test_targets_that_do_not_fit_are_refused(tmp_path, model, loss, sample, match):
    with pytest.raises(ModelError, match=f"training sample: .*{match}"):
        fit(Recipe(FLOAT, model, ONE_EPOCH, sample, sample, loss=loss), tmp_path)


def test_a_batch_holds_whole_groups(tmp_path):
    training = TrainingSpec(epochs=1, batch_size=30)
    sample = tracks(8, 1)
    with pytest.raises(DesignError, match=r"batch_size is 30.*multiple of 4"):
        fit(Recipe(FLOAT, VECTOR, training, sample, sample, loss=SquaredError()), tmp_path)


def test_groups_are_taken_whole():
    sample = tracks(12, 1)
    taken = sample.take(np.array([8, 9, 10, 11, 0, 1, 2, 3]))
    assert taken.group == 4
    assert np.array_equal(taken.targets[4:], sample.targets[:4])
    for torn in ([0, 1, 2], [1, 2, 3, 4], [0, 1, 3, 2]):
        with pytest.raises(ModelError, match="taken apart"):
            sample.take(np.array(torn))
    with pytest.raises(ModelError, match=r"6 images in groups of 4.*whole groups"):
        tracks(6, 1)
    with pytest.raises(ModelError, match="8 images with 7 targets"):
        with_targets(np.eye(7, 3))


def test_the_digest_tells_losses_and_targets_apart_and_leaves_classifications_as_they_were():
    sample = tracks(8, 1)
    plain = Sample(sample.pixels_raw, sample.labels)
    moved = Sample(sample.pixels_raw, sample.labels, sample.targets + 1, 4)
    alone = Sample(sample.pixels_raw, sample.labels, sample.targets)
    assert len({each.digest for each in (sample, plain, moved, alone)}) == 4
    losses = (CrossEntropy(), PixelCrossEntropy(), SquaredError(), SquaredError(1, BEAM))
    start = (FLOAT, VECTOR, ONE_EPOCH, plain, plain)
    digests = [Recipe(*start, loss=loss).digest for loss in losses]
    assert len(set(digests)) == len(losses)
    samples = (plain.digest, plain.digest)
    known = (1, FLOAT, VECTOR, ONE_EPOCH.of(FLOAT), samples, package_versions(), None)
    assert digests[0] == Recipe(*start).digest == digest_of(*known)


def test_a_negative_weight_is_refused():
    with pytest.raises(DesignError, match="sum_weight is -1"):
        SquaredError(-1)
