"""Source: where events of one kind come from, as files or from a generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from trigger.events.batch import EventBatch
from trigger.events.reader import EventReader


class EventSource(Enum):
    """The kinds of events; the value is the word in design files."""

    DRIFT_CHAMBER = "drift_chamber"
    TOP_JETS = "top_jets"
    SHOWERS = "showers"
    REGION_GRIDS = "region_grids"
    CMS_OBJECTS = "cms_objects"


@dataclass(frozen=True, slots=True)
class Source:
    """A reader, a generator and a writer of one kind of event."""

    kind: EventSource
    summary: str
    batch: type[EventBatch]
    classes: tuple[str, ...]
    """Names of the classes that the generator makes and that files hold."""
    options: type
    """Frozen dataclass: the generator's choices of physics, all with defaults."""
    version: int
    """Raised whenever the same seed gives other events; part of the key of cached chunks."""
    chunk_events: int
    """Events that are made at a time; a killed run loses no more."""
    generate_chunk: Callable[[str, int, int, Any], EventBatch]
    """(class name, index, seed, options) -> ``chunk_events`` events, which depend on nothing else.
    Importable by name, for it runs in other processes."""
    read: Callable[..., EventReader[Any]]
    """(path, *, class_name=None, chunk_events=1000, skip_bad=0) -> reader of batches. The class
    picks events where a file labels them; None takes all."""
    write: Callable[[Any, str, Path], None]
    """(batch, class name, path): a file of the real data's format."""
    suffixes: tuple[str, ...]
    """That such a file may have; the first one unless told otherwise. An empty one is a folder."""
    notes: Callable[[Any], tuple[str, ...]]
    """(options) -> what a reader of the figures must know of generated events."""
