"""What is to be built: a model, the knobs of its firmware and the target that it is built for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

from trigger.errors import DesignError
from trigger.fixed import FixedFormat
from trigger.units import CLOCK_PERIODS_NS


class IOType(Enum):
    """How data enters a layer: all at once, or one pixel after the other."""

    PARALLEL = "io_parallel"
    STREAM = "io_stream"


class Strategy(Enum):
    """How hls4ml implements the multiplications of a layer (its own words)."""

    LATENCY = "Latency"
    RESOURCE = "Resource"
    RESOURCE_UNROLLED = "Resource_unrolled"
    DISTRIBUTED_ARITHMETIC = "distributed_arithmetic"


LATER: Mapping[str, bool] = MappingProxyType({"later": True})
"""Metadata of a field that its record has got later: digests leave it out while it holds its
default, so that what was made before is still what it was."""


def _frozen(options: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(options))


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """One layer of a model, by its Keras or QKeras class name and constructor arguments."""

    class_name: str
    """``QConv2D``, ``QDense``, ``QActivation``, ``MaxPooling2D``, ``Flatten``, ..."""
    name: str
    """Unique in the model; names the layer in firmware and reports too."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Constructor arguments; quantisers as QKeras spells them, ``quantized_bits(6,0,alpha=1)``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", _frozen(self.options))


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A quantised model as the design file writes it: input, then layers in order."""

    input_shape: tuple[int, ...]
    """(height, width, channels) of the pixels, or (features,)."""
    input_format: FixedFormat
    """The integer contract with the detector."""
    layers: tuple[LayerSpec, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """The tool, device and clock that firmware is built for.

    Raises:
        DesignError: a clock that no FPGA has.
    """

    backend: str
    """hls4ml backend name: Vitis, Vivado, ..."""
    part: str
    clock_period_ns: float
    io_type: IOType

    def __post_init__(self) -> None:
        shortest, longest = CLOCK_PERIODS_NS
        if not shortest <= self.clock_period_ns <= longest:
            raise DesignError(
                f"the clock period is {self.clock_period_ns:g} ns",
                where="target",
                allowed=f"{shortest:g} to {longest:g} ns",
            )


@dataclass(frozen=True, slots=True)
class LayerKnobs:
    """hls4ml settings of one layer, or (as the model's) of all; ``None`` is hls4ml's own choice."""

    strategy: Strategy | None = None
    reuse_factor: int | None = None
    parallelization_factor: int | None = None
    precision: Mapping[str, str] = field(default_factory=dict)
    """hls4ml's ``Precision`` block: ``{"result": "ap_fixed<16,6>", "accum": "auto"}``; the key
    ``default`` stands for the short form ``Precision: ap_fixed<16,6>``."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Every other hls4ml key, verbatim."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "precision", _frozen(self.precision))
        object.__setattr__(self, "extra", _frozen(self.extra))


@dataclass(frozen=True, slots=True)
class Knobs:
    """The firmware settings of a whole model."""

    model: LayerKnobs = LayerKnobs()
    layers: Mapping[str, LayerKnobs] = field(default_factory=dict)
    """By layer name; what is ``None`` here is taken from ``model``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", MappingProxyType(dict(self.layers)))


@dataclass(frozen=True, slots=True)
class Design:
    """One point of the design space: what is computed, how, and on what."""

    name: str
    model: ModelSpec
    knobs: Knobs
    target: Target

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of everything but the name; equal digests mean equal firmware."""
        return digest_of(self.model, self.knobs, self.target)


def digest_of(*records: Any) -> str:
    """Return the SHA-256 (hex) of frozen records: dataclasses, enums, mappings, sequences, scalars.

    Raises:
        TypeError: something else is inside (it would have no stable text).
    """
    text = json.dumps([_plain(record) for record in records], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return ``value`` as what JSON knows, the same for equal records on every machine."""
    if isinstance(value, Enum):
        return [type(value).__name__, value.name]
    if isinstance(value, FixedFormat):
        return str(value)
    if hasattr(value, "__dataclass_fields__"):
        return {
            "type": type(value).__name__,
            **{
                name: _plain(getattr(value, name))
                for name, field in value.__dataclass_fields__.items()
                if not (field.metadata == LATER and getattr(value, name) == field.default)
            },
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{type(value).__name__} has no stable text for a digest")
