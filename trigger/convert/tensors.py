"""hls4ml's nodes that pool, move or merge whole tensors -> layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trigger.convert.node import common_fields, format_of, io_type
from trigger.errors import UnsupportedLayerError
from trigger.fixed import FixedFormat
from trigger.layers import (
    Clone,
    Concatenate,
    Cropping,
    Dot,
    GlobalPooling,
    Layer,
    Merge,
    Operation,
    Pool,
    Pooling1D,
    Pooling2D,
    Reshape,
    Shape,
    Transpose,
    Upsampling,
    ZeroPadding1D,
    ZeroPadding2D,
)


def frame(node: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    get = node.get_attr
    return (get("pad_top"), get("pad_bottom")), (get("pad_left"), get("pad_right"))


def output_shape(node: Any) -> Shape:
    return tuple(int(length) for length in node.get_output_variable().shape)


def _pool(node: Any, inputs: tuple[str, ...], graph: Any) -> dict[str, Any]:
    return {
        **common_fields(node, inputs),
        "pool": Pool(str(node.get_attr("pool_op")).lower()),
        "accumulator": format_of(node, "accum_t"),
        "io_type": io_type(graph),
    }


def _pooling1d(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    get = node.get_attr
    return Pooling1D(
        **_pool(node, inputs, graph),
        size=get("pool_width"),
        stride=get("stride_width"),
        padding=(get("pad_left"), get("pad_right")),
        count_padding=bool(get("count_pad", False)),
    )


def _pooling2d(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    get = node.get_attr
    return Pooling2D(
        **_pool(node, inputs, graph),
        size=(get("pool_height"), get("pool_width")),
        stride=(get("stride_height"), get("stride_width")),
        padding=frame(node),
        count_padding=bool(get("count_pad", False)),
    )


def _global_pooling(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    return GlobalPooling(**_pool(node, inputs, graph))


def _reshape(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    return Reshape(**common_fields(node, inputs), dimensions=output_shape(node))


def _zero_padding1d(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    margins = node.get_attr("pad_left"), node.get_attr("pad_right")
    return ZeroPadding1D(**common_fields(node, inputs), padding=margins)


def _zero_padding2d(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    return ZeroPadding2D(**common_fields(node, inputs), padding=frame(node))


def _cropping1d(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    margins = ((node.get_attr("crop_left"), node.get_attr("crop_right")),)
    return Cropping(**common_fields(node, inputs), margins=margins)


def _cropping2d(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    get = node.get_attr
    margins = ((get("crop_top"), get("crop_bottom")), (get("crop_left"), get("crop_right")))
    return Cropping(**common_fields(node, inputs), margins=margins)


def _upsampling(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    if node.get_attr("algorithm") != "nearest":
        raise UnsupportedLayerError(
            f"layer {node.name!r} interpolates {node.get_attr('algorithm')!r}",
            where="conversion",
            allowed="nearest",
        )
    return Upsampling(**common_fields(node, inputs), size=output_shape(node)[:-1])


def _transpose(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    order = tuple(int(axis) for axis in node.get_attr("perm"))
    return Transpose(**common_fields(node, inputs), order=order)


def _clone(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    result = FixedFormat.parse(str(node.get_output_variable().type.precision), where=node.name)
    return Clone(name=node.name, inputs=inputs, result=result)


def _merge(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    operation = Operation(node.get_attr("op").lower())
    return Merge(**common_fields(node, inputs), operation=operation)


def _concatenate(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    axis = int(node.get_attr("axis"))
    rank = len(output_shape(node))
    return Concatenate(**common_fields(node, inputs), axis=axis - 1 if axis > 0 else rank + axis)


def _dot(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    return Dot(**common_fields(node, inputs), accumulator=format_of(node, "accum_t"))


TENSOR_EXTRACTORS: dict[str, Callable[[Any, tuple[str, ...], Any], Layer]] = {
    "Pooling1D": _pooling1d,
    "Pooling2D": _pooling2d,
    "GlobalPooling1D": _global_pooling,
    "GlobalPooling2D": _global_pooling,
    "Reshape": _reshape,
    "Repack": _reshape,
    "ZeroPadding1D": _zero_padding1d,
    "ZeroPadding2D": _zero_padding2d,
    "Cropping1D": _cropping1d,
    "Cropping2D": _cropping2d,
    "Resize": _upsampling,
    "Transpose": _transpose,
    "Clone": _clone,
    "Merge": _merge,
    "Concatenate": _concatenate,
    "Dot": _dot,
}
"""From hls4ml's layer class to the function that reads it."""
