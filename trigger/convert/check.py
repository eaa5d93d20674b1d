"""What can be said of a design's firmware settings from the design alone, before any training.

Neither TensorFlow nor hls4ml is needed. ``check_settings`` asks again when hls4ml has answered.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from trigger.convert.keys import BACKENDS, check_keys
from trigger.design import Design, IOType, Knobs, LayerKnobs, ModelSpec, Strategy
from trigger.errors import DesignError, did_you_mean
from trigger.layers.reuse import legal_parallelization_factors, legal_reuse_factors
from trigger.zoo import INPUT_LAYER, check_model, shapes
from trigger.zoo.check import kind_of, read_options


@dataclass(frozen=True, slots=True)
class Multiplier:
    """A layer with a kernel, as its reuse and parallelisation factors see it."""

    layer: str
    elements: int
    """Window elements that meet one output's weights."""
    outputs: int
    positions: tuple[int, ...]
    """Pixels or steps of the result; () of a dense layer."""


def check_design(design: Design) -> None:
    """Check backend, names, keys, and the factors that the layers' shapes decide.

    Raises:
        DesignError: an unknown backend or key, a value that is not allowed, layer names that
            hls4ml cannot tell apart, or an impossible reuse or parallelisation factor.
    """
    backend = design.target.backend
    if backend.lower() not in map(str.lower, BACKENDS):
        raise DesignError(
            f"hls4ml has no backend {backend!r}",
            where="hls.Backend",
            allowed=", ".join(BACKENDS),
            remedy=did_you_mean(backend, BACKENDS),
        )
    _check_names(design.model)
    check_keys(design.knobs.model, of_model=True, where="hls.HLSConfig.Model")
    for name, knobs in design.knobs.layers.items():
        check_keys(knobs, of_model=False, where=f"hls.HLSConfig.LayerName.{name}")
    _check_shifts_and_adds(design)
    for multiplier in multipliers(design.model):
        _check_reuse(design, multiplier)
        if multiplier.positions and design.target.io_type is IOType.PARALLEL:
            _check_parallelization(design, multiplier)


def _check_shifts_and_adds(design: Design) -> None:
    """Check that hls4ml can do without multipliers where it is asked to."""
    for layer in design.model.layers:
        if effective(design.knobs, layer.name).strategy is not Strategy.DISTRIBUTED_ARITHMETIC:
            continue
        own = design.knobs.layers.get(layer.name, LayerKnobs()).strategy is not None
        where = place(layer.name, "Strategy", own=own)
        if design.target.backend.lower() not in ("vivado", "vitis"):
            raise DesignError(
                f"{design.target.backend} has no strategy distributed_arithmetic",
                where=where,
                allowed="Backend: Vitis or Vivado",
            )
        if kind_of(layer).shape is shapes.depthwise:
            raise DesignError(
                f"{layer.class_name} has no strategy distributed_arithmetic",
                where=where,
                allowed="dense layers and ordinary convolutions",
                remedy="give this layer Strategy: Latency or Resource",
            )


def _check_names(model: ModelSpec) -> None:
    names = {INPUT_LAYER: INPUT_LAYER}
    for layer in model.layers:
        if layer.name == "input":
            raise DesignError(
                "the layer is named input, a name that hls4ml keeps for itself",
                where="model.layers",
                allowed="another name",
            )
        other = names.setdefault(layer.name.lower(), layer.name)
        if other != layer.name:
            raise DesignError(
                f"the layers {other} and {layer.name} differ in capital letters only, which "
                "hls4ml does not tell apart",
                where="model.layers",
                remedy="rename one of them",
            )


def multipliers(model: ModelSpec) -> Iterator[Multiplier]:
    """Yield the layers that multiply windows by a kernel.

    Raises:
        DesignError: as ``check_model``.
    """
    for layer, found in zip(model.layers, check_model(model), strict=True):
        kind, options = kind_of(layer), read_options(layer)
        outputs = found.output[-1]
        if kind.shape is shapes.dense:
            yield Multiplier(layer.name, found.input[-1], outputs, ())
        elif kind.shape in (shapes.convolution, shapes.depthwise):
            channels = found.input[-1] if kind.shape is shapes.convolution else 1
            elements = math.prod(options["kernel_size"]) * channels
            yield Multiplier(layer.name, elements, outputs, found.output[:-1])


def _check_reuse(design: Design, multiplier: Multiplier) -> None:
    knobs = effective(design.knobs, multiplier.layer)
    if knobs.reuse_factor is None:
        return
    strategy = knobs.strategy or Strategy.LATENCY
    legal = legal_reuse_factors(multiplier.elements, multiplier.outputs, strategy)
    if knobs.reuse_factor not in legal:
        own = design.knobs.layers.get(multiplier.layer, LayerKnobs()).reuse_factor is not None
        raise impossible_reuse(
            multiplier.layer,
            (multiplier.elements, multiplier.outputs),
            strategy,
            knobs.reuse_factor,
            place(multiplier.layer, "ReuseFactor", own=own),
        )


def impossible_reuse(
    layer: str, sizes: tuple[int, int], strategy: Strategy, factor: int, where: str
) -> DesignError:
    """Return the error for a reuse factor that a layer of ``sizes`` (inputs, outputs) has not."""
    return DesignError(
        f"ReuseFactor {factor} is impossible for layer {layer} "
        f"({sizes[0]} inputs x {sizes[1]} outputs, {strategy.value})",
        where=where,
        allowed=_listed(legal_reuse_factors(*sizes, strategy)),
        remedy="choose one of these",
    )


def _check_parallelization(design: Design, multiplier: Multiplier) -> None:
    factor = effective(design.knobs, multiplier.layer).parallelization_factor
    legal = legal_parallelization_factors(math.prod(multiplier.positions))
    if factor is None or factor in legal:
        return
    own = design.knobs.layers.get(multiplier.layer, LayerKnobs()).parallelization_factor is not None
    raise DesignError(
        f"ParallelizationFactor {factor} is impossible for layer {multiplier.layer}, "
        f"which makes {' x '.join(map(str, multiplier.positions))} positions",
        where=place(multiplier.layer, "ParallelizationFactor", own=own),
        allowed=_listed(legal),
        remedy="choose one of these",
    )


def effective(knobs: Knobs, layer: str) -> LayerKnobs:
    """Return the knobs of one layer, with the model's where it has none of its own."""
    own, model = knobs.layers.get(layer, LayerKnobs()), knobs.model
    return LayerKnobs(
        own.strategy or model.strategy,
        own.reuse_factor or model.reuse_factor,
        own.parallelization_factor or model.parallelization_factor,
        own.precision,
        own.extra,
    )


def place(layer: str, key: str, *, own: bool) -> str:
    """Return how error texts name a setting of a layer, its own or the model's."""
    if own:
        return f"hls.HLSConfig.LayerName.{layer}.{key}"
    return f"hls.HLSConfig.Model.{key} (layer {layer})"


def _listed(numbers: tuple[int, ...]) -> str:
    if numbers == tuple(range(1, len(numbers) + 1)) and len(numbers) > 3:
        return f"1 to {numbers[-1]}"
    return ", ".join(map(str, numbers)) or "none"
