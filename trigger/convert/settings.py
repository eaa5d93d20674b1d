"""The proof that hls4ml obeyed: every requested setting against what the finished graph uses.

hls4ml takes unknown keys silently, moves illegal factors to legal ones, and stores keys that
nothing reads. So what counts is not what it stored but what its generated code depends on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trigger.convert.check import impossible_reuse, place
from trigger.convert.keys import GRAPH_KEYS
from trigger.design import Design, IOType, LayerKnobs, Strategy
from trigger.errors import ConversionError, FormatError, did_you_mean
from trigger.fixed import FixedFormat
from trigger.layers.reuse import legal_parallelization_factors, legal_reuse_factors
from trigger.zoo import INPUT_LAYER

DEFAULT_PRECISION = "ap_fixed<16,6>"
"""hls4ml's own default, where neither a quantiser nor the design says otherwise."""
NO_BRAM_LIMIT = 1_000_000_000
"""hls4ml's own ``BramFactor``: no weights leave the firmware."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One knob as the design asks for it."""

    key: str
    """hls4ml's key; ``Precision.accum`` for one entry of a Precision block."""
    value: Any


@dataclass(frozen=True, slots=True)
class Unread:
    """The answer for a key on which nothing of a layer depends."""

    reason: str
    allowed: str = ""
    remedy: str = "remove it"


def check_settings(design: Design, base: Mapping[str, Any], graph: Any) -> None:
    """Compare every requested setting with what hls4ml used in its finished graph.

    Args:
        base: what hls4ml proposed for this model with granularity ``name``. A layer's setting
            that only repeats the proposal asks for nothing, so it need not have an effect.

    Raises:
        DesignError: an illegal reuse factor, with the legal ones.
        ConversionError: a setting that hls4ml changed or ignored.
    """
    _check_target(design, graph)
    layers = {layer.name: layer for layer in graph.get_layers()}
    for name, knobs in design.knobs.layers.items():
        for setting in requested(knobs):
            _check_own(setting, name, layers, base["LayerName"].get(name, {}))
    for setting in requested(design.knobs.model):
        if setting.key in GRAPH_KEYS:
            _check_graph(setting, graph)
        elif setting.key in ("Precision.default", "Precision.maximum"):
            _check_limit(setting, layers)
        else:
            _check_everywhere(setting, design, layers, base["LayerName"])


def _check_target(design: Design, graph: Any) -> None:
    for key, wanted in (
        ("Part", design.target.part),
        ("ClockPeriod", design.target.clock_period_ns),
        ("IOType", design.target.io_type.value),
    ):
        used = graph.config.get_config_value(key)
        if wanted != used:
            raise ConversionError(
                f"the design asks for {wanted}, hls4ml uses {used}", where=f"hls.{key}"
            )


def requested(knobs: LayerKnobs) -> Iterator[Setting]:
    """Yield what a block of knobs asks for."""
    if knobs.strategy is not None:
        yield Setting("Strategy", knobs.strategy)
    if knobs.reuse_factor is not None:
        yield Setting("ReuseFactor", knobs.reuse_factor)
    if knobs.parallelization_factor is not None:
        yield Setting("ParallelizationFactor", knobs.parallelization_factor)
    for role, precision in knobs.precision.items():
        if precision != "auto":
            yield Setting(f"Precision.{role}", precision)
    for key, value in knobs.extra.items():
        yield Setting(key, value)


def _check_own(
    setting: Setting, name: str, layers: Mapping[str, Any], proposal: Mapping[str, Any]
) -> None:
    """Check a setting that a layer has of its own."""
    where = place(name, setting.key, own=True)
    repeated = _same(setting.value, _proposed(setting.key, proposal))
    layer = layers.get(name)
    if layer is None:
        before = layers.get(name.removesuffix("_linear"))
        kept = before is not None and _same(setting.value, used_by(before, setting.key))
        if repeated or kept:  # an activation that changes no number is left out
            return
        raise ConversionError(
            "hls4ml fused this layer into another, so its setting has no effect",
            where=where,
            allowed=", ".join(layers),
            remedy="set it on the layer that remains, or remove it",
        )
    if setting.key == "Precision.default":
        if not any(_same(setting.value, used) for used in _precisions(layer)):
            raise _ignored(setting, Unread("no type of this layer takes it"), where)
        return
    used = used_by(layer, setting.key)
    if not isinstance(used, Unread):
        _compare(setting, layer, used, where)
    elif not repeated:
        raise _ignored(setting, used, where)


def _proposed(key: str, proposal: Mapping[str, Any]) -> Any:
    if key == "Trace":  # hls4ml does not, but here every layer is traced
        return True
    if key.startswith("Precision."):
        return proposal.get("Precision", {}).get(key.removeprefix("Precision."))
    return proposal.get(key)


