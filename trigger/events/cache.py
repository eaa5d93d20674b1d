"""Generated events kept on disk in chunks: what was made is read back, a killed run goes on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from trigger.design import digest_of
from trigger.errors import EventError
from trigger.events.batch import EventBatch
from trigger.events.batch_file import read_npz, write_npz
from trigger.events.source import Source
from trigger.processes import map_in_order

Progress = Callable[[int, int], None]
"""Called with (events done, events wanted) after each chunk."""


def generated(
    source: Source,
    class_name: str,
    events: int,
    seed: int,
    folder: Path,
    options: Any = None,
    progress: Progress | None = None,
    processes: int = 1,
) -> EventBatch:
    """Return generated events, reading the chunks that ``folder`` holds already.

    Event k of a (class, seed, options) is the same however many events are asked for and on however
    many ``processes`` chunks are made. A chunk file is named by a digest of everything that its
    events depend on and is written whole, so asking for more events, or again after a kill, makes
    only what is missing. A damaged file is made anew.

    Args:
        options: of the source's own kind; None takes its defaults.

    Raises:
        EventError: there is no such class, or a negative number of events or seed.
        OutputError: the folder cannot be written.
    """
    if class_name not in source.classes:
        raise EventError(
            f"there is no class {class_name!r}",
            where=source.kind.value,
            allowed=", ".join(source.classes),
        )
    for name, value in (("events", events), ("seed", seed)):
        if value < 0:
            raise EventError(f"{name} is {value}", where="generator", allowed="0 or more")
    options = source.options() if options is None else options
    chunks = []
    make = partial(_chunk, source, class_name, seed, folder, options)
    indices = range(-(-events // source.chunk_events))
    for index, chunk in enumerate(map_in_order(make, indices, processes=processes)):
        chunks.append(chunk)
        if progress is not None:
            progress(min((index + 1) * source.chunk_events, events), events)
    return source.batch.concatenate(chunks).between(0, events)


def chunk_path(
    source: Source,
    class_name: str,
    seed: int,
    folder: Path,
    options: Any,
    index: int,
) -> Path:
    """Return the file of one chunk."""
    digest = digest_of(source.version, source.chunk_events, class_name, seed, options)
    return folder / f"{source.kind.value}_{class_name}_{digest[:16]}_{index:05d}.npz"


def _chunk(
    source: Source,
    class_name: str,
    seed: int,
    folder: Path,
    options: Any,
    index: int,
) -> EventBatch:
    path = chunk_path(source, class_name, seed, folder, options, index)
    if path.exists():
        try:
            chunk = read_npz(path, source.batch)
        except EventError:
            pass  # damaged: made anew below
        else:
            if len(chunk) == source.chunk_events:
                return chunk
    chunk = source.generate_chunk(class_name, index, seed, options)
    write_npz(chunk, path)
    return chunk
