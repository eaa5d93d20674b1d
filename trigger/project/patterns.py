"""Pattern files for test benches: text, an event a block, a hexadecimal word for each number.

A word is the two's complement of a raw integer, with as many digits as the format's width takes.
Lines that begin with ``//`` say what follows, so that ``$readmemh`` reads the file as it is; within
an event the tensors come in port order, each row by row with the channels last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from pathlib import Path

import numpy as np

from trigger.errors import FormatError, ProjectError
from trigger.files import write_text
from trigger.fixed import INT64_BITS, FixedFormat, RawArray
from trigger.project.golden import GoldenTensor

VERSION = "// trigger patterns 1"
"""First line of a file; a reader refuses any other."""
WORDS = 16
"""In a line, at most."""

_TENSOR = re.compile(r"// tensor (\S+) (\d+(?:x\d+)*) (\S+)")


def write_patterns(path: Path, tensors: Sequence[GoldenTensor], arrays: Sequence[RawArray]) -> None:
    """Write raw integers, one array (events, *shape) per tensor.

    Raises:
        OutputError: the file cannot be written.
    """
    lines = [VERSION]
    for tensor in tensors:
        shape = "x".join(map(str, tensor.shape))
        lines.append(f"// tensor {tensor.name} {shape} {tensor.format}")
    for event in range(len(arrays[0])):
        lines.append(f"// event {event}")
        for tensor, array in zip(tensors, arrays, strict=True):
            digits, mask = _digits(tensor.format), (1 << tensor.format.width) - 1
            words = [f"{number & mask:0{digits}x}" for number in array[event].ravel().tolist()]
            lines += [" ".join(words[at : at + WORDS]) for at in range(0, len(words), WORDS)]
    write_text(path, "\n".join(lines) + "\n")


def read_patterns(path: Path) -> tuple[tuple[GoldenTensor, ...], tuple[RawArray, ...]]:
    """Return what a file declares, and the raw integers, (events, *shape) per tensor.

    Raises:
        ProjectError: the file is missing or damaged; names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"cannot be read: {error}", where=path, allowed=VERSION) from error
    if not lines or lines[0] != VERSION:
        raise _error(path, 1, lines[0] if lines else "", VERSION)
    tensors: list[GoldenTensor] = []
    events: list[list[str]] = []
    for number, line in enumerate(lines[1:], 2):
        if line.startswith("// tensor ") and not events:
            tensors.append(_tensor(path, number, line))
        elif line == f"// event {len(events)}":
            _expect_whole(path, number, tensors, events)
            events.append([])
        elif line.startswith("//") or (line.strip() and not events):
            raise _error(path, number, line, f"// event {len(events)}, or words")
        elif line.strip():
            events[-1] += line.split()
    _expect_whole(path, len(lines), tensors, events)
    if not events:
        raise _error(path, len(lines), "", "at least one tensor and one event")
    columns = [_numbers(path, number, words, tensors) for number, words in enumerate(events)]
    return tuple(tensors), tuple(np.stack(arrays) for arrays in zip(*columns, strict=True))


def _digits(form: FixedFormat) -> int:
    return -(-form.width // 4)


def _tensor(path: Path, number: int, line: str) -> GoldenTensor:
    match = _TENSOR.fullmatch(line)
    try:
        if match is not None:
            shape = tuple(map(int, match[2].split("x")))
            return GoldenTensor(match[1], shape, FixedFormat.parse(match[3]))
    except FormatError:
        pass
    raise _error(path, number, line, "// tensor name 32x32x1 ap_fixed<...>")


def _expect_whole(
    path: Path, number: int, tensors: Sequence[GoldenTensor], events: Sequence[Sequence[str]]
) -> None:
    """Raise unless the event that ends here has all its words."""
    wanted = sum(prod(tensor.shape) for tensor in tensors)
    if events and len(events[-1]) != wanted:
        raise ProjectError(
            f"event {len(events) - 1} has {len(events[-1])} words",
            where=f"{path}:{number}",
            allowed=str(wanted),
        )


def _numbers(
    path: Path, event: int, words: Sequence[str], tensors: Sequence[GoldenTensor]
) -> list[RawArray]:
    arrays, start = [], 0
    for tensor in tensors:
        form, digits = tensor.format, _digits(tensor.format)
        part = words[start : start + prod(tensor.shape)]
        start += len(part)
        for word in part:
            if not re.fullmatch(f"[0-9a-fA-F]{{{digits}}}", word) or int(word, 16) >> form.width:
                raise ProjectError(
                    f"event {event}, {tensor.name}: cannot read {word!r}",
                    where=path,
                    allowed=f"{digits} hexadecimal digits, {form.width} bits of {form}",
                )
        bits = [int(word, 16) for word in part]
        raw = [each - (1 << form.width) if each > form.raw_max else each for each in bits]
        dtype = np.int64 if form.width <= INT64_BITS else object
        arrays.append(np.array(raw, dtype=dtype).reshape(tensor.shape))
    return arrays


def _error(path: Path, number: int, line: str, allowed: str) -> ProjectError:
    return ProjectError(f"cannot read {line[:60]!r}", where=f"{path}:{number}", allowed=allowed)
