"""What every layer of a trained Keras model gives, to be held against the firmware."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.zoo import backend


class LayerTracer:
    """Runs a Keras model and keeps the results of chosen layers."""

    def __init__(
        self,
        keras_model: Any,
        layers: Sequence[str],
        pixel_step: float,
        before_activation: Sequence[str] = (),
    ) -> None:
        """Prepare the trace.

        Args:
            layers: names of Keras layers.
            pixel_step: value of one raw step of the input format.
            before_activation: Keras layers whose numbers are asked for before their activation,
                too; they are traced as ``before(name)``.
        """
        self._layers = (*layers, *map(before, before_activation))
        self._step = np.float32(pixel_step)
        outputs = [keras_model.get_layer(name).output for name in layers]
        outputs += [_without_activation(keras_model.get_layer(name)) for name in before_activation]
        self._model = backend.keras().Model(keras_model.input, outputs)

    def run(self, pixels_raw: npt.NDArray[np.integer]) -> Mapping[str, npt.NDArray[np.float64]]:
        """Return the values of each layer, (n, *shape) float64; Keras computes in float32."""
        values = self._model(pixels_raw.astype(np.float32) * self._step, training=False)
        values = values if isinstance(values, list) else [values]
        return {
            name: value.numpy().astype(np.float64)
            for name, value in zip(self._layers, values, strict=True)
        }


def before(layer: str) -> str:
    """Return the name of a layer's trace before its activation."""
    return f"{layer} before its activation"


def _without_activation(layer: Any) -> Any:
    """Return the output of a layer of the same weights that has no activation."""
    bare = type(layer).from_config(
        {**layer.get_config(), "activation": None, "name": f"{layer.name}_bare"}
    )
    output = bare(layer.input)
    bare.set_weights(layer.get_weights())
    return output
