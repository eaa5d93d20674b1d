"""Magnitude pruning while a model is fitted, by tensorflow-model-optimization."""

from __future__ import annotations

import math
import warnings
from typing import Any

from trigger.design import ModelSpec
from trigger.errors import DesignError
from trigger.training.spec import PruningSchedule, PruningSpec, TrainingSpec
from trigger.zoo import LAYERS, backend


def wrap_kernels(keras_model: Any, model: ModelSpec, training: TrainingSpec, steps: int) -> Any:
    """Return the model with a pruning wrapper around every layer that has a kernel.

    The wrappers hold the very layers of ``keras_model``: when the fit is over, that model is the
    stripped one.

    Args:
        steps: batches per epoch.

    Raises:
        DesignError: ``keep`` names something that is not a layer with a kernel.
    """
    pruning = training.pruning
    if pruning is None:
        return keras_model
    sparsity = _sparsity()
    schedule = _schedule(sparsity, pruning, training.prune_end_epoch, steps)
    kernels = {layer.name for layer in model.layers if LAYERS[layer.class_name].kernel}
    unknown = set(pruning.keep) - kernels
    if unknown:
        raise DesignError(
            f"{', '.join(sorted(unknown))} has no kernel",
            where="training.pruning.keep",
            allowed=", ".join(sorted(kernels)),
        )
    kernels -= set(pruning.keep)

    def wrap(layer: Any) -> Any:
        if layer.name not in kernels:
            return layer
        return sparsity.prune_low_magnitude(layer, pruning_schedule=schedule)

    return backend.keras().models.clone_model(keras_model, clone_function=wrap)


def pruning_callbacks(training: TrainingSpec) -> list[Any]:
    """Return the callbacks that a fit with wrapped kernels needs."""
    return [] if training.pruning is None else [_sparsity().UpdatePruningStep()]


def _schedule(sparsity: Any, pruning: PruningSpec, end_epoch: float, steps: int) -> Any:
    begin = round(pruning.begin_epoch * steps)
    if pruning.schedule is PruningSchedule.CONSTANT:
        return sparsity.ConstantSparsity(
            pruning.final_sparsity, begin, frequency=pruning.frequency_steps
        )
    # Zeros are chosen at begin + k * frequency only: let the last of these be the end, or the
    # share would stop short of the final one.
    frequency = min(pruning.frequency_steps, max(1, round(end_epoch * steps) - begin))
    rounds = math.floor((round(end_epoch * steps) - begin) / frequency)
    return sparsity.PolynomialDecay(
        initial_sparsity=0.0,
        final_sparsity=pruning.final_sparsity,
        begin_step=begin,
        end_step=begin + rounds * frequency,
        power=3,
        frequency=frequency,
    )


def _sparsity() -> Any:
    backend.tensorflow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its own, of distutils
        from tensorflow_model_optimization import sparsity
    return sparsity.keras
