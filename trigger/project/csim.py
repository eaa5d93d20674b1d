"""C simulation: the project's own C++, compiled and run on raw integers. It is the truth.

``build`` compiles the firmware with a small harness of ours around it; neither hls4ml nor its
bridge takes part. ``run`` feeds raw pixels and returns the raw results of any layers, exactly, for
every width. Layers are traced by saving calls in a temporary copy of the top function; the layer
functions, types, parameters and weights are the project's own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from trigger.errors import ProjectError, ToolError
from trigger.files import whole_folder
from trigger.fixed import FixedFormat, RawArray
from trigger.layers import Shape
from trigger.project.compiler import FLAGS, compile_program, compiler_version, find_compiler
from trigger.project.folder import (
    LOUD_STUB,
    borrowed_headers,
    find_project,
    hash_folder,
    headers_folder,
    stage_firmware,
)
from trigger.project.harness import HARNESS_HEADER, list_traces, write_main, write_traced_top
from trigger.project.top import read_top
from trigger.project.weights import check_weights, list_sources
from trigger.project.wire import from_bytes, to_words

CHUNK_EVENTS = 256
"""Events that one process simulates before its results are handed over."""
TIMEOUT_S = 600.0
"""Longest time for one chunk of events."""
SUM_FILE = "sha256"
"""Beside a compiled simulation: the sum that it had when it was built."""
_FIRMWARE_COMPLAINS = 4
"""Exit code of the harness when it stops by itself (``trigger_csim::stop``)."""


@dataclass(frozen=True, slots=True)
class InputPort:
    """What the compiled firmware says of one of its inputs."""

    name: str
    format: FixedFormat
    elements: int | None
    """Numbers of one event; ``None`` for a stream, which takes any multiple of ``pack``."""
    pack: int
    """Numbers that a stream transports at once."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """A compiled C simulation."""

    executable: Path
    layers: tuple[str, ...]
    """Names of the layers that can be traced, in execution order."""
    outputs: tuple[str, ...]
    """The layers whose results are the firmware's outputs, in port order."""
    inputs: tuple[InputPort, ...]
    project_hash: str
    """SHA-256 of the project's sources and weights."""
    compiler: str
    """First line of ``g++ --version``."""


def build(project_dir: Path, build_dir: Path) -> Simulation:
    """Compile the C simulation of an HLS project, or return one compiled earlier that is whole.

    What is built depends on the sources, the weights, the compiler and the harness only, and is
    kept in ``build_dir`` under a hash of them, whole or not at all. The weights are copied, so
    that a later change of the project cannot change the simulation.

    Raises:
        ProjectError: the project cannot be read or compiled; the compiler's log is kept.
        ToolError: there is no C++ compiler, or it fails at something else than the project.
        OutputError: ``build_dir`` cannot be written.
    """
    files = find_project(project_dir)
    top = read_top(files.top)
    traces = list_traces(top)
    check_weights(files, top)
    compiler = find_compiler()
    version = compiler_version(compiler)
    project_hash = hash_folder(files.firmware)
    sources = tuple(path.name for path in list_sources(files))
    main = write_main(top, "traced_top.h", sources, headers_folder(files))
    traced = write_traced_top(top)
    borrowed = [hash_folder(folder) for folder in borrowed_headers(files)]
    harness = HARNESS_HEADER.read_text()
    key = _hash(project_hash, *borrowed, LOUD_STUB, version, *FLAGS, main, traced, harness)
    home = build_dir.absolute() / f"csim-{key[:16]}"
    if not _is_whole(home):
        with whole_folder(home) as work:
            stage_firmware(files, work / "firmware")
            (work / "main.cpp").write_text(main)
            (work / "traced_top.h").write_text(traced)
            shutil.copy(HARNESS_HEADER, work / "harness.h")
            compile_program(compiler, version, work, home.with_suffix(".log"))
            (work / SUM_FILE).write_text(_sum(work))
        for log in build_dir.glob("csim-*.log"):  # of builds that failed before this one
            with suppress(OSError):
                log.unlink()
    output_names = [port.name for port in top.ports]
    outputs = sorted(
        (trace for trace in traces if trace.tensor in top.ports),
        key=lambda trace: output_names.index(trace.tensor.name),
    )
    return Simulation(
        executable=home / "csim",
        layers=tuple(trace.layer for trace in traces),
        outputs=tuple(trace.layer for trace in outputs),
        inputs=_describe_inputs(home / "csim"),
        project_hash=project_hash,
        compiler=version,
    )


