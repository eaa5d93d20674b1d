"""hls4ml's keys: what may stand in an ``HLSConfig`` block, and which values each may have.

Of hls4ml 1.3: ``HLSConfig`` in ``model/graph.py``, and the configurable attributes of each backend.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from trigger.design import LayerKnobs
from trigger.errors import DesignError, did_you_mean
from trigger.fixed import FixedFormat

BACKENDS = (
    "Vitis",
    "Vivado",
    "VivadoAccelerator",
    "Quartus",
    "Catapult",
    "SymbolicExpression",
    "oneAPI",
    "Libero",
)
"""hls4ml's backends; it reads their names in any case."""

_KNOBS = ("Precision", "ReuseFactor", "Strategy", "ParallelizationFactor")
TYPE_KEYS = ("table_t", "exp_table_t", "inv_table_t", "inv_inp_t")
"""Types that hls4ml takes from a key of their own."""
_RECURRENT = (
    "RecurrentReuseFactor",
    "ForwardReuseFactor",
    "BackwardReuseFactor",
    "ForwardRecurrentReuseFactor",
    "BackwardRecurrentReuseFactor",
    "Static",
)
LAYER_KEYS = (
    *_KNOBS,
    "ConvImplementation",
    "TableSize",
    "TableRangePower2",
    "TargetCycles",
    "Compression",
    "Implementation",
    "Skip",
    "Trace",
    "TimeStepLoopParallelism",
    "DepthwiseReuseFactor",
    "PointwiseReuseFactor",
    *_RECURRENT,
    *TYPE_KEYS,
)
GRAPH_KEYS = ("BramFactor", "PipelineStyle", "PipelineInterval", "TraceOutput")
"""Keys of the model as a whole; no layer has them."""
MODEL_KEYS = (*(key for key in LAYER_KEYS if key != "Trace"), *GRAPH_KEYS)
"""Keys that may stand under ``Model``; those of layers then go for every layer that has them."""

ROLES = (
    "result",
    "weight",
    "bias",
    "accum",
    "scale",
    "table",
    "exp_table",
    "inv_table",
    "inv_inp",
    "param",
    "slope",
    "shift",
    "embeddings",
    "depthwise",
    "pointwise",
    "depthwise_accum",
    "depthwise_result",
    "pointwise_accum",
    "dw_output",
    "recurrent_weight",
    "recurrent_bias",
    *(f"{way}_{role}" for way in ("forward", "backward") for role in ("weight", "bias")),
    *(f"{way}_recurrent_{role}" for way in ("forward", "backward") for role in ("weight", "bias")),
)
"""What a ``Precision`` block may name, beside ``default`` (and, of the model, ``maximum``)."""

_CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ConvImplementation": ("LineBuffer", "Encoded"),
        "Implementation": ("latency", "stable", "argmax", "legacy"),
        "PipelineStyle": ("auto", "pipeline", "dataflow"),
        "TimeStepLoopParallelism": ("Off", "Unroll", "Pipeline"),
    }
)
_COUNTS = ("TableSize", "PipelineInterval", "BramFactor")
_FLAGS = ("Compression", "Skip", "Static", "Trace", "TraceOutput")
_FIXED: Mapping[str, tuple[bool, str]] = MappingProxyType(
    {
        "Trace": (True, "leave it out: every layer is traced, to be compared with C simulation"),
        "TraceOutput": (True, "leave it out: every layer is traced"),
        "Compression": (False, "leave it out: compressed weights are not emulated"),
        "Skip": (False, "leave the softmax out of the model instead, so that all engines do"),
    }
)
"""Switches that cannot be turned, and what to do."""
_REFUSED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "TargetCycles": (
            "lets hls4ml choose a reuse factor, which it rounds, or writes as 4.0",
            "set ReuseFactor instead",
        )
    }
)
"""Keys that hls4ml reads and does not get right: what is wrong, and what to do."""


def check_keys(knobs: LayerKnobs, *, of_model: bool, where: str) -> None:
    """Check names and values of one block's keys, as far as they do not depend on the layer.

    Args:
        of_model: the block is ``Model``, not one of ``LayerName``.
        where: the block, as error texts name it.

    Raises:
        DesignError: an unknown key or role, with the nearest one, or a value that is not allowed.
        FormatError: a type that cannot be read.
    """
    for key, value in knobs.extra.items():
        check_key(key, value, of_model=of_model, where=f"{where}.{key}")
    for role, precision in knobs.precision.items():
        check_role(role, precision, of_model=of_model, where=f"{where}.Precision.{role}")


def check_role(role: str, precision: str, *, of_model: bool, where: str) -> None:
    """Check one entry of a Precision block; as ``check_keys``."""
    roles = ("default", "maximum", *ROLES) if of_model else ("default", *ROLES)
    if role not in roles:
        raise DesignError(
            f"unknown key {role}",
            where=where,
            allowed=", ".join(roles),
            remedy=did_you_mean(role, roles),
        )
    if of_model and precision == "auto":
        raise DesignError(
            "auto stands here",
            where=where,
            allowed="a type: what hls4ml infers is inferred without a word",
            remedy="leave it out",
        )


def check_key(key: str, value: Any, *, of_model: bool, where: str) -> None:
    """Check one key that is not a knob of its own; as ``check_keys``."""
    keys = MODEL_KEYS if of_model else LAYER_KEYS
    if key not in keys:
        raise DesignError(
            f"unknown key {key}",
            where=where,
            allowed=", ".join(keys),
            remedy=did_you_mean(key, keys),
        )
    said = f"{key} is {value!r}"
    if key in _REFUSED:
        problem, remedy = _REFUSED[key]
        raise DesignError(f"{key} {problem}", where=where, remedy=remedy)
    if key in _CHOICES:
        allowed = _CHOICES[key]
        if value not in allowed:
            remedy = did_you_mean(value, allowed) if isinstance(value, str) else ""
            raise DesignError(said, where=where, allowed=", ".join(allowed), remedy=remedy)
    elif key in _FLAGS:
        if value not in (True, False):
            raise DesignError(said, where=where, allowed="true or false")
        if key in _FIXED and bool(value) is not _FIXED[key][0]:
            switch, remedy = _FIXED[key]
            raise DesignError(said, where=where, allowed=str(switch).lower(), remedy=remedy)
    elif key in _COUNTS or key.endswith("ReuseFactor"):
        if type(value) is not int or value < 1:
            raise DesignError(said, where=where, allowed="a whole number >= 1")
    elif key in TYPE_KEYS:
        FixedFormat.parse(str(value), where=where)
