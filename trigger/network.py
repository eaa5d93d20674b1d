"""Network: what the firmware computes, integer by integer; the one intermediate representation.

Physics and conversion end here, emulation and estimation begin here. A Network is a list of layers
in execution order, each reading earlier ones by name. Its text form is what people review, its
JSON form is what is kept, and its digest names both.
"""

from __future__ import annotations

import hashlib
import json
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from trigger.errors import NetworkError, TriggerError, UnsupportedLayerError
from trigger.files import write_text
from trigger.fixed import FixedFormat
from trigger.layers import LAYERS, Input, Layer, Reach, Shape
from trigger.layers.adder_code import read_adders
from trigger.layers.adder_graph import AdderGraph
from trigger.layers.base import frozen_array

SCHEMA = 1
"""Version of the JSON form; a reader refuses any other."""


@dataclass(frozen=True, eq=False)
class Network:
    """A verified graph of layers."""

    layers: tuple[Layer, ...]
    """In execution order; inputs are layers too."""
    outputs: tuple[str, ...]
    """Names of the layers whose results leave the firmware, in port order."""

    def __post_init__(self) -> None:
        self.verify()

    @property
    def inputs(self) -> tuple[Input, ...]:
        return tuple(layer for layer in self.layers if isinstance(layer, Input))

    def __getitem__(self, name: str) -> Layer:
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise NetworkError(f"there is no layer {name!r}", where="network", allowed=self._names())

    @property
    def shapes(self) -> Mapping[str, Shape]:
        """Shape of every layer's result for one event, by name."""
        shapes: dict[str, Shape] = {}
        for layer in self.layers:
            shapes[layer.name] = layer.shape(*(shapes[name] for name in layer.inputs))
        return MappingProxyType(shapes)

    def input_formats(self, layer: Layer) -> tuple[FixedFormat, ...]:
        """Return the formats of the tensors that a layer reads."""
        return tuple(self[name].result for name in layer.inputs)

    def reaches(self) -> Mapping[str, Reach]:
        """Return which integers every layer's result can hold, whatever the pixels, by name.

        Exact interval arithmetic with the real weights: the proof that a format overflows never,
        or the bits that it lacks or could spare (``Reach.demands``).
        """
        reaches: dict[str, Reach] = {}
        for layer in self.layers:
            reaches[layer.name] = layer.reach(*(reaches[name] for name in layer.inputs))
        return MappingProxyType(reaches)

    def verify(self) -> None:
        """Check names, connections, shapes and that every constant lies in its format.

        Raises:
            NetworkError: with the layer and what contradicts what.
        """
        seen: set[str] = set()
        for layer in self.layers:
            if layer.name in seen:
                raise NetworkError("two layers have this name", where=layer.name, allowed="one")
            for name in layer.inputs:
                if name not in seen:
                    raise NetworkError(
                        f"reads {name!r}, which is not an earlier layer",
                        where=layer.name,
                        allowed=", ".join(sorted(seen)) or "nothing comes before it",
                    )
            seen.add(layer.name)
            for role, (raw, form) in layer.weights().items():
                if raw.size and (raw.min() < form.raw_min or raw.max() > form.raw_max):
                    raise NetworkError(
                        f"{role} holds {raw.min()} to {raw.max()}",
                        where=layer.name,
                        allowed=f"{form.raw_min} to {form.raw_max}, the raw range of {form}",
                    )
        if not self.inputs or not self.outputs:
            raise NetworkError("no input or no output", where="network", allowed="one of each")
        for name in self.outputs:
            self[name]
        self.shapes  # noqa: B018  (the shape laws raise)

    def _names(self) -> str:
        return ", ".join(layer.name for layer in self.layers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Network) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the JSON form; equal digests mean the same arithmetic and names."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def __str__(self) -> str:
        """The text form: a line per layer with shape, formats and zeros."""
        shapes = self.shapes
        lines = []
        for layer in self.layers:
            parts = [
                f"{layer.name}: {type(layer).__name__} {list(shapes[layer.name])} {layer.result}"
            ]
            for role, (raw, form) in layer.weights().items():
                zeros = int(np.count_nonzero(raw == 0))
                parts.append(f"{role} {list(raw.shape)} {form}, {zeros} of {raw.size} zero")
            if layer.inputs:
                parts.append("reads " + ", ".join(layer.inputs))
            lines.append("; ".join(parts))
        return "\n".join([*lines, "outputs: " + ", ".join(self.outputs)])

    def to_json(self) -> str:
        """Return the complete network as JSON text, the same text for equal networks."""
        record = {
            "schema": SCHEMA,
            "layers": [_encode(layer) for layer in self.layers],
            "outputs": list(self.outputs),
        }
        return json.dumps(record, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str, where: object = "network") -> Network:
        """Read what ``to_json`` wrote.

        Raises:
            NetworkError: not such a text, or one that contradicts itself.
            UnsupportedLayerError: a layer kind that this version does not know.
        """
        try:
            record = json.loads(text)
            if record["schema"] != SCHEMA:
                raise NetworkError(
                    f"schema {record['schema']}", where=where, allowed=f"schema {SCHEMA}"
                )
            layers = tuple(_decode(layer, where) for layer in record["layers"])
            return cls(layers, tuple(record["outputs"]))
        except TriggerError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise NetworkError(
                f"not a network: {type(error).__name__}: {error}",
                where=where,
                allowed="the JSON text that trigger writes",
                remedy="convert or adopt the project again",
            ) from error

    def save(self, path: Path) -> None:
        """Write the JSON form, whole or not at all.

        Raises:
            OutputError: the file cannot be written.
        """
        write_text(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> Network:
        """Read a network that ``save`` wrote.

        Raises:
            NetworkError: the file is missing or is not a network.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise NetworkError(f"cannot be read: {error}", where=path) from error
        return cls.from_json(text, path)


def _encode(layer: Layer) -> dict[str, Any]:
    values = {field.name: _plain(getattr(layer, field.name)) for field in fields(layer)}
    return {"kind": type(layer).__name__, **values}


def _plain(value: Any) -> Any:
    """Return a field's value as JSON knows it; arrays as their shape and a line of integers."""
    if isinstance(value, FixedFormat):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Layer):
        return _encode(value)
    if isinstance(value, np.ndarray):
        return {"shape": list(value.shape), "raw": " ".join(map(str, value.ravel().tolist()))}
    if isinstance(value, AdderGraph):
        return str(value).splitlines()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _decode(record: dict[str, Any], where: object) -> Layer:
    kind = record.pop("kind")
    if kind not in LAYERS:
        raise UnsupportedLayerError(
            f"layer {record.get('name')!r} is a {kind}", where=where, allowed=", ".join(LAYERS)
        )
    layer = LAYERS[kind]
    hints = typing.get_type_hints(layer)
    values = {name: _value(hints[name], item, where) for name, item in record.items()}
    return layer(**values)


def _value(kind: Any, plain: Any, where: object) -> Any:
    """Return a JSON value as the type that the layer's field declares."""
    if kind is FixedFormat:
        return FixedFormat.parse(plain)
    if kind is Layer:
        return _decode(plain, where)
    if kind is AdderGraph:
        return read_adders("\n".join(plain))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(plain)
    origin = typing.get_origin(kind)
    if origin is np.ndarray:
        numbers = [int(number) for number in plain["raw"].split()]
        bits = max((number.bit_length() + 1 for number in numbers), default=1)
        return frozen_array(numbers, bits).reshape(plain["shape"])
    if origin is tuple:
        arguments = typing.get_args(kind)
        if arguments[-1] is Ellipsis:
            return tuple(_value(arguments[0], item, where) for item in plain)
        return tuple(_value(each, item, where) for each, item in zip(arguments, plain, strict=True))
    return plain
