"""Generated events kept on disk in chunks: what was made is read back, a killed run goes on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from trigger.design import digest_of
from trigger.errors import EventError
from trigger.events.batch import HitBatch, concatenate
from trigger.events.batch_file import read_npz, write_npz
from trigger.events.drift_chamber_generator import (
    CHUNK_EVENTS,
    GENERATOR_VERSION,
    GeneratorOptions,
    chunks_of,
    generate_chunk,
)
from trigger.events.drift_chamber_kinematics import Reaction
from trigger.processes import map_in_order

Progress = Callable[[int, int], None]
"""Called with (events done, events wanted) after each chunk."""


def generated(
    reaction: Reaction,
    events: int,
    seed: int,
    folder: Path,
    options: GeneratorOptions | None = None,
    progress: Progress | None = None,
    processes: int = 1,
) -> HitBatch:
    """Return the events of ``generate``, reading the chunks that ``folder`` holds already.

    The events do not depend on ``processes``, the number of chunks that are made at a time.

    A chunk file is named by a digest of everything that its hits depend on and is written whole, so
    asking for more events, or again after a kill, makes only what is missing. A damaged file is
    made anew.

    Raises:
        OutputError: the folder cannot be written.
    """
    options = options or GeneratorOptions()
    chunks = []
    make = partial(_chunk, reaction, seed, folder, options)
    indices = range(chunks_of(events))
    for index, chunk in enumerate(map_in_order(make, indices, processes=processes)):
        chunks.append(chunk)
        if progress is not None:
            progress(min((index + 1) * CHUNK_EVENTS, events), events)
    return concatenate(chunks).between(0, events)


def chunk_path(
    reaction: Reaction, seed: int, folder: Path, options: GeneratorOptions, index: int
) -> Path:
    """Return the file of one chunk."""
    digest = digest_of(GENERATOR_VERSION, CHUNK_EVENTS, reaction, seed, options)
    return folder / f"drift_chamber_{reaction.value}_{digest[:16]}_{index:05d}.npz"


def _chunk(
    reaction: Reaction, seed: int, folder: Path, options: GeneratorOptions, index: int
) -> HitBatch:
    path = chunk_path(reaction, seed, folder, options, index)
    if path.exists():
        try:
            chunk = read_npz(path)
        except EventError:
            pass  # damaged: made anew below
        else:
            if len(chunk) == CHUNK_EVENTS:
                return chunk
    chunk = generate_chunk(reaction, index, seed, options)
    write_npz(chunk, path)
    return chunk
