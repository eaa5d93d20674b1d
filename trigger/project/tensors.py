"""Calls of functions that pool, move or merge whole tensors -> layers."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import prod

from trigger.errors import ProjectError, UnsupportedLayerError
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
    Shape,
    Transpose,
    Upsampling,
    ZeroPadding1D,
    ZeroPadding2D,
)
from trigger.project.declarations import Config, Declarations
from trigger.project.folder import read_text
from trigger.project.source import Fields, LayerReader, Source, accumulator_of, io_type_of
from trigger.project.top import Call


def pair(declared: Declarations, config: Config, first: str, second: str) -> tuple[int, int]:
    return declared.number(config, first), declared.number(config, second)


def frame(declared: Declarations, config: Config) -> tuple[tuple[int, int], tuple[int, int]]:
    top, bottom, left, right = (
        declared.number(config, f"pad_{side}", 0) for side in ("top", "bottom", "left", "right")
    )
    return (top, bottom), (left, right)


def _pool(source: Source, call: Call, fields: Fields) -> Fields:
    config, declared = source.config(call), source.declarations
    word = declared.word(config, "pool_op").lower()
    if word not in (pool.value for pool in Pool):
        raise UnsupportedLayerError(
            f"layer {call.layer!r} pools by {word!r}",
            where=config.where,
            allowed=", ".join(pool.value for pool in Pool),
        )
    return {
        **fields,
        "pool": Pool(word),
        "accumulator": accumulator_of(declared, config),
        "io_type": io_type_of(call),
    }


def _pooling1d(source: Source, call: Call, fields: Fields) -> Layer:
    config, declared = source.config(call), source.declarations
    return Pooling1D(
        **_pool(source, call, fields),
        size=declared.number(config, "pool_width"),
        stride=declared.number(config, "stride_width"),
        padding=frame(declared, config)[1],
        count_padding=bool(declared.number(config, "count_pad", 0)),
    )


def _pooling2d(source: Source, call: Call, fields: Fields) -> Layer:
    config, declared = source.config(call), source.declarations
    return Pooling2D(
        **_pool(source, call, fields),
        size=pair(declared, config, "pool_height", "pool_width"),
        stride=pair(declared, config, "stride_height", "stride_width"),
        padding=frame(declared, config),
        count_padding=bool(declared.number(config, "count_pad", 0)),
    )


def _global_pooling(source: Source, call: Call, fields: Fields) -> Layer:
    return GlobalPooling(**_pool(source, call, fields))


def _zero_padding1d(source: Source, call: Call, fields: Fields) -> Layer:
    return ZeroPadding1D(**fields, padding=frame(source.declarations, source.config(call))[1])


def _zero_padding2d(source: Source, call: Call, fields: Fields) -> Layer:
    return ZeroPadding2D(**fields, padding=frame(source.declarations, source.config(call)))


def _cropping(*sides: tuple[str, str]) -> Callable[[Source, Call, Fields], Layer]:
    def read(source: Source, call: Call, fields: Fields) -> Layer:
        config = source.config(call)
        margins = tuple(
            pair(source.declarations, config, f"crop_{before}", f"crop_{behind}")
            for before, behind in sides
        )
        return Cropping(**fields, margins=margins)

    return read


def _upsampling(source: Source, call: Call, fields: Fields) -> Layer:
    config, declared = source.config(call), source.declarations
    rank = len(source.shapes[fields["inputs"][0]])
    size = pair(declared, config, "new_height", "new_width")
    return Upsampling(**fields, size=size[3 - rank :])


def _transpose(source: Source, call: Call, fields: Fields) -> Layer:
    return Transpose(**fields, order=list_of(source, source.config(call), "perm"))


def _transposed_shape(source: Source, call: Call) -> Shape:
    return list_of(source, source.config(call), "from_shape")


def list_of(source: Source, config: Config, name: str) -> tuple[int, ...]:
    """Return ``unsigned config_name[n] = {1, 0};``, which stands behind the struct."""
    text = read_text(source.files.parameters)
    found = re.search(rf"\b{config.name}_{name}\s*\[[^\]]*\]\s*=\s*\{{([\s\d,]+)\}}", text)
    if found is None:
        raise ProjectError(
            f"{config.name}_{name} is not defined",
            where=config.where,
            allowed=f"unsigned {config.name}_{name}[dimensions] = {{...}};",
        )
    return tuple(int(number) for number in found[1].split(","))


def _clone(source: Source, call: Call, fields: Fields) -> Layer:
    return Clone(**fields)


def _merge(source: Source, call: Call, fields: Fields) -> Layer:
    return Merge(**fields, operation=Operation(call.function))


def _dot(source: Source, call: Call, fields: Fields) -> Layer:
    config = source.config(call)
    return Dot(**fields, accumulator=accumulator_of(source.declarations, config))


def _concatenate(source: Source, call: Call, fields: Fields) -> Layer:
    """Read a concatenation; the header takes axes from 1 on, or negative ones from the end."""
    config, declared = source.config(call), source.declarations
    rank = int(call.function.removeprefix("concatenate")[0])
    for number, name in enumerate(fields["inputs"], start=1):
        lengths = declared.numbers(config, *(f"n_elem{number}_{axis}" for axis in range(rank)))
        if prod(lengths) != prod(source.shapes[name]):
            raise ProjectError(
                f"struct {config.name} joins tensors of {lengths}",
                where=config.where,
                allowed=f"the elements of {source.shapes[name]}",
            )
    axis = declared.number(config, "axis")
    place = axis - 1 if axis > 0 else rank + axis
    return Concatenate(**fields, axis=max(place, 0))


_IMAGE = ("in_height", "in_width", "n_chan")
_SEQUENCE = ("in_width", "n_chan")

TENSOR_READERS: dict[str, LayerReader] = {
    "pooling1d_cl": LayerReader(_pooling1d, ("n_in", "n_filt")),
    "pooling2d_cl": LayerReader(_pooling2d, ("in_height", "in_width", "n_filt")),
    "global_pooling1d_cl": LayerReader(_global_pooling, ("n_in", "n_filt")),
    "global_pooling2d_cl": LayerReader(_global_pooling, ("in_height", "in_width", "n_filt")),
    "zeropad1d_cl": LayerReader(_zero_padding1d, _SEQUENCE),
    "zeropad2d_cl": LayerReader(_zero_padding2d, _IMAGE),
    "cropping1d_cl": LayerReader(_cropping(("left", "right")), _SEQUENCE),
    "cropping2d_cl": LayerReader(_cropping(("top", "bottom"), ("left", "right")), _IMAGE),
    "resize_nearest": LayerReader(_upsampling, keeps_shape=False),
    "transpose": LayerReader(_transpose, _transposed_shape),
    "clone_stream": LayerReader(_clone, most_writes=99),
    **{each.value: LayerReader(_merge, reads=2) for each in Operation},
    "concatenate1d": LayerReader(_concatenate, keeps_shape=False, reads=2),
    "concatenate2d": LayerReader(_concatenate, keeps_shape=False, reads=2),
    "concatenate3d": LayerReader(_concatenate, keeps_shape=False, reads=2),
    "dot1d": LayerReader(_dot, keeps_shape=False, reads=2),
}
"""From the ``nnet::`` function to what reads its calls."""
