"""The drift chamber's CSV format: one file per event, one hit a line, no truth but the tracks.

    ID, Layer, Wire, Stereo, X, Y, RT, RC, TRK
    0, 0, 10, 1, 14.805, 74.431, 277.312, 705.0, 1

ID counts the hits, X and Y are the middle of the wire in mm, the rest is as in the text format.
A file does not say how many hits it should have: one that was cut between two lines goes unnoticed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from trigger.errors import EventError, OutputError
from trigger.events import wires
from trigger.events.hit_batch import TIME_TICK_NS, HitBatch
from trigger.events.hit_checks import BadHit, check_hits, check_positions
from trigger.events.reader import EventReader
from trigger.files import whole_folder

COLUMNS = ("ID", "Layer", "Wire", "Stereo", "X", "Y", "RT", "RC", "TRK")


def read(
    source: Path | str | Iterable[Path | str], *, chunk_events: int = 1000, skip_bad: int = 0
) -> EventReader[HitBatch]:
    """Return a reader of batches of ``chunk_events`` events.

    Args:
        source: a file, a folder (all its ``.csv`` in the order of the numbers in their names), or
            files in the order wanted. The event number is the last number in a file's name, or its
            place where there is none.
        skip_bad: so many malformed files are dropped and counted in ``skipped``.

    Raises:
        EventError: at once for a missing file or a folder without CSV files; while reading, for a
            malformed line or a wire that is not where the geometry has it.
    """
    files = _files(source)
    return EventReader(_events(files), chunk_events, skip_bad)


def write(batch: HitBatch, folder: Path | str) -> list[Path]:
    """Write each event to ``event_<number>.csv`` of a new folder, whole or not at all.

    Returns:
        The files.

    Raises:
        EventError: two events of one number.
        OutputError: the folder cannot be written, or holds something already.
    """
    folder = Path(folder)
    numbers = batch.event_numbers.tolist()
    if len(set(numbers)) != len(numbers):
        raise EventError(
            "two events have the same number, which names the file",
            where=folder,
            remedy="write them to different folders",
        )
    if folder.is_dir() and any(folder.iterdir()):  # older events would pass for these
        raise OutputError(
            "is not empty", where=folder, allowed="a new or empty folder", remedy="choose another"
        )
    names = [f"event_{number:06d}.csv" for number in numbers]
    with whole_folder(folder) as new:
        for event, name in enumerate(names):
            (new / name).write_text(_text(batch, event), encoding="utf-8")
    return [folder / name for name in names]


def _text(batch: HitBatch, event: int) -> str:
    first, last = batch.offsets[event], batch.offsets[event + 1]
    index = wires.wire_index(batch.layer[first:last], batch.wire[first:last])
    lines = [", ".join(COLUMNS)]
    for hit in range(last - first):
        layer, (x, y) = batch.layer[first + hit], wires.MIDPOINT_UM[index[hit]] / 1000
        lines.append(
            f"{hit}, {layer}, {batch.wire[first + hit]}, {int(wires.STEREO[layer])}, "
            f"{x:.3f}, {y:.3f}, {batch.time_ticks[first + hit] * TIME_TICK_NS:.3f}, "
            f"{float(batch.charge_adc[first + hit])}, {batch.track[first + hit]}"
        )
    return "\n".join(lines) + "\n"


def _files(source: Path | str | Iterable[Path | str]) -> list[Path]:
    if not isinstance(source, (str, Path)):
        files = [Path(file) for file in source]
    elif Path(source).is_dir():
        files = sorted(Path(source).glob("*.csv"), key=lambda file: (_number(file) or 0, file.name))
    else:
        files = [Path(source)]
    if not files:
        raise EventError("no CSV files", where=source, allowed="a folder with one .csv per event")
    for file in files:
        if not file.is_file():
            raise EventError("no such file", where=file, remedy="give the path of an event file")
    return files


def _number(file: Path) -> int | None:
    """Return the last number in a file's name (at most 18 digits of it)."""
    digits = re.findall(r"\d+", file.stem)
    return int(digits[-1][-18:]) if digits else None


def _events(files: list[Path]) -> Iterator[HitBatch | EventError]:
    for place, file in enumerate(files):
        number = _number(file)
        try:
            yield _event(file, place if number is None else number)
        except EventError as error:
            yield error


def _event(file: Path, number: int) -> HitBatch:
    try:
        lines = file.read_bytes().decode("ascii", "backslashreplace").splitlines()
    except OSError as error:
        raise EventError(f"cannot be read: {error}", where=file) from error
    titles = tuple(word.strip().lower() for word in lines[0].split(",")) if lines else ()
    if titles != tuple(column.lower() for column in COLUMNS):
        came = repr(lines[0][:80]) if lines else "an empty file"
        raise EventError(f"expected {', '.join(COLUMNS)}, got {came}", where=f"{file}:1")
    rows, line_of_row = [], []
    for line, text in enumerate(lines[1:], start=2):
        if text.strip():
            rows.append(_row(text, f"{file}:{line}"))
            line_of_row.append(line)
    _, layer, wire, stereo, x, y, time_ns, charge, track = np.array(rows).reshape(-1, 9).T
    checked = check_hits(layer, wire, stereo, time_ns, charge, track)
    misplaced: BadHit | None
    if isinstance(checked, BadHit):
        misplaced = checked
    else:
        known = wires.MIDPOINT_UM[wires.wire_index(checked.layer, checked.wire)] / 1000
        misplaced = check_positions(("X", "Y"), np.stack([x, y], axis=1), known, checked)
        if misplaced is None:
            return HitBatch(
                np.array([number]), np.zeros(1, np.int64), np.array([0, len(rows)]), *checked
            )
    raise EventError(
        f"expected {misplaced.expected}, got {misplaced.came}",
        where=f"{file}:{line_of_row[misplaced.hit]}",
    )


_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,2})?\s*")


def _row(text: str, where: str) -> list[float]:
    words = text.split(",")
    if len(words) != len(COLUMNS):
        raise EventError(
            f"expected {len(COLUMNS)} numbers, {', '.join(COLUMNS)}, got {text[:80]!r}", where=where
        )
    for column, word in zip(COLUMNS, words, strict=True):
        if not _NUMBER.fullmatch(word):
            raise EventError(f"expected {column} as a number, got {word.strip()!r}", where=where)
    return [float(word) for word in words]
