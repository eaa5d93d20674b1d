"""Fit a model: one visible loop over epochs, each kept before the next begins."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.errors import DivergedError
from trigger.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from trigger.training.distillation import distil
from trigger.training.loss import (
    CrossEntropy,
    Loss,
    PixelCrossEntropy,
    compile_loss,
    word_metric,
)
from trigger.training.model import build_kind, count_zeros, get_weights, set_weights
from trigger.training.progress import Progress, SilentProgress
from trigger.training.pruning import (
    find_levels,
    pruning_callbacks,
    settle_on_levels,
    train_on_levels,
    wrap_kernels,
)
from trigger.training.recipe import Recipe
from trigger.training.sample import Sample
from trigger.training.silence import without_unread
from trigger.training.spec import EpochRecord, RateSchedule, TrainedModel, TrainingSpec
from trigger.training.store import find_trained, write_trained
from trigger.zoo import backend

_EVALUATE_BATCH = 1024

Judge = Callable[[tuple[EpochRecord, ...]], None]
"""Is told the epochs that are done, before each other one; what it raises ends the fit there."""


def fit(
    recipe: Recipe,
    folder: Path,
    progress: Progress | None = None,
    label: str | None = None,
    judge: Judge = lambda history: None,
) -> TrainedModel:
    """Train a model, or return the one in ``folder`` if nothing that it depends on has changed.

    After every epoch the state is kept in ``folder``: a fit that was interrupted goes on after its
    last whole epoch and ends with the same weights. The order of images follows from the seed and
    the epoch alone. The weights returned are those of the epoch with the smallest validation loss
    among the epochs after pruning has ended. Zeros of a pruned kernel stay zero, for every
    quantiser maps 0 to 0, and so do weights of few signed digits or sizes, which are in its grid.
    Weights that read nothing but zeros are zero at the end.

    Args:
        label: how progress and errors call the model; None names its kind.
        judge: may end the fit; what it raised then is what the same fit raises when it is gone on
            with, for it is told of the epochs that were done before.

    Raises:
        DesignError: the model cannot be built, a batch would tear groups of images apart, or
            there is no twin to learn from.
        ModelError: images, labels or targets do not fit the model, the loss is not a number, or
            files in the folder are damaged.
        OutputError: the folder cannot be written.
        KeyboardInterrupt: as it came; the state of the last whole epoch is kept.
    """
    recipe.check()
    digest = recipe.digest
    trained = find_trained(folder, recipe.model, digest)
    if trained is None:
        label = label or f"{recipe.kind.value} model"
        trained = _fit(distil(recipe), digest, folder, progress or SilentProgress(), label, judge)
        write_trained(trained, folder)
    return trained


def _fit(
    recipe: Recipe, digest: str, folder: Path, progress: Progress, label: str, judge: Judge
) -> TrainedModel:
    """Train the model, or go on with what is kept of its training."""
    model, training = recipe.model, recipe.training
    tf, keras = backend.tensorflow(), backend.keras()
    plain = build_kind(recipe.kind, model, training.seed)
    if recipe.start is not None:
        set_weights(plain, recipe.start.weights)
    steps = math.ceil(len(recipe.train) / training.batch_size)
    pruning = training.pruning
    pruned = pruning is not None
    levels = find_levels(model, pruning) if pruning is not None else {}
    train_on_levels(plain, model, levels)
    fitted = wrap_kernels(plain, model, training, steps) if pruned else plain
    optimiser = getattr(keras.optimizers, training.optimiser.value)(training.learning_rate)
    compile_loss(fitted, model, optimiser, recipe.loss, recipe.train.group)
    optimiser.build(fitted.trainable_variables)
    callbacks = [_StepCallback.of(keras, progress)]
    callbacks += pruning_callbacks(training) if pruned else []

    state = read_checkpoint(folder, digest) or Checkpoint(digest, (), (), (), 0, ())
    if state.history:
        fitted.set_weights(state.weights)
        for variable, value in zip(_variables(optimiser), state.optimiser, strict=True):
            variable.assign(value)
    first_choice = math.ceil(training.prune_end_epoch) if pruned else 0
    batches = _Batches(tf, recipe, recipe.train)
    held_out = _Batches(tf, recipe, recipe.validation).in_order()
    progress.start(label, training.epochs, len(state.history), steps)
    try:
        for epoch in range(len(state.history), training.epochs):
            if _out_of_patience(state, training, first_choice):
                break
            judge(state.history)
            begun = time.monotonic()
            optimiser.learning_rate.assign(_learning_rate(training, epoch))
            run = fitted.fit(
                batches.shuffled(epoch),
                initial_epoch=epoch,
                epochs=epoch + 1,
                callbacks=callbacks,
                verbose=0,
            )
            validation_loss, metric = fitted.evaluate(held_out, verbose=0)
            if not math.isfinite(validation_loss):
                raise DivergedError(
                    f"the validation loss is {validation_loss} after epoch {epoch + 1}",
                    where=f"training of the {label}",
                    remedy="lower training.learning_rate",
                )
            seconds = time.monotonic() - begun
            record = EpochRecord(
                epoch + 1,
                run.history["loss"][0],
                validation_loss,
                seconds=seconds,
                **word_metric(recipe.loss, metric, recipe.validation),
            )
            state = _advance(state, record, fitted, optimiser, first_choice)
            write_checkpoint(state, folder)
            progress.epoch(record)
    finally:
        progress.finish()
    fitted.set_weights(state.best_weights)
    settle_on_levels(plain, model, levels)
    if pruned:
        set_weights(plain, without_unread(model, get_weights(plain)))
    zeros = count_zeros(plain, model)
    weights = get_weights(plain)
    history, best_epoch = state.history, state.best_epoch
    return TrainedModel(recipe.kind, model, weights, history, best_epoch, zeros, digest)


def _advance(
    state: Checkpoint, record: EpochRecord, fitted: Any, optimiser: Any, first_choice: int
) -> Checkpoint:
    """Return the state after one more epoch."""
    weights = tuple(fitted.get_weights())
    best_epoch, best_weights = state.best_epoch, state.best_weights
    best = state.history[best_epoch - 1].validation_loss if best_epoch > first_choice else math.inf
    if record.validation_loss < best:
        best_epoch, best_weights = record.epoch, weights
    return Checkpoint(
        state.digest,
        (*state.history, record),
        weights,
        tuple(variable.numpy() for variable in _variables(optimiser)),
        best_epoch,
        best_weights,
    )


def _out_of_patience(state: Checkpoint, training: TrainingSpec, first_choice: int) -> bool:
    """Tell whether the last ``patience`` epochs, pruning being over, were no better."""
    if training.patience is None:
        return False
    waited = len(state.history) - max(state.best_epoch, first_choice)
    return len(state.history) > first_choice and waited >= training.patience


def _learning_rate(training: TrainingSpec, epoch: int) -> float:
    if training.rate_schedule is RateSchedule.CONSTANT:
        return training.learning_rate
    return training.learning_rate * 0.5 * (1 + math.cos(math.pi * epoch / training.epochs))


def _variables(optimiser: Any) -> list[Any]:
    """Return the optimiser's variables; Keras 2 has them as a method or as a list."""
    variables = optimiser.variables
    return list(variables() if callable(variables) else variables)


