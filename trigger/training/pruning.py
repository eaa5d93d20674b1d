"""Kernels that help the hardware, while a model is fitted: zeros, few signed digits, equal weights.

Zeros by tensorflow-model-optimization, whose masks are variables of the model and so are kept with
it. Its blocks are rectangles of matrices; what goes together in firmware need not be one.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from trigger.design import ModelSpec
from trigger.errors import DesignError
from trigger.training.spec import (
    KernelZeros,
    PruningSchedule,
    PruningSpec,
    PruningStructure,
    TrainingSpec,
)
from trigger.training.structure import (
    Constants,
    Groups,
    allowed_constants,
    group_weights,
    restrictions,
)
from trigger.zoo import LAYERS, backend, check_model, shapes
from trigger.zoo.check import layer_place, read_options
from trigger.zoo.quantisers import Role, parse_quantiser

Levels = Mapping[str, Constants]
"""By layer, the values that its weights may have."""


def group_kernels(model: ModelSpec, pruning: PruningSpec) -> Mapping[str, Groups]:
    """Return what becomes zero together in each kernel that is pruned, by layer.

    Raises:
        DesignError: ``keep`` or ``layer_sparsity`` names something that is not a layer with a
            kernel that is pruned, or a reuse factor does not divide the weights of a kernel.
    """
    found: dict[str, Groups] = {}
    for layer, shape in zip(model.layers, check_model(model), strict=True):
        kind = LAYERS[layer.class_name]
        if not kind.kernel:
            continue
        window = tuple(read_options(layer).get("kernel_size", ()))
        depthwise = kind.shape is shapes.depthwise
        kernel = (*window, shape.input[-1], *(() if depthwise else (shape.output[-1],)))
        found[layer.name] = group_weights(
            pruning.structure,
            kernel,
            reuse_factor=(pruning.reuse_factors or {}).get(layer.name, 1),
            depthwise=depthwise,
            where=layer_place(layer),
        )
    unknown = set(pruning.keep) - set(found)
    if unknown:
        raise DesignError(
            f"{', '.join(sorted(unknown))} has no kernel",
            where="training.pruning.keep",
            allowed=", ".join(sorted(found)),
        )
    answer = list(found)[-1:] if pruning.structure is PruningStructure.UNIT else []
    pruned = {name: found[name] for name in found if name not in (*pruning.keep, *answer)}
    wrong = set(pruning.layer_sparsity or {}) - set(pruned)
    if wrong:
        raise DesignError(
            f"{', '.join(sorted(wrong))} is no layer that is pruned",
            where="training.pruning.layer_sparsity",
            allowed=", ".join(sorted(pruned)),
        )
    return pruned


def least_zeros(model: ModelSpec, pruning: PruningSpec, kernel: KernelZeros) -> int:
    """Return the zeros that a kernel has at least once it is pruned: whole groups of its share."""
    groups = group_kernels(model, pruning).get(kernel.layer)
    if groups is None:
        return 0
    return math.floor(pruning.sparsity_of(kernel.layer) * len(groups)) * int(groups.shape[1])


def wrap_kernels(keras_model: Any, model: ModelSpec, training: TrainingSpec, steps: int) -> Any:
    """Return the model with a pruning wrapper around every layer whose kernel is pruned.

    The wrappers hold the very layers of ``keras_model``: when the fit is over, that model is the
    stripped one.

    Args:
        steps: batches per epoch.

    Raises:
        DesignError: as ``group_kernels``.
    """
    pruning = training.pruning
    if pruning is None:
        return keras_model
    sparsity = _sparsity()
    groups = group_kernels(model, pruning)
    end = training.prune_end_epoch

    def wrap(layer: Any) -> Any:
        if layer.name not in groups:
            return layer
        share = pruning.sparsity_of(layer.name)
        schedule = _schedule(sparsity, pruning, share, end, steps)
        if pruning.structure is PruningStructure.WEIGHT:
            return sparsity.prune_low_magnitude(layer, pruning_schedule=schedule)
        return _prune_groups(layer, schedule, groups[layer.name], pruning.structure)

    return backend.keras().models.clone_model(keras_model, clone_function=wrap)


def _prune_groups(layer: Any, schedule: Any, groups: Groups, structure: PruningStructure) -> Any:
    """Return a pruning wrapper that chooses whole groups of weights, by their norm.

    A unit without weights loses its bias with them: a constant would keep all that reads it busy.
    """
    tf = backend.tensorflow()
    from tensorflow_model_optimization.python.core.sparsity.keras import (
        pruning_impl,
        pruning_wrapper,
    )

    places = np.empty(groups.size, dtype=np.intp)  # of each weight of the kernel, in the groups
    places[groups.ravel()] = np.arange(groups.size)
    bias = layer.bias if structure is PruningStructure.UNIT else None

    class GroupPruning(pruning_impl.Pruning):  # type: ignore[misc]
        def _maybe_update_block_mask(self, weights: Any) -> Any:
            squares = tf.gather(tf.reshape(tf.square(weights), [-1]), groups)
            threshold, kept = self._update_mask(tf.sqrt(tf.reduce_sum(squares, axis=1)))
            each = tf.gather(tf.repeat(kept, groups.shape[1]), places)
            return threshold, tf.reshape(each, tf.shape(weights))

        def weight_mask_op(self) -> Any:
            masked = super().weight_mask_op()
            if bias is None:
                return masked
            ((_, kept, _),) = self._pruning_vars
            units = tf.reduce_max(tf.reshape(kept, [-1, bias.shape[0]]), axis=0)
            return tf.group(masked, bias.assign(bias * units))

    class PruneGroups(pruning_wrapper.PruneLowMagnitude):  # type: ignore[misc]
        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            self.pruning_obj = GroupPruning(
                lambda: self.pruning_step, self.pruning_vars, schedule, (1, 1), "AVG"
            )

    return PruneGroups(layer, pruning_schedule=schedule)


def pruning_callbacks(training: TrainingSpec) -> list[Any]:
    """Return the callbacks that a fit with wrapped kernels needs."""
    return [] if training.pruning is None else [_sparsity().UpdatePruningStep()]


def find_levels(model: ModelSpec, pruning: PruningSpec) -> Levels:
    """Return what weights of few signed digits, or equal ones, may be; {} where all are allowed.

    Raises:
        DesignError: a kernel without a quantiser, or of more than 24 bits.
    """
    levels: dict[str, Constants] = {}
    for layer in model.layers:
        kind = LAYERS[layer.class_name]
        if not kind.kernel or layer.name in pruning.keep:
            continue
        depthwise = kind.shape is shapes.depthwise
        wanted = restrictions(pruning, depthwise=depthwise)
        if not wanted:
            continue
        name = _quantiser_name(kind.kernel)
        if name not in layer.options:
            raise DesignError(
                f"{wanted[0]} is set, but the kernel has no {name}",
                where=layer_place(layer),
                allowed="quantised layers, such as QDense",
                remedy="name the layer under training.pruning.keep",
            )
        quantiser = parse_quantiser(layer.options[name], Role.WEIGHT, layer_place(layer))
        form = quantiser.result
        if form is None:
            continue  # binary and ternary weights have one digit, and one size
        raw = allowed_constants(
            form,
            pruning,
            symmetric=bool(quantiser.arguments.get("symmetric", False)),
            depthwise=depthwise,
            where=layer_place(layer),
        )
        if raw is not None:
            levels[layer.name] = replace(raw, levels=raw.levels * float(form.step))
    return levels


def train_on_levels(keras_model: Any, model: ModelSpec, levels: Levels) -> None:
    """Let the layers multiply by the level next to each weight; gradients pass straight through.

    Which levels those of equal weights are follows from the weights of the moment alone, so that
    there is no state to keep.
    """
    tf = backend.tensorflow()
    for layer, kernel in _kernels(model, levels):
        quantise = _nearest(tf, levels[layer])
        setattr(keras_model.get_layer(layer), f"{_quantiser_name(kernel)}_internal", quantise)


def settle_on_levels(keras_model: Any, model: ModelSpec, levels: Levels) -> None:
    """Give every weight the value of the level that it stood for."""
    for layer, kernel in _kernels(model, levels):
        variable = getattr(keras_model.get_layer(layer), kernel)
        variable.assign(levels[layer].nearest(variable.numpy()))


def _kernels(model: ModelSpec, levels: Levels) -> list[tuple[str, str]]:
    """Return the layers that have levels, with the names of their kernels."""
    return [
        (layer.name, LAYERS[layer.class_name].kernel)
        for layer in model.layers
        if layer.name in levels
    ]


def _quantiser_name(kernel: str) -> str:
    return f"{kernel.removesuffix('_kernel')}_quantizer"


def _nearest(tf: Any, constants: Constants) -> Any:
    values = tf.constant(constants.levels, tf.float32)
    middles = (values[1:] + values[:-1]) / 2

    def by_itself(kernel: Any) -> Any:
        places = tf.searchsorted(middles, tf.reshape(kernel, [-1]))
        return tf.reshape(tf.gather(values, places), tf.shape(kernel))

    def of_few_sizes(kernel: Any) -> Any:
        level = tf.numpy_function(
            lambda array: constants.nearest(array).astype(np.float32), [kernel], tf.float32
        )
        return tf.ensure_shape(level, kernel.shape)

    level_of = by_itself if constants.sizes is None else of_few_sizes

    def quantise(kernel: Any) -> Any:
        return kernel + tf.stop_gradient(level_of(kernel) - kernel)

    return quantise


def _schedule(
    sparsity: Any, pruning: PruningSpec, share: float, end_epoch: float, steps: int
) -> Any:
    begin = round(pruning.begin_epoch * steps)
    if pruning.schedule is PruningSchedule.CONSTANT:
        return sparsity.ConstantSparsity(share, begin, frequency=pruning.frequency_steps)
    # Zeros are chosen at begin + k * frequency only: let the last of these be the end, or the
    # share would stop short of the final one.
    frequency = min(pruning.frequency_steps, max(1, round(end_epoch * steps) - begin))
    rounds = math.floor((round(end_epoch * steps) - begin) / frequency)
    return sparsity.PolynomialDecay(
        initial_sparsity=0.0,
        final_sparsity=share,
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
