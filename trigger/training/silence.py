"""Outputs that are zero whatever the image, and the weights that read nothing else."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trigger.design import LayerSpec, ModelSpec
from trigger.training.spec import Weights
from trigger.training.structure import without_inputs
from trigger.zoo import LAYERS, check_model, shapes

_ZERO_STAYS = ("linear", "relu", "quantized_relu", "quantized_bits")
"""Activations that make zero of zero."""
_ACTIVATIONS = ("Activation", "QActivation")
_BY_CHANNEL = (
    *("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D"),
    *("GlobalMaxPooling1D", "GlobalMaxPooling2D"),
    *("GlobalAveragePooling1D", "GlobalAveragePooling2D"),
    *("ZeroPadding1D", "ZeroPadding2D", "Cropping1D", "Cropping2D"),
    *("UpSampling1D", "UpSampling2D"),
)
"""Layers that make a channel of zeros of each channel of zeros."""
_IN_ORDER = ("Flatten", "Reshape")


def without_unread(model: ModelSpec, weights: Weights) -> Weights:
    """Return the weights, zero where all that they are ever multiplied with is zero.

    The model computes the same, and firmware saves the products. An output is always zero where
    all its weights and its bias are; what is not known to leave it so is taken to change it.

    Args:
        weights: of all layers of the model, by layer and variable.
    """
    changed = dict(weights)
    silent: npt.NDArray[np.bool_] = np.zeros(model.input_shape, dtype=np.bool_)
    for layer, shape in zip(model.layers, check_model(model), strict=True):
        kind = LAYERS[layer.class_name]
        channels = np.asarray(silent.reshape(-1, silent.shape[-1]).all(axis=0))
        if kind.kernel:
            arrays = weights[layer.name]
            depthwise = kind.shape is shapes.depthwise
            kernel = without_inputs(arrays[kind.kernel], channels, depthwise=depthwise)
            changed[layer.name] = {**arrays, kind.kernel: kernel}
            bias = arrays.get("bias", np.zeros(shape.output[-1]))
            channels = ~kernel.reshape(-1, len(bias)).any(axis=0) & (bias == 0)
            silent = np.broadcast_to(channels & _zero_stays(layer), shape.output)
        elif layer.class_name in _IN_ORDER:
            silent = silent.reshape(shape.output)
        elif layer.class_name in _BY_CHANNEL:
            silent = np.broadcast_to(channels, shape.output)
        elif not (layer.class_name in _ACTIVATIONS and _zero_stays(layer)):
            silent = np.zeros(shape.output, dtype=np.bool_)
    return changed


def _zero_stays(layer: LayerSpec) -> bool:
    return str(layer.options.get("activation", "linear")).split("(")[0] in _ZERO_STAYS
