"""hls4ml's finished ModelGraph -> Network; after this nobody asks hls4ml again.

One function per kind of hls4ml layer, all named in ``EXTRACTORS``. They read what the C++ will be
generated from: types after inference, weights after quantisation, attributes after every pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from trigger.convert.activations import ACTIVATION_EXTRACTORS
from trigger.convert.einsum import EINSUM_EXTRACTORS
from trigger.convert.node import common_fields, constant_of, format_of, io_type, product_of
from trigger.convert.recurrent import RECURRENT_EXTRACTORS
from trigger.convert.settings import strategy_of
from trigger.convert.tensors import TENSOR_EXTRACTORS, frame
from trigger.errors import UnsupportedLayerError
from trigger.layers import (
    BatchNormalization,
    Conv1D,
    Conv2D,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    DistributedArithmetic,
    Embedding,
    Input,
    Layer,
    LayerNormalization,
    TimeDistributed,
)
from trigger.layers.adder_code import read_adders
from trigger.layers.base import frozen_array
from trigger.layers.products import Product, check_signs, factors, signs
from trigger.layers.tables import inverse_root_table
from trigger.network import Network


def extract(graph: Any) -> Network:
    """Return what the firmware of a finished hls4ml graph computes.

    Raises:
        UnsupportedLayerError: a layer that is not covered, with the list of what is.
        ConversionError: an attribute that the C++ needs and that is missing or contradictory.
    """
    makers = {
        tensor: layer.name
        for layer in graph.get_layers()
        for tensor in [*layer.outputs, *(variable.name for variable in layer.get_variables())]
    }
    layers: list[Layer] = []
    for node in graph.get_layers():
        kind = node.class_name
        if kind == _LOOP:
            layers = _time_distributed(node, layers, makers)
            continue
        if kind not in EXTRACTORS:
            raise UnsupportedLayerError(
                f"layer {node.name!r} is hls4ml's {kind}",
                where="conversion",
                allowed=", ".join((*EXTRACTORS, _LOOP)),
                remedy="replace the layer in the model",
            )
        inputs = () if kind in _INPUTS else tuple(makers[name] for name in node.inputs)
        if "da_codegen" in node.attributes.attributes and kind not in EINSUM_EXTRACTORS:
            layers.append(_distributed_arithmetic(node, inputs))
            continue
        roles = () if kind in _NO_BITS else _FACTORS
        product = next((product_of(node, role) for role in roles if role in node.weights), None)
        if product is not None and product.one_bit_data:
            layers.append(signs(node.name, inputs[0], node.get_input_variable().shape[-1]))
            inputs = (layers[-1].name,)
        made = EXTRACTORS[kind](node, inputs, graph)
        layers += made if isinstance(made, tuple) else (made,)
        if product is not None and product.one_bit_data:
            check_signs(layers[-1], product, io_type(graph))
    outputs = tuple(makers[name] for name in graph.outputs)
    return Network(tuple(layers), outputs)


_INPUTS = ("Input", "InputLayer")
_LOOP = "TimeDistributed"
"""hls4ml's node before and behind the layers that are run once per step."""
_FACTORS = ("weight", "scale")
"""Constants that multiply the data."""
_NO_BITS = (*RECURRENT_EXTRACTORS, *EINSUM_EXTRACTORS)
"""Layers that take no one-bit numbers for signs; they refuse them."""


def _time_distributed(node: Any, layers: list[Layer], makers: Mapping[str, str]) -> list[Layer]:
    """Return the layers so far with the input of a step; or, at its end, with the step as one."""
    other = node.get_attr("wrapped_layer")
    if other.name == f"{node.name}_end":
        return [*layers, _input(node, (), None)]
    start = next(index for index, layer in enumerate(layers) if layer.name == other.name)
    inputs = tuple(makers[name] for name in other.inputs)
    loop = TimeDistributed(**common_fields(node, inputs), layers=tuple(layers[start:]))
    return [*layers[:start], loop]


def _multiplier(
    node: Any, window: tuple[int, ...], outputs: int, *, depthwise: bool = False
) -> dict[str, Any]:
    """Return the fields of a MultiplyAccumulate; ``window`` is the kernel without its last axis."""
    product = product_of(node, "weight")
    if node.get_attr("_weights_transposed", False) and not depthwise:
        raw, form = constant_of(node, "weight", (outputs, *window))  # Resource keeps it so
        raw = frozen_array(np.moveaxis(raw, 0, -1), form.width)
    else:
        raw, form = constant_of(node, "weight", (*window, outputs))
    kernel, kernel_format = factors(raw, form, product)
    bias, bias_format = constant_of(node, "bias", (outputs,))
    return {
        "kernel": kernel,
        "kernel_format": kernel_format,
        "bias": bias,
        "bias_format": bias_format,
        "accumulator": format_of(node, "accum_t"),
        "strategy": strategy_of(node),
        "reuse_factor": int(node.get_attr("reuse_factor")),
    }


