"""Knobs and target of a design as hls4ml's configuration, and the proof that hls4ml obeyed.

hls4ml takes unknown keys silently, moves illegal reuse factors to legal ones, and drops layers.
So every setting is written per layer, and every requested one is compared with what was used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trigger.design import Design, LayerKnobs, Strategy
from trigger.errors import ConversionError, DesignError, FormatError
from trigger.fixed import FixedFormat
from trigger.layers.reuse import legal_reuse_factors

DEFAULT_PRECISION = "ap_fixed<16,6>"
"""hls4ml's own default, where neither a quantiser nor the design says otherwise."""


_TABLE_ROLES = ("table", "exp_table", "inv_table", "inv_inp")
"""Roles that hls4ml writes into a Precision block and then takes from a key of their own only."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One knob as the design asks for it."""

    layer: str
    key: str
    """hls4ml's key; ``Precision.accum`` for one entry of a Precision block."""
    value: Any


def layer_configuration(design: Design, base: Mapping[str, Any]) -> dict[str, Any]:
    """Return hls4ml's ``HLSConfig`` with the design's knobs, every layer by name.

    Args:
        base: what hls4ml proposes for this model with granularity ``name``.

    Raises:
        DesignError: a knob for a layer that hls4ml does not have.
    """
    names: dict[str, dict[str, Any]] = {
        name: {**settings, "Precision": dict(settings.get("Precision", {})), "Trace": True}
        for name, settings in base["LayerName"].items()
    }
    for name in design.knobs.layers:
        if name not in names:
            raise DesignError(
                "hls4ml makes no layer of this name",
                where=f"hls.HLSConfig.LayerName.{name}",
                allowed=", ".join(names),
            )
    model = {**base["Model"], **_model_keys(design.knobs.model), "TraceOutput": True}
    if design.knobs.model.strategy is not None:
        model["Strategy"] = design.knobs.model.strategy.value
    for name, settings in names.items():
        knobs = effective(design, name)
        if knobs.strategy is not None:
            settings["Strategy"] = knobs.strategy.value
        if knobs.reuse_factor is not None:
            settings["ReuseFactor"] = knobs.reuse_factor
        if knobs.parallelization_factor is not None and "ParallelizationFactor" in settings:
            settings["ParallelizationFactor"] = knobs.parallelization_factor
        own = design.knobs.layers.get(name, LayerKnobs())
        settings.update(own.extra)
        for role, precision in own.precision.items():
            if role == "default":
                settings["Precision"] = {"default": precision}
            else:
                settings["Precision"][role] = precision
            if role in _TABLE_ROLES:
                settings[f"{role}_t"] = precision
    return {"Model": model, "LayerName": names}


def _model_keys(knobs: LayerKnobs) -> dict[str, Any]:
    keys: dict[str, Any] = dict(knobs.extra)
    if knobs.reuse_factor is not None:
        keys["ReuseFactor"] = knobs.reuse_factor
    if knobs.precision:
        keys["Precision"] = {"default": DEFAULT_PRECISION, **knobs.precision}
    return keys


def effective(design: Design, layer: str) -> LayerKnobs:
    """Return the knobs of one layer, with the model's where it has none of its own."""
    own = design.knobs.layers.get(layer, LayerKnobs())
    model = design.knobs.model
    return LayerKnobs(
        own.strategy or model.strategy,
        own.reuse_factor or model.reuse_factor,
        own.parallelization_factor or model.parallelization_factor,
        own.precision,
        own.extra,
    )


def check_settings(design: Design, graph: Any) -> None:
    """Compare every requested setting with what hls4ml used in its finished graph.

    Raises:
        DesignError: an illegal reuse or parallelisation factor, with the legal ones.
        ConversionError: a setting that hls4ml changed or ignored.
    """
    layers = {layer.name: layer for layer in graph.get_layers()}
    for key, wanted in (
        ("Part", design.target.part),
        ("ClockPeriod", design.target.clock_period_ns),
        ("IOType", design.target.io_type.value),
    ):
        used = graph.config.get_config_value(key)
        if wanted != used:
            raise ConversionError(
                f"hls4ml uses {used}, the design asks for {wanted}", where=f"hls.{key}"
            )
    for setting in _requested(design, tuple(layers)):
        layer = layers.get(setting.layer)
        where = f"hls.HLSConfig.LayerName.{setting.layer}.{setting.key}"
        if layer is None:
            raise ConversionError(
                "hls4ml fused this layer into another, so its setting has no effect",
                where=where,
                allowed=", ".join(layers),
                remedy="set it on the layer that remains, or remove it",
            )
        used = _used(layer, setting.key)
        if used is _ABSENT:
            raise ConversionError(
                f"hls4ml ignored the setting {setting.value!r}: {layer.class_name} has none such",
                where=where,
                remedy="remove it, or correct its spelling",
            )
        if not _same(setting.value, used):
            _refuse(layer, setting, used, where)
    _check_model_reuse(design, layers)


