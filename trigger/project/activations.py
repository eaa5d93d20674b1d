"""Calls of activation functions -> layers; their tables are made here, as the C++ makes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from trigger.design import IOType
from trigger.errors import ProjectError, UnsupportedLayerError
from trigger.fixed import FixedFormat, Overflow, Rounding, from_values
from trigger.layers import (
    ELU,
    SELU,
    Argmax,
    BatchNormalizationTanh,
    BinaryTanh,
    BoundedReLU,
    Function,
    HardSigmoid,
    HardTanh,
    Layer,
    LeakyReLU,
    LegacySoftmax,
    Linear,
    ReLU,
    Softmax,
    StableSoftmax,
    TableActivation,
    TernaryTanh,
    ThresholdedReLU,
)
from trigger.layers.base import frozen_array
from trigger.layers.selu import PARALLEL_SCALE, selu_scale
from trigger.layers.tables import (
    exp_table,
    function_table,
    inverse_table,
    legacy_exp_table,
    legacy_inverse_table,
)
from trigger.project.declarations import Config
from trigger.project.folder import read_text
from trigger.project.source import Fields, LayerReader, Source, input_format, io_type_of
from trigger.project.top import Call
from trigger.project.version import Change, is_older

_TABLE_DEFAULTS = {"table_size": "1024", "table_t": "ap_fixed<18,8>"}
"""What ``activ_config`` holds where a struct that builds on it says nothing."""


def _plain(kind: type[Layer]) -> Callable[[Source, Call, Fields], Layer]:
    def read(source: Source, call: Call, fields: Fields) -> Layer:
        return kind(**fields)

    return read


def _bounded_relu(source: Source, call: Call, fields: Fields) -> Layer:
    return BoundedReLU(**fields, maximum=int(call.function.removeprefix("relu")))


def _type(source: Source, config: Config, name: str) -> FixedFormat:
    """Return the format that a configuration gives a name."""
    found = config.types.get(name)
    text = found.text if found is not None else _TABLE_DEFAULTS.get(name)
    if text is None:
        raise ProjectError(
            f"struct {config.name} has no {name}",
            where=config.where,
            allowed=", ".join(config.types),
            remedy="simulate the project with csim only, if it is of another hls4ml than 1.3",
        )
    return source.declarations.format(text, config.where)


def _size(source: Source, config: Config, name: str = "table_size") -> int:
    default = _TABLE_DEFAULTS.get(name)
    return source.declarations.number(config, name, int(default) if default else None)


def table_of(source: Source, config: Config) -> tuple[int, FixedFormat]:
    """Return the size and the format of the table that a configuration describes."""
    return _size(source, config), _type(source, config, "table_t")


def _table(source: Source, call: Call, function: Function) -> dict[str, Any]:
    size, form = table_of(source, source.config(call))
    return {"table": function_table(function, size, form), "table_format": form}


def _table_activation(source: Source, call: Call, fields: Fields) -> Layer:
    function = Function(call.function)
    return TableActivation(**fields, function=function, **_table(source, call, function))


def _parameter(source: Source, call: Call, older_type: int) -> tuple[int, FixedFormat]:
    """Return the number in a call, cast to the type of its own, which hls4ml writes from 1.0 on.

    Args:
        older_type: the template argument that was its type before.
    """
    where = source.where(call.line)
    name = call.types[1 if len(call.types) > 3 else older_type]
    form = source.declarations.format(name, where)
    try:
        return int(from_values(float(call.arguments[1].rstrip("fF")), form)), form
    except (ValueError, IndexError):
        raise ProjectError(
            f"nnet::{call.function} has the arguments {', '.join(call.arguments)}",
            where=where,
            allowed="a tensor, a number, a tensor",
        ) from None


def _elu(source: Source, call: Call, fields: Fields) -> Layer:
    fields = {**fields, **_table(source, call, Function.ELU)}
    if len(call.arguments) == 2:
        return ELU(**fields)
    alpha, form = _parameter(source, call, 0 if io_type_of(call) is IOType.STREAM else 1)
    return ELU(**fields, alpha=alpha, alpha_format=form)


def _selu(source: Source, call: Call, fields: Fields) -> Layer:
    kind, kind_of_index = PARALLEL_SCALE, io_type_of(call)
    if kind_of_index is IOType.STREAM:
        kind = input_format(source, call)
    elif is_older(source, call, Change.SELU):
        kind, kind_of_index = fields["result"], IOType.STREAM
    scale, form = selu_scale(kind)
    return SELU(
        **fields,
        **_table(source, call, Function.SELU),
        positive_scale=scale,
        positive_format=form,
        io_type=kind_of_index,
    )


def _leaky_relu(source: Source, call: Call, fields: Fields) -> Layer:
    alpha, form = _parameter(source, call, 0)
    return LeakyReLU(**fields, alpha=np.array([alpha]), alpha_format=form)


def _prelu(source: Source, call: Call, fields: Fields) -> Layer:
    alpha, form = source.constant(call, 1)
    shape = source.shapes.get(fields["inputs"][0], alpha.shape)
    if alpha.size != np.prod(shape):
        raise ProjectError(
            f"{call.arguments[1]} has {alpha.size} numbers",
            where=source.where(call.line),
            allowed=f"{np.prod(shape)}, one per element of the input",
        )
    return LeakyReLU(
        **fields, alpha=frozen_array(alpha.reshape(shape), form.width), alpha_format=form
    )


def _thresholded_relu(source: Source, call: Call, fields: Fields) -> Layer:
    threshold, form = _parameter(source, call, 0)
    return ThresholdedReLU(**fields, threshold=threshold, threshold_format=form)


def _hard(source: Source, call: Call, fields: Fields) -> Layer:
    kind = HardTanh if call.function == "hard_tanh" else HardSigmoid
    slope, slope_format = _member(source, call, "slope")
    shift, shift_format = _member(source, call, "shift")
    return kind(
        **fields, slope=slope, slope_format=slope_format, shift=shift, shift_format=shift_format
    )


def _member(source: Source, call: Call, name: str) -> tuple[int, FixedFormat]:
    """Return a static member that is defined behind its struct: ``const T config::name = 0.5;``."""
    config = source.config(call)
    text = read_text(source.files.parameters)
    found = re.search(
        rf"\bconst\s+([\w<>, ]+?)\s+{config.name}::{name}\s*=\s*([-+.\deE]+)\s*;", text
    )
    if found is None:
        raise ProjectError(
            f"{config.name}::{name} is not defined",
            where=config.where,
            allowed=f"const type {config.name}::{name} = number;",
        )
    form = source.declarations.format(found[1], config.where)
    return int(from_values(float(found[2]), form)), form


def _binary_tanh(source: Source, call: Call, fields: Fields) -> Layer:
    kind = re.sub(r"\s", "", source.declarations.spelling(call.writes[0].type))
    one_bit = kind == "ap_uint<1>" or kind.startswith("nnet::array<ap_uint<1>,")
    if is_older(source, call, Change.BINARY_TANH):  # where 0 counts as negative
        return BinaryTanh(**fields, below=-1, zero=-1)
    return BinaryTanh(**fields, below=0 if one_bit else -1)


def _ternary_tanh(source: Source, call: Call, fields: Fields) -> Layer:
    return TernaryTanh(**fields, io_type=io_type_of(call))


def _normalize_tanh(source: Source, call: Call, fields: Fields) -> Layer:
    high, form = source.constant(call, 2)
    low = source.constant(call, 3)[0] if len(call.arguments) > 3 else frozen_array([], 1)
    return BatchNormalizationTanh(**fields, high=high, low=low, threshold_format=form)


def _softmax(source: Source, call: Call, fields: Fields) -> Layer:
    declared, config = source.declarations, source.config(call)
    implementation = declared.word(config, "implementation", "stable")
    fields = {**fields, **_slices(source, call, config)}
    if implementation == "argmax":
        return Argmax(**fields)
    if implementation == "legacy":
        form = _type(source, config, "table_t")
        sizes = [_size(source, config)] * 2
        if io_type_of(call) is IOType.PARALLEL:
            sizes = [
                declared.number(config, f"{role}_table_size", size)
                for role, size in zip(("exp", "inv"), sizes, strict=True)
            ]
        return LegacySoftmax(
            **fields,
            exp_table=legacy_exp_table(sizes[0], form),
            inverse_table=legacy_inverse_table(sizes[1], form),
            table_format=form,
        )
    if implementation not in ("latency", "stable"):
        raise UnsupportedLayerError(
            f"layer {call.layer!r} is a softmax of the kind {implementation!r}",
            where=config.where,
            allowed="latency, stable, legacy, argmax",
        )
    exp_format = _type(source, config, "exp_table_t")
    inverse_format = _type(source, config, "inv_table_t")
    x = input_format(source, call)
    if "exp_table_size" not in config.constants:  # before 1.2: one size, one type for all sums
        exp_size = inverse_size = _size(source, config)
        index = accumulator = exp_format
        difference = FixedFormat(x.width, x.integer, True, Rounding.RND, Overflow.SAT)
        scale, negative = 1.0, True
    else:
        exp_size, inverse_size = declared.numbers(config, "exp_table_size", "inv_table_size")
        index, accumulator = _type(source, config, "inv_inp_t"), _type(source, config, "accum_t")
        difference = _type(source, config, "inp_norm_t")
        scale = float(declared.word(config, "exp_scale", "1.0").rstrip("fF"))
        negative = False
    fields |= {
        "exp_format": exp_format,
        "accumulator": accumulator,
        "inverse_input": index,
        "inverse_table": inverse_table(index, inverse_size, inverse_format),
        "inverse_format": inverse_format,
    }
    if implementation == "latency":
        return Softmax(**fields, exp_table=exp_table(x, exp_size, exp_format, scale))
    # the older function looks up x - largest as if it were of the input's own type
    looked_up = x if negative else difference
    table = exp_table(looked_up, exp_size, exp_format, scale, negative=not negative)
    return StableSoftmax(**fields, exp_table=table, difference_format=difference, negative=negative)


def _slices(source: Source, call: Call, config: Config) -> dict[str, int]:
    if io_type_of(call) is IOType.STREAM:  # the numbers that come at once
        return {"slice_length": source.declarations.pack(call.reads[0].type), "inner": 1}
    declared = source.declarations
    length = declared.number(config, "n_slice", declared.number(config, "n_in"))
    inner = declared.number(config, "n_inner", 1) if call.function == "softmax_multidim" else 1
    return {"slice_length": length, "inner": inner}


ACTIVATION_READERS: dict[str, LayerReader] = {
    "linear": LayerReader(_plain(Linear)),
    "relu": LayerReader(_plain(ReLU)),
    "relu1": LayerReader(_bounded_relu),
    "relu6": LayerReader(_bounded_relu),
    "sigmoid": LayerReader(_table_activation),
    "tanh": LayerReader(_table_activation),
    "softplus": LayerReader(_table_activation),
    "softsign": LayerReader(_table_activation),
    "elu": LayerReader(_elu),
    "selu": LayerReader(_selu),
    "leaky_relu": LayerReader(_leaky_relu),
    "prelu": LayerReader(_prelu),
    "thresholded_relu": LayerReader(_thresholded_relu),
    "hard_sigmoid": LayerReader(_hard),
    "hard_tanh": LayerReader(_hard),
    "binary_tanh": LayerReader(_binary_tanh),
    "ternary_tanh": LayerReader(_ternary_tanh),
    "normalize_binary_tanh": LayerReader(_normalize_tanh),
    "normalize_ternary_tanh": LayerReader(_normalize_tanh),
    "softmax": LayerReader(_softmax),
    "softmax_multidim": LayerReader(_softmax),
}
"""From the ``nnet::`` function to what reads its calls."""
