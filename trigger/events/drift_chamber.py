"""The drift chamber as a source of events: text and CSV files, and a generator."""

from __future__ import annotations

from pathlib import Path

from trigger.events import drift_chamber_csv, drift_chamber_text
from trigger.events.drift_chamber_generator import (
    CHUNK_EVENTS,
    GENERATOR_VERSION,
    GeneratorOptions,
    generate_chunk,
)
from trigger.events.drift_chamber_kinematics import Reaction
from trigger.events.hit_batch import HitBatch
from trigger.events.reader import EventReader
from trigger.events.source import EventSource, Source


def read(
    path: Path | str,
    *,
    class_name: str | None = None,
    chunk_events: int = 1000,
    skip_bad: int = 0,
) -> EventReader[HitBatch]:
    """Read a text file of events (``.gz`` too), or a CSV file or a folder of them.

    A file is one reaction's and does not say which, so ``class_name`` picks nothing.
    """
    is_csv = Path(path).is_dir() or Path(path).suffix.lower() == ".csv"
    chosen = drift_chamber_csv.read if is_csv else drift_chamber_text.read
    return chosen(path, chunk_events=chunk_events, skip_bad=skip_bad)


def write(batch: HitBatch, class_name: str, path: Path) -> None:
    """Write event text, or a folder of CSV files where the path has no suffix.

    Raises:
        OutputError: the file or folder cannot be written, or the folder holds something.
    """
    if path.suffix:
        drift_chamber_text.write(batch, path)
    else:
        drift_chamber_csv.write(batch, path)


def generate(class_name: str, index: int, seed: int, options: GeneratorOptions) -> HitBatch:
    """Return one chunk of a reaction's events."""
    return generate_chunk(Reaction(class_name), index, seed, options)


def _notes(options: GeneratorOptions) -> tuple[str, ...]:
    ceiling = "on" if options.charge_ceiling else "off"
    normalised = "are" if options.path_normalised else "are not"
    return (
        f"The events are generated, not recorded. Their charges {normalised} path-normalised and "
        f"the electronics' charge ceiling is {ceiling}: both decide how far electrons and muons "
        "can be told apart.",
    )


SOURCE = Source(
    kind=EventSource.DRIFT_CHAMBER,
    summary="hits of the BESIII drift chamber, e+e- -> pi+ pi- l+ l- at the psi(2S)",
    batch=HitBatch,
    classes=tuple(reaction.value for reaction in Reaction),
    options=GeneratorOptions,
    version=GENERATOR_VERSION,
    chunk_events=CHUNK_EVENTS,
    generate_chunk=generate,
    read=read,
    write=write,
    suffixes=(".dat", ".dat.gz", ".txt", ".txt.gz", ""),
    notes=_notes,
)
