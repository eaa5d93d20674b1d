"""Golden vectors: inputs, outputs and layer traces of a firmware as reviewed text.

One file, ``golden/vectors.txt``: a header, then a block of lines per vector. A tensor with
channels takes a line per channel, numbers row by row; ``7*30`` stands for thirty sevens. Groups of
many vectors follow, of which only inputs and outputs are written out, and every layer's integers
as one digest. The last line is the SHA-256 of those before it, so that a file that was cut off or
edited is not taken for what was recorded. Nothing is compared here but texts: replaying the vectors
and comparing integers is the caller's business.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from math import prod
from pathlib import Path

import numpy as np

from trigger.errors import AgreementError, FormatError, ProjectError
from trigger.files import write_text
from trigger.fixed import INT64_BITS, FixedFormat, RawArray

FILE_NAME = "vectors.txt"
VERSION = "golden 3"
"""First line of the file; a reader refuses any other."""
_UNCOMPARED = ("tool ", "cost ")
"""How lines begin that may change without a bit of the firmware having moved."""
_RUN = 4
"""Equal numbers in a row that are written as one number and a count."""
_ALLOWED = "the text that trigger writes"
_REMEDY = "restore the file from version control, or record the vectors again"


@dataclass(frozen=True, slots=True)
class GoldenTensor:
    """The shape and format of one input or layer."""

    name: str
    shape: tuple[int, ...]
    """Of one event."""
    format: FixedFormat


@dataclass(frozen=True, eq=False, slots=True)
class GoldenGroup:
    """What a firmware made of many inputs, in short."""

    name: str
    origins: tuple[str, ...]
    """How each vector was chosen."""
    raw: Mapping[str, RawArray]
    """By name of input or output: (vectors, *shape)."""
    digests: Mapping[str, str]
    """By name of layer: SHA-256 (hex) of its results for all vectors, see ``to_bytes``."""


@dataclass(frozen=True, eq=False, slots=True)
class Golden:
    """What a firmware made of some inputs, once and for all."""

    network_digest: str
    project_hash: str
    tools: tuple[str, ...]
    """Tools with their versions, ``hls4ml 1.3.0``; for the reader, not compared."""
    inputs: tuple[GoldenTensor, ...]
    layers: tuple[GoldenTensor, ...]
    """In execution order; the outputs are among them."""
    origins: tuple[str, ...]
    """How each vector was chosen."""
    raw: Mapping[str, RawArray]
    """By name of input or layer: (vectors, *shape)."""
    outputs: tuple[str, ...] = ()
    """The layers that groups write out."""
    groups: tuple[GoldenGroup, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    """What the firmware is made of, name by name: formats, weights, the meaning of a pixel."""
    costs: Mapping[str, str] = field(default_factory=dict)
    """Cycles and resources by source and quantity; reported when they move, not compared."""

    @property
    def vectors(self) -> int:
        """How many there are, those of groups among them."""
        return len(self.origins) + sum(len(group.origins) for group in self.groups)

    @property
    def pixels(self) -> tuple[RawArray, ...]:
        """The inputs, in port order."""
        return tuple(self.raw[tensor.name] for tensor in self.inputs)

    @property
    def results(self) -> Mapping[str, RawArray]:
        """The layers' results by name."""
        return {tensor.name: self.raw[tensor.name] for tensor in self.layers}


def to_bytes(raw: RawArray, form: FixedFormat) -> bytes:
    """Return integers of a format as the bytes that digests are made of, whatever type holds them.

    They are 8 bytes each, little-endian; above 63 bits, decimal text and a blank each.
    """
    if form.width <= INT64_BITS:
        return np.ascontiguousarray(raw, dtype="<i8").tobytes()
    return "".join(f"{number} " for number in raw.ravel().tolist()).encode()


def record(golden: Golden, folder: Path, *, update: bool = False) -> Path:
    """Write golden vectors, whole or not at all, and return the file.

    Vectors that are the same, whatever tools and costs the header names, leave the file as it is.

    Raises:
        AgreementError: other vectors are there. Without ``update`` they stay; with it they are
            replaced, and the run still fails, so that a person reads the difference.
        OutputError: the folder cannot be written.
    """
    path = folder / FILE_NAME
    text = _write(golden)
    if not path.is_file():
        write_text(path, text)
        return path
    old, new = _compared(_text(path)), _compared(text)
    if old == new:
        return path
    line = next(
        (number for number, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]),
        min(len(old), len(new)),
    )
    difference = f"{_excerpt(old, line)} became {_excerpt(new, line)}"
    if not update:
        raise AgreementError(
            f"the recorded golden vectors differ from today's: {difference}",
            where=path,
            allowed="the same integers",
            remedy="find out why; if the change is meant, record with the update option",
        )
    write_text(path, text)
    raise AgreementError(
        f"the golden vectors were replaced: {difference}",
        where=path,
        remedy="read the difference in version control, commit it, and run again",
    )


