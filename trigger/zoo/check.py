"""Check a model as the design file writes it, without TensorFlow: classes, options, shapes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from trigger.design import LayerSpec, ModelSpec
from trigger.errors import DesignError, did_you_mean
from trigger.zoo.kinds import LAYERS, LayerKind, Value
from trigger.zoo.quantisers import Quantiser, Role, parse_quantiser
from trigger.zoo.shapes import Shape


@dataclass(frozen=True, slots=True)
class LayerShapes:
    """What a layer takes and gives, batch axis left out."""

    name: str
    input: Shape
    output: Shape


def check_model(spec: ModelSpec) -> tuple[LayerShapes, ...]:
    """Return the shapes of every layer in order.

    Raises:
        DesignError: no layers, a name twice, an unknown class, option or quantiser, a quantiser
            that firmware cannot reproduce, or shapes that do not fit.
    """
    if not spec.layers:
        raise DesignError("there are no layers", where="model.layers", allowed="at least one")
    twice = [
        name for name, count in Counter(layer.name for layer in spec.layers).items() if count > 1
    ]
    if twice:
        raise DesignError(
            f"the layer name {twice[0]} is used more than once",
            where="model.layers",
            remedy="give every layer a name of its own",
        )
    shapes: list[LayerShapes] = []
    shape = spec.input_shape
    for layer in spec.layers:
        options = read_options(layer)
        try:
            output = kind_of(layer).shape(options, shape)
        except ValueError as error:
            raise DesignError(
                f"does not fit its input: {error}",
                where=layer_place(layer),
                allowed=f"what fits {shape}, after an input of {spec.input_shape}",
                remedy="change the image size (input.shape) or this layer",
            ) from error
        shapes.append(LayerShapes(layer.name, shape, output))
        shape = output
    return tuple(shapes)


def layer_place(layer: LayerSpec) -> str:
    """Return how error texts name a layer."""
    return f"layer {layer.name} ({layer.class_name})"


def kind_of(layer: LayerSpec) -> LayerKind:
    """Return the row of ``LAYERS``; raises DesignError naming the nearest known class."""
    kind = LAYERS.get(layer.class_name)
    if kind is None:
        raise DesignError(
            f"{layer.class_name} is not a layer class that can be built",
            where=f"layer {layer.name}",
            allowed=", ".join(sorted(LAYERS)),
            remedy=did_you_mean(layer.class_name, list(LAYERS)),
        )
    return kind


def read_options(layer: LayerSpec) -> Mapping[str, Any]:
    """Return the constructor arguments as Keras takes them; quantisers stay text, spelled out.

    Raises:
        DesignError: unknown, missing or malformed options.
    """
    kind = kind_of(layer)
    place = layer_place(layer)
    for name in layer.options:
        if name not in kind.options:
            raise DesignError(
                f"unknown option {name}",
                where=place,
                allowed=", ".join(kind.options) or "no options",
                remedy=did_you_mean(name, list(kind.options)),
            )
    read: dict[str, Any] = {}
    for name, value in layer.options.items():
        try:
            read[name] = _READERS[kind.options[name]](value, f"{place}, {name}")
        except (TypeError, ValueError) as error:
            raise DesignError(
                f"{name} is {value!r}", where=place, allowed=kind.options[name].value
            ) from error
    required = list(kind.required)
    # Without its own quantiser QKeras adds a float bias, which no firmware holds.
    if "bias_quantizer" in kind.options and read.get("use_bias", True):
        required.append("bias_quantizer")
    for name in required:
        if name not in read:
            raise DesignError(f"{name} is missing", where=place, allowed=kind.options[name].value)
    if "pool_size" in kind.options:
        dimensions = 1 if kind.options["pool_size"] is Value.SIZE_1D else 2
        read.setdefault("pool_size", (2,) * dimensions)
    return MappingProxyType(read)


def width_quantisers(layer: LayerSpec) -> Mapping[str, Quantiser]:
    """Return the quantisers of a layer whose width may be chosen, by option.

    Raises DesignError as ``read_options``.
    """
    options, place = kind_of(layer).options, layer_place(layer)
    found = {
        name: parse_quantiser(value, ROLES[options[name]], f"{place}, {name}")
        for name, value in layer.options.items()
        if options.get(name) in ROLES
    }
    return {name: each for name, each in found.items() if each.fewest_bits is not None}


Reader = Callable[[Any, str], Any]


def _integer(value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError
    return value


def _sizes(value: Any, count: int) -> tuple[int, ...]:
    values = [value] * count if isinstance(value, int) else list(value)
    if len(values) != count:
        raise ValueError
    return tuple(_integer(item, 1) for item in values)


def _margins(value: Any, count: int) -> tuple[tuple[int, int], ...]:
    if isinstance(value, int):
        return ((_integer(value, 0), value),) * count
    values = [value] if count == 1 else list(value)
    pairs = [[item, item] if isinstance(item, int) else list(item) for item in values]
    if len(pairs) != count or any(len(pair) != 2 for pair in pairs):
        raise ValueError
    return tuple((_integer(first, 0), _integer(second, 0)) for first, second in pairs)


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        raise ValueError
    return float(value)


def _word_of(kind: Value) -> Reader:
    """Return a reader for the words that stand in the text of ``kind``."""
    words = kind.value.replace(" or ", ", ").split(", ")

    def read(value: Any, where: str) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return read


@dataclass(frozen=True, slots=True)
class Initialiser:
    """Where weights start from."""

    class_name: str
    """Of Keras."""
    arguments: tuple[float, ...] = ()


_INITIALISERS = {
    "he_normal": "HeNormal",
    "he_uniform": "HeUniform",
    "glorot_normal": "GlorotNormal",
    "glorot_uniform": "GlorotUniform",
}
_RANDOM_UNIFORM = re.compile(r"random_uniform\(\s*([^,()]+),\s*([^,()]+)\)")


def read_initialiser(text: Any) -> Initialiser:
    """Read ``he_uniform`` or ``random_uniform(-0.5, 0)``; raises ValueError for anything else."""
    match = _RANDOM_UNIFORM.fullmatch(str(text))
    if match is None:
        if text not in _INITIALISERS:
            raise ValueError
        return Initialiser(_INITIALISERS[text])
    low, high = float(match[1]), float(match[2])
    if not low < high:
        raise ValueError
    return Initialiser("RandomUniform", (low, high))


ROLES: Mapping[Value, Role] = MappingProxyType(
    {
        Value.WEIGHT_QUANTISER: Role.WEIGHT,
        Value.ACTIVATION_QUANTISER: Role.ACTIVATION,
    }
)
"""The role of a quantiser, by what an option takes."""


def _quantiser_of(value: Value) -> Reader:
    return lambda text, where: str(parse_quantiser(text, ROLES[value], where))


_READERS: Mapping[Value, Reader] = MappingProxyType(
    {
        Value.COUNT: lambda value, where: _integer(value, 1),
        Value.SIZE_1D: lambda value, where: _sizes(value, 1),
        Value.SIZE_2D: lambda value, where: _sizes(value, 2),
        Value.MARGIN_1D: lambda value, where: _margins(value, 1)[0],
        Value.MARGIN_2D: lambda value, where: _margins(value, 2),
        Value.SHAPE: lambda value, where: tuple(_integer(item, 1) for item in value),
        Value.PADDING: _word_of(Value.PADDING),
        Value.FLAG: _flag,
        Value.NUMBER: _number,
        Value.ACTIVATION: _word_of(Value.ACTIVATION),
        Value.INITIALISER: lambda value, where: read_initialiser(value),
        Value.WEIGHT_QUANTISER: _quantiser_of(Value.WEIGHT_QUANTISER),
        Value.ACTIVATION_QUANTISER: _quantiser_of(Value.ACTIVATION_QUANTISER),
    }
)