def _check_everywhere(
    setting: Setting, design: Design, layers: Mapping[str, Any], base: Mapping[str, Any]
) -> None:
    """Check a setting of the model on every layer that has none of its own."""
    unread: Unread | None = None
    taken = False
    for name, layer in layers.items():
        own = {each.key for each in requested(design.knobs.layers.get(name, LayerKnobs()))}
        if setting.key in own:
            taken = True
            continue
        role = setting.key.removeprefix("Precision.")
        if role != setting.key and not takes_model_precision(role, name, base.get(name)):
            continue
        used = used_by(layer, setting.key)
        if isinstance(used, Unread):
            if unread is None or setting.key in base.get(name, {}):  # the reason that matters
                unread = used
            continue
        taken = True
        _compare(setting, layer, used, place(name, setting.key, own=False))
    if not taken:
        where = f"hls.HLSConfig.Model.{setting.key}"
        raise _ignored(
            setting, unread or Unread("every layer that has it got it from a quantiser"), where
        )


QUANTISED_ROLES = ("result", "weight", "bias", "depthwise", "pointwise", "recurrent_weight")
"""Roles whose type a quantiser decides, where there is one."""


def takes_model_precision(role: str, layer: str, proposal: Mapping[str, Any] | None) -> bool:
    """Tell whether a layer takes a role's type from the model: nothing else has decided it."""
    if layer == INPUT_LAYER or proposal is None or role not in proposal.get("Precision", {}):
        return False
    return role not in QUANTISED_ROLES or proposal["Precision"][role] == "auto"


def _check_limit(setting: Setting, layers: Mapping[str, Any]) -> None:
    """Check the type that fills gaps, or the widest that hls4ml may infer."""
    used = [text for layer in layers.values() for text in _precisions(layer)]
    where = f"hls.HLSConfig.Model.{setting.key}"
    if setting.key == "Precision.default":
        if _same(setting.value, DEFAULT_PRECISION) or any(
            _same(setting.value, each) for each in used
        ):
            return
        reason = "every type of this model is inferred or comes from a quantiser"
    else:
        limit = FixedFormat.parse(setting.value)
        found = [FixedFormat.parse(each) for each in used if "fixed" in each]
        if any(form.width == limit.width or form.integer == limit.integer for form in found):
            return
        reason = "no type that hls4ml infers is so wide"
    remedy = "remove it, or set Precision of the layers that are meant"
    raise _ignored(setting, Unread(reason, remedy=remedy), where)


def _check_graph(setting: Setting, graph: Any) -> None:
    """Check a setting of the model as a whole."""
    where = f"hls.HLSConfig.Model.{setting.key}"
    style = graph.config.pipeline_style
    if setting.key == "PipelineStyle" and setting.value not in ("auto", style):
        raise _changed(setting, style, where)
    if setting.key == "PipelineInterval":
        if style != "pipeline":
            raise _ignored(setting, Unread(f"the pipeline style is {style}"), where)
        if setting.value != graph.config.pipeline_ii:
            raise _changed(setting, graph.config.pipeline_ii, where)
    if setting.key == "BramFactor" and setting.value != NO_BRAM_LIMIT:
        sizes = [
            math.prod(weight.shape)
            for layer in graph.get_layers()
            for weight in layer.weights.values()
        ]
        largest = max(sizes, default=0)
        if setting.value < largest:
            raise ConversionError(
                f"weights of more than {setting.value} elements would be read through ports of "
                "their own, which C simulation does not drive",
                where=where,
                allowed=f"at least {largest}, the largest weights of this model",
                remedy="remove it",
            )
        raise _ignored(setting, Unread(f"no weights have more than {largest} elements"), where)


_CONVOLUTIONS = ("Conv1D", "Conv2D", "PointwiseConv1D", "PointwiseConv2D")
_WINDOWS = (
    *_CONVOLUTIONS,
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "SeparableConv1D",
    "SeparableConv2D",
)
_RECURRENT = ("LSTM", "GRU", "Bidirectional")
_MULTIPLYING = ("Dense", *_WINDOWS, *_RECURRENT, "EinsumDense", "Einsum")
"""hls4ml's layer classes whose generated code depends on the strategy."""
_TABLED = ("LayerNormalization", "SimpleRNN", *_RECURRENT)
_TABLE_FUNCTIONS = ("sigmoid", "tanh", "softplus", "softsign", "elu", "selu", "softmax")


def used_by(layer: Any, key: str) -> Any:
    """Return what the code of a finished hls4ml layer does about one key, or ``Unread``."""
    if key.startswith("Precision."):
        return _type(layer, key.removeprefix("Precision."))
    if key.endswith("_t"):
        return _type(layer, key.removesuffix("_t"))
    if key in _READERS:
        return _READERS[key](layer)
    # hls4ml stores any key as an attribute, also one that nothing reads
    declared = [each.config_name for each in layer.expected_attributes if each.configurable]
    if key not in declared:
        return Unread(
            f"{layer.class_name} has no such setting",
            allowed=", ".join(each for each in declared if not each.endswith("T")),
            remedy=did_you_mean(key, declared) or "remove it",
        )
    return layer.get_attr(re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower())


