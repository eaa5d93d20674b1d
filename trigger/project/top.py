"""The top function of an HLS project as data: ports, tensors and layer calls, read from its text.

Only the shape of the text is understood here; what a call means is the reader's business. What
does not have a known shape is kept in ``unknown`` with its line, so that a reader can refuse it
and the C simulation, which compiles the text anyway, need not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from trigger.errors import ProjectError
from trigger.project.folder import read_text


class PortKind(Enum):
    """What a parameter of the top function carries."""

    INPUT = "pixels"
    OUTPUT = "results"
    WEIGHTS = "weights in block RAM"
    SIZE = "a constant size (hls4ml before 0.7)"


@dataclass(frozen=True, slots=True)
class Tensor:
    """A variable that carries one layer's result, or a parameter of the top function."""

    name: str
    type: str
    """Name of its C++ type: of an element (array) or of what the stream transports."""
    size: str | None
    """Number of elements as C++ spells it; ``None`` for a stream."""
    line: int


@dataclass(frozen=True, slots=True)
class Port(Tensor):
    kind: PortKind


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a layer function."""

    function: str
    """Its name without ``nnet::``; with any other namespace."""
    types: tuple[str, ...]
    """Template arguments."""
    arguments: tuple[str, ...]
    reads: tuple[Tensor, ...]
    """Tensors among the arguments that an earlier call (or an input port) has filled."""
    writes: tuple[Tensor, ...]
    """Tensors among the arguments that this call fills."""
    in_order: bool
    """Whether what it reads stands before what it writes, as in all of hls4ml's functions."""
    layer: str
    """From the comment behind or above the call; else the name of what it writes."""
    line: int
    end: int
    """Position in the text behind the call's semicolon, or behind the loop that the call ends."""
    in_loop: bool
    """Whether it is made once per step of a sequence, and is not the last of these calls."""


@dataclass(frozen=True, slots=True)
class WeightLoad:
    """A table that is filled from a text file when the function first runs."""

    function: str
    count: str
    variable: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class TopFunction:
    """What ``<top>.cpp`` does, in order."""

    path: Path
    text: str
    name: str
    namespace: str | None
    ports: tuple[Port, ...]
    calls: tuple[Call, ...]
    loads: tuple[WeightLoad, ...]
    aliases: tuple[tuple[str, str, int], ...]
    """(new name, old name, line) of ``auto& new = old``: a reshape that moves nothing."""
    unknown: tuple[tuple[int, str], ...]
    """(line, text) of statements of another shape."""

    def of_kind(self, kind: PortKind) -> tuple[Port, ...]:
        return tuple(port for port in self.ports if port.kind is kind)


_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_NOT_CODE = re.compile(r"//[^\n]*|/\*.*?\*/|^[ \t]*#[^\n]*", re.DOTALL | re.MULTILINE)
_CALL = re.compile(
    r"^(?!(?:if|for|while|switch|return)\b)(?:nnet::)?([\w:]+)\s*(?:<(.*)>)?\s*\((.*)\)$", re.DOTALL
)
_STREAM = re.compile(
    r"^(?:static\s+)?(?:hls::)?stream\s*<(.+)>\s*&?\s*(\w+)\s*(?:\(.*\))?$", re.DOTALL
)
_ARRAY = re.compile(r"^(?:static\s+)?([\w:]+(?:\s*<.*>)?)\s+(\w+)\s*\[(.+)\]$", re.DOTALL)
_ALIAS = re.compile(r"^auto\s*&\s*(\w+)\s*=\s*(\w+)$")
_SIZE_PORT = re.compile(r"^unsigned\s+short\s*&\s*(const_size_\w+)$")
_HOUSEKEEPING = re.compile(
    r"^(static bool )?loaded_weights = \w+$|^if \(!loaded_weights\)$|^const_size_\w+ = [\w *]+$"
)
_OUTPUT_NAME = re.compile(r"^layer\d+_(out|cpy\d+)$")
_DIRECTIVE = re.compile(
    r"^[ \t]*#(?!\s*(?:pragma\b|ifndef __SYNTHESIS__|endif))[^\n]*", re.MULTILINE
)
_SWITCH = re.compile(
    r"^[ \t]*#[ \t]*(?:ifdef[ \t]+(\w+)|if[ \t]+0[ \t]*$)"
    r"(?:(?!^[ \t]*#[ \t]*(?:if|else|elif)).)*?^[ \t]*#endif",
    re.DOTALL | re.MULTILINE,
)
"""Such as ``__HLS4ML_LOAD_TXT_WEIGHTS__`` in projects made for CMS: nobody defines it, the headers
hold the weights."""
_LOOP = re.compile(r"\bfor\s*\(\s*int ts = 0;\s*ts < \w+::n_time_steps;\s*ts\+\+\s*\)")
"""What TimeDistributed puts around the calls for a step: the first reads it, the last writes."""
LOOP_START, LOOP_END = "read_time_step_", "write_time_step_"
_NOT_LAYERS = ("save_layer_output",)


