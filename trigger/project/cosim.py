"""What a vendor's co-simulation of the RTL gave: ``tb_data/`` of hls4ml's test bench.

The test bench reads decimal pixels, an event a line with its inputs side by side, and writes
decimal results, a line per output and event. C++ prints six digits, so that is how far numbers can
be compared: ``agrees`` holds for numbers that print alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trigger.errors import ProjectError
from trigger.fixed import RawArray, from_values
from trigger.network import Network

INPUTS = "tb_data/tb_input_features.dat"
PREDICTIONS = "tb_data/tb_output_predictions.dat"
RESULTS = "tb_data/rtl_cosim_results.log"
DIGITS = 6
"""Of a decimal number, as C++ streams print it."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Cosim:
    """Inputs and results of a co-simulation."""

    pixels: tuple[RawArray, ...]
    """Per input: raw (events, *shape)."""
    results: tuple[Values, ...]
    """Per output: values (events, *shape)."""


def read_cosim(project: Path, network: Network) -> Cosim | None:
    """Return what the co-simulation of a project gave; ``None`` where there was none.

    Raises:
        ProjectError: a file is damaged, or of another network.
    """
    if not (project / RESULTS).is_file():
        return None
    shapes = network.shapes
    inputs = [layer.dimensions for layer in network.inputs]
    outputs = [shapes[name] for name in network.outputs]
    rows = _numbers(project / INPUTS, [sum(map(prod, inputs))])[0]
    ends = np.cumsum([prod(shape) for shape in inputs])[:-1]
    pixels = tuple(
        from_values(part.astype(np.float32).reshape(len(part), *layer.dimensions), layer.result)
        for part, layer in zip(np.split(rows, ends, axis=1), network.inputs, strict=True)
    )
    results = _numbers(project / RESULTS, [prod(shape) for shape in outputs])
    if len(results[0]) != len(rows):
        raise ProjectError(
            f"{len(results[0])} events of {len(rows)}",
            where=project / RESULTS,
            allowed=f"as many as {INPUTS} has",
            remedy="run the co-simulation again",
        )
    shaped = tuple(
        values.reshape(len(values), *shape) for values, shape in zip(results, outputs, strict=True)
    )
    return Cosim(pixels, shaped)


def agrees(ours: Values, theirs: Values) -> npt.NDArray[np.bool_]:
    """Tell which numbers are the same as far as printed digits tell."""
    printed = np.array([float(f"{value:.{DIGITS}g}") for value in ours.ravel()])
    return (ours == theirs) | (printed.reshape(ours.shape) == theirs)


def _numbers(path: Path, sizes: list[int]) -> list[Values]:
    """Return the numbers of lines that take turns, (lines, size) for each size."""
    try:
        lines = [line.split() for line in path.read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"cannot be read: {error}", where=path) from error
    rows: list[list[list[float]]] = [[] for _ in sizes]
    for number, words in enumerate(lines):
        size = sizes[number % len(sizes)]
        try:
            values = [float(word) for word in words]
        except ValueError:
            values = []
        if len(values) != size:
            raise ProjectError(
                f"cannot read {' '.join(words)[:60]!r}",
                where=f"{path}:{number + 1}",
                allowed=f"{size} numbers",
                remedy="run the co-simulation again",
            )
        rows[number % len(sizes)].append(values)
    if not lines or len({len(each) for each in rows}) > 1:
        raise ProjectError("ends within an event", where=path, allowed="whole events")
    return [np.array(each) for each in rows]
