"""Networks, targets and arrays from the folders and files that a user names."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trigger.design import IOType, Target
from trigger.emulate import Agreement, compare, merge
from trigger.errors import ProjectError
from trigger.fixed import FixedFormat, RawArray, from_values
from trigger.flow.comparison import CSIM, EMULATED, run_parts
from trigger.flow.compilation import changed_source
from trigger.flow.workspace import Workspace
from trigger.layers import Pooling2D
from trigger.network import Network
from trigger.project import choose_vectors, csim, read_project
from trigger.project.target import read_target as read_project_target

_EVENTS_AT_A_TIME = 1 << 14


def read_network(folder: Path) -> Network:
    """Return the network of a design's folder, of an HLS project, or of a ``network.json``.

    Raises:
        ProjectError: there is nothing of the kind, or the design's firmware, or what
            ``network.json`` says of it, was changed since it was compiled.
        NetworkError, UnsupportedLayerError: it cannot be understood.
    """
    changed = changed_source(folder)
    if changed is not None:
        raise ProjectError(
            f"{'was changed' if changed.is_file() else 'is missing'} since it was compiled",
            where=changed,
            remedy=f"name {Workspace(folder).project} to take the firmware as it is, or remove "
            "that and run `trigger compile DESIGN`",
        )
    return read_recorded(folder)


def read_recorded(folder: Path) -> Network:
    """Return what ``read_network`` does, also of firmware that was changed: to compare the two."""
    if folder.is_file():
        return Network.load(folder)
    workspace = Workspace(folder)
    if workspace.network.is_file():
        return Network.load(workspace.network)
    return read_project(project_folder(folder))


def project_folder(folder: Path) -> Path:
    """Return the HLS project of a design's folder, or the folder itself.

    Raises:
        ProjectError: there is no such folder.
    """
    if not folder.is_dir():
        raise ProjectError(
            "there is no such folder", where=folder, remedy="run `trigger compile DESIGN` first"
        )
    project = Workspace(folder).project
    return project if project.is_dir() else folder


def read_target(
    folder: Path,
    network: Network,
    part: str | None,
    clock_period_ns: float | None,
    backend: str | None,
) -> Target:
    """Return what a project is built for; see ``project.target.read_target``."""
    streams = {layer.io_type for layer in network.layers if isinstance(layer, Pooling2D)}
    io_type = streams.pop() if len(streams) == 1 else IOType.PARALLEL
    home = folder.parent if folder.is_file() else folder
    return read_project_target(project_folder(home), io_type, part, clock_period_ns, backend)


def read_array(path: Path) -> npt.NDArray[np.generic]:
    """Return the array of a .npy file as a memory map.

    Raises:
        ProjectError: it is missing, or is not an array of numbers.
    """
    try:
        with np.errstate(over="ignore"):
            array: npt.NDArray[np.generic] = np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # of a damaged header NumPy raises whatever its parsers do
        raise ProjectError(
            f"cannot be read: {error}", where=path, allowed="a .npy file of numbers"
        ) from error
    if array.dtype.kind not in "iuf" or array.ndim < 2:
        raise ProjectError(
            "is not an array of numbers with an axis of events",
            where=path,
            allowed="integers (raw) or floats (values) of shape (events, *shape)",
        )
    return array


def count_outside(values: npt.NDArray[np.generic], form: FixedFormat) -> int:
    """Return how many real numbers lie outside a format, whose overflow mode changes them then.

    Args:
        values: (events, *shape); an array of raw integers has none, for these are checked.
    """
    if values.dtype.kind != "f":
        return 0
    low, beyond = (float(raw * form.step) for raw in (form.raw_min, form.raw_max + 1))
    outside = 0
    for start in range(0, len(values), _EVENTS_AT_A_TIME):
        block = np.asarray(values[start : start + _EVENTS_AT_A_TIME])
        outside += int(np.count_nonzero((block < low) | (block >= beyond)))
    return outside


def read_pixels(path: Path, network: Network) -> RawArray:
    """Return the raw pixels of a .npy file for a network's one input; values are quantised.

    Raises:
        ProjectError: as ``read_array``.
        FormatError: a value that is not finite.
    """
    array = read_array(path)
    return from_values(array, network.inputs[0].result) if array.dtype.kind == "f" else array


def build_simulation(folder: Path) -> csim.Simulation:
    """Compile the C simulation of a design's folder, or of an HLS project.

    It is kept in the design's folder; for a foreign project in the system's temporary folder, for
    nothing is written into what is not ours.
    """
    project = project_folder(folder)
    if project != folder:
        return csim.build(project, Workspace(folder).build)
    return csim.build(project, Path(tempfile.gettempdir()) / "trigger-csim")


def compare_with_csim(
    folder: Path,
    pixels: Path | None,
    events: int,
    seed: int,
    progress: Callable[[int, int], None],
) -> Agreement:
    """Run emulator and C simulation of a project on the same events and compare every layer.

    Args:
        pixels: a .npy file for the one input; None takes the test patterns and random events.
        events: number of random events.
    """
    network = read_recorded(folder)
    if pixels is None:
        inputs = choose_vectors(network, random=events, seed=seed).pixels
    else:
        inputs = (read_pixels(pixels, network),)
    return compare_engines(network, build_simulation(folder), inputs, progress)


def compare_engines(
    network: Network,
    simulation: csim.Simulation,
    inputs: tuple[RawArray, ...],
    progress: Callable[[int, int], None],
) -> Agreement:
    """Compare emulator and C simulation on raw pixels, every layer, a part of them at a time."""
    return merge(
        [
            compare(
                network,
                part.emulated,
                part.csim,
                names=(EMULATED, CSIM),
                first_event=part.first_event,
            )
            for part in run_parts(network, simulation, inputs, progress)
        ]
    )
