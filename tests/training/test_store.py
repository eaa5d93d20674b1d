"""Trained models on disk, splits and specs: no TensorFlow needed."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from trigger.design import LayerSpec, ModelSpec
from trigger.errors import DesignError, ModelError, OutputError
from trigger.fixed import FixedFormat
from trigger.training import (
    EpochRecord,
    KernelZeros,
    ModelKind,
    PruningSpec,
    Sample,
    SplitSpec,
    TrainedModel,
    TrainingSpec,
    read_trained,
    split_events,
    write_trained,
)
from trigger.training.checkpoint import (
    CHECKPOINT_FILE,
    Checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from trigger.training.recipe import Recipe
from trigger.training.store import RECORD_FILE, WEIGHTS_FILE, find_trained

MODEL = ModelSpec((3,), FixedFormat(8, 0, signed=False), (LayerSpec("Dense", "score"),))
EPOCH = EpochRecord(1, 0.7, 0.6, 0.5, 1.25)


def trained_model() -> TrainedModel:
    kernel = np.array([[0.5], [0.0], [-0.25]], np.float32)
    weights = {"score": {"kernel": kernel, "bias": np.zeros(1, np.float32)}}
    return TrainedModel(
        ModelKind.QUANTISED, MODEL, weights, (EPOCH,), 1, (KernelZeros("score", 1, 3),), "abc"
    )


def sample(pixels: int = 5) -> Sample:
    return Sample(np.arange(3 * pixels).reshape(pixels, 3), np.arange(pixels) % 2)


def test_a_trained_model_reads_back_as_written(tmp_path):
    write_trained(trained_model(), tmp_path / "quantised")
    back = read_trained(tmp_path / "quantised", MODEL)
    assert back.kind is ModelKind.QUANTISED
    assert back.history == (EPOCH,)
    assert (back.best_epoch, back.digest, back.zeros) == (1, "abc", (KernelZeros("score", 1, 3),))
    assert np.array_equal(back.weights["score"]["kernel"], [[0.5], [0.0], [-0.25]])
    assert back.sparsity == 1 / 3
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "quantised",
        RECORD_FILE,
        WEIGHTS_FILE,
    ]


def test_writing_twice_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_trained(trained_model(), tmp_path / name)
    for name in (WEIGHTS_FILE, RECORD_FILE):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (lambda folder: (folder / WEIGHTS_FILE).write_bytes(b"PK\x03\x04 cut"), "cannot be read"),
        (lambda folder: (folder / WEIGHTS_FILE).unlink(), "cannot be read: .*No such file"),
        (
            lambda folder: np.savez(folder / WEIGHTS_FILE, **{"score/kernel": np.ones((3, 1))}),
            "not those that training.json names",
        ),
        (lambda folder: (folder / RECORD_FILE).write_text("{"), "is no record of a training"),
        (lambda folder: (folder / RECORD_FILE).write_text("[]"), "is no record of a training"),
        (
            lambda folder: np.savez(folder / WEIGHTS_FILE, a=np.array([{}], dtype=object)),
            "cannot be read: .*pickle",
        ),
    ],
    ids=["cut", "gone", "others", "cut record", "no record", "pickle"],
)
def test_damaged_files_are_named_with_the_remedy(tmp_path, damage, match):
    write_trained(trained_model(), tmp_path)
    damage(tmp_path)
    with pytest.raises(ModelError, match=match) as caught:
        find_trained(tmp_path, MODEL, "abc")
    assert f"delete {tmp_path} and train again" in str(caught.value)


@pytest.mark.parametrize(
    ("place", "match"),
    [
        (("history", "loss", "x"), "loss is 'x'"),
        (("history", "seconds", None), "seconds is None"),
        (("history", "validation_r2", True), "validation_r2 is True"),
        (("zeros", "weights", 3.5), "weights is 3.5"),
        (("zeros", "layer", 1), "layer is 1"),
        (("zeros", "colour", 1), "colour"),
    ],
)
def test_a_record_of_other_kinds_of_values_is_damaged(tmp_path, place, match):
    write_trained(trained_model(), tmp_path)
    data = json.loads((tmp_path / RECORD_FILE).read_text())
    rows, key, value = place
    data[rows][0][key] = value
    (tmp_path / RECORD_FILE).write_text(json.dumps(data))
    with pytest.raises(ModelError, match=rf"is no record of a training: .*{match}.*train again"):
        read_trained(tmp_path, MODEL)


@pytest.mark.parametrize("epoch", [0, 2])
def test_a_best_epoch_that_was_not_trained_is_damage(tmp_path, epoch):
    write_trained(dataclasses.replace(trained_model(), best_epoch=epoch), tmp_path)
    with pytest.raises(ModelError, match=rf"the best epoch is {epoch} of 1"):
        read_trained(tmp_path, MODEL)


def test_a_model_of_another_digest_is_not_reused(tmp_path):
    assert find_trained(tmp_path, MODEL, "abc") is None
    write_trained(trained_model(), tmp_path)
    assert find_trained(tmp_path, MODEL, "abd") is None
    assert find_trained(tmp_path, MODEL, "abc") is not None


def test_a_folder_that_is_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot be written.*choose a folder"):
        write_trained(trained_model(), tmp_path / "file" / "quantised")


def test_a_checkpoint_reads_back_as_written_and_only_for_its_training(tmp_path):
    arrays = (np.arange(3.0), np.array(7), np.zeros((2, 0)))
    written = Checkpoint("abc", (EPOCH, EPOCH), arrays, arrays[:2], 2, arrays[1:])
    write_checkpoint(written, tmp_path)
    back = read_checkpoint(tmp_path, "abc")
    assert back is not None
    assert (back.history, back.best_epoch) == (written.history, 2)
    for group in ("weights", "optimiser", "best_weights"):
        pairs = zip(getattr(back, group), getattr(written, group), strict=True)
        assert all(np.array_equal(one, two) for one, two in pairs)
    assert read_checkpoint(tmp_path, "abd") is None
    assert read_checkpoint(tmp_path / "elsewhere", "abc") is None


def test_a_damaged_checkpoint_is_named(tmp_path):
    (tmp_path / CHECKPOINT_FILE).write_bytes(b"nonsense")
    with pytest.raises(ModelError, match=r"checkpoint.npz: cannot be read.*train from the start"):
        read_checkpoint(tmp_path, "abc")
    np.savez(tmp_path / CHECKPOINT_FILE, record=np.array("{}"))
    with pytest.raises(ModelError, match=r"checkpoint.npz: is damaged.*train from the start"):
        read_checkpoint(tmp_path, "abc")


def test_the_digest_changes_with_all_that_the_weights_depend_on():
    training = TrainingSpec(epochs=2, pruning=PruningSpec(0.5))
    other_pixels = Sample(sample().pixels_raw + 1, sample().labels)
    other_labels = Sample(sample().pixels_raw, 1 - sample().labels)
    other_model = dataclasses.replace(MODEL, input_format=FixedFormat(9, 0, signed=False))
    calls = [
        (ModelKind.QUANTISED, MODEL, training, sample(), sample()),
        (ModelKind.FLOAT, MODEL, training, sample(), sample()),
        (ModelKind.QUANTISED, other_model, training, sample(), sample()),
        (ModelKind.QUANTISED, MODEL, dataclasses.replace(training, seed=2), sample(), sample()),
        (ModelKind.QUANTISED, MODEL, training, other_pixels, sample()),
        (ModelKind.QUANTISED, MODEL, training, other_labels, sample()),
        (ModelKind.QUANTISED, MODEL, training, sample(), sample(6)),
    ]
    digests = [Recipe(*call).digest for call in calls]
    assert len(set(digests)) == len(calls)
    assert Recipe(*calls[0]).digest == digests[0]


def test_the_digest_of_pixels_does_not_depend_on_their_integer_type():
    assert sample().digest == Sample(sample().pixels_raw.astype(np.uint8), sample().labels).digest


def test_the_float_twin_does_not_depend_on_pruning():
    one, two = (
        Recipe(ModelKind.FLOAT, MODEL, TrainingSpec(2, pruning=pruning), sample(), sample())
        for pruning in (None, PruningSpec(0.5))
    )
    assert one.digest == two.digest


def test_a_split_keeps_the_images_of_an_event_together():
    event_ids = np.repeat(np.arange(100) * 7, 3)
    split = split_events(event_ids, SplitSpec(0.5, 0.3, 0.2), seed=1)
    parts = [split.train, split.validation, split.test]
    assert [len(part) for part in parts] == [150, 90, 60]
    assert sorted(np.concatenate(parts)) == list(range(300))
    ids = [set(event_ids[part]) for part in parts]
    assert not ids[0] & ids[1] | ids[0] & ids[2] | ids[1] & ids[2]
    again, other = (split_events(event_ids, SplitSpec(0.5, 0.3, 0.2), seed) for seed in (1, 2))
    assert np.array_equal(again.train, split.train)
    assert not np.array_equal(other.train, split.train)


def test_too_few_events_cannot_be_split():
    with pytest.raises(ModelError, match=r"2 events are too few.*generate or read more"):
        split_events(np.arange(2), SplitSpec(), seed=1)


def test_a_sample_needs_a_label_for_every_image():
    with pytest.raises(ModelError, match="2 images with 3 labels"):
        Sample(np.zeros((2, 3), int), np.zeros(3, int))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: TrainingSpec(epochs=0), "epochs is 0"),
        (lambda: TrainingSpec(epochs=1, batch_size=0), "batch_size is 0"),
        (lambda: TrainingSpec(epochs=1, learning_rate=0), "learning_rate is 0"),
        (lambda: TrainingSpec(epochs=1, seed=-1), "seed is -1"),
        (lambda: TrainingSpec(epochs=1, patience=0), "patience is 0"),
        (lambda: PruningSpec(1.0), "final_sparsity is 1.0"),
        (
            lambda: PruningSpec(0.5, layer_sparsity={"conv": -0.1}),
            r"pruning\.layer_sparsity\.conv is -0.1. Allowed: 0 to 1",
        ),
        (lambda: PruningSpec(0.5, begin_epoch=-1), "begin_epoch is -1"),
        (lambda: PruningSpec(0.5, begin_epoch=2, end_epoch=2), "end_epoch is 2"),
        (lambda: PruningSpec(0.5, frequency_steps=0), "frequency_steps is 0"),
        (
            lambda: TrainingSpec(epochs=4, pruning=PruningSpec(0.5, end_epoch=5)),
            "end_epoch is 5. Allowed: <= epochs",
        ),
        (
            lambda: TrainingSpec(epochs=4, pruning=PruningSpec(0.5, begin_epoch=3)),
            "begin_epoch is 3. Allowed: < end_epoch",
        ),
        (lambda: SplitSpec(0.5, 0.5, 0.5), "the shares add up to 1.5"),
        (lambda: SplitSpec(1.0, 0.0, 0.0), "train is 1.0"),
    ],
)
def test_impossible_settings_are_refused(make, match):
    with pytest.raises(DesignError, match=match):
        make()
