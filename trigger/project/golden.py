"""Golden vectors: inputs, outputs and layer traces of a firmware as reviewed text.

One file, ``golden/vectors.txt``: a header, then a block of lines per vector. A tensor with
channels takes a line per channel, numbers row by row; ``7*30`` stands for thirty sevens. The last
line is the SHA-256 of those before it, so that a file that was cut off or edited is not taken for
what was recorded. Nothing is compared here but texts: replaying the vectors and comparing integers
is the caller's business.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from math import prod
from pathlib import Path

import numpy as np

from trigger.errors import AgreementError, FormatError, ProjectError
from trigger.files import write_text
from trigger.fixed import FixedFormat, RawArray

FILE_NAME = "vectors.txt"
VERSION = "golden 2"
"""First line of the file; a reader refuses any other."""
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

    @property
    def pixels(self) -> tuple[RawArray, ...]:
        """The inputs, in port order."""
        return tuple(self.raw[tensor.name] for tensor in self.inputs)

    @property
    def results(self) -> Mapping[str, RawArray]:
        """The layers' results by name."""
        return {tensor.name: self.raw[tensor.name] for tensor in self.layers}


def record(golden: Golden, folder: Path, *, update: bool = False) -> Path:
    """Write golden vectors, whole or not at all, and return the file.

    Vectors that are the same, whatever tool versions the header names, leave the file as it is.

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
    return [line for line in text.splitlines() if not line.startswith("tool ")]


def _excerpt(lines: list[str], number: int) -> str:
    line = lines[number] if number < len(lines) else "the end of the file"
    return repr(line if len(line) <= 60 else line[:57] + "...")


# ---- writing -----------------------------------------------------------------------------------


def _write(golden: Golden) -> str:
    lines = [VERSION, f"network {golden.network_digest}", f"project {golden.project_hash}"]
    lines += [f"tool {tool}" for tool in golden.tools]
    lines += [f"input {_describe(tensor)}" for tensor in golden.inputs]
    lines += [f"layer {_describe(tensor)}" for tensor in golden.layers]
    for number, origin in enumerate(golden.origins):
        lines += ["", f"vector {number} {origin}"]
        for tensor in (*golden.inputs, *golden.layers):
            raw = golden.raw[tensor.name][number]
            lines += [
                f"{label} {_squeeze(line)}"
                for label, line in zip(_labels(tensor), _channels(raw), strict=True)
            ]
    lines += ["", f"sha256 {_hash(lines)}"]
    return "\n".join(lines) + "\n"


def _hash(lines: list[str]) -> str:
    """Return the SHA-256 (hex) of lines, without those of tools, which are not compared."""
    kept = (line for line in lines if not line.startswith("tool "))
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
        inputs = tuple(map(self.tensor, self.words("input")))
        layers = tuple(map(self.tensor, self.words("layer")))
        origins: list[str] = []
        rows: dict[str, list[RawArray]] = {tensor.name: [] for tensor in (*inputs, *layers)}
        while not self.at_hash():
            origins.append(self.word(f"vector {len(origins)}"))
            for tensor in (*inputs, *layers):
                rows[tensor.name].append(self.numbers(tensor))
        if not origins or not inputs or not layers:
            raise self.error("at least one input, layer and vector")
        body = self.lines[: self.number - 1]
        if self.word("sha256") != _hash(body) or self.number < len(self.lines):
            self.number -= 1
            raise self.error(
                f"sha256 {_hash(body)} as the last line: something was changed after recording"
            )
        raw = {name: np.stack(arrays) for name, arrays in rows.items()}
        return Golden(network, project, tools, inputs, layers, tuple(origins), raw)

    def at_hash(self) -> bool:
        """Go over the empty line before a vector or the hash, and tell whether the hash is next."""
        if self.number >= len(self.lines):
            raise self.error("another vector, or the sha256 of all lines")
        if self.peek() != "":
            raise self.error("an empty line between vectors")
        self.number += 1
        return self.peek().startswith("sha256 ")

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
