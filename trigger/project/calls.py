"""Calls of ``nnet::`` functions -> layers: one function per kind, all named in ``READERS``."""

from __future__ import annotations

import re
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from trigger.design import Strategy
from trigger.errors import ProjectError, UnsupportedLayerError
from trigger.fixed import FixedFormat
from trigger.layers import (
    BatchNormalization,
    Conv1D,
    Conv2D,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Embedding,
    Layer,
    LayerNormalization,
    Reshape,
    Shape,
)
from trigger.layers.base import frozen_array
from trigger.layers.products import Product, factors
from trigger.layers.tables import inverse_root_table
from trigger.project import adders
from trigger.project.activations import ACTIVATION_READERS
from trigger.project.declarations import Config, Declarations, Text
from trigger.project.einsum import EINSUM_READERS
from trigger.project.pooling import POOLING_READERS
from trigger.project.products import product_of, strategy_of
from trigger.project.recurrent import RECURRENT_READERS
from trigger.project.source import Fields, LayerReader, Source, accumulator_of
from trigger.project.tensors import TENSOR_READERS, frame, pair
from trigger.project.top import Call
from trigger.project.version import Change, is_older


def _multiplier(
    source: Source,
    call: Call,
    config: Config,
    window: Shape,
    outputs: int,
    *,
    depthwise: bool = False,
) -> dict[str, Any]:
    """Return the fields of a MultiplyAccumulate; ``window`` is the kernel without its last axis."""
    declarations = source.declarations
    strategy = strategy_of(declarations, config)
    product = product_of_call(source, call)
    kernel, kernel_format = source.constant(call, 2)
    bias, bias_format = source.constant(call, 3)
    for raw, role, count in ((kernel, 2, prod(window) * outputs), (bias, 3, outputs)):
        if raw.size != count:
            raise ProjectError(
                f"{call.arguments[role]} has {raw.size} numbers",
                where=config.where,
                allowed=f"{count}, by struct {config.name}",
            )
    kernel, kernel_format = factors(kernel, kernel_format, product)
    if strategy in (Strategy.RESOURCE, Strategy.RESOURCE_UNROLLED) and not depthwise:
        kernel = np.moveaxis(kernel.reshape(outputs, *window), 0, -1)  # (outputs, *window)
    return {
        "kernel": frozen_array(kernel.reshape(*window, outputs), kernel_format.width),
        "kernel_format": kernel_format,
        "bias": bias,
        "bias_format": bias_format,
        "accumulator": accumulator_of(declarations, config),
        "strategy": strategy,
        "reuse_factor": declarations.number(config, "reuse_factor"),
    }


def product_of_call(source: Source, call: Call) -> Product:
    """Return how a call multiplies data by constants; MULT where it does not."""
    config = source.declarations.configs.get(call.types[-1] if call.types else "")
    if config is None or call.function in TENSOR_READERS | POOLING_READERS:
        return Product.MULT
    mult = source.declarations.word(config, "mult_config", "")
    return product_of(source, call, source.declarations.configs.get(mult, config))


def _parallelization(declarations: Declarations, config: Config, pixels: int) -> int:
    return pixels // declarations.number(config, "n_partitions", pixels)


def _is_distributed(source: Source, config: Config) -> bool:
    strategy = strategy_of(source.declarations, config)
    return strategy is Strategy.DISTRIBUTED_ARITHMETIC


def _dense(source: Source, call: Call, fields: Fields) -> Layer:
    config = source.config(call)
    if _is_distributed(source, config):
        return adders.streamed_dense(source, config, fields)
    inputs, outputs = source.declarations.numbers(config, "n_in", "n_out")
    return Dense(**fields, **_multiplier(source, call, config, (inputs,), outputs))


