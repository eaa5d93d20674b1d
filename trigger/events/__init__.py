"""Events: one reader or generator per source, all yielding the same HitBatch.

``SOURCES`` names them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from trigger.errors import EventError
from trigger.events import drift_chamber_csv, drift_chamber_text
from trigger.events.batch import HitBatch
from trigger.events.cache import Progress, generated
from trigger.events.drift_chamber_generator import GeneratorOptions
from trigger.events.drift_chamber_kinematics import Reaction
from trigger.events.reader import EventReader


@dataclass(frozen=True, slots=True)
class Source:
    """Where events of one kind come from."""

    summary: str
    classes: tuple[str, ...]
    """Names of the classes that the generator makes."""
    read: Callable[..., EventReader]
    """(path, *, chunk_events=1000, skip_bad=0) -> reader of batches."""
    generate: Callable[..., HitBatch]
    """(class name, events, seed, cache folder, options=None, progress=None, processes=1)."""
    write: Callable[[HitBatch, Path], None]
    """Write a batch as a file of the real data's format."""
    suffix: str
    """Of such a file."""


def read_drift_chamber(
    path: Path | str, *, chunk_events: int = 1000, skip_bad: int = 0
) -> EventReader:
    """Read a text file of events (``.gz`` too), or a CSV file or a folder of them."""
    is_csv = Path(path).is_dir() or Path(path).suffix.lower() == ".csv"
    read = drift_chamber_csv.read if is_csv else drift_chamber_text.read
    return read(path, chunk_events=chunk_events, skip_bad=skip_bad)


def generate_drift_chamber(
    class_name: str,
    events: int,
    seed: int,
    folder: Path,
    options: GeneratorOptions | None = None,
    progress: Progress | None = None,
    processes: int = 1,
) -> HitBatch:
    """Generate events of a class, or read back from ``folder`` what was generated before.

    Raises:
        EventError: there is no such class.
    """
    try:
        reaction = Reaction(class_name)
    except ValueError:
        raise EventError(
            f"there is no class {class_name!r}",
            where="drift_chamber",
            allowed=", ".join(reaction.value for reaction in Reaction),
        ) from None
    return generated(reaction, events, seed, folder, options, progress, processes)


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "drift_chamber": Source(
            summary="hits of the BESIII drift chamber, e+e- -> pi+ pi- l+ l- at the psi(2S)",
            classes=tuple(reaction.value for reaction in Reaction),
            read=read_drift_chamber,
            generate=generate_drift_chamber,
            write=drift_chamber_text.write,
            suffix=".dat",
        ),
    }
)
"""Every source, by its word in design files."""
