"""Event files: made, and looked into."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from trigger.errors import EventError, OutputError
from trigger.events import SOURCES, Source, drift_chamber_csv, drift_chamber_text
from trigger.events.drift_chamber_generator import GeneratorOptions


@dataclass(frozen=True, slots=True)
class EventCount:
    """What a file holds."""

    events: int
    hits: int
    noise_hits: int
    charge_sum: int
    """ADC counts."""
    charge_max: int | None
    """ADC counts; None without hits."""
    skipped: int


def make_file(
    path: Path, source: str, class_name: str, events: int, seed: int, charge_ceiling: bool
) -> EventCount:
    """Generate events and write them: a folder of CSV files, or event text for any other suffix.

    Raises:
        EventError: an unknown source or class.
        OutputError: the file or folder cannot be written, or the folder holds something.
    """
    if not path.name:
        raise OutputError("names no file or folder", where=str(path), remedy="give it a name")
    options = GeneratorOptions(charge_ceiling=charge_ceiling)
    with TemporaryDirectory(prefix="trigger-") as cache:
        batch = _source(source).generate(class_name, events, seed, Path(cache), options)
    if path.suffix in (".dat", ".txt", ".gz"):
        drift_chamber_text.write(batch, path)
    elif path.suffix == "":
        drift_chamber_csv.write(batch, path)
    else:
        raise EventError(
            f"the suffix is {path.suffix}",
            where=path,
            allowed=".dat, .txt or .dat.gz for event text, none for a folder of CSV files",
        )
    return EventCount(
        len(batch), batch.hits, int((batch.track < 0).sum()), int(batch.charge_adc.sum()), None, 0
    )


def inspect_file(path: Path, source: str, skip_bad: int) -> EventCount:
    """Read a whole file in constant memory and count what is in it.

    Raises:
        EventError: a malformed line, with file, line and what was expected.
    """
    reader = _source(source).read(path, skip_bad=skip_bad)
    events = hits = noise = charge = 0
    largest: int | None = None
    for batch in reader:
        events += len(batch)
        hits += batch.hits
        noise += int((batch.track < 0).sum())
        charge += int(batch.charge_adc.astype("int64").sum())
        if batch.hits:
            largest = max(largest or 0, int(batch.charge_adc.max()))
    return EventCount(events, hits, noise, charge, largest, reader.skipped)


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise EventError(
            f"there is no source {name!r}", where="--source", allowed=", ".join(SOURCES)
        )
    return SOURCES[name]