def read(folder: Path) -> Golden:
    """Read golden vectors.

    Raises:
        ProjectError: the file is missing, cut off or damaged; names the line.
    """
    path = folder / FILE_NAME
    lines = _text(path).splitlines()
    return _Reader(path, lines).read()


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(
            f"cannot be read: {error}", where=path, allowed=_ALLOWED, remedy=_REMEDY
        ) from error


def _compared(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(_UNCOMPARED)]


def _excerpt(lines: list[str], number: int) -> str:
    line = lines[number] if number < len(lines) else "the end of the file"
    return repr(line if len(line) <= 60 else line[:57] + "...")


# ---- writing -----------------------------------------------------------------------------------


def _write(golden: Golden) -> str:
    lines = [VERSION, f"network {golden.network_digest}", f"project {golden.project_hash}"]
    lines += [f"tool {tool}" for tool in golden.tools]
    lines += [f"cost {name} {number}" for name, number in golden.costs.items()]
    lines += [f"field {name} {text}" for name, text in golden.fields.items()]
    lines += [f"input {_describe(tensor)}" for tensor in golden.inputs]
    lines += [f"layer {_describe(tensor)}" for tensor in golden.layers]
    lines += [f"output {name}" for name in golden.outputs]
    lines += _vectors((*golden.inputs, *golden.layers), golden.origins, golden.raw)
    for group in golden.groups:
        lines += ["", f"group {group.name}"]
        lines += [f"digest {name} {value}" for name, value in group.digests.items()]
        lines += _vectors(_written_out(golden), group.origins, group.raw)
    lines += ["", f"sha256 {_hash(lines)}"]
    return "\n".join(lines) + "\n"


def _vectors(
    tensors: tuple[GoldenTensor, ...], origins: tuple[str, ...], raw: Mapping[str, RawArray]
) -> Iterator[str]:
    for number, origin in enumerate(origins):
        yield from ("", f"vector {number} {origin}")
        for tensor in tensors:
            channels = _channels(raw[tensor.name][number])
            for label, line in zip(_labels(tensor), channels, strict=True):
                yield f"{label} {_squeeze(line)}"


def _written_out(golden: Golden) -> tuple[GoldenTensor, ...]:
    """Return the tensors of which a group holds the numbers."""
    outputs = (tensor for tensor in golden.layers if tensor.name in golden.outputs)
    return (*golden.inputs, *outputs)


def _hash(lines: list[str]) -> str:
    """Return the SHA-256 (hex) of lines, without those that are not compared."""
    kept = (line for line in lines if not line.startswith(_UNCOMPARED))
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()


def _describe(tensor: GoldenTensor) -> str:
    return f"{tensor.name} {'x'.join(map(str, tensor.shape))} {tensor.format}"


def _labels(tensor: GoldenTensor) -> Iterator[str]:
    """Yield the first word of each line of a tensor."""
    if len(tensor.shape) == 1:
        yield tensor.name
    else:
        for channel in range(tensor.shape[-1]):
            yield f"{tensor.name}[{channel}]"


def _channels(raw: RawArray) -> list[list[int]]:
    """Return one list of numbers per line: per channel, or all of a flat tensor."""
    if raw.ndim == 1:
        return [raw.tolist()]
    return [list(line) for line in raw.reshape(-1, raw.shape[-1]).T.tolist()]


def _squeeze(numbers: list[int]) -> str:
    words: list[str] = []
    for number, group in groupby(numbers):
        count = len(list(group))
        words += [f"{number}*{count}"] if count >= _RUN else [str(number)] * count
    return " ".join(words)


# ---- reading -----------------------------------------------------------------------------------


