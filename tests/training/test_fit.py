"""Fits: they learn, prune, go on after an interruption, and are not repeated."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

from trigger.design import LayerSpec, ModelSpec
from trigger.errors import DesignError, DivergedError, ModelError
from trigger.estimate.descriptor import csd_digit_counts
from trigger.fixed import FixedFormat
from trigger.images import Mirror
from trigger.training import (
    EpochRecord,
    LineProgress,
    ModelKind,
    PruningSpec,
    PruningStructure,
    RateSchedule,
    Sample,
    SilentProgress,
    Start,
    TrainingSpec,
    fit,
    predict,
    restore,
)
from trigger.training.checkpoint import CHECKPOINT_FILE
from trigger.training.fit import _Batches
from trigger.training.progress import BarProgress, build_progress
from trigger.training.pruning import group_kernels
from trigger.training.recipe import Recipe
from trigger.zoo import backend

pytestmark = pytest.mark.training

WEIGHTS = "quantized_bits(6, 0, alpha=1)"
QUANTISED = {"kernel_quantizer": WEIGHTS, "bias_quantizer": WEIGHTS}
TRAINING = TrainingSpec(
    epochs=4,
    batch_size=32,
    learning_rate=0.02,
    rate_schedule=RateSchedule.COSINE,
    pruning=PruningSpec(
        0.5,
        begin_epoch=0.5,
        end_epoch=2,
        frequency_steps=7,
        structure=PruningStructure.MULTIPLIER,
        signed_digits=1,
        equal_constants=1,
        reuse_factors={"conv": 3, "score": 8},
    ),
)


def model(outputs: int = 1) -> ModelSpec:
    layers = (
        LayerSpec("QConv2D", "conv", {"filters": 4, "kernel_size": 3, **QUANTISED}),
        LayerSpec("QActivation", "relu", {"activation": "quantized_relu(6, 1)"}),
        LayerSpec("Flatten", "flat"),
        LayerSpec("QDense", "score", {"units": outputs, **QUANTISED}),
    )
    return ModelSpec((6, 6, 1), FixedFormat(8, 0, signed=False), layers)


def stripes(images: int, seed: int) -> Sample:
    """Return noisy images with a bright row (class 0) or a bright column (class 1)."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 90, (images, 6, 6, 1))
    labels = np.arange(images) % 2
    for image, label, position in zip(pixels, labels, rng.integers(0, 6, images), strict=True):
        image[(slice(None), position) if label else position] += 160
    return Sample(pixels.astype(np.uint8), labels)


TRAIN, VALIDATION, TEST = stripes(600, 1), stripes(200, 2), stripes(400, 3)


