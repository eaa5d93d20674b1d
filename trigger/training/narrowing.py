"""Smaller models from trained ones: fewer filters, and zeros, without training anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from trigger.design import ModelSpec
from trigger.training.pruning import find_levels, group_kernels
from trigger.training.silence import without_unread
from trigger.training.spec import PruningSpec, PruningStructure, TrainedModel
from trigger.training.structure import prune_bias, prune_kernel
from trigger.zoo import LAYERS, check_model

_Arrays = Mapping[str, npt.NDArray[np.float32]]

WIDTHS: Mapping[str, str] = {
    "QDense": "units",
    "QConv1D": "filters",
    "QConv2D": "filters",
    "Dense": "units",
    "Conv1D": "filters",
    "Conv2D": "filters",
}
"""Option that says how many filters a layer has, by class."""
_BY_CHANNEL = ("QDepthwiseConv2D", "DepthwiseConv2D")
_MIXING = ("Reshape", "Permute")
"""After these a channel is no longer what it was."""


def find_narrowable(model: ModelSpec) -> tuple[str, ...]:
    """Return the layers that may have fewer filters: another layer with weights takes them all."""
    found = []
    for place, layer in enumerate(model.layers):
        if layer.class_name not in WIDTHS:
            continue
        for later in model.layers[place + 1 :]:
            if later.class_name in WIDTHS:
                found.append(layer.name)
            if later.class_name in WIDTHS or later.class_name in _MIXING:
                break
    return tuple(found)


def narrow(trained: TrainedModel, model: ModelSpec) -> TrainedModel:
    """Return a trained model with the weights that are left where layers have fewer filters.

    A layer keeps the filters whose weights have the largest norm (Li et al., arXiv:1608.08710);
    what follows loses the inputs that are gone, after a Flatten those of every pixel.

    Args:
        model: the trained one, with fewer filters of ``find_narrowable`` layers.
    """
    weights: dict[str, _Arrays] = {}
    kept = np.arange(model.input_shape[-1])
    pairs = zip(check_model(trained.model), model.layers, strict=True)
    for shapes, layer in pairs:
        arrays = trained.weights.get(layer.name, {})
        if layer.class_name in WIDTHS:
            count = int(layer.options[WIDTHS[layer.class_name]])
            kernel = arrays["kernel"][..., kept, :]
            kept = _largest(kernel, count)
            arrays = {
                name: kernel[..., kept] if name == "kernel" else array[kept]
                for name, array in arrays.items()
            }
        elif layer.class_name in _BY_CHANNEL:
            arrays = {
                name: array[..., kept, :] if array.ndim > 1 else array[kept]
                for name, array in arrays.items()
            }
        elif layer.class_name == "Flatten":
            places = np.arange(int(np.prod(shapes.input))).reshape(shapes.input)
            kept = places[..., kept].ravel()
        elif layer.class_name in _MIXING:
            kept = np.arange(shapes.output[-1])  # all: nothing before it has lost any
        else:
            arrays = {name: array[..., kept] for name, array in arrays.items()}
        if arrays:
            weights[layer.name] = arrays
    return replace(trained, model=model, weights=weights)


def thin(trained: TrainedModel, pruning: PruningSpec | None) -> TrainedModel:
    """Return a trained model with the weights that pruning would begin with if it did so at once.

    Raises:
        DesignError: as ``group_kernels`` and ``find_levels``.
    """
    if pruning is None:
        return trained
    weights = {name: dict(arrays) for name, arrays in trained.weights.items()}
    roles = {layer.name: LAYERS[layer.class_name].kernel for layer in trained.model.layers}
    for name, groups in group_kernels(trained.model, pruning).items():
        arrays, role = weights[name], roles[name]
        arrays[role] = prune_kernel(arrays[role], groups, pruning.sparsity_of(name))
        if pruning.structure is PruningStructure.UNIT and "bias" in arrays:
            arrays["bias"] = prune_bias(arrays[role], arrays["bias"])
    for name, constants in find_levels(trained.model, pruning).items():
        kernel = weights[name][roles[name]]
        weights[name][roles[name]] = constants.nearest(kernel).astype(kernel.dtype)
    return replace(trained, weights=without_unread(trained.model, weights))


def _largest(kernel: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.intp]:
    """Return the places of the filters of largest norm, ascending; of equal ones the first."""
    norms = np.sqrt(np.sum(np.square(kernel, dtype=np.float64), axis=tuple(range(kernel.ndim - 1))))
    return np.sort(np.argsort(-norms, kind="stable")[:count])