def _conv1d(source: Source, call: Call, fields: Fields) -> Layer:
    config, declared = source.config(call), source.declarations
    if _is_distributed(source, config):
        padding = (_windows1d(source, call, config)["padding"],)
        return adders.streamed_convolution(source, config, fields, padding)
    width, channels, filters = declared.numbers(config, "filt_width", "n_chan", "n_filt")
    return Conv1D(
        **fields,
        **_multiplier(source, call, config, (width, channels), filters),
        **_windows1d(source, call, config),
    )


def _depthwise1d(source: Source, call: Call, fields: Fields) -> Layer:
    config = source.config(call)
    width, channels = source.declarations.numbers(config, "filt_width", "n_filt")
    return DepthwiseConv1D(
        **fields,
        **_multiplier(source, call, config, (width,), channels, depthwise=True),
        **_windows1d(source, call, config),
    )


def _windows1d(source: Source, call: Call, config: Config) -> dict[str, Any]:
    declared = source.declarations
    if declared.number(config, "dilation", 1) != 1:
        raise UnsupportedLayerError(
            f"layer {call.layer!r} is dilated", where=config.where, allowed="dilation = 1"
        )
    pixels = declared.number(config, "out_width")
    return {
        "stride": declared.number(config, "stride_width"),
        "padding": frame(declared, config)[1],
        "parallelization_factor": _parallelization(declared, config, pixels),
    }


def _conv2d(source: Source, call: Call, fields: Fields) -> Layer:
    config, declared = source.config(call), source.declarations
    if _is_distributed(source, config):
        return adders.streamed_convolution(source, config, fields, frame(declared, config))
    *window, filters = declared.numbers(config, "filt_height", "filt_width", "n_chan", "n_filt")
    return Conv2D(
        **fields,
        **_multiplier(source, call, config, tuple(window), filters),
        **_windows2d(source, config),
    )


def _depthwise2d(source: Source, call: Call, fields: Fields) -> Layer:
    config, declared = source.config(call), source.declarations
    *window, channels = declared.numbers(config, "filt_height", "filt_width", "n_filt")
    return DepthwiseConv2D(
        **fields,
        **_multiplier(source, call, config, tuple(window), channels, depthwise=True),
        **_windows2d(source, config),
    )


def _windows2d(source: Source, config: Config) -> dict[str, Any]:
    declared = source.declarations
    rows, columns = declared.numbers(config, "out_height", "out_width")
    return {
        "stride": pair(declared, config, "stride_height", "stride_width"),
        "padding": frame(declared, config),
        "parallelization_factor": _parallelization(declared, config, rows * columns),
    }


def _normalize(
    source: Source, call: Call, fields: Fields
) -> Layer | tuple[BatchNormalization, BatchNormalization]:
    """Read a normalisation; before 0.7 the product is cast to the result before the sum is."""
    raw, form = source.constant(call, 2)
    scale, scale_format = factors(raw, form, product_of(source, call, source.config(call)))
    bias, bias_format = source.constant(call, 3)
    whole = BatchNormalization(
        **fields, scale=scale, scale_format=scale_format, bias=bias, bias_format=bias_format
    )
    if not is_older(source, call, Change.NORMALIZE):
        return whole
    product = replace(whole, name=f"{whole.name}_product", bias=frozen_array(0 * bias, 1))
    ones = frozen_array(0 * scale + 1, 1)
    one = FixedFormat(1, 1, signed=False)
    return product, replace(whole, inputs=(product.name,), scale=ones, scale_format=one)


def _embedding(source: Source, call: Call, fields: Fields) -> Layer:
    config = source.config(call)
    words, length = source.declarations.numbers(config, "vocab_size", "n_out")
    rows, form = source.constant(call, 2)
    if rows.size != words * length:
        raise ProjectError(
            f"{call.arguments[2]} has {rows.size} numbers",
            where=config.where,
            allowed=f"{words * length}, by struct {config.name}",
        )
    return Embedding(**fields, rows=rows.reshape(words, length), row_format=form)


