"""HLS project folder -> Network, from text alone, as hls4ml 0.6 to 1.3 write it (Vivado, Vitis).

The top function gives the order of layers and their tensors, ``defines.h`` the formats,
``parameters.h`` the layers' parameters, ``weights/`` the constants. What is not understood is
refused, with file and line.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from pathlib import Path

import yaml

from trigger.errors import NetworkError, ProjectError, UnsupportedLayerError
from trigger.fixed import FixedFormat
from trigger.layers import Input, Layer, Reshape, Shape
from trigger.layers.products import check_signs, signs
from trigger.network import Network
from trigger.project.calls import READERS, kind_of, product_of_call, read_shape
from trigger.project.declarations import Text, factors, read_declarations
from trigger.project.folder import find_project
from trigger.project.source import Fields, Source, io_type_of
from trigger.project.top import LOOP_END, LOOP_START, Call, PortKind, Tensor, read_top


def read_project(folder: Path) -> Network:
    """Return what the firmware in a project folder computes.

    Reshapes bear no name in the C++: one is called as ``hls4ml_config.yml`` tells, if that leaves
    no choice, and otherwise after its tensor, ``layer10``.

    Raises:
        UnsupportedLayerError: a layer that is not covered, with the list of what is.
        ProjectError: the project is incomplete or damaged, or says what is not understood; names
            file and line.
    """
    files = find_project(Path(folder))
    top = read_top(files.top)
    if top.unknown:
        line, text = top.unknown[0]
        raise ProjectError(
            f"cannot understand {text!r}",
            where=f"{top.path}:{line}",
            allowed="nnet:: calls, tensors, auto& aliases and loads of weights",
        )
    return _Reading(Source(files, top, read_declarations(files))).network()


class _Reading:
    """The layers read so far, and which of them made which tensor."""

    def __init__(self, source: Source) -> None:
        self.layers: list[Layer] = []
        self.makers: dict[str, str] = {}
        self.shapes: dict[str, Shape] = {}
        self.sequences: dict[str, str] = {}
        """The layer whose steps are read, by the name of the step."""
        self.source = replace(source, shapes=self.shapes)
        self.reshape_names = _reshape_names(source)

    def network(self) -> Network:
        top = self.source.top
        for call in top.calls:
            self._expect_covered(call)
        for port in top.of_kind(PortKind.INPUT):
            form, shape = self._format(port), self._input_shape(port)
            self._add(Input(name=port.name, inputs=(), result=form, dimensions=shape), port.name)
        for call in top.calls:
            try:
                self._call(call)
            except NetworkError as error:
                raise ProjectError(
                    f"layer {call.layer!r}: {error.problem}",
                    where=self.source.where(call.line),
                    allowed=error.allowed,
                    remedy=error.remedy,
                ) from error
        missing = [port for port in top.of_kind(PortKind.OUTPUT) if port.name not in self.makers]
        if missing:
            raise ProjectError(
                f"no layer fills the output {missing[0].name}",
                where=self.source.where(missing[0].line),
                allowed="an nnet:: call that writes each output",
            )
        outputs = tuple(self.makers[port.name] for port in top.of_kind(PortKind.OUTPUT))
        return Network(tuple(self.layers), outputs)

    def _format(self, tensor: Tensor) -> FixedFormat:
        return self.source.declarations.format(tensor.type, self.source.where(tensor.line))

    def _add(self, layer: Layer, tensor: str) -> None:
        self.layers.append(layer)
        self.makers[tensor] = layer.name
        self.shapes[layer.name] = layer.shape(*(self.shapes[name] for name in layer.inputs))

    def _expect_covered(self, call: Call) -> None:
        if kind_of(call) not in READERS:
            raise UnsupportedLayerError(
                f"layer {call.layer!r} calls nnet::{call.function}",
                where=self.source.where(call.line),
                allowed=", ".join(f"nnet::{name}" for name in READERS),
                remedy="replace the layer in the model, or simulate the project with csim only",
            )

    def _call(self, call: Call) -> None:
        reader = READERS[kind_of(call)]
        fills = 1 <= len(call.writes) <= reader.most_writes
        counts = (reader.reads, reader.reads + reader.may_read)
        if len(call.reads) not in counts or not fills or not call.in_order:
            raise ProjectError(
                f"nnet::{call.function} reads {_names(call.reads)} "
                f"and writes {_names(call.writes)}",
                where=self.source.where(call.line),
                allowed=f"{('one tensor that is', 'two tensors that are')[reader.reads - 1]} "
                + (f"filled earlier, or {counts[1]}, " if reader.may_read else "filled earlier, ")
                + "then one that it fills",
            )
        inputs: list[str] = []
        for name in call.arguments:
            alias = next((alias for alias in self.source.top.aliases if alias[0] == name), None)
            if alias is not None:
                self._alias(*alias, call)
            if name in self.makers:
                maker = self.makers[name]
                inputs.append(maker if len(inputs) >= reader.reads else self._as_read(maker, call))
        product = product_of_call(self.source, call)
        if product.one_bit_data:
            bits = inputs[0]
            self._add(signs(call.layer, bits, self.shapes[bits][-1]), f"{call.layer}_signs")
            inputs = [self.layers[-1].name]
        tensor = call.writes[0]
        fields: Fields = {
            "name": call.layer,
            "inputs": tuple(inputs),
            "result": self._format(tensor),
        }
        if call.function.startswith(LOOP_START):
            self.sequences[call.layer] = inputs[0]
            fields["inputs"] = ()
        if call.function.startswith(LOOP_END):
            fields |= self._step(call)
        made = reader.read(self.source, call, fields)
        for layer in made if isinstance(made, tuple) else (made,):
            self._add(layer, tensor.name)
        if product.one_bit_data:
            check_signs(self.layers[-1], product, io_type_of(call))
        self._check_sizes(call, self.shapes[self.layers[-1].name])
        self.makers |= {copy.name: call.layer for copy in call.writes[1:]}

    def _check_sizes(self, call: Call, shape: Shape) -> None:
        """Refuse a call that fills less or more than a tensor, or leaves elements out."""
        declared = self.source.declarations
        for tensor in call.writes:
            if tensor.size is not None:
                where = self.source.where(tensor.line)
                size = prod(factors(Text(tensor.size, where), declared))
                if size != prod(shape):
                    raise ProjectError(
                        f"{tensor.name} holds {size} numbers, and layer {call.layer!r} makes "
                        f"{prod(shape)}",
                        where=where,
                        allowed="tensors that a layer fills",
                    )
        reader = READERS[kind_of(call)]
        config = declared.configs.get(call.types[-1] if call.types else "")
        if config is None or reader.input_shape or not reader.keeps_shape:
            return
        counted = declared.number(config, "n_in", prod(shape))
        if counted != prod(shape):
            raise ProjectError(
                f"struct {config.name} counts {counted} elements, and layer {call.layer!r} reads "
                f"{prod(shape)}",
                where=config.where,
                allowed=f"n_in = {prod(shape)}",
            )

    def _step(self, call: Call) -> Fields:
        """Take the layers of a step out of the list, and return them with what the step is of."""
        starts = [
            index
            for index, layer in enumerate(self.layers)
            if isinstance(layer, Input) and layer.name in self.sequences
        ]
        if not starts:
            raise ProjectError(
                f"nnet::{call.function} ends no loop",
                where=self.source.where(call.line),
                allowed="one behind a call that reads a step",
            )
        layers = tuple(self.layers[starts[-1] :])
        del self.layers[starts[-1] :]
        return {"inputs": (self.sequences[layers[0].name],), "layers": layers}

    def _alias(self, new: str, old: str, line: int, call: Call) -> None:
        """Add the Reshape that ``auto& new = old`` stands for, unless it was added before."""
        if new in self.makers:
            return
        nested = next((alias for alias in self.source.top.aliases if alias[0] == old), None)
        if nested is not None:
            self._alias(*nested, call)
        if old not in self.makers:
            raise ProjectError(
                f"{new} stands for {old}, which no layer has filled",
                where=self.source.where(line),
                allowed=", ".join(self.makers),
            )
        maker = self.makers[old]
        size = prod(self.shapes[maker])
        shape = read_shape(self.source, call) or (size,)
        self._reshape(self.reshape_names.get(new, new.removesuffix("_out")), maker, shape, new)

    def _as_read(self, maker: str, call: Call) -> str:
        """Return the layer that a call reads: one more Reshape if the call takes another shape.

        hls4ml before 0.6 writes nothing at all where it flattens.
        """
        shape = read_shape(self.source, call) if READERS[kind_of(call)].input_shape else None
        if shape is None or shape == self.shapes[maker] or prod(shape) != prod(self.shapes[maker]):
            return maker
        return self._reshape(f"{call.layer}_reshape", maker, shape, f"{call.layer}_reshape")

    def _reshape(self, name: str, maker: str, shape: Shape, tensor: str) -> str:
        result = next(layer.result for layer in self.layers if layer.name == maker)
        self._add(Reshape(name=name, inputs=(maker,), result=result, dimensions=shape), tensor)
        return name

    def _input_shape(self, port: Tensor) -> Shape:
        if port.size is not None:
            where = self.source.where(port.line)
            return factors(Text(port.size, where), self.source.declarations)
        reads = [call for call in self.source.top.calls if port in call.reads]
        shape = next((read_shape(self.source, call) for call in reads), None)
        shape = shape or next((self._packs(port, call) for call in reads), None)
        if shape is None:
            raise ProjectError(
                f"the shape of the input {port.name} cannot be told",
                where=self.source.where(port.line),
                allowed="an input stream that is read by a dense, convolution or pooling layer",
            )
        return shape

    def _packs(self, port: Tensor, call: Call) -> Shape | None:
        """Return (packs, numbers of a pack) of a stream into a layer of any shape, if it tells.

        The text does not tell the rows of an image from its columns.
        """
        declarations = self.source.declarations
        numbers = declarations.number(self.source.config(call), "n_in", default=0)
        pack = declarations.pack(port.type)
        if numbers == 0 or numbers % pack:
            return None
        return (pack,) if numbers == pack else (numbers // pack, pack)


def _names(tensors: tuple[Tensor, ...]) -> str:
    return ", ".join(tensor.name for tensor in tensors) or "nothing"


def _reshape_names(source: Source) -> dict[str, str]:
    """Return the name of the only reshape, by tensor, if hls4ml_config.yml tells it."""
    path = source.files.firmware.parent / "hls4ml_config.yml"
    if len(source.top.aliases) != 1 or not path.is_file():
        return {}
    try:
        record = yaml.load(path.read_text(), _Plain)
        settings = record["HLSConfig"]["LayerName"]
        names = [
            name
            for name, each in settings.items()
            if "TableSize" not in each and set(each.get("Precision") or ("result",)) == {"result"}
        ]
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        return {}  # the file is a convenience, no part of the firmware
    known = {call.layer for call in source.top.calls} | {port.name for port in source.top.ports}
    names = [name for name in names if not {name, f"repack_{name}"} & known]
    return {source.top.aliases[0][0]: names[0]} if len(names) == 1 else {}


class _Plain(yaml.SafeLoader):
    """YAML whose own tags (``!keras_model``) are taken for nothing."""


_Plain.add_multi_constructor("!", lambda loader, suffix, node: None)
