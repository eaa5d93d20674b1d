"""Scores of event files larger than memory: a part at a time, and an interrupted run goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trigger.emulate import Choice, choose
from trigger.errors import ProjectError
from trigger.files import cannot_write, write_text
from trigger.fixed import RawArray
from trigger.network import Network
from trigger.scaleout import Spread

CHUNK_EVENTS = 1 << 16
"""Events at a time; memory holds a few such parts of pixels and scores, however many there are."""


def stream_scores(
    network: Network,
    source: Path,
    output: Path,
    progress: Callable[[int, int], None],
    spread: Spread,
    chunk_events: int = CHUNK_EVENTS,
) -> npt.NDArray[np.generic]:
    """Write the raw scores of all events to a .npy file and return it as a memory map.

    They do not depend on where parts are emulated.

    Finished parts stay beside the output while it is made (``.part``): the same call goes on after
    them. The output takes its name when it is whole.

    Args:
        network: with one input and one output of at most 63 bits.
        source: .npy file of (events, *shape), raw integers or real numbers.
        progress: called with (events done, events) after each part.
        spread: where parts are emulated.

    Raises:
        ProjectError: a network with several outputs, or scores wider than 63 bits.
        OutputError: the files cannot be written.
    """
    name = network.outputs[0]
    form = network[name].result
    if len(network.outputs) != 1 or len(network.inputs) != 1 or form.width > 63:
        raise ProjectError(
            f"{len(network.inputs)} inputs, {len(network.outputs)} outputs, {form}",
            where="streamed scores",
            allowed="one input, and one output of at most 63 bits",
            remedy="emulate from Python: trigger.emulate(network, ...)",
        )
    pixels = np.load(source, mmap_mode="r")
    events = len(pixels)
    shape = (events, *network.shapes[name])
    dtype = np.dtype(np.int32 if form.width <= 31 else np.int64)
    part, state = output.with_name(f"{output.name}.part"), output.with_name(f"{output.name}.state")
    key = _key(network.digest, source, pixels, chunk_events)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        done = _finished(part, state, key, shape, dtype)
        if not done:
            np.lib.format.open_memmap(part, mode="w+", dtype=dtype, shape=shape)
        score = partial(_score, network.to_json(), name)
        blocks = _blocks(source, done, chunk_events)
        for start, raw in zip(
            range(done, events, chunk_events), spread(score, blocks), strict=True
        ):
            scores = np.lib.format.open_memmap(part, mode="r+")
            scores[start : start + len(raw)] = raw
            scores.flush()
            del scores
            write_text(state, json.dumps({"key": key, "done": start + len(raw)}))
            progress(start + len(raw), events)
        part.replace(output)
        state.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(output, error) from error
    return np.load(output, mmap_mode="r")


def _blocks(source: Path, start: int, events: int) -> Iterator[npt.NDArray[np.generic]]:
    """Yield the pixels from event ``start`` on, so many events at a time."""
    while True:
        # mapped anew each time, so that pages that were used do not stay in memory
        block = np.array(np.load(source, mmap_mode="r")[start : start + events])
        if not len(block):
            return
        yield block
        start += len(block)


def _score(network: str, output: str, block: npt.NDArray[np.generic]) -> RawArray:
    """Return the raw scores of a block, wherever this runs."""
    return engine_of(network).run(block)[output]


@lru_cache(maxsize=1)
def engine_of(network: str) -> Choice:
    """Return the engine of a network, given as JSON text; a process makes it ready once."""
    return choose(Network.from_json(network))


def _key(
    network_digest: str, source: Path, pixels: npt.NDArray[np.generic], chunk_events: int
) -> str:
    """Return what the finished parts belong to: the network, and the file as it is."""
    told = source.stat()
    texts = (network_digest, pixels.shape, pixels.dtype, told.st_size, told.st_mtime_ns)
    return hashlib.sha256(repr((*texts, chunk_events)).encode()).hexdigest()


def _finished(
    part: Path, state: Path, key: str, shape: tuple[int, ...], dtype: np.dtype[np.generic]
) -> int:
    """Return how many events an interrupted run has finished; 0 where there is none of these."""
    try:
        told = json.loads(state.read_text())
        there = np.load(part, mmap_mode="r")
        if told["key"] == key and there.shape == shape and there.dtype == dtype:
            return int(told["done"])
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        pass
    return 0