def _input(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    shape = tuple(int(length) for length in node.get_output_variable().shape)
    return Input(**common_fields(node, inputs), dimensions=shape)


def _dense(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    return Dense(
        **common_fields(node, inputs),
        **_multiplier(node, (node.get_attr("n_in"),), node.get_attr("n_out")),
    )


def _conv1d(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    get = node.get_attr
    return Conv1D(
        **common_fields(node, inputs),
        **_multiplier(node, (get("filt_width"), get("n_chan")), get("n_filt")),
        **_windows1d(node),
    )


def _distributed_arithmetic(node: Any, inputs: tuple[str, ...]) -> Layer:
    """Read the function of shifts and additions that hls4ml had generated for a layer."""
    axes = {"Dense": (), "1D": ("width",), "2D": ("height", "width")}[
        node.class_name if node.class_name == "Dense" else node.class_name[-2:]
    ]
    get, sides = node.get_attr, {"width": ("left", "right"), "height": ("top", "bottom")}
    return DistributedArithmetic(
        **common_fields(node, inputs),
        window=tuple(get(f"filt_{axis}") for axis in axes),
        stride=tuple(get(f"stride_{axis}") for axis in axes),
        padding=tuple(
            (get(f"pad_{sides[axis][0]}"), get(f"pad_{sides[axis][1]}")) for axis in axes
        ),
        parallelization_factor=int(get("parallelization_factor", 1)),
        graph=read_adders(node.get_attr("da_codegen").code, f"generated code of {node.name}"),
    )


def _depthwise1d(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    window, channels = (node.get_attr("filt_width"),), node.get_attr("n_filt")
    return DepthwiseConv1D(
        **common_fields(node, inputs),
        **_multiplier(node, window, channels, depthwise=True),
        **_windows1d(node),
    )


def _windows1d(node: Any) -> dict[str, Any]:
    get = node.get_attr
    return {
        "stride": get("stride_width"),
        "padding": (get("pad_left"), get("pad_right")),
        "parallelization_factor": int(get("parallelization_factor", 1)),
    }


def _conv2d(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    get = node.get_attr
    window = (get("filt_height"), get("filt_width"), get("n_chan"))
    return Conv2D(
        **common_fields(node, inputs),
        **_multiplier(node, window, get("n_filt")),
        **_windows2d(node),
    )


def _depthwise2d(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    window = node.get_attr("filt_height"), node.get_attr("filt_width")
    return DepthwiseConv2D(
        **common_fields(node, inputs),
        **_multiplier(node, window, node.get_attr("n_filt"), depthwise=True),
        **_windows2d(node),
    )


def _windows2d(node: Any) -> dict[str, Any]:
    get = node.get_attr
    return {
        "stride": (get("stride_height"), get("stride_width")),
        "padding": frame(node),
        "parallelization_factor": int(get("parallelization_factor", 1)),
    }


def _batch_normalization(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    product = product_of(node, "scale")
    raw, form = constant_of(node, "scale", (node.weights["scale"].data.size,))
    scale, scale_format = factors(raw, form, product)
    bias, bias_format = constant_of(node, "bias", (node.weights["bias"].data.size,))
    return BatchNormalization(
        **common_fields(node, inputs),
        scale=scale,
        scale_format=scale_format,
        bias=bias,
        bias_format=bias_format,
    )


def _embedding(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    rows, form = constant_of(
        node, "embeddings", (int(node.get_attr("vocab_size")), int(node.get_attr("n_out")))
    )
    return Embedding(**common_fields(node, inputs), rows=rows, row_format=form)


def _layer_normalization(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    if product_of(node, "scale") is not Product.MULT:
        raise UnsupportedLayerError(
            f"layer {node.name!r} has binary or ternary scales", where="conversion"
        )
    get = node.get_attr
    channels = (int(get("n_in")) // int(get("seq_len")),)
    scale, scale_format = constant_of(node, "scale", channels)
    bias, bias_format = constant_of(node, "bias", channels)
    table_format, power = format_of(node, "table_t"), int(get("table_range_power2"))
    epsilon_power = int(get("epsilon_power_of_10"))
    return LayerNormalization(
        **common_fields(node, inputs),
        scale=scale,
        scale_format=scale_format,
        bias=bias,
        bias_format=bias_format,
        accumulator=format_of(node, "accum_t"),
        table=inverse_root_table(int(get("table_size")), epsilon_power, power, table_format),
        table_format=table_format,
        range_power=power,
    )


EXTRACTORS: dict[str, Callable[[Any, tuple[str, ...], Any], Layer | tuple[Layer, ...]]] = {
    "Input": _input,
    "InputLayer": _input,
    "Dense": _dense,
    "Conv1D": _conv1d,
    "PointwiseConv1D": _conv1d,
    "Conv2D": _conv2d,
    "PointwiseConv2D": _conv2d,
    "DepthwiseConv1D": _depthwise1d,
    "DepthwiseConv2D": _depthwise2d,
    "BatchNormalization": _batch_normalization,
    "ApplyAlpha": _batch_normalization,
    "Embedding": _embedding,
    "LayerNormalization": _layer_normalization,
    **ACTIVATION_EXTRACTORS,
    **TENSOR_EXTRACTORS,
    **RECURRENT_EXTRACTORS,
    **EINSUM_EXTRACTORS,
}
"""From hls4ml's layer class to what reads it; of several layers the last is the node's result."""
