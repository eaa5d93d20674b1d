"""HDF5 files of events: opened, checked and read piece by piece, with errors that name the place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.errors import EventError
from trigger.files import whole_file

MOST_CHUNK_BYTES = 1 << 30
"""Of one chunk of a data set: HDF5 reads whole chunks, so a larger one is a damaged header."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A data set of numbers with one row an event."""

    data: Any
    """h5py.Dataset (n, *shape)."""
    where: str

    def __len__(self) -> int:
        return int(self.data.shape[0])

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """Return rows start..stop-1.

        Raises:
            EventError: they cannot be read.
        """
        try:
            return np.asarray(self.data[start:stop])
        except (OSError, RuntimeError, ValueError, MemoryError) as error:
            raise EventError(
                f"events {start} to {stop - 1} cannot be read: {error}",
                where=self.where,
                remedy="the file is damaged, or compressed by a filter that is not installed",
            ) from error


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open an HDF5 file for reading.

    Raises:
        EventError: h5py is not installed, no such file, or not an HDF5 file, or a cut one.
    """
    h5py = _h5py(path)
    if not path.is_file():
        raise EventError("no such file", where=path, remedy="give the path of an event file")
    try:
        file = h5py.File(path, "r")
    except (OSError, RuntimeError, ValueError) as error:
        raise EventError(
            f"cannot be read: {error}", where=path, allowed="an HDF5 file, whole"
        ) from error
    with file:
        yield file


def names(file: Any) -> tuple[str, ...]:
    """Return the names at the top of an open file."""
    return tuple(map(str, file))


def rows(file: Any, name: str, shapes: tuple[tuple[int, ...], ...], path: Path) -> Rows:
    """Return a data set of an open file, whose rows have one of ``shapes``.

    Raises:
        EventError: it is missing, or holds no numbers, other shapes, or less than it declares.
    """
    where = f"{path}, {name}"
    try:
        data = file.get(name)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise EventError(f"cannot be read: {error}", where=where) from error
    if data is None or not hasattr(data, "shape"):
        raise EventError(
            f"there is no data set {name}",
            where=path,
            allowed=f"data sets with one row an event; there are {', '.join(names(file)) or 'none'}",
        )
    if data.shape is None or data.shape[1:] not in shapes:
        allowed = " or ".join(f"({', '.join(map(str, ('n', *shape)))})" for shape in shapes)
        raise EventError(f"shape is {data.shape}", where=where, allowed=allowed)
    if data.dtype.kind not in "fiu":
        raise EventError(f"holds {data.dtype}", where=where, allowed="numbers")
    if data.chunks and np.prod(data.chunks, dtype=float) * data.dtype.itemsize > MOST_CHUNK_BYTES:
        raise EventError(
            f"chunks of {data.chunks} numbers", where=where, allowed="up to 1 GiB each"
        )
    if data.shape[0] and not data.external and not data.id.get_storage_size():
        raise EventError(f"declares {data.shape[0]:,} events and holds none", where=where)
    return Rows(data, where)


def same_length(columns: Mapping[str, Rows], path: Path) -> int:
    """Return the number of events of data sets.

    Raises:
        EventError: they have different numbers, or no event at all.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {length:,}" for name, length in lengths.items())
        raise EventError(f"{told} events", where=path, allowed="as many in each data set")
    events = next(iter(lengths.values()))
    if not events:
        raise EventError("holds no events", where=path)
    return events


def write(path: Path, columns: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write data sets, compressed by gzip as everybody can read it, whole or not at all.

    Raises:
        EventError: h5py is not installed.
        OutputError: the file cannot be written.
    """
    h5py = _h5py(path)
    buffer = BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, column in columns.items():
            file.create_dataset(name, data=column, compression="gzip" if len(column) else None)
    with whole_file(path) as stream:
        stream.write(buffer.getbuffer())


def _h5py(path: Path) -> Any:
    try:
        import h5py
    except ImportError as error:
        raise EventError(
            "HDF5 files need h5py",
            where=path,
            remedy="install it: pip install 'trigger[formats]'",
        ) from error
    return h5py
