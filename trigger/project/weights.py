"""The constants of a project: decimal text in ``weights/*.txt`` or ``weights/*.h``."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trigger.errors import ProjectError
from trigger.project.folder import ProjectFiles, read_text
from trigger.project.top import TopFunction, line_of

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
