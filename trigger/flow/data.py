"""Event files: made, and looked into."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trigger.config import read_options
from trigger.errors import EventError, OutputError, did_you_mean
from trigger.events import SOURCES, EventBatch, Source, generated
from trigger.flow.listener import Listener


@dataclass(slots=True)
class QuantitySum:
    """What is known of one quantity of many events."""

    count: int = 0
    mean: float | None = None
    smallest: float | None = None
    largest: float | None = None

    def add(self, values: np.ndarray) -> None:
        """Take in some more values, of any shape."""
        if not values.size:
            return
        total = self.count + values.size
        mean = float(values.mean(dtype=np.float64))
        known = 0.0 if self.mean is None else self.mean
        low, high = float(values.min()), float(values.max())
        self.mean = known + (mean - known) * values.size / total
        self.smallest = low if self.smallest is None else min(self.smallest, low)
        self.largest = high if self.largest is None else max(self.largest, high)
        self.count = total


@dataclass(frozen=True, slots=True)
class EventCount:
    """What a file holds."""

    events: int
    skipped: int
    """Malformed events that were left out."""
    deselected: int
    """Sound events that the reader's selection left out."""
    quantities: dict[str, QuantitySum]
    """By name, with its unit."""


def make_file(
    path: Path,
    source_name: str,
    class_name: str,
    events: int,
    seed: int,
    options: Sequence[str],
    listener: Listener,
) -> EventCount:
    """Generate events and write them in the real data's format.

    Finished chunks stay beside the file until it is whole: after a kill the same command goes on.

    Args:
        options: the generator's choices of physics, as ``name=value``.

    Raises:
        EventError: an unknown source or class, or a suffix that the format does not have.
        DesignError: an unknown option.
        OutputError: the file or folder cannot be written, or the folder holds something.
    """
    if not path.name:
        raise OutputError("names no file or folder", where=str(path), remedy="give it a name")
    source = _source(source_name)
    chosen = read_options(source.kind, options)
    if class_name not in source.classes:
        raise EventError(
            f"there is no class {class_name!r}",
            where="--class",
            allowed=", ".join(source.classes),
            remedy=did_you_mean(class_name, list(source.classes)),
        )
    if not any(path.name.endswith(each) if each else not path.suffix for each in source.suffixes):
        raise EventError(
            f"the suffix is {path.suffix}" if path.suffix else "there is no suffix",
            where=path,
            allowed=", ".join(each or "none for a folder of files" for each in source.suffixes),
        )
    chunks = path.with_name(f".{path.name}.chunks")
    counter, cores = listener.counter(f"{class_name} events"), os.cpu_count() or 1
    made = generated(source, class_name, events, seed, chunks, chosen, counter, cores)
    source.write(made, class_name, path)
    shutil.rmtree(chunks, ignore_errors=True)
    _, quantities = _count([made])
    return EventCount(len(made), 0, 0, quantities)


def inspect_file(path: Path, source_name: str, skip_bad: int) -> EventCount:
    """Read a whole file in constant memory and say what is in it.

    Raises:
        EventError: a malformed event, with its place and what was expected.
    """
    reader = _source(source_name).read(path, skip_bad=skip_bad)
    events, quantities = _count(reader)
    return EventCount(events, reader.skipped, reader.deselected, quantities)


def _count(batches: Iterable[EventBatch]) -> tuple[int, dict[str, QuantitySum]]:
    events = 0
    sums: dict[str, QuantitySum] = {}
    for batch in batches:
        events += len(batch)
        for name, values in batch.quantities().items():
            sums.setdefault(name, QuantitySum()).add(values)
    return events, sums


def _source(name: str) -> Source:
    known = {kind.value: source for kind, source in SOURCES.items()}
    if name not in known:
        raise EventError(
            f"there is no source {name!r}",
            where="--source",
            allowed=", ".join(known),
            remedy=did_you_mean(name, list(known)),
        )
    return known[name]