def without_comments(text: str) -> str:
    """Return C++ text without comments; every position is kept."""
    return _COMMENT.sub(_spaces, text)


def blank(text: str) -> str:
    """Return C++ text without comments and preprocessor lines; every position is kept."""
    return _NOT_CODE.sub(_spaces, text)


def _spaces(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


def line_of(text: str, position: int) -> int:
    """Return the line number (from 1) of a position."""
    return text.count("\n", 0, position) + 1


def split_list(text: str) -> tuple[str, ...]:
    """Return the items of a comma-separated list; commas within brackets do not count."""
    items, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character in "<([{") - (character in ">)]}")
        if character == "," and depth == 0:
            items.append(text[start:position])
            start = position + 1
    items.append(text[start:])
    return tuple(item.strip() for item in items if item.strip())


def read_top(path: Path) -> TopFunction:
    """Read the top function of a project: of the file's name, or else the one that calls layers.

    Raises:
        ProjectError: no such function, or ports whose direction cannot be told.
    """
    text = read_text(path)
    active = without_switched_off(text, path)
    code = _LOOP.sub(_spaces, blank(active))
    head, body_start = _head(code, path)
    name = head[1]
    namespaces = re.findall(r"\bnamespace\s+(\w+)\s*\{", code[: head.start()])
    parameters = code[head.end() : code.rindex(")", head.end(), body_start)]
    line = line_of(code, head.start())
    ports = tuple(_port(item, path, line) for item in split_list(parameters))
    body_end = matching_brace(code, body_start)
    statements = _statements(code, body_start + 1, body_end)
    ports = _with_written(ports, (" ".join(code[a:b].split()) for a, b in statements))
    if not any(port.kind is PortKind.OUTPUT for port in ports):
        raise ProjectError(
            f"none of the ports {', '.join(port.name for port in ports)} is an output",
            where=f"{path}:{line}",
            allowed="an output that a call fills, or that is called layer<N>_out",
        )
    body = _Body(path, text, ports)
    for start, end in _statements(code, body_start + 1, body_end):
        indent = len(code[start:end]) - len(code[start:end].lstrip())
        body.read(code[start:end], start + indent, end)
    for directive in _DIRECTIVE.finditer(active, body_start, body_end):
        body.unknown.append((line_of(text, directive.start()), directive.group().strip()))
    return TopFunction(
        path,
        text,
        name,
        namespaces[-1] if namespaces else None,
        ports,
        tuple(body.calls),
        tuple(body.loads),
        tuple(body.aliases),
        tuple(body.unknown),
    )


def without_switched_off(text: str, path: Path) -> str:
    """Return the text without what stands behind switches that no file of the firmware defines."""

    def strike(match: re.Match[str]) -> str:
        if match[1] is None:
            return _spaces(match)
        defined = re.compile(rf"^[ \t]*#[ \t]*define[ \t]+{match[1]}\b", re.MULTILINE)
        files = [path, *sorted(path.parent.glob("*.h"))]
        return (
            match[0] if any(defined.search(read_text(each)) for each in files) else _spaces(match)
        )

    return _SWITCH.sub(strike, text)


def _head(code: str, path: Path) -> tuple[re.Match[str], int]:
    """Return the head of the top function and the position of its opening brace."""
    found = []
    for head in re.finditer(r"\bvoid\s+(\w+)\s*\(", code):
        start = code.find("{", head.end())
        if start >= 0 and ";" not in code[head.end() : start]:
            if head[1] == path.stem:
                return head, start
            if "nnet::" in code[start : matching_brace(code, start)]:
                found.append((head, start))
    if len(found) != 1:
        raise ProjectError(
            f"there is no function void {path.stem}(...)"
            + (f", and {', '.join(head[1] for head, _ in found)} all call layers" if found else ""),
            where=path,
            allowed="a top function that bears the file's name, or one that calls nnet:: functions",
        )
    return found[0]


def _with_written(ports: tuple[Port, ...], statements: Iterable[str]) -> tuple[Port, ...]:
    """Return ports whose outputs bear names of their own: a call's last tensor is what it fills."""
    tensors = {port.name for port in ports if port.kind in (PortKind.INPUT, PortKind.OUTPUT)}
    filled = set()
    for statement in statements:
        if tensor := _tensor(statement, 0):
            tensors.add(tensor.name)
        elif match := _CALL.match(statement):
            filled |= set([name for name in split_list(match[3]) if name in tensors][-1:])
    return tuple(
        replace(port, kind=PortKind.OUTPUT) if port.name in filled else port for port in ports
    )


