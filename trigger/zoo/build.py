"""Build the QKeras model of a ModelSpec, and its float twin."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from trigger.design import LayerSpec, ModelSpec
from trigger.errors import ModelError
from trigger.zoo import backend
from trigger.zoo.check import (
    Initialiser,
    LayerShapes,
    check_model,
    kind_of,
    layer_place,
    read_options,
)
from trigger.zoo.kinds import Value
from trigger.zoo.quantisers import Role, parse_quantiser

INPUT_LAYER = "pixels"
"""Name of the input layer, in Keras and in hls4ml."""

_DEFAULT_KERNEL = Initialiser("HeUniform")
_QUANTISERS = (Value.WEIGHT_QUANTISER, Value.ACTIVATION_QUANTISER)


def build(spec: ModelSpec, seed: int) -> Any:
    """Return the quantised tf_keras model, untrained.

    It takes pixels as values, ``raw * 2**-spec.input_format.fractional``, in an array of
    ``(n, *spec.input_shape)`` float32, and returns what the last layer gives. Kernels start from
    ``seed`` and the layer's name alone: equal specs and seeds give equal weights.

    Raises:
        DesignError: as :func:`trigger.zoo.check.check_model`.
        ModelError: Keras refused a layer or built another shape than the shape law says.
        ToolError: TensorFlow or QKeras cannot be imported.
    """
    return _build(spec, seed, quantised=True)


def build_float_twin(spec: ModelSpec, seed: int) -> Any:
    """Return the same model in floating point: same shapes, names and first kernels.

    ``quantized_relu`` becomes relu, ``quantized_bits`` as an activation becomes linear, weights
    stay as they are. Raises as :func:`build`.
    """
    return _build(spec, seed, quantised=False)


def _build(spec: ModelSpec, seed: int, *, quantised: bool) -> Any:
    shapes = check_model(spec)
    keras = backend.keras()
    tensor = inputs = keras.Input(spec.input_shape, name=INPUT_LAYER)
    for layer, expected in zip(spec.layers, shapes, strict=True):
        tensor = _apply(layer, tensor, expected, seed, quantised)
    return keras.Model(inputs, tensor, name="quantised" if quantised else "float_twin")


def _apply(layer: LayerSpec, tensor: Any, expected: LayerShapes, seed: int, quantised: bool) -> Any:
    """Return the output tensor of one layer; what Keras says is passed on as a ModelError."""
    kind = kind_of(layer)
    options = dict(read_options(layer))
    for name, value in kind.options.items():
        if value is Value.INITIALISER and (name in options or not name.startswith("bias")):
            chosen = options.get(name, _DEFAULT_KERNEL)
            options[name] = _initialiser(chosen, seed, f"{layer.name}/{name}")
    if quantised and kind.quantised:
        module, class_name = backend.qkeras(), layer.class_name
    else:
        module, class_name = backend.keras().layers, kind.twin
        options = _twin_options(options, kind.options)
    try:
        output = getattr(module, class_name)(name=layer.name, **options)(tensor)
    except (TypeError, ValueError, AssertionError) as error:
        raise ModelError(
            f"Keras refused it: {error}", where=layer_place(layer), remedy="change its options"
        ) from error
    shape = tuple(output.shape[1:])
    if shape != expected.output:
        raise ModelError(
            f"Keras built {shape}, the shape law says {expected.output}", where=layer_place(layer)
        )
    return output


def _twin_options(options: Mapping[str, Any], kinds: Mapping[str, Value]) -> dict[str, Any]:
    """Return options without quantisers: activations by their twin, weights as they are."""
    twin = {name: value for name, value in options.items() if kinds[name] not in _QUANTISERS}
    if kinds.get("activation") is Value.ACTIVATION_QUANTISER and "activation" in options:
        quantiser = parse_quantiser(options["activation"], Role.ACTIVATION, "activation")
        twin["activation"] = quantiser.twin
    return twin


def _initialiser(chosen: Initialiser, seed: int, place: str) -> Any:
    """Return an initialiser with a seed of its own, the same on every machine."""
    digest = hashlib.sha256(f"{seed}/{place}".encode()).digest()
    own_seed = int.from_bytes(digest[:4], "big") >> 1
    made = getattr(backend.keras().initializers, chosen.class_name)
    return made(*chosen.arguments, seed=own_seed)