def _requested(design: Design, layers: tuple[str, ...]) -> Iterator[Setting]:
    for name, knobs in design.knobs.layers.items():
        if knobs.strategy is not None:
            yield Setting(name, "Strategy", knobs.strategy)
        if knobs.reuse_factor is not None:
            yield Setting(name, "ReuseFactor", knobs.reuse_factor)
        if knobs.parallelization_factor is not None:
            yield Setting(name, "ParallelizationFactor", knobs.parallelization_factor)
        for role, precision in knobs.precision.items():
            if precision != "auto" and role != "default":
                yield Setting(name, f"Precision.{role}", precision)
        for key, value in knobs.extra.items():
            yield Setting(name, key, value)


def _check_model_reuse(design: Design, layers: Mapping[str, Any]) -> None:
    """Check the model's strategy and reuse factor on every layer that multiplies."""
    model = design.knobs.model
    for name, layer in layers.items():
        if _sizes(layer) is None:
            continue
        own = design.knobs.layers.get(name, LayerKnobs())
        place = f"LayerName.{name}.ReuseFactor" if own.reuse_factor else f"Model (layer {name})"
        where = f"hls.HLSConfig.{place}"
        if model.strategy is not None and own.strategy is None:
            used = _used(layer, "Strategy")
            if not _same(model.strategy, used):
                _refuse(layer, Setting(name, "Strategy", model.strategy), used, where)
        wanted = own.reuse_factor or model.reuse_factor
        used = layer.get_attr("reuse_factor")
        if wanted is not None and (used != wanted or not _is_legal(layer, wanted)):
            _refuse(layer, Setting(name, "ReuseFactor", wanted), used, where)


_ABSENT = object()
_ALWAYS_READ = {"ReuseFactor", "TargetCycles", "Trace"}
"""Keys that hls4ml reads for every layer, beside those that the layer's class declares."""


def _used(layer: Any, key: str) -> Any:
    """Return what a finished hls4ml layer uses for one key, or ``_ABSENT``."""
    if key == "Strategy":
        return layer.get_attr("strategy", _ABSENT)
    if key.startswith("Precision."):
        named = layer.types.get(key.removeprefix("Precision.") + "_t")
        return _ABSENT if named is None else str(named.precision)
    if key in layer.types and key in {each.name for each in layer.expected_attributes}:
        return str(layer.types[key].precision)
    # hls4ml stores any key as an attribute, also one that nothing reads
    known = {each.config_name for each in layer.expected_attributes if each.configurable}
    if key not in known | _ALWAYS_READ:
        return _ABSENT
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower()
    return layer.get_attr(snake, _ABSENT)


def _same(wanted: Any, used: Any) -> bool:
    if isinstance(wanted, Strategy):
        return isinstance(used, str) and used.lower() == wanted.value.lower()
    if isinstance(wanted, str) and isinstance(used, str):
        try:
            return FixedFormat.parse(wanted) == FixedFormat.parse(used)
        except FormatError:
            return wanted.lower() == used.lower()
    return bool(wanted == used)


def _sizes(layer: Any) -> tuple[int, int] | None:
    """Return (window elements, outputs) of a layer with a kernel, None for any other."""
    kernel = layer.weights.get("weight")
    if kernel is None or layer.get_attr("reuse_factor") is None:
        return None
    outputs = layer.get_attr("n_filt") or layer.get_attr("n_out")
    return (int(kernel.data.size) // outputs, outputs) if outputs else None


def _is_legal(layer: Any, reuse_factor: int) -> bool:
    sizes = _sizes(layer)
    return sizes is None or reuse_factor in legal_reuse_factors(*sizes, strategy_of(layer))


def strategy_of(layer: Any) -> Strategy:
    """Return the strategy of a finished hls4ml layer.

    Raises:
        ConversionError: one that this version does not know, such as compression.
    """
    name = str(layer.get_attr("strategy", "latency")).lower()
    for strategy in Strategy:
        if strategy.value.lower() == name:
            return strategy
    raise ConversionError(
        f"strategy {name!r}",
        where=layer.name,
        allowed=", ".join(strategy.value for strategy in Strategy),
    )


def _refuse(layer: Any, setting: Setting, used: Any, where: str) -> None:
    """Raise the error for a setting that hls4ml did not take."""
    value = setting.value.value if isinstance(setting.value, Strategy) else setting.value
    sizes = _sizes(layer)
    if setting.key == "ReuseFactor" and sizes is not None:
        legal = legal_reuse_factors(*sizes, strategy_of(layer))
        raise DesignError(
            f"ReuseFactor {value} is impossible for layer {layer.name} "
            f"({sizes[0]} inputs x {sizes[1]} outputs, {strategy_of(layer).value})",
            where=where,
            allowed=_listed(legal),
            remedy="choose one of these",
        )
    raise ConversionError(
        f"the design asks for {value!r}, hls4ml used {used!r}",
        where=where,
        remedy="ask for what hls4ml can do here, or remove the setting",
    )


def _listed(numbers: tuple[int, ...]) -> str:
    if numbers == tuple(range(1, len(numbers) + 1)) and len(numbers) > 3:
        return f"1 to {numbers[-1]}"
    return ", ".join(map(str, numbers))