def run(
    simulation: Simulation,
    *pixels: RawArray,
    layers: tuple[str, ...] = (),
    shapes: Mapping[str, Shape] | None = None,
    processes: int = 2,
    progress: Callable[[int], None] | None = None,
) -> Mapping[str, RawArray]:
    """Return the raw results of the named layers (by default, of the outputs) for all events.

    The arguments and errors are those of ``chunks``.
    """
    parts: dict[str, list[RawArray]] = {}
    for results in chunks(
        simulation, *pixels, layers=layers, shapes=shapes, processes=processes, progress=progress
    ):
        for name, raw in results.items():
            parts.setdefault(name, []).append(raw)
    return {name: np.concatenate(blocks) for name, blocks in parts.items()}


def chunks(
    simulation: Simulation,
    *pixels: RawArray,
    layers: tuple[str, ...] = (),
    shapes: Mapping[str, Shape] | None = None,
    processes: int = 2,
    progress: Callable[[int], None] | None = None,
    chunk_events: int = CHUNK_EVENTS,
    timeout_s: float = TIMEOUT_S,
) -> Iterator[Mapping[str, RawArray]]:
    """Yield the raw results of the named layers, some events at a time, in the order of events.

    At most ``processes`` + 1 chunks are in memory, however many events there are.

    Args:
        pixels: one raw array per input port, (events, *shape), within the port's format.
        layers: names of layers, by default those of the outputs.
        shapes: shape of one event's result by layer name, as ``Network.shapes``; the C++ knows
            flat arrays only, so without a shape the results are (events, elements).
        processes: how many copies of the program run at a time.
        progress: called with the number of events done after each chunk.

    Raises:
        ProjectError: pixels that do not fit the ports, an unknown layer, or a simulation that
            crashes, does not end or complains.
    """
    arrays = _check_pixels(simulation, pixels)
    events = len(arrays[0])
    wanted = layers or simulation.outputs
    unknown = [name for name in wanted if name not in simulation.layers]
    if unknown:
        raise ProjectError(
            f"there is no layer {', '.join(unknown)}",
            where="C simulation",
            allowed=", ".join(simulation.layers),
        )

    def simulate(start: int) -> Mapping[str, RawArray]:
        block = [array[start : start + chunk_events] for array in arrays]
        flat = _simulate(simulation, block, tuple(dict.fromkeys(wanted)), start, timeout_s)
        return {name: _shaped(raw, name, shapes) for name, raw in flat.items()}

    with ThreadPoolExecutor(processes) as pool:
        pending: deque[tuple[int, Future[Mapping[str, RawArray]]]] = deque()
        starts = deque(range(0, events, chunk_events))
        try:
            while starts or pending:
                while starts and len(pending) <= processes:
                    start = starts.popleft()
                    pending.append((start, pool.submit(simulate, start)))
                start, future = pending.popleft()
                yield future.result()
                if progress is not None:
                    progress(min(start + chunk_events, events))
        finally:
            for _, future in pending:
                future.cancel()


def _hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _sum(home: Path) -> str:
    """Return the SHA-256 (hex) of what a simulation runs: the program and its weights."""
    program = hashlib.sha256((home / "csim").read_bytes()).hexdigest()
    return _hash(program, hash_folder(home / "firmware" / "weights"))


def _is_whole(home: Path) -> bool:
    """Tell whether what was built is there, undamaged and may be run."""
    try:
        told = (home / SUM_FILE).read_text()
        return told == _sum(home) and os.access(home / "csim", os.X_OK)
    except (OSError, UnicodeDecodeError):
        return False


