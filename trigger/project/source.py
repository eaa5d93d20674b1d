"""What every reader of calls works on: a project's text, taken apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trigger.design import IOType
from trigger.errors import ProjectError
from trigger.fixed import FixedFormat, RawArray
from trigger.layers import Layer, Shape
from trigger.project.declarations import Config, Declarations
from trigger.project.folder import ProjectFiles
from trigger.project.top import Call, TopFunction
from trigger.project.weights import read_constant


@dataclass(frozen=True, slots=True)
class Source:
    """A project's text, taken apart."""

    files: ProjectFiles
    top: TopFunction
    declarations: Declarations
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """Of the layers read so far, by name."""

    def where(self, line: int) -> str:
        return f"{self.top.path}:{line}"

    def config(self, call: Call) -> Config:
        """Return the configuration that a call names as its last template argument."""
        name = call.types[-1] if call.types else ""
        return self.declarations.config(name, self.where(call.line))

    def constant(self, call: Call, place: int) -> tuple[RawArray, FixedFormat]:
        """Return the constant array that is a call's argument: raw, flat, and its format."""
        if len(call.arguments) <= place:
            raise ProjectError(
                f"nnet::{call.function} has {len(call.arguments)} arguments",
                where=self.where(call.line),
                allowed=f"at least {place + 1}",
            )
        return read_constant(self.files, self.top, self.declarations, call.arguments[place])


Fields = dict[str, Any]
"""Arguments of a layer's constructor that every layer has: name, inputs, result."""


@dataclass(frozen=True, slots=True)
class LayerReader:
    """How one ``nnet::`` function is read."""

    read: Callable[[Source, Call, Fields], Layer | tuple[Layer, ...]]
    """Of several layers the last is what the function makes."""
    input_shape: tuple[str, ...] | Callable[[Source, Call], Shape] = ()
    """Fields of its configuration that are the shape of its input, or what reads that shape; ()
    if it takes any shape."""
    reads: int = 1
    """Tensors that it reads."""
    may_read: int = 0
    """Tensors that it may read beside these, all or none."""
    most_writes: int = 1
    """Tensors that it may fill; all alike, if more than one."""
    keeps_shape: bool = True
    """Whether a layer that takes any shape makes the same."""


def io_type_of(call: Call) -> IOType:
    """Return how a call's tensors travel."""
    return IOType.STREAM if call.writes[0].size is None else IOType.PARALLEL


def input_format(source: Source, call: Call) -> FixedFormat:
    """Return the format of the first tensor that a call reads."""
    return source.declarations.format(call.reads[0].type, source.where(call.line))


def accumulator_of(declarations: Declarations, config: Config) -> FixedFormat:
    return declarations.format(declarations.word(config, "accum_t"), config.where)
