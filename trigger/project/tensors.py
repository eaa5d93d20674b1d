"""Calls of functions that pool, move or merge whole tensors -> layers."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import prod

from trigger.design import IOType
from trigger.errors import ProjectError
from trigger.layers import (
    Clone,
    Concatenate,
    Cropping,
    Dot,
    Layer,
    Merge,
    Operation,
    Shape,
    Transpose,
    Upsampling,
    ZeroPadding1D,
    ZeroPadding2D,
)
from trigger.project.declarations import Config, Declarations
from trigger.project.folder import read_text
from trigger.project.source import Fields, LayerReader, Source, accumulator_of, io_type_of
from trigger.project.top import Call, blank
from trigger.project.version import Change, refuse_older


def pair(declared: Declarations, config: Config, first: str, second: str) -> tuple[int, int]:
    return declared.number(config, first), declared.number(config, second)


def frame(declared: Declarations, config: Config) -> tuple[tuple[int, int], tuple[int, int]]:
    top, bottom, left, right = (
        declared.number(config, f"pad_{side}", 0) for side in ("top", "bottom", "left", "right")
    )
    return (top, bottom), (left, right)


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


def _transpose2d(source: Source, call: Call, fields: Fields) -> Layer:
    return Transpose(**fields, order=(1, 0))


def _transpose3d(source: Source, call: Call, fields: Fields) -> Layer:
    """Read the order where hls4ml before 1.1 keeps it: ``perm[3]`` within the struct."""
    config, text = source.config(call), blank(read_text(source.files.parameters))
    found = re.search(rf"\bstruct\s+{config.name}\b[^}}]*?\bperm\[3\]\s*=\s*\{{([\s\d,]+)\}}", text)
    if found is None:
        raise ProjectError(
            f"struct {config.name} has no perm",
            where=config.where,
            allowed="static constexpr unsigned perm[3] = {...};",
        )
    return Transpose(**fields, order=tuple(int(number) for number in found[1].split(",")))


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
    operation = Operation(call.function)
    if operation is Operation.AVERAGE:
        refuse_older(source, call, Change.AVERAGE, "divides integers")
    config, declared = source.config(call), source.declarations
    sizes = [prod(source.shapes[name]) for name in fields["inputs"]]
    counted = declared.number(config, "n_elem")
    repeated = "n_elem1" in config.constants  # before 1.3 nothing is
    if counted != max(sizes) or (not repeated and len(set(sizes)) > 1):
        raise ProjectError(
            f"struct {config.name} merges {counted} elements of tensors of {sizes}",
            where=config.where,
            allowed=f"n_elem = {max(sizes)}" + ("" if repeated else ", and tensors of one size"),
        )
    return Merge(**fields, operation=operation)


def _dot(source: Source, call: Call, fields: Fields) -> Layer:
    config = source.config(call)
    return Dot(**fields, accumulator=accumulator_of(source.declarations, config))


def _concatenate(source: Source, call: Call, fields: Fields) -> Layer:
    """Read a concatenation; the header takes axes from 1 on, or negative ones from the end.

    Before 0.6 it took them from 0 on.
    """
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
    if axis > 0 and rank > 1:
        refuse_older(source, call, Change.CONCATENATE, "counts axes from 0 on")
    place = axis - 1 if axis > 0 else rank + axis
    if rank == 3 and place == 2 and io_type_of(call) is IOType.PARALLEL:
        last = declared.numbers(config, "n_elem1_2", "n_elem2_2")
        if last[0] != last[1]:
            refuse_older(source, call, Change.CONCATENATE3D, f"takes {last} for one length")
    return Concatenate(**fields, axis=max(place, 0))


_IMAGE = ("in_height", "in_width", "n_chan")
_SEQUENCE = ("in_width", "n_chan")

TENSOR_READERS: dict[str, LayerReader] = {
    "zeropad1d_cl": LayerReader(_zero_padding1d, _SEQUENCE),
    "zeropad2d_cl": LayerReader(_zero_padding2d, _IMAGE),
    "cropping1d_cl": LayerReader(_cropping(("left", "right")), _SEQUENCE),
    "cropping2d_cl": LayerReader(_cropping(("top", "bottom"), ("left", "right")), _IMAGE),
    "resize_nearest": LayerReader(_upsampling, keeps_shape=False),
    "transpose": LayerReader(_transpose, _transposed_shape),
    "transpose_2d": LayerReader(_transpose2d, ("height", "width")),
    "transpose_3d": LayerReader(_transpose3d, ("depth", "height", "width")),
    "clone_stream": LayerReader(_clone, most_writes=99),
    **{each.value: LayerReader(_merge, reads=2) for each in Operation},
    "concatenate1d": LayerReader(_concatenate, keeps_shape=False, reads=2),
    "concatenate2d": LayerReader(_concatenate, keeps_shape=False, reads=2),
    "concatenate3d": LayerReader(_concatenate, keeps_shape=False, reads=2),
    "dot1d": LayerReader(_dot, keeps_shape=False, reads=2),
}
"""From the ``nnet::`` function to what reads its calls."""
