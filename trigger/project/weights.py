"""The constants of a project: decimal text in ``weights/*.txt`` or ``weights/*.h``."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trigger.errors import ProjectError
from trigger.fixed import FixedFormat, RawArray, from_values
from trigger.layers.base import frozen_array
from trigger.project.declarations import Declarations, Text
from trigger.project.folder import ProjectFiles, read_text
from trigger.project.top import TopFunction, blank, line_of

_INITIALISER = re.compile(r"\b(\w+)\s*\[[^\]]*\]\s*=\s*\{(.*?)\}\s*;", re.DOTALL)
_PLAIN_LOAD = "load_weights_from_txt"
_REMEDY = "write the project again, or restore the file"


def read_numbers(path: Path, count: int) -> npt.NDArray[np.float64]:
    """Return the numbers of a weights file, as C++ reads them: each a double.

    A ``.txt`` is one line of comma-separated decimals; a ``.h`` holds an array initialiser.

    Raises:
        ProjectError: missing, not numbers, or another count; names the position.
    """
    text = read_text(path)
    start = 0
    if path.suffix == ".h":
        match = _INITIALISER.search(text)
        if match is None:
            raise ProjectError(
                "there is no array with its numbers",
                where=path,
                allowed="type name[size] = {number, ...};",
                remedy=_REMEDY,
            )
        start, text = match.start(2), text[: match.end(2)]
    numbers = []
    position = start
    for index, item in enumerate(text[start:].rstrip().split(",")):
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


def read_constant(
    files: ProjectFiles, top: TopFunction, declarations: Declarations, variable: str
) -> tuple[RawArray, FixedFormat]:
    """Return a constant array of the firmware: raw, flat, and its format.

    The C simulation reads ``weights/*.txt`` when the top function loads them, synthesis reads the
    initialiser in ``weights/*.h``; they must not differ.

    Raises:
        ProjectError: missing or damaged files, another count than declared, or a difference.
    """
    header = files.weights / f"{variable}.h"
    text = read_text(header)
    match = re.search(
        rf"^\s*([\w:<>, ]+?)\s+{re.escape(variable)}\s*\[([^\]]+)\]", blank(text), re.M
    )
    if match is None:
        raise ProjectError(
            f"{variable} is not declared",
            where=header,
            allowed=f"type {variable}[size]",
            remedy=_REMEDY,
        )
    where = f"{header}:{line_of(text, match.start(1))}"
    form = declarations.format(match[1], where)
    count = declarations.integer(Text(match[2], where))
    in_header = _INITIALISER.search(text) is not None
    load = next((load for load in top.loads if load.variable == variable), None)
    if load is None:
        numbers = read_numbers(header, count)
    elif load.function != _PLAIN_LOAD:
        raise ProjectError(
            f"{variable} is read by nnet::{load.function}",
            where=f"{top.path}:{load.line}",
            allowed=f"nnet::{_PLAIN_LOAD}",
        )
    else:
        numbers = read_numbers(files.weights / load.file, count)
        if in_header:
            differs = np.flatnonzero(read_numbers(header, count) != numbers)
            if differs.size:
                raise ProjectError(
                    f"{load.file} and {header.name} differ from value {differs[0] + 1} on",
                    where=files.weights,
                    allowed="the same numbers for C simulation and synthesis",
                    remedy=_REMEDY,
                )
    return frozen_array(from_values(numbers, form), form.width), form
