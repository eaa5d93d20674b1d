"""Batches as compressed .npz files: every column under its own name."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import numpy as np

from trigger import files
from trigger.errors import EventError
from trigger.events.batch import EventBatch

Batch = TypeVar("Batch", bound=EventBatch)


def write_npz(batch: EventBatch, path: Path) -> None:
    """Write a batch, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    with files.whole_file(path) as stream:
        np.savez_compressed(stream, allow_pickle=False, **batch.columns())


def read_npz(path: Path, kind: type[Batch]) -> Batch:
    """Read a batch that ``write_npz`` wrote.

    Raises:
        EventError: no such file, a damaged one, or columns that make no batch of this kind.
    """
    try:
        columns = files.read_npz(path)
    except (OSError, ValueError) as error:
        raise EventError(f"cannot be read: {error}", where=path) from error
    try:
        return kind.of_columns(columns)
    except EventError as error:
        raise EventError(error.problem, where=path, allowed=error.allowed) from error
