"""The files of the top-tagging reference data set (Zenodo 2603256), and others of that form.

HDF5 as pandas writes a table: the data set ``/table/table`` holds one record a jet, in which
``values_block_0`` are 804 float32 numbers (E, px, py, pz of 200 constituents, then of the top
quark, in GeV) and ``values_block_1`` two int64 (``ttv``, which part of the data set it was in;
``is_signal_new``, 1 for a top quark). Where the file names its columns, as pandas does, they are
taken by name.
"""

from __future__ import annotations

import pickle
import pickletools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.errors import EventError
from trigger.events import hdf5_file
from trigger.events.jet_batch import MOST_CONSTITUENTS, JetBatch, problems_of
from trigger.events.reader import EventReader

LABELS = {"qcd": 0, "top": 1}
"""Of each class, in the column ``is_signal_new``."""

TABLE = "table/table"
MOMENTA = (
    *(f"{axis}_{jet}" for jet in range(MOST_CONSTITUENTS) for axis in ("E", "PX", "PY", "PZ")),
    *(f"truth{axis}" for axis in ("E", "PX", "PY", "PZ")),
)
FLAGS = ("ttv", "is_signal_new")
RECORD = np.dtype(
    [
        ("index", np.int64),
        ("values_block_0", np.float32, (len(MOMENTA),)),
        ("values_block_1", np.int64, (len(FLAGS),)),
    ]
)
_COLUMNS = {"values_block_0": MOMENTA, "values_block_1": FLAGS}
_NAMES = "{}_kind"  # of the attribute in which pandas leaves the names of a block's columns


def read(
    path: Path | str,
    *,
    class_name: str | None = None,
    chunk_events: int = 1000,
    skip_bad: int = 0,
) -> EventReader[JetBatch]:
    """Read the jets of a class, or of all, ``chunk_events`` rows at a time.

    A row that holds no jet or a label other than 0 and 1 is malformed, of whatever class.

    Raises:
        EventError: there is no such class. While reading: no such file, not one of this form, a
            damaged one, one without rows, or a malformed row too many.
    """
    if class_name is not None and class_name not in LABELS:
        raise EventError(f"there is no class {class_name!r}", where=path, allowed=", ".join(LABELS))
    pieces = _pieces(Path(path), class_name, max(1, chunk_events))
    return EventReader(pieces, chunk_events, skip_bad)


def write(batch: JetBatch, class_name: str, path: Path) -> None:
    """Write jets of one class.

    Raises:
        EventError: there is no such class, or h5py is not installed.
        OutputError: the file cannot be written.
    """
    if class_name not in LABELS:
        raise EventError(f"there is no class {class_name!r}", where=path, allowed=", ".join(LABELS))
    write_labelled(batch, np.full(len(batch), LABELS[class_name]), path)


def write_labelled(batch: JetBatch, labels: npt.NDArray[Any], path: Path) -> None:
    """Write jets with a label each, shape (n,); raises as ``write``."""
    records = np.zeros(len(batch), RECORD)
    records["index"] = np.arange(len(batch))
    flat = batch.constituents.reshape(len(batch), -1)
    records["values_block_0"] = np.concatenate([flat, batch.truth], axis=1)
    records["values_block_1"][:, FLAGS.index("is_signal_new")] = labels
    names = {
        _NAMES.format(block): np.bytes_(pickle.dumps(list(columns), protocol=0))
        for block, columns in _COLUMNS.items()
    }
    hdf5_file.write(path, {TABLE: records}, names)


def _pieces(path: Path, class_name: str | None, rows: int) -> Iterator[JetBatch | EventError]:
    with hdf5_file.opened(path) as file:
        table = hdf5_file.table(file, TABLE, RECORD, path)
        events = hdf5_file.same_length([table])
        order = {block: _order(table, block) for block in _COLUMNS}
        for start in range(0, events, rows):
            records = table.read(start, start + rows)
            momenta = records["values_block_0"][:, order["values_block_0"]]
            constituents = momenta[:, :-4].reshape(-1, MOST_CONSTITUENTS, 4)
            truth = momenta[:, -4:]
            labels = records["values_block_1"][:, order["values_block_1"]][:, 1]
            problems = problems_of(constituents, truth)
            for row in map(int, np.flatnonzero((labels != 0) & (labels != 1))):
                problems.setdefault(row, (f"is_signal_new is {labels[row]}", "0 (QCD) or 1 (top)"))
            for row, (problem, allowed) in sorted(problems.items()):
                yield EventError(problem, where=f"{path}, row {start + row}", allowed=allowed)
            good = np.ones(len(records), dtype=bool)
            good[list(problems)] = False
            if class_name is not None:
                good &= labels == LABELS[class_name]
            if good.any():
                yield JetBatch(constituents[good], truth[good])


def _order(table: hdf5_file.Rows, block: str) -> npt.NDArray[np.int64]:
    """Return where each expected column of a block stands: as it says, or else as usual.

    Raises:
        EventError: its columns have other names.
    """
    expected = _COLUMNS[block]
    told = table.attribute(_NAMES.format(block))
    if told is None:
        return np.arange(len(expected))
    names = _words(told)
    if sorted(names) != sorted(expected):
        strange = ", ".join(sorted(set(names) ^ set(expected))[:4]) or "a column twice"
        raise EventError(
            f"the columns of {block} differ from the reference: {strange}",
            where=f"{table.path}, {table.name}",
            allowed=f"{expected[0]}, {expected[1]} ... {expected[-1]}",
        )
    return np.array([names.index(name) for name in expected])


def _words(pickled: bytes) -> list[str]:
    """Return the strings of a pickled list without running it, for a pickle can run anything."""
    try:
        return [word for _, word, _ in pickletools.genops(pickled) if isinstance(word, str)]
    except (ValueError, EOFError, UnicodeError):
        return []
