"""Build a network's library and run events through it."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.emulate import reference
from trigger.emulate.native.compile import build_library, find_compiler
from trigger.emulate.native.door import PIXEL_TYPES, REAL_FRACTIONAL, real_limit
from trigger.emulate.native.kernel import Machine
from trigger.emulate.native.lanes import Lane
from trigger.emulate.native.program import ALIGNMENT, Program, write_program
from trigger.emulate.native.split import Refusal, divide, is_worth_building
from trigger.emulate.reference import check_pixels
from trigger.errors import NetworkError, ToolError
from trigger.fixed import INT64_BITS, RawArray, from_values
from trigger.layers import Input, Layer, Tensor
from trigger.network import Network

CHUNK_BYTES = 2**20
"""Pixels that a thread takes at a time: they stay in its cache between check and use."""

Pixels = npt.NDArray[Any]
"""Events of one input as they were given: integers or real numbers of any NumPy type."""

_REAL_LANES: dict[np.dtype[Any], Lane] = {
    np.dtype(np.float32): Lane.F32,
    np.dtype(np.float64): Lane.F64,
}

_KINDS = {np.dtype(name): number for number, name in enumerate(PIXEL_TYPES)}


@dataclass(frozen=True, eq=False)
class Engine:
    """A network as machine code."""

    network: Network
    program: Program
    path: Path
    """The shared library in the cache."""
    library: ctypes.CDLL = field(repr=False)
    wanted: tuple[str, ...]
    """Names of the layers whose results it gives."""
    interpreted: tuple[Layer, ...]
    """Layers without C, which NumPy evaluates, in execution order."""
    build_seconds: float
    """From network to loaded library; milliseconds when it was in the cache."""

    @cached_property
    def spare(self) -> list[npt.NDArray[np.uint8]]:
        """Scratch memories that no thread is using."""
        return []

    def new_scratch(self) -> npt.NDArray[np.uint8]:
        """Return zeros: the frames around images stay zero ever after."""
        return np.zeros(self.program.scratch_bytes + ALIGNMENT, dtype=np.uint8)

    @cached_property
    def others(self) -> dict[tuple[str, ...], Engine]:
        """Engines of the same network that give other layers."""
        return {}


def build(network: Network, layers: tuple[str, ...] = ()) -> Engine:
    """Compile a network, or load what an earlier call compiled.

    Args:
        layers: whose results are wanted; by default the outputs. Every one of them is stored, so
            that a long list costs speed.

    Raises:
        UnsupportedLayerError: nothing of the network can become C.
        ToolError: no C compiler, or it fails, or the system refuses to load what it made.
        OutputError: the cache folder cannot be written.
    """
    begin = time.perf_counter()
    wanted = tuple(dict.fromkeys(network[name].name for name in layers or network.outputs))
    compiler = find_compiler()
    program, interpreted = _write(network, wanted, compiler.machine)
    path = build_library(program.source, network.digest, compiler)
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise ToolError(
            f"cannot be loaded: {error}",
            where=path,
            remedy="set XDG_CACHE_HOME to a folder that programs may be run from",
        ) from error
    library.trigger_run.restype = ctypes.c_int
    seconds = time.perf_counter() - begin
    return Engine(network, program, path, library, wanted, interpreted, seconds)


def _write(
    network: Network, wanted: tuple[str, ...], machine: Machine
) -> tuple[Program, tuple[Layer, ...]]:
    """Return the C program of all that can become C, and the layers that cannot."""
    refused: frozenset[str] = frozenset()
    while True:
        made, interpreted = divide(network, wanted, refused)
        try:
            return write_program(network, made, machine), interpreted
        except Refusal as refusal:
            refused |= {layer.name for layer in refusal.layers}
            made, _ = divide(network, wanted, refused)
            inputs = any(isinstance(layer, Input) for layer in refusal.layers)
            if inputs or not is_worth_building(network, made):
                raise


def run(
    engine: Engine,
    *pixels: npt.ArrayLike,
    layers: tuple[str, ...] = (),
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Mapping[str, RawArray]:
    """Return the raw results of the named layers (by default, of the outputs).

    Args:
        engine: what ``build`` returned.
        pixels: one array per input of the network, (events, *shape): raw integers of any type, or
            real numbers, which are quantised as ``ap_fixed(double)`` does it.
        layers: names of the layers whose results are wanted; others than the engine's own are
            built when they are first asked for.
        threads: how many work on the events; by default one per core that this process may use.
        progress: called with the number of events done after each chunk.

    Raises:
        NetworkError: wrong number or shape of inputs, or pixels outside the input format.
        FormatError: a real number that is not finite.
    """
    wanted = tuple(dict.fromkeys(layers)) or engine.network.outputs
    if not set(wanted) <= set(engine.wanted):
        if wanted not in engine.others:
            engine.others[wanted] = build(engine.network, wanted)
        return run(
            engine.others[wanted], *pixels, threads=threads, progress=progress, layers=wanted
        )
    arrays = _checked(engine.network, pixels)
    events = len(arrays[0])
    shapes = engine.network.shapes
    results: dict[str, RawArray] = {
        name: np.empty((events, *shapes[name]), dtype=_dtype(engine.network[name]))
        for name in engine.wanted
    }
    done = 0
    event_bytes = sum(array[:1].nbytes for array in arrays) or 1
    block = engine.program.block_events
    step = max(CHUNK_BYTES // event_bytes // block, 1) * block

    def work(start: int) -> int:
        part = slice(start, min(start + step, events))
        chunk = _run_chunk(engine, [array[part] for array in arrays])
        for name, raw in results.items():
            raw[part] = chunk[name].raw
        return part.stop - start

    starts = range(0, events, step)
    workers = min(threads or len(os.sched_getaffinity(0)), max(len(starts), 1))
    if workers == 1:
        counts = map(work, starts)
        for count in counts:
            done += count
            if progress is not None:
                progress(done)
    else:
        with ThreadPoolExecutor(workers) as pool:
            try:
                for count in pool.map(work, starts):
                    done += count
                    if progress is not None:
                        progress(done)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    return {name: results[name] for name in wanted}


def _checked(network: Network, pixels: tuple[npt.ArrayLike, ...]) -> list[Pixels]:
    """Return the arrays after checking number and shapes; their values are checked in chunks."""
    inputs = network.inputs
    if len(pixels) != len(inputs):
        raise NetworkError(
            f"{len(pixels)} arrays for {len(inputs)} inputs",
            where="emulation",
            allowed=", ".join(f"{layer.name} {layer.dimensions}" for layer in inputs),
        )
    arrays = [np.asarray(array) for array in pixels]
    for layer, array in zip(inputs, arrays, strict=True):
        if array.shape[1:] != layer.dimensions or array.dtype.kind not in "iufO":
            check_pixels(layer, array)
            raise NetworkError(f"pixels have dtype {array.dtype}", where=layer.name)
    if any(len(array) != len(arrays[0]) for array in arrays):
        raise NetworkError("the inputs differ in their number of events", where="emulation")
    return arrays


def _dtype(layer: Layer) -> type:
    return np.int64 if layer.result.width <= INT64_BITS else object


def _run_chunk(engine: Engine, chunk: list[Pixels]) -> dict[str, Tensor]:
    """Return the tensors of a chunk of events: those that C makes, then the interpreted ones."""
    network = engine.network
    ready = [_ready(layer, array) for layer, array in zip(network.inputs, chunk, strict=True)]
    shapes = network.shapes
    results = [
        np.empty((len(ready[0]), *shapes[name]), dtype=np.int64) for name in engine.program.wanted
    ]
    scratch = engine.spare.pop() if engine.spare else engine.new_scratch()
    start = scratch.ctypes.data + -scratch.ctypes.data % ALIGNMENT
    outside = engine.library.trigger_run(
        (ctypes.c_void_p * len(ready))(*(array.ctypes.data for array in ready)),
        (ctypes.c_int * len(ready))(*(_KINDS[array.dtype] for array in ready)),
        (ctypes.c_void_p * len(results))(*(array.ctypes.data for array in results)),
        ctypes.c_long(len(ready[0])),
        ctypes.c_void_p(start),
    )
    engine.spare.append(scratch)
    if outside:  # a layer has no result for its input, and says so itself
        return _by_reference(engine, ready)
    tensors = {
        name: Tensor(raw.astype(_dtype(network[name]), copy=False), network[name].result)
        for name, raw in zip(engine.program.wanted, results, strict=True)
    }
    for layer in engine.interpreted:
        raw = layer.evaluate(*(tensors[name] for name in layer.inputs))
        tensors[layer.name] = Tensor(raw, layer.result)
    return tensors


def _by_reference(engine: Engine, ready: list[Pixels]) -> dict[str, Tensor]:
    """Return the tensors of a chunk of events, evaluated by NumPy throughout."""
    network = engine.network
    raw = [
        from_values(pixels, layer.result) if pixels.dtype.kind == "f" else pixels
        for layer, pixels in zip(network.inputs, ready, strict=True)
    ]
    results = reference.run(network, *raw, layers=engine.wanted)
    return {name: Tensor(raw, network[name].result) for name, raw in results.items()}


def _ready(layer: Input, pixels: Pixels) -> Pixels:
    """Return pixels that the C code may read as they are: in range, contiguous, of a known type."""
    if pixels.dtype.kind == "f":
        return _ready_real(layer, pixels)
    if pixels.dtype == object:
        return check_pixels(layer, pixels).astype(np.int64)
    form = layer.result
    limits = np.iinfo(pixels.dtype)
    surely_inside = form.raw_min <= limits.min and limits.max <= form.raw_max
    if not surely_inside and pixels.size:
        low, high = int(pixels.min()), int(pixels.max())
        if low < form.raw_min or high > form.raw_max:
            check_pixels(layer, pixels)  # raises, with all it has to say
    return np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder("="), copy=False))


def _ready_real(layer: Input, pixels: Pixels) -> Pixels:
    """Return real pixels if the C code quantises them exactly, else their raw integers."""
    if pixels.dtype not in _REAL_LANES:
        pixels = pixels.astype(np.float32 if pixels.dtype.itemsize < 4 else np.float64)
    fractional = layer.result.fractional
    if pixels.size and fractional in REAL_FRACTIONAL:
        largest = max(abs(float(pixels.min())), abs(float(pixels.max()))) * 2.0**fractional
        for dtype, lane in _REAL_LANES.items():
            if dtype >= pixels.dtype and largest < real_limit(lane, layer.result):
                return np.ascontiguousarray(pixels.astype(dtype, copy=False))
    return np.ascontiguousarray(from_values(pixels, layer.result).astype(np.int64))