def _type(layer: Any, role: str) -> Any:
    declared = {each.name.removesuffix("_t") for each in layer.expected_attributes}
    roles = [
        name.removesuffix("_t")
        for name in layer.types
        if name.removesuffix("_t") in declared | set(layer.weights)
    ]
    if role in ("weight", "bias") and role not in roles and _is_generated(layer):
        return Unread(
            "hls4ml keeps no such type of a layer of distributed_arithmetic, so that it cannot be "
            "compared",
            remedy="quantise the layer in the model",
        )
    if role not in roles:
        return Unread(
            f"{layer.class_name} has no such type",
            allowed=", ".join(roles),
            remedy=did_you_mean(role, roles) or "remove it",
        )
    if role == "accum" and _is_generated(layer):
        return Unread("every sum of distributed_arithmetic is exact, in a format of its own")
    if role == "table" and not _has_table(layer):
        return Unread("it looks nothing up in a table")
    return str(layer.types[f"{role}_t"].precision)


def _is_generated(layer: Any) -> bool:
    """Tell whether hls4ml had the layer's arithmetic written by da4ml."""
    return "da_codegen" in layer.attributes.attributes


def _precisions(layer: Any) -> list[str]:
    return [str(named.precision) for named in layer.types.values()]


def _strategy(layer: Any) -> Any:
    if layer.class_name not in _MULTIPLYING:
        return Unread("it multiplies by no weights")
    return layer.get_attr("strategy")


def _reuse_factor(layer: Any) -> Any:
    if not any(each.name == "reuse_factor" for each in layer.expected_attributes):
        return Unread("it has nothing to use again")
    return layer.get_attr("reuse_factor")


def _parallelization_factor(layer: Any) -> Any:
    if layer.class_name not in _WINDOWS:
        return Unread("it is no convolution")
    if layer.model.config.get_config_value("IOType") == IOType.STREAM.value:
        return Unread("a convolution of io_stream computes one position at a time", allowed="1")
    return math.prod(_positions(layer)) // layer.get_attr("n_partitions")


def _positions(layer: Any) -> tuple[int, ...]:
    return tuple(int(length) for length in layer.get_output_variable().shape[:-1])


def _conv_implementation(layer: Any) -> Any:
    if layer.class_name not in (*_WINDOWS, "Pooling1D", "Pooling2D"):
        return Unread("it is no convolution or pooling")
    if layer.model.config.get_config_value("IOType") == IOType.PARALLEL.value:
        return Unread("io_parallel knows one implementation")
    if layer.model.config.backend.name == "Vitis":
        return "LineBuffer"  # its pooling, too, though hls4ml says so of convolutions only
    return layer.get_attr("implementation")


def _has_table(layer: Any) -> bool:
    function = str(layer.get_attr("activation", "")).lower()
    return layer.class_name in _TABLED or function in _TABLE_FUNCTIONS


def _table_size(layer: Any) -> Any:
    if not _has_table(layer):
        return Unread("it looks nothing up in a table")
    return int(layer.get_attr("table_size"))


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "Strategy": _strategy,
    "ReuseFactor": _reuse_factor,
    "ParallelizationFactor": _parallelization_factor,
    "ConvImplementation": _conv_implementation,
    "TableSize": _table_size,
    "Compression": lambda layer: False,
    "Trace": lambda layer: True,  # each layer's trace is switched on when the project is written
}
"""Keys whose effect is not that of the attribute of the same name."""


def _compare(setting: Setting, layer: Any, used: Any, where: str) -> None:
    """Raise unless a layer uses what is asked for."""
    sizes = _sizes(layer) if setting.key == "ReuseFactor" else None
    if sizes is not None and setting.value not in legal_reuse_factors(*sizes, strategy_of(layer)):
        raise impossible_reuse(layer.name, sizes, strategy_of(layer), setting.value, where)
    if not _same(setting.value, used):
        parallel = setting.key == "ParallelizationFactor"
        legal = legal_parallelization_factors(math.prod(_positions(layer))) if parallel else ()
        raise _changed(setting, used, where, ", ".join(map(str, legal)))


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


def _plain(value: Any) -> Any:
    """Return a value as a design file spells it."""
    if isinstance(value, Strategy):
        return value.value
    try:
        return str(FixedFormat.parse(value)) if isinstance(value, str) else value
    except FormatError:
        return value


def _ignored(setting: Setting, unread: Unread, where: str) -> ConversionError:
    return ConversionError(
        f"{setting.key} {_plain(setting.value)} has no effect: {unread.reason}",
        where=where,
        allowed=unread.allowed,
        remedy=unread.remedy,
    )


def _changed(setting: Setting, used: Any, where: str, allowed: str = "") -> ConversionError:
    return ConversionError(
        f"the design asks for {_plain(setting.value)!r}, hls4ml used {_plain(used)!r}",
        where=where,
        allowed=allowed,
        remedy="ask for what hls4ml can do here, or remove the setting",
    )
