"""hls4ml's finished ModelGraph -> Network; after this nobody asks hls4ml again.

One function per kind of hls4ml layer, all named in ``EXTRACTORS``. They read what the C++ will be
generated from: types after inference, weights after quantisation, attributes after every pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from trigger.convert.configuration import strategy_of
from trigger.design import IOType
from trigger.errors import ConversionError, UnsupportedLayerError
from trigger.fixed import FixedFormat, RawArray, from_values
from trigger.layers import (
    BatchNormalization,
    Conv1D,
    Conv2D,
    Dense,
    Input,
    Layer,
    Linear,
    Pool,
    Pooling2D,
    ReLU,
    Reshape,
    ZeroPadding2D,
)
from trigger.layers.base import frozen_array
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
    layers = []
    for node in graph.get_layers():
        kind = node.class_name
        if kind not in EXTRACTORS:
            raise UnsupportedLayerError(
                f"layer {node.name!r} is hls4ml's {kind}",
                where="conversion",
                allowed=", ".join(EXTRACTORS),
                remedy="replace the layer in the model",
            )
        inputs = () if kind in _INPUTS else tuple(makers[name] for name in node.inputs)
        layers.append(EXTRACTORS[kind](node, inputs, graph))
    outputs = tuple(makers[name] for name in graph.outputs)
    return Network(tuple(layers), outputs)


_INPUTS = ("Input", "InputLayer")


def _format(node: Any, role: str) -> FixedFormat:
    named = node.types.get(role)
    if named is None:
        raise ConversionError(f"hls4ml gives no {role}", where=node.name)
    return FixedFormat.parse(str(named.precision), where=f"{node.name}.{role}")


def _constant(node: Any, role: str, shape: tuple[int, ...]) -> tuple[RawArray, FixedFormat]:
    """Return a weight variable as raw integers of its type, as the C++ reads its decimal text."""
    variable = node.weights[role]
    form = FixedFormat.parse(str(variable.type.precision), where=f"{node.name}.{role}")
    raw = from_values(np.asarray(variable.data, dtype=np.float64), form)
    return frozen_array(raw.reshape(shape), form.width), form


def _common(node: Any, inputs: tuple[str, ...]) -> dict[str, Any]:
    return {"name": node.name, "inputs": inputs, "result": _format(node, "result_t")}


def _multiplier(node: Any, window: tuple[int, ...], outputs: int) -> dict[str, Any]:
    """Return the fields of a MultiplyAccumulate; ``window`` is the kernel without its last axis."""
    if node.get_attr("_weights_transposed", False):  # Resource keeps (outputs, *window)
        raw, form = _constant(node, "weight", (outputs, *window))
        raw = frozen_array(np.moveaxis(raw, 0, -1), form.width)
    else:
        raw, form = _constant(node, "weight", (*window, outputs))
    bias, bias_format = _constant(node, "bias", (outputs,))
    return {
        "kernel": raw,
        "kernel_format": form,
        "bias": bias,
        "bias_format": bias_format,
        "accumulator": _format(node, "accum_t"),
        "strategy": strategy_of(node),
        "reuse_factor": int(node.get_attr("reuse_factor")),
    }


def _input(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    shape = tuple(int(length) for length in node.get_output_variable().shape)
    return Input(**_common(node, inputs), dimensions=shape)


def _dense(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    return Dense(
        **_common(node, inputs),
        **_multiplier(node, (node.get_attr("n_in"),), node.get_attr("n_out")),
    )


def _conv1d(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    get = node.get_attr
    return Conv1D(
        **_common(node, inputs),
        **_multiplier(node, (get("filt_width"), get("n_chan")), get("n_filt")),
        stride=get("stride_width"),
        padding=(get("pad_left"), get("pad_right")),
        parallelization_factor=int(get("parallelization_factor", 1)),
    )


def _conv2d(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    get = node.get_attr
    window = (get("filt_height"), get("filt_width"), get("n_chan"))
    return Conv2D(
        **_common(node, inputs),
        **_multiplier(node, window, get("n_filt")),
        stride=(get("stride_height"), get("stride_width")),
        padding=_frame(node),
        parallelization_factor=int(get("parallelization_factor", 1)),
    )


def _frame(node: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    get = node.get_attr
    return (get("pad_top"), get("pad_bottom")), (get("pad_left"), get("pad_right"))


def _batch_normalization(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    scale, scale_format = _constant(node, "scale", (node.weights["scale"].data.size,))
    bias, bias_format = _constant(node, "bias", (node.weights["bias"].data.size,))
    return BatchNormalization(
        **_common(node, inputs),
        scale=scale,
        scale_format=scale_format,
        bias=bias,
        bias_format=bias_format,
    )


def _activation(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    name = node.get_attr("activation")
    if name not in ACTIVATIONS:
        raise UnsupportedLayerError(
            f"layer {node.name!r} is the activation {name!r}",
            where="conversion",
            allowed=", ".join(ACTIVATIONS),
            remedy="end the model in logits, or choose another activation",
        )
    return ACTIVATIONS[name](**_common(node, inputs))


def _pooling2d(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    get = node.get_attr
    return Pooling2D(
        **_common(node, inputs),
        pool=Pool(str(get("pool_op")).lower()),
        size=(get("pool_height"), get("pool_width")),
        stride=(get("stride_height"), get("stride_width")),
        padding=_frame(node),
        count_padding=bool(get("count_pad", False)),
        accumulator=_format(node, "accum_t"),
        io_type=IOType(graph.config.get_config_value("IOType")),
    )


def _reshape(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    shape = tuple(int(length) for length in node.get_output_variable().shape)
    return Reshape(**_common(node, inputs), dimensions=shape)


def _zero_padding2d(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    return ZeroPadding2D(**_common(node, inputs), padding=_frame(node))


ACTIVATIONS: dict[str, type[Layer]] = {"linear": Linear, "relu": ReLU}
"""hls4ml's activation names that are layers of their own kind."""

EXTRACTORS: dict[str, Callable[[Any, tuple[str, ...], Any], Layer]] = {
    "Input": _input,
    "InputLayer": _input,
    "Dense": _dense,
    "Conv1D": _conv1d,
    "PointwiseConv1D": _conv1d,
    "Conv2D": _conv2d,
    "PointwiseConv2D": _conv2d,
    "BatchNormalization": _batch_normalization,
    "ApplyAlpha": _batch_normalization,
    "Activation": _activation,
    "Pooling2D": _pooling2d,
    "Reshape": _reshape,
    "Repack": _reshape,
    "ZeroPadding2D": _zero_padding2d,
}
"""From hls4ml's layer class to the function that reads it."""
