"""The constants of a project: decimal text in ``weights/*.txt``, headers or source files."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trigger.errors import ProjectError
from trigger.fixed import FixedFormat, RawArray, from_values
from trigger.layers.base import frozen_array
from trigger.project.declarations import Declarations, Text
from trigger.project.folder import ProjectFiles, list_includes, local_headers, read_text
from trigger.project.top import TopFunction, blank, line_of

_PLAIN_LOAD = "load_weights_from_txt"
_REMEDY = "write the project again, or restore the file"
_QUALIFIERS = re.compile(r"\b(?:static|const|constexpr|inline)\s+")
_EXTERN = re.compile(r"^[ \t]*extern\b[^;()]*?\b(\w+)[ \t]*\[[^\]]+\][ \t]*;", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Array:
    """Where an array is defined: its type, its size, and its numbers unless a file brings them."""

    path: Path
    text: str
    type: str
    size: str
    line: int
    numbers: slice | None
    """Of the text."""


def read_numbers(path: Path, count: int) -> npt.NDArray[np.float64]:
    """Return the comma-separated decimals of a ``.txt`` file, as C++ reads them: each a double.

    Raises:
        ProjectError: missing, not numbers, or another count; names the position.
    """
    text = read_text(path)
    return _numbers(path, text, slice(0, len(text)), count)


def _numbers(path: Path, text: str, part: slice, count: int) -> npt.NDArray[np.float64]:
    numbers = []
    position = part.start
    for index, item in enumerate(text[part].rstrip().removesuffix(",").split(",")):
        number = _number(item)
        if number is None:
            raise ProjectError(
                f"value {index + 1} is {item.strip()[:40]!r}",
                where=f"{path}:{line_of(text, position)}, character {position + 1}",
                allowed=f"{count} decimal numbers separated by commas",
                remedy=_REMEDY,
            )
        numbers.append(number)
        position += len(item) + 1
    if len(numbers) != count:
        raise ProjectError(
            f"there are {len(numbers)} values",
            where=path,
            allowed=f"{count} values",
            remedy=_REMEDY,
        )
    return np.array(numbers)


def find_array(files: ProjectFiles, variable: str) -> _Array:
    """Return the definition of a constant array.

    hls4ml writes each array to ``weights/<name>.h``; people gather them in one header, or declare
    them there and define them in a source file of their own.

    Raises:
        ProjectError: it is defined nowhere.
    """
    own = files.weights / f"{variable}.h"
    named = f"{files.weights.name}/{own.name}" in list_includes(files)
    headers = (own,) if named or own.is_file() else local_headers(files)
    sources = (path for path in sorted(files.firmware.glob("*.cpp")) if path != files.top)
    definition = re.compile(
        rf"^[ \t]*(?!extern\b)([A-Za-z_][\w:<>, \t]*?)[ \t]+{re.escape(variable)}[ \t]*"
        r"\[([^\]]*)\]\s*(?:=\s*\{([^{}]*)\}\s*)?;",
        re.MULTILINE,
    )
    for path in (*headers, *sources):
        text = read_text(path)
        found = list(definition.finditer(blank(text)))
        if found:
            first = found[0]
            filled = next((match for match in found if match[3] is not None), None)
            return _Array(
                path,
                text,
                _QUALIFIERS.sub("", first[1]).strip(),
                first[2],
                line_of(text, first.start(1)),
                None if filled is None else slice(*filled.span(3)),
            )
    raise ProjectError(
        f"{variable} is not declared",
        where=own if own.is_file() else files.parameters,
        allowed=f"type {variable}[size] = {{number, ...}}; in {own.relative_to(files.firmware)}, "
        "or in a header that the top function includes",
        remedy=_REMEDY,
    )


def _number(text: str) -> float | None:
    if re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", text) is None:
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def check_weights(files: ProjectFiles, top: TopFunction) -> None:
    """Check every text file that the top function loads: the C++ itself takes a torn one.

    Raises:
        ProjectError: as ``read_numbers``.
    """
    for load in top.loads:
        if load.function == _PLAIN_LOAD and load.count.isdigit():
            read_numbers(files.weights / load.file, int(load.count))


def list_sources(files: ProjectFiles) -> tuple[Path, ...]:
    """Return the source files that define arrays which headers only declare (``extern``).

    Raises:
        ProjectError: such an array is defined nowhere.
    """
    texts = (blank(read_text(path)) for path in local_headers(files))
    names = [name for text in texts for name in _EXTERN.findall(text)]
    paths = dict.fromkeys(find_array(files, name).path for name in names)
    return tuple(path for path in paths if path.suffix == ".cpp")


def read_constant(
    files: ProjectFiles, top: TopFunction, declarations: Declarations, variable: str
) -> tuple[RawArray, FixedFormat]:
    """Return a constant array of the firmware: raw, flat, and its format.

    The C simulation reads ``weights/*.txt`` when the top function loads them, synthesis reads the
    initialiser; they must not differ.

    Raises:
        ProjectError: missing or damaged files, another count than declared, or a difference.
    """
    array = find_array(files, variable)
    where = f"{array.path}:{array.line}"
    form = declarations.format(array.type, where)
    if array.size.strip():
        count = declarations.integer(Text(array.size, where))
    else:  # as many as there are
        count = array.text[array.numbers or slice(0, 0)].strip().rstrip(",").count(",") + 1
    load = next((load for load in top.loads if load.variable == variable), None)
    if load is not None and load.function != _PLAIN_LOAD:
        raise ProjectError(
            f"{variable} is read by nnet::{load.function}",
            where=f"{top.path}:{load.line}",
            allowed=f"nnet::{_PLAIN_LOAD}",
        )
    written = None
    if array.numbers is not None:
        written = _numbers(array.path, array.text, array.numbers, count)
    if load is not None:
        numbers = read_numbers(files.weights / load.file, count)
        differs = np.flatnonzero(numbers != written) if written is not None else np.empty(0)
        if differs.size:
            raise ProjectError(
                f"{load.file} and {array.path.name} differ from value {differs[0] + 1} on",
                where=files.weights,
                allowed="the same numbers for C simulation and synthesis",
                remedy=_REMEDY,
            )
    elif written is not None:
        numbers = written
    else:
        raise ProjectError(
            "there is no array with its numbers",
            where=array.path,
            allowed=f"type {variable}[size] = {{number, ...}};",
            remedy=_REMEDY,
        )
    return frozen_array(from_values(numbers, form), form.width), form