def _port(text: str, path: Path, line: int) -> Port:
    if match := _SIZE_PORT.match(text):
        return Port(match[1], "unsigned short", None, line, PortKind.SIZE)
    tensor = _tensor(text, line)
    if tensor is None:
        raise ProjectError(
            f"cannot read the port {text!r}",
            where=f"{path}:{line}",
            allowed="type name[size] or hls::stream<type> &name",
        )
    kind = PortKind.OUTPUT if _OUTPUT_NAME.match(tensor.name) else PortKind.INPUT
    if (path.parent / "weights" / f"{tensor.name}.h").is_file():
        kind = PortKind.WEIGHTS
    return Port(tensor.name, tensor.type, tensor.size, line, kind)


def _tensor(text: str, line: int) -> Tensor | None:
    if match := _STREAM.match(text):
        return Tensor(match[2], match[1].strip(), None, line)
    if match := _ARRAY.match(text):
        return Tensor(match[2], match[1].strip(), match[3].strip(), line)
    return None


def matching_brace(code: str, start: int) -> int:
    """Return the position of the brace that closes the one at ``start``."""
    depth = 0
    for position in range(start, len(code)):
        depth += (code[position] == "{") - (code[position] == "}")
        if depth == 0:
            return position
    return len(code)


def _statements(code: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each statement or block head; the end is its ``;``, ``{`` or ``}``."""
    for position in range(start, end):
        if code[position] in ";{}":
            if code[start:position].strip():
                yield start, position
            start = position + 1


class _Body:
    """What has been read of the function's body so far."""

    def __init__(self, path: Path, text: str, ports: tuple[Port, ...]) -> None:
        self.path, self.text = path, text
        self.tensors: dict[str, Tensor] = {
            port.name: port for port in ports if port.kind in (PortKind.INPUT, PortKind.OUTPUT)
        }
        self.filled = {port.name for port in ports if port.kind is PortKind.INPUT}
        self.calls: list[Call] = []
        self.loads: list[WeightLoad] = []
        self.aliases: list[tuple[str, str, int]] = []
        self.unknown: list[tuple[int, str]] = []
        self.in_loop = False

    def read(self, statement: str, start: int, end: int) -> None:
        squeezed = " ".join(statement.split())
        line = line_of(self.text, start)
        if _HOUSEKEEPING.match(squeezed):
            pass
        elif tensor := _tensor(squeezed, line):
            self.tensors[tensor.name] = tensor
        elif match := _CALL.match(squeezed):
            types, arguments = split_list(match[2] or ""), split_list(match[3])
            if match[1].startswith("load_") and len(arguments) == 2:
                file = arguments[1].strip('"')
                self.loads.append(WeightLoad(match[1], types[-1], arguments[0], file, line))
            elif match[1] not in _NOT_LAYERS:
                self._call(match[1], types, arguments, line, start, end)
        elif match := _ALIAS.match(squeezed):
            self.aliases.append((match[1], match[2], line))
            if match[2] in self.tensors:
                self.tensors[match[1]] = self.tensors[match[2]]
        else:
            self.unknown.append((line, squeezed))

    def _call(
        self,
        function: str,
        types: tuple[str, ...],
        arguments: tuple[str, ...],
        line: int,
        start: int,
        end: int,
    ) -> None:
        tensors = [self.tensors[name] for name in arguments if name in self.tensors]
        reads = tuple(tensor for tensor in tensors if tensor.name in self.filled)
        writes = tuple(tensor for tensor in tensors if tensor.name not in self.filled)
        in_order = tensors == [*reads, *writes]
        self.filled |= {tensor.name for tensor in writes}
        if function.startswith(LOOP_END):
            end = matching_brace("{" + blank(self.text[end:]), 0) + end - 1
        self.in_loop = function.startswith(LOOP_START) or (
            self.in_loop and not function.startswith(LOOP_END)
        )
        name = self._comment(start, end) or (writes[0].name if writes else function)
        self.calls.append(
            Call(
                function,
                types,
                arguments,
                reads,
                writes,
                in_order,
                name,
                line,
                end + 1,
                self.in_loop,
            )
        )

    def _comment(self, start: int, end: int) -> str | None:
        """Return the layer's name: the comment behind the call, or alone on the line above."""
        behind = re.compile(r"[;}][ \t]*//[ \t]*(\w+)[ \t]*$", re.MULTILINE).match(self.text, end)
        if behind:
            return behind[1]
        before = self.text[:start].rstrip(" \t").rstrip("\n").rsplit("\n", 1)[-1]
        alone = re.match(r"^\s*//\s*(\w+)\s*$", before)
        return alone[1] if alone else None