class _Reader:
    """A position in the lines of a golden file."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path, self.lines, self.number = path, lines, 0

    def read(self) -> Golden:
        if self.peek() != VERSION:
            raise self.error(VERSION)
        self.number += 1
        network = self.word("network")
        project = self.word("project")
        tools = tuple(self.words("tool"))
        costs, fields = self.pairs("cost"), self.pairs("field")
        inputs = tuple(map(self.tensor, self.words("input")))
        layers = tuple(map(self.tensor, self.words("layer")))
        outputs = tuple(self.words("output"))
        header = Golden(
            network,
            project,
            tools,
            inputs,
            layers,
            (),
            {},
            outputs=outputs,
            fields=fields,
            costs=costs,
        )
        origins, raw = self.vectors((*inputs, *layers))
        if not origins or not inputs or not layers:
            raise self.error("at least one input, layer and vector")
        groups = []
        while self.peek().startswith("group "):
            groups.append(self.group(_written_out(header)))
        body = self.lines[: self.number - 1]
        if self.word("sha256") != _hash(body) or self.number < len(self.lines):
            self.number -= 1
            raise self.error(
                f"sha256 {_hash(body)} as the last line: something was changed after recording"
            )
        return replace(header, origins=origins, raw=raw, groups=tuple(groups))

    def group(self, tensors: tuple[GoldenTensor, ...]) -> GoldenGroup:
        name = self.word("group")
        digests = self.pairs("digest")
        return GoldenGroup(name, *self.vectors(tensors), digests)

    def vectors(
        self, tensors: tuple[GoldenTensor, ...]
    ) -> tuple[tuple[str, ...], dict[str, RawArray]]:
        """Return origins and numbers of a run of vectors, and go over the empty line behind it."""
        origins: list[str] = []
        rows: dict[str, list[RawArray]] = {tensor.name: [] for tensor in tensors}
        while not self.at_end_of_vectors():
            origins.append(self.word(f"vector {len(origins)}"))
            for tensor in tensors:
                rows[tensor.name].append(self.numbers(tensor))
        return tuple(origins), {name: np.stack(each) for name, each in rows.items() if each}

    def at_end_of_vectors(self) -> bool:
        """Go over the empty line before a vector or what follows the last, and tell which."""
        if self.number >= len(self.lines):
            raise self.error("another vector, or the sha256 of all lines")
        if self.peek() != "":
            raise self.error("an empty line between vectors")
        self.number += 1
        return self.peek().startswith(("sha256 ", "group "))

    def peek(self) -> str:
        return self.lines[self.number] if self.number < len(self.lines) else ""

    def error(self, allowed: str) -> ProjectError:
        at_end = self.number >= len(self.lines)
        return ProjectError(
            "the file ends here" if at_end else f"cannot read {_excerpt(self.lines, self.number)}",
            where=f"{self.path}:{self.number + 1}",
            allowed=allowed,
            remedy=_REMEDY,
        )

    def word(self, key: str) -> str:
        """Return what stands behind a key on this line, and go on."""
        line = self.peek()
        if not line.startswith(key + " "):
            raise self.error(f"{key} ...")
        self.number += 1
        return line[len(key) + 1 :]

    def words(self, key: str) -> Iterator[str]:
        while self.peek().startswith(key + " "):
            yield self.word(key)

    def pairs(self, key: str) -> dict[str, str]:
        """Return what lines say, by the word that comes before it."""
        return dict(text.partition(" ")[::2] for text in self.words(key))

    def tensor(self, text: str) -> GoldenTensor:
        match = re.fullmatch(r"(\S+) (\d+(?:x\d+)*) (\S+)", text)
        try:
            if match is not None:
                shape = tuple(map(int, match[2].split("x")))
                return GoldenTensor(match[1], shape, FixedFormat.parse(match[3]))
        except FormatError:
            pass
        self.number -= 1
        raise self.error("name 32x32x1 ap_fixed<...>")

    def numbers(self, tensor: GoldenTensor) -> RawArray:
        length = prod(tensor.shape) if len(tensor.shape) == 1 else prod(tensor.shape[:-1])
        channels = []
        for label in _labels(tensor):
            numbers = self.line(self.word(label), tensor)
            if len(numbers) != length:
                self.number -= 1
                raise self.error(f"{length} numbers, not {len(numbers)}")
            channels.append(numbers)
        wide = tensor.format.width > 63
        array = np.array(channels, dtype=object if wide else np.int64)
        return array.T.reshape(tensor.shape)

    def line(self, text: str, tensor: GoldenTensor) -> list[int]:
        numbers: list[int] = []
        for word in text.split():
            match = re.fullmatch(r"(-?\d+)(?:\*(\d+))?", word)
            low, high = tensor.format.raw_min, tensor.format.raw_max
            if match is None or not low <= int(match[1]) <= high:
                self.number -= 1
                raise self.error(f"integers from {low} to {high}, not {word!r}")
            numbers += [int(match[1])] * int(match[2] or 1)
        return numbers