def _describe_inputs(executable: Path) -> tuple[InputPort, ...]:
    try:
        result = subprocess.run(
            [str(executable), "describe"], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise _not_started(executable, error) from error
    if result.returncode:
        raise ProjectError(
            f"the compiled program does not start: {_death(result.returncode, result.stderr)}",
            where=executable,
            remedy="delete its folder and build it again",
        )
    ports = []
    for line in result.stdout.splitlines():
        name, width, integer, signed, elements, pack = line.split()
        ports.append(
            InputPort(
                name,
                FixedFormat(int(width), int(integer), signed == "1"),
                int(elements) or None,
                int(pack),
            )
        )
    return tuple(ports)


def _check_pixels(simulation: Simulation, pixels: tuple[RawArray, ...]) -> list[RawArray]:
    """Return the pixels of each port as (events, elements)."""
    if len(pixels) != len(simulation.inputs):
        raise ProjectError(
            f"{len(pixels)} arrays for {len(simulation.inputs)} inputs",
            where="C simulation",
            allowed=", ".join(f"{port.name} {port.format}" for port in simulation.inputs),
        )
    arrays = []
    for port, given in zip(simulation.inputs, pixels, strict=True):
        array = np.asarray(given)
        if array.dtype.kind not in "iuO" or array.ndim < 2 or len(array) == 0:
            raise ProjectError(
                f"pixels of shape {array.shape} and type {array.dtype}",
                where=f"input {port.name}",
                allowed="(events, ...) raw integers, at least one event",
            )
        elements = prod(array.shape[1:])
        if elements % port.pack or (port.elements is not None and elements != port.elements):
            raise ProjectError(
                f"pixels of shape {array.shape} have {elements} numbers an event",
                where=f"input {port.name}",
                allowed=str(port.elements) if port.elements else f"a multiple of {port.pack}",
            )
        if array.min() < port.format.raw_min or array.max() > port.format.raw_max:
            raise ProjectError(
                f"pixels lie in {array.min()} to {array.max()}",
                where=f"input {port.name}",
                allowed=f"{port.format.raw_min} to {port.format.raw_max}, "
                f"the raw range of {port.format}",
            )
        arrays.append(array.reshape(len(array), elements))
    if len({len(array) for array in arrays}) > 1:
        raise ProjectError(
            f"the inputs have {', '.join(str(len(array)) for array in arrays)} events",
            where="C simulation",
            allowed="the same number at every input",
        )
    return arrays


def _simulate(
    simulation: Simulation,
    arrays: list[RawArray],
    layers: tuple[str, ...],
    start: int,
    timeout_s: float,
) -> dict[str, RawArray]:
    """Return (events, elements) of each layer for one chunk, from one process."""
    where = f"C simulation of events {start} to {start + len(arrays[0]) - 1}"
    words = [
        to_words(array, port.format) for array, port in zip(arrays, simulation.inputs, strict=True)
    ]
    indices = sorted(simulation.layers.index(name) for name in layers)
    command = [str(simulation.executable), *(str(array.shape[1]) for array in arrays)]
    command += ["--", *map(str, indices)]
    try:
        result = subprocess.run(
            command,
            input=np.concatenate(words, axis=1).tobytes(),
            capture_output=True,
            timeout=timeout_s,
            check=False,
            cwd=simulation.executable.parent / "firmware",
        )
    except subprocess.TimeoutExpired:
        raise ProjectError(
            f"did not end within {timeout_s:g} s",
            where=where,
            remedy="simulate fewer events at a time, or look for a loop that does not end",
        ) from None
    except OSError as error:
        raise _not_started(simulation.executable, error) from error
    if result.returncode:
        raise ProjectError(
            _death(result.returncode, result.stderr.decode(errors="replace")),
            where=where,
            remedy="repair the project; the events before these were simulated without complaint",
        )
    names = [simulation.layers[index] for index in indices]
    found = from_bytes(result.stdout, names, len(arrays[0]), where)
    return {name: found[name] for name in layers}


def _not_started(executable: Path, error: OSError) -> ToolError:
    return ToolError(
        f"the compiled program cannot be started: {error.strerror}",
        where=executable,
        remedy="build in a folder that programs may be run from, with a compiler of this machine",
    )


def _death(code: int, message: str) -> str:
    """Say why a process ended."""
    if code == _FIRMWARE_COMPLAINS:
        return message.strip().splitlines()[-1].removeprefix("csim: ") if message else "stopped"
    if code < 0:
        return f"crashed with {signal.Signals(-code).name}"
    return f"exit code {code}: {message.strip()[-500:]}"


def _shaped(raw: RawArray, name: str, shapes: Mapping[str, Shape] | None) -> RawArray:
    """Return (events, elements) as (events, *shape) if the layer's shape is known."""
    shape = (shapes or {}).get(name)
    if shape is None:
        return raw
    if prod(shape) != raw.shape[1]:
        raise ProjectError(
            f"the C++ makes {raw.shape[1]} numbers an event, not {prod(shape)}",
            where=f"layer {name}",
            allowed=f"the elements of {shape}",
            remedy="read the network from this very project",
        )
    return raw.reshape(len(raw), *shape)