class _Batches:
    """Batches of pixel values with what is to be learnt of them; raw integers stay as they are."""

    def __init__(self, tf: Any, recipe: Recipe, sample: Sample) -> None:
        self._tf = tf
        self._training = recipe.training
        self._images, self._group = len(sample), sample.group
        self._pixels = tf.constant(sample.pixels_raw)
        self._lesson = tuple(tf.constant(array) for array in _lesson(sample, recipe.loss))
        self._step = 2.0**-recipe.model.input_format.fractional

    def shuffled(self, epoch: int) -> Any:
        """Return the images in the order of the seed and the epoch, the same on every machine."""
        seed = np.random.SeedSequence([self._training.seed, 1, epoch])
        order = np.random.default_rng(seed).permutation(self._images // self._group)
        images = (order[:, None] * self._group + np.arange(self._group)).ravel()
        coins = np.random.default_rng(np.random.SeedSequence([self._training.seed, 2, epoch]))
        mirrored = coins.random((len(images), len(self._training.augment))) < 0.5
        return self._batched(images, self._training.batch_size, mirrored)

    def in_order(self) -> Any:
        """Return the images as they come."""
        groups = max(1, _EVALUATE_BATCH // self._group)
        return self._batched(np.arange(self._images), groups * self._group)

    def _batched(
        self, order: Any, batch_size: int, mirrored: npt.NDArray[np.bool_] | None = None
    ) -> Any:
        """Return batches of images in this order.

        Args:
            mirrored: (images, mirrors) which of them are mirrored how; None leaves all as they are.
        """
        tf = self._tf
        coins = () if mirrored is None else tuple(mirrored.T)
        mirrors = self._training.augment[: len(coins)]

        def values(index: Any, *flags: Any) -> Any:
            pixels = tf.cast(tf.gather(self._pixels, index), tf.float32) * self._step
            for mirror, flag in zip(mirrors, flags, strict=True):
                turned = tf.reverse(pixels, [1 + mirror.axis])
                pixels = tf.where(flag[:, None, None, None], turned, pixels)
            return pixels, *(tf.gather(array, index) for array in self._lesson)

        batches = tf.data.Dataset.from_tensor_slices((order, *coins)).batch(batch_size)
        return batches.map(values).prefetch(2)


def _lesson(sample: Sample, loss: Loss) -> tuple[npt.NDArray[np.float32], ...]:
    """Return what a model is to give for each image, and how much each number of it weighs.

    Weights of pixels have a mean of 1 over the sample, so that the mean over all pixels that Keras
    takes is the mean over those that are asked for, whatever images share a batch.
    """
    if isinstance(loss, CrossEntropy) or sample.targets is None:
        return (sample.labels.astype(np.float32),)
    if not isinstance(loss, PixelCrossEntropy):
        return (sample.targets,)
    asked = ~np.isnan(sample.targets)
    weights = asked[..., 0] / np.mean(asked)
    return np.where(asked, sample.targets, 0), weights.astype(np.float32)


class _StepCallback:
    """Tell the progress of every batch."""

    @staticmethod
    def of(keras: Any, progress: Progress) -> Any:
        return keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: progress.step()
        )
