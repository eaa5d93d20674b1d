"""HitBatch as a compressed .npz file: every column under its own name."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import fields
from pathlib import Path

import numpy as np

from trigger.errors import EventError
from trigger.events.batch import HitBatch, Truth
from trigger.files import whole_file

_TRUTH_PREFIX = "truth_"


def write_npz(batch: HitBatch, path: Path) -> None:
    """Write a batch, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    columns = {
        field.name: getattr(batch, field.name)
        for field in fields(HitBatch)
        if field.name != "truth"
    }
    if batch.truth is not None:
        for field in fields(Truth):
            columns[_TRUTH_PREFIX + field.name] = getattr(batch.truth, field.name)
    with whole_file(path) as stream:
        np.savez_compressed(stream, allow_pickle=False, **columns)


def read_npz(path: Path) -> HitBatch:
    """Read a batch that ``write_npz`` wrote.

    Raises:
        EventError: no such file, a damaged one, or columns that make no batch.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            columns = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise EventError(f"cannot be read: {error}", where=path) from error
    truth = {name: columns.pop(name) for name in list(columns) if name.startswith(_TRUTH_PREFIX)}
    try:
        return HitBatch(
            **columns,
            truth=Truth(**{name.removeprefix(_TRUTH_PREFIX): truth[name] for name in truth})
            if truth
            else None,
        )
    except TypeError as error:
        raise EventError(
            f"holds the columns {', '.join([*columns, *truth])}",
            where=path,
            allowed="the columns of a HitBatch",
        ) from error