class StopAfter(SilentProgress):
    """Interrupt as Ctrl-C does, some batches into an epoch."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


class Count(SilentProgress):
    def __init__(self) -> None:
        self.epochs: list[int] = []
        self.finished = 0

    def epoch(self, record: EpochRecord) -> None:
        self.epochs.append(record.epoch)

    def finish(self) -> None:
        self.finished += 1


def arrays(trained) -> list[np.ndarray]:
    return [array for layer in trained.weights.values() for array in layer.values()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """One uninterrupted fit of the quantised model, and its folder."""
    folder = tmp_path_factory.mktemp("whole") / "quantised"
    return fit(Recipe(ModelKind.QUANTISED, model(), TRAINING, TRAIN, VALIDATION), folder), folder


def test_both_models_learn_and_the_quantised_one_is_pruned(whole, tmp_path):
    trained, _ = whole
    dense = fit(Recipe(ModelKind.FLOAT, model(), TRAINING, TRAIN, VALIDATION), tmp_path)
    for result in (trained, dense):
        scores = predict(result, TEST.pixels_raw)
        assert scores.shape == (400, 1)
        assert np.mean((scores[:, 0] > 0) == TEST.labels) > 0.7  # 0.5 without learning
    assert [kernel.layer for kernel in trained.zeros] == ["conv", "score"]
    assert all(kernel.share >= 0.5 for kernel in trained.zeros)
    assert dense.sparsity == 0
    assert 2 < trained.best_epoch <= 4


def test_the_zeros_are_those_of_the_quantised_kernels(whole):
    trained, _ = whole
    keras_model = restore(trained)
    for kernel in trained.zeros:
        layer = keras_model.get_layer(kernel.layer)
        quantised = layer.kernel_quantizer_internal(layer.kernel).numpy()
        assert kernel.zeros == (quantised == 0).sum()
        assert kernel.weights == quantised.size
    assert [layer.name for layer in keras_model.layers] == [
        "pixels", "conv", "relu", "flat", "score",
    ]  # fmt: skip


def test_what_is_trained_has_the_structure_the_digits_and_the_sizes_that_were_asked_for(whole):
    trained, _ = whole
    keras_model = restore(trained)
    for name, groups in group_kernels(model(), TRAINING.pruning).items():
        layer = keras_model.get_layer(name)
        raw = layer.kernel_quantizer_internal(layer.kernel).numpy() * 2**5
        assert np.array_equal(layer.kernel.numpy() * 2**5, raw)
        assert csd_digit_counts(raw.astype(int)).max() == 1
        zero = ~raw.ravel()[groups].any(axis=1)
        assert groups.shape == {"conv": (12, 3), "score": (8, 8)}[name]
        assert zero.sum() >= len(groups) / 2
        rows = [set(row) - {0} for row in np.abs(raw).reshape(-1, raw.shape[-1])]
        assert max(len(sizes) for sizes in rows) == 1


def test_the_model_that_is_kept_is_the_one_that_was_validated(whole):
    trained, _ = whole
    scores = predict(trained, VALIDATION.pixels_raw)[:, 0]
    loss = np.mean(np.logaddexp(0, np.where(VALIDATION.labels == 1, -scores, scores)))
    assert loss == pytest.approx(trained.history[trained.best_epoch - 1].validation_loss, rel=1e-4)


@pytest.mark.parametrize("steps", [5, 50], ids=["in the first epoch", "in the third epoch"])
def test_an_interrupted_fit_goes_on_and_ends_with_the_same_weights(whole, tmp_path, steps):
    trained, _ = whole
    folder = tmp_path / "quantised"
    arguments = (Recipe(ModelKind.QUANTISED, model(), TRAINING, TRAIN, VALIDATION), folder)
    with pytest.raises(KeyboardInterrupt):
        fit(*arguments, StopAfter(steps))
    whole_epochs = (steps - 1) // 19
    kept = [path.name for path in folder.rglob("*")] if folder.exists() else []
    assert kept == ([CHECKPOINT_FILE] if whole_epochs else [])
    count = Count()
    resumed = fit(*arguments, count)
    assert count.epochs == list(range(whole_epochs + 1, 5))
    assert all(np.array_equal(*pair) for pair in zip(arrays(resumed), arrays(trained), strict=True))
    assert resumed.best_epoch == trained.best_epoch
    assert [path.name for path in tmp_path.iterdir()] == ["quantised"]
    assert not (folder / CHECKPOINT_FILE).exists()


def test_a_judge_is_told_every_epoch_also_those_before_an_interruption(tmp_path):
    heard, count = [], Count()

    def judge(history):
        heard.append([record.epoch for record in history])
        if len(history) == 2:
            raise RuntimeError("enough")

    arguments = (Recipe(ModelKind.FLOAT, model(), TRAINING, TRAIN, VALIDATION), tmp_path)
    with pytest.raises(RuntimeError, match="enough"):
        fit(*arguments, count, judge=judge)
    assert heard == [[], [1], [1, 2]]
    with pytest.raises(RuntimeError, match="enough"):
        fit(*arguments, count, judge=judge)
    assert heard[3:] == [[1, 2]]
    assert count.epochs == [1, 2]


def test_a_trained_model_is_reused_until_something_changes(whole, tmp_path):
    trained, folder = whole
    count = Count()
    recipe = Recipe(ModelKind.QUANTISED, model(), TRAINING, TRAIN, VALIDATION)
    reused = fit(recipe, folder, count)
    assert count.epochs == []
    assert reused.digest == trained.digest
    assert np.array_equal(predict(reused, TEST.pixels_raw), predict(trained, TEST.pixels_raw))
    one_epoch = TrainingSpec(epochs=1, batch_size=32)
    fit(Recipe(ModelKind.QUANTISED, model(), one_epoch, TRAIN, VALIDATION), tmp_path, count)
    fit(Recipe(ModelKind.QUANTISED, model(), one_epoch, VALIDATION, TRAIN), tmp_path, count)
    assert count.epochs == [1, 1]
    assert count.finished == 2


def test_a_damaged_model_is_not_trained_over(whole, tmp_path):
    one_epoch = TrainingSpec(epochs=1, batch_size=32)
    arguments = (Recipe(ModelKind.FLOAT, model(), one_epoch, TRAIN, VALIDATION), tmp_path)
    fit(*arguments)
    path = tmp_path / "weights.npz"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ModelError, match=r"weights.npz: .*delete .* and train again"):
        fit(*arguments)


def test_several_classes_have_an_output_each(tmp_path):
    labels = np.arange(600) % 3
    pixels = np.zeros((600, 6, 6, 1), np.uint8)
    pixels[np.arange(600), 2 * labels] = 200
    sample = Sample(pixels, labels)
    training = TrainingSpec(epochs=4, batch_size=32, learning_rate=0.02)
    trained = fit(Recipe(ModelKind.QUANTISED, model(3), training, sample, sample), tmp_path)
    scores = predict(trained, pixels)
    assert scores.shape == (600, 3)
    assert np.mean(scores.argmax(axis=1) == labels) > 0.95


def test_patience_ends_a_fit_that_gets_no_better(tmp_path):
    rng = np.random.default_rng(0)
    noise = Sample(TRAIN.pixels_raw, rng.integers(0, 2, 600))
    training = TrainingSpec(epochs=30, batch_size=32, learning_rate=0.05, patience=2)
    trained = fit(Recipe(ModelKind.FLOAT, model(), training, noise, VALIDATION), tmp_path)
    assert len(trained.history) == trained.best_epoch + 2 < 30
    best = min(trained.history, key=lambda record: record.validation_loss)
    assert best.epoch == trained.best_epoch


@pytest.mark.parametrize(
    ("sample", "match"),
    [
        (Sample(np.zeros((4, 6, 5, 1), int), np.arange(4) % 2), r"images are \(6, 5, 1\).*input"),
        (Sample(np.full((4, 6, 6, 1), 256), np.arange(4) % 2), "reach from 256 to 256.*0 to 255"),
        (Sample(np.zeros((4, 6, 6, 1), int), np.zeros(4, int)), r"labels are \[0\].*0 to 1"),
        (Sample(np.zeros((4, 6, 6, 1), int), np.arange(4)), r"labels are \[0, 1, 2, 3\]"),
    ],
)
def test_images_that_do_not_fit_the_model_are_refused(tmp_path, sample, match):
    with pytest.raises(ModelError, match=f"training sample: .*{match}"):
        fit(Recipe(ModelKind.FLOAT, model(), TRAINING, sample, VALIDATION), tmp_path)
    with pytest.raises(ModelError, match=f"validation sample: .*{match}"):
        fit(Recipe(ModelKind.FLOAT, model(), TRAINING, TRAIN, sample), tmp_path)


def test_a_loss_that_is_no_number_is_an_error(tmp_path):
    training = TrainingSpec(epochs=2, learning_rate=1e30)
    with pytest.raises(DivergedError, match=r"validation loss is .*lower training.learning_rate"):
        fit(Recipe(ModelKind.FLOAT, model(), training, TRAIN, VALIDATION), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_log_gets_a_line_per_epoch(tmp_path):
    stream = io.StringIO()
    assert isinstance(build_progress(stream), LineProgress)
    training = TrainingSpec(epochs=2, batch_size=64)
    fit(
        Recipe(ModelKind.FLOAT, model(), training, TRAIN, VALIDATION),
        tmp_path,
        LineProgress(stream),
    )
    first, second = stream.getvalue().splitlines()
    assert first.startswith("float model: epoch 1/2, loss 0.")
    assert second.endswith(" s, 0 s left")


def test_a_terminal_gets_a_bar():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    progress = build_progress(stream)
    assert isinstance(progress, BarProgress)
    progress.start("float model", 2, 1, 3)
    for _ in range(3):
        progress.step()
    progress.epoch(EpochRecord(2, 0.5, 0.4, 0.9, 1.0))
    progress.finish()
    assert "float model" in stream.getvalue()
    assert "epoch 2/2, loss 0.5000" in stream.getvalue()


def test_a_kernel_that_is_kept_is_not_pruned(tmp_path):
    pruning = PruningSpec(0.5, begin_epoch=0.5, end_epoch=2, frequency_steps=7, keep=("conv",))
    training = replace(TRAINING, pruning=pruning)
    trained = fit(Recipe(ModelKind.QUANTISED, model(), training, TRAIN, VALIDATION), tmp_path)
    shares = {kernel.layer: kernel.share for kernel in trained.zeros}
    assert shares["conv"] < 0.5 <= shares["score"]


def test_a_kernel_has_the_share_of_zeros_that_its_layer_asks_for(tmp_path):
    shares = {"conv": 0.0, "score": 0.75}
    pruning = replace(TRAINING.pruning, layer_sparsity=shares, equal_constants=None)
    training = replace(TRAINING, pruning=pruning)
    trained = fit(Recipe(ModelKind.QUANTISED, model(), training, TRAIN, VALIDATION), tmp_path)
    shares = {kernel.layer: kernel.share for kernel in trained.zeros}
    assert shares["conv"] < 0.5
    assert shares["score"] >= 0.75
    raw = trained.weights["conv"]["kernel"] * 2**5
    assert csd_digit_counts(raw.astype(int)).max() == 1
    assert max(len(set(row) - {0}) for row in np.abs(raw).reshape(9, 4)) > 1


def test_a_pruned_unit_is_silent_and_nothing_reads_it(tmp_path):
    pruning = PruningSpec(0.5, end_epoch=1, structure=PruningStructure.UNIT)
    training = replace(TRAINING, epochs=2, pruning=pruning)
    trained = fit(Recipe(ModelKind.QUANTISED, model(), training, TRAIN, VALIDATION), tmp_path)
    conv, score = (trained.weights[name] for name in ("conv", "score"))
    pruned = ~conv["kernel"].reshape(-1, 4).any(axis=0)
    assert pruned.sum() == 2
    assert np.array_equal(conv["bias"] == 0, pruned)
    read = score["kernel"].reshape(-1, 4).any(axis=0)  # of every pixel
    assert np.array_equal(read, ~pruned)
    scores = predict(trained, VALIDATION.pixels_raw)[:, 0]
    loss = np.mean(np.logaddexp(0, np.where(VALIDATION.labels == 1, -scores, scores)))
    assert loss == pytest.approx(trained.history[-1].validation_loss, rel=1e-4)


def test_only_a_layer_with_a_kernel_can_be_kept(tmp_path):
    training = replace(TRAINING, pruning=replace(TRAINING.pruning, keep=("relu",)))
    with pytest.raises(DesignError, match=r"pruning\.keep: relu has no kernel.*conv"):
        fit(Recipe(ModelKind.QUANTISED, model(), training, TRAIN, VALIDATION), tmp_path)


def test_the_quantised_model_can_start_from_its_trained_twin(tmp_path):
    twin = fit(Recipe(ModelKind.FLOAT, model(), TRAINING, TRAIN, VALIDATION), tmp_path / "float")
    training = replace(
        TRAINING,
        start=Start.FLOAT,
        quantised_epochs=1,
        quantised_learning_rate=1e-7,
        pruning=None,
    )
    warm = fit(
        Recipe(ModelKind.QUANTISED, model(), training, TRAIN, VALIDATION, start=twin),
        tmp_path / "warm",
    )
    assert len(warm.history) == 1
    for name, variables in twin.weights.items():
        for variable, array in variables.items():
            held = np.clip(array, -1, 1)  # QKeras keeps weights in the quantiser's range
            assert np.abs(warm.weights[name][variable] - held).max() < 1e-3
    cold = fit(Recipe(ModelKind.QUANTISED, model(), training, TRAIN, VALIDATION), tmp_path / "cold")
    assert cold.digest != warm.digest


def test_images_are_mirrored_by_seed_and_epoch_alone():
    tf = backend.tensorflow()
    training = replace(TRAINING, augment=(Mirror.FLIP_X, Mirror.FLIP_Y))

    def batches(spec: TrainingSpec) -> _Batches:
        return _Batches(tf, Recipe(ModelKind.FLOAT, model(), spec, TRAIN, VALIDATION), TRAIN)

    def epoch(number: int, spec: TrainingSpec = training) -> np.ndarray:
        return np.concatenate([pixels.numpy() for pixels, _ in batches(spec).shuffled(number)])

    shown, plain = epoch(3), epoch(3, TRAINING)
    assert np.array_equal(shown, epoch(3))
    assert not np.array_equal(shown, epoch(4))
    ways = [plain, plain[:, :, ::-1], plain[:, ::-1], plain[:, ::-1, ::-1]]
    same = np.array([(shown == way).all(axis=(1, 2, 3)) for way in ways])
    assert (same.sum(axis=0) == 1).all()
    assert (same.mean(axis=1) > 0.2).all()  # a quarter each, by two coins
    held_out = batches(training).in_order()
    first = next(iter(held_out))[0].numpy()
    assert np.array_equal(first, TRAIN.pixels_raw[: len(first)] / np.float32(256))