def _layer_normalization(source: Source, call: Call, fields: Fields) -> Layer:
    config, declared = source.config(call), source.declarations
    if product_of(source, call, config) is not Product.MULT:
        raise UnsupportedLayerError(
            f"layer {call.layer!r} has binary or ternary scales", where=config.where
        )
    scale, scale_format = source.constant(call, 2)
    bias, bias_format = source.constant(call, 3)
    table_format = declared.format(declared.word(config, "table_t"), config.where)
    size, epsilon, power = declared.numbers(
        config, "table_size", "epsilon_power_of_10", "table_range_power2"
    )
    return LayerNormalization(
        **fields,
        scale=scale,
        scale_format=scale_format,
        bias=bias,
        bias_format=bias_format,
        accumulator=accumulator_of(declared, config),
        table=inverse_root_table(size, epsilon, power, table_format),
        table_format=table_format,
        range_power=power,
    )


def _repack(source: Source, call: Call, fields: Fields) -> Layer:
    later = [each for each in source.top.calls if call.writes[0] in each.reads]
    shape = next((read_shape(source, each) for each in later), None)
    if shape is None:
        raise ProjectError(
            f"the shape that {call.layer!r} makes cannot be told",
            where=source.where(call.line),
            allowed="a tensor that is read by a dense, convolution or pooling layer",
        )
    return Reshape(**fields, dimensions=shape)


def read_shape(source: Source, call: Call) -> Shape | None:
    """Return the shape in which a call reads its input, if the project's text tells."""
    reader = READERS[kind_of(call)]
    if callable(reader.input_shape):
        return reader.input_shape(source, call)
    if reader.input_shape:
        return source.declarations.numbers(source.config(call), *reader.input_shape)
    if reader.keeps_shape:
        later = [each for each in source.top.calls if set(call.writes) & set(each.reads)]
        return next((read_shape(source, each) for each in later), None)
    if call.function != "repack_stream":
        return None
    where = source.where(call.line)
    size = source.declarations.integer(Text(call.types[-1] if call.types else "", where))
    # repack_stream<from, to, size>: all numbers in one pack are a flat tensor
    return (size,) if source.declarations.pack(call.reads[0].type) == size else None


def kind_of(call: Call) -> str:
    """Return the name of a call in ``READERS``; a generated function bears its layer's number."""
    return _GENERATED.sub(r"\1", call.function)


_GENERATED = re.compile(r"^(?:\w+::)?(dense_da|da_comblogic)_\d+$")

_IMAGE = ("in_height", "in_width", "n_chan")

READERS: dict[str, LayerReader] = {
    "dense": LayerReader(_dense, ("n_in",)),
    "conv_1d_cl": LayerReader(_conv1d, ("in_width", "n_chan")),
    "pointwise_conv_1d_cl": LayerReader(_conv1d, ("in_width", "n_chan")),
    "conv_2d_cl": LayerReader(_conv2d, _IMAGE),
    "pointwise_conv_2d_cl": LayerReader(_conv2d, _IMAGE),
    "depthwise_conv_1d_cl": LayerReader(_depthwise1d, ("in_width", "n_chan")),
    "depthwise_conv_2d_cl": LayerReader(_depthwise2d, _IMAGE),
    "dense_da": LayerReader(adders.dense_function, adders.function_inputs),
    "da_comblogic": LayerReader(adders.dense_function, adders.function_inputs),
    "conv1d_cl": LayerReader(adders.parallel_convolution, adders.image_shape),
    "conv2d_cl": LayerReader(adders.parallel_convolution, adders.image_shape),
    "normalize": LayerReader(_normalize),
    "embedding": LayerReader(_embedding, ("n_in",)),
    "layernormalize": LayerReader(_layer_normalization),
    **ACTIVATION_READERS,
    **TENSOR_READERS,
    **POOLING_READERS,
    **RECURRENT_READERS,
    **EINSUM_READERS,
    "repack_stream": LayerReader(_repack, keeps_shape=False),
}
"""From the ``nnet::`` function to what reads its calls."""
