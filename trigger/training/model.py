"""Keras models around a fit: weights by name, scores, and zeros after quantisation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.design import ModelSpec
from trigger.errors import ModelError
from trigger.training.spec import KernelZeros, ModelKind, TrainedModel
from trigger.zoo import LAYERS, build, build_float_twin


def build_kind(kind: ModelKind, model: ModelSpec, seed: int) -> Any:
    """Return the untrained Keras model of a kind."""
    return build(model, seed) if kind is ModelKind.QUANTISED else build_float_twin(model, seed)


def restore(trained: TrainedModel) -> Any:
    """Return the Keras model with the trained weights, without pruning wrappers.

    Raises:
        ModelError: the weights are not those of the model.
    """
    keras_model = build_kind(trained.kind, trained.model, seed=0)
    set_weights(keras_model, trained.weights)
    return keras_model


def get_weights(keras_model: Any) -> dict[str, dict[str, npt.NDArray[np.float32]]]:
    """Return the weights by layer and variable name."""
    return {
        layer.name: {
            _variable_name(variable): array
            for variable, array in zip(layer.weights, layer.get_weights(), strict=True)
        }
        for layer in keras_model.layers
        if layer.weights
    }


def set_weights(keras_model: Any, weights: Any) -> None:
    """Put weights by layer and variable name into a model; raises ModelError if they do not fit."""
    expected = get_weights(keras_model)
    shapes = _shapes(expected)
    if _shapes(weights) != shapes:
        raise ModelError(
            f"the weights are {_shapes(weights)}",
            where="trained weights",
            allowed=str(shapes),
            remedy="train the model again",
        )
    for name, arrays in expected.items():
        keras_model.get_layer(name).set_weights([weights[name][variable] for variable in arrays])


def predict(
    trained: TrainedModel, pixels_raw: npt.NDArray[np.integer], batch_size: int = 1024
) -> npt.NDArray[np.float32]:
    """Return the scores of images: (n, *output shape), as the last layer gives them.

    Args:
        pixels_raw: (n, *input shape) raw integers in the model's input format.
    """
    keras_model = restore(trained)
    step = np.float32(2.0**-trained.model.input_format.fractional)
    blocks = [
        keras_model(pixels_raw[start : start + batch_size].astype(np.float32) * step).numpy()
        for start in range(0, len(pixels_raw), batch_size)
    ]
    return np.concatenate(blocks)


def count_zeros(keras_model: Any, model: ModelSpec) -> tuple[KernelZeros, ...]:
    """Return the zeros of every kernel, as the layer's own quantiser rounds it."""
    found = []
    for spec in model.layers:
        name = LAYERS[spec.class_name].kernel
        if not name:
            continue
        layer = keras_model.get_layer(spec.name)
        kernel = getattr(layer, name)
        quantise = getattr(layer, f"{name.removesuffix('_kernel')}_quantizer_internal", None)
        values = (kernel if quantise is None else quantise(kernel)).numpy()
        found.append(KernelZeros(spec.name, int((values == 0).sum()), values.size))
    return tuple(found)


def _variable_name(variable: Any) -> str:
    return str(variable.name).split("/")[-1].split(":")[0]


def _shapes(weights: Any) -> dict[str, dict[str, tuple[int, ...]]]:
    return {
        layer: {name: array.shape for name, array in arrays.items()}
        for layer, arrays in weights.items()
    }
