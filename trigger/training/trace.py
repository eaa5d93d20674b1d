"""What every layer of a trained Keras model gives, to be held against the firmware."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.zoo import backend


class LayerTracer:
    """Runs a Keras model and keeps the results of chosen layers."""

    def __init__(self, keras_model: Any, layers: Sequence[str], pixel_step: float) -> None:
        """Prepare the trace.

        Args:
            layers: names of Keras layers.
            pixel_step: value of one raw step of the input format.
        """
        self._layers = tuple(layers)
        self._step = np.float32(pixel_step)
        outputs = [keras_model.get_layer(name).output for name in self._layers]
        self._model = backend.keras().Model(keras_model.input, outputs)

    def run(self, pixels_raw: npt.NDArray[np.integer]) -> Mapping[str, npt.NDArray[np.float64]]:
        """Return the values of each layer, (n, *shape) float64; Keras computes in float32."""
        values = self._model(pixels_raw.astype(np.float32) * self._step, training=False)
        values = values if isinstance(values, list) else [values]
        return {
            name: value.numpy().astype(np.float64)
            for name, value in zip(self._layers, values, strict=True)
        }
