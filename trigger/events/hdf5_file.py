"""HDF5 files of events: opened, checked and read piece by piece; errors name the place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.errors import EventError
from trigger.events.optional import library
from trigger.files import whole_file

MOST_CHUNK_BYTES = 1 << 30
"""Of one chunk of a data set: HDF5 reads whole chunks, so a larger one is a damaged header."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A data set of numbers with one row an event."""

    data: Any
    """h5py.Dataset (n, *shape)."""
    name: str
    path: Path

    def __len__(self) -> int:
        return int(self.data.shape[0])

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """Return rows start..stop-1.

        Raises:
            EventError: they cannot be read.
        """
        with _damage_told(f"{self.path}, {self.name}"):
            return np.asarray(self.data[start:stop])

    def attribute(self, name: str) -> bytes | None:
        """Return a text that stands beside the data set; None if there is none.

        Raises:
            EventError: it cannot be read.
        """
        with _damage_told(f"{self.path}, {self.name}, {name}"):
            value = self.data.attrs.get(name)
            if isinstance(value, str):
                return value.encode()
            return value.tobytes() if isinstance(value, np.bytes_ | np.void) else None


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open an HDF5 file for reading.

    Raises:
        EventError: h5py or hdf5plugin is not installed, no such file, not an HDF5 file, or a cut
            one.
    """
    h5py = _h5py(path)
    if not path.is_file():
        raise EventError("no such file", where=path, remedy="give the path of an event file")
    with _damage_told(path):
        file = h5py.File(path, "r")
    with file:
        yield file


def names(file: Any, path: Path) -> tuple[str, ...]:
    """Return the names at the top of an open file.

    Raises:
        EventError: they cannot be read.
    """
    with _damage_told(path):
        return tuple(map(str, file))


def rows(file: Any, name: str, shapes: tuple[tuple[int, ...], ...], path: Path) -> Rows:
    """Return a data set of an open file, whose rows have one of ``shapes``.

    Raises:
        EventError: it is missing, or holds no numbers, other shapes, or nothing at all.
    """
    where = f"{path}, {name}"
    with _damage_told(where):
        data = _data_set(file, name, path)
        if not data.shape or data.shape[1:] not in shapes:
            allowed = " or ".join(f"({', '.join(map(str, ('n', *shape)))})" for shape in shapes)
            raise EventError(f"shape is {data.shape}", where=where, allowed=allowed)
        if data.dtype.kind not in "fiu":
            raise EventError(f"holds {data.dtype}", where=where, allowed="numbers")
        return Rows(data, name, path)


def table(file: Any, name: str, record: np.dtype[Any], path: Path) -> Rows:
    """Return a data set of an open file, whose rows are records of these fields.

    Raises:
        EventError: it is missing, or holds other records, or nothing at all.
    """
    where = f"{path}, {name}"
    with _damage_told(where):
        data = _data_set(file, name, path)
        if len(data.shape) != 1 or data.dtype.newbyteorder("=") != record:
            raise EventError(
                f"holds {data.dtype} in shape {data.shape}",
                where=where,
                allowed=f"a table of {record}",
            )
        return Rows(data, name, path)


def _data_set(file: Any, name: str, path: Path) -> Any:
    data = file.get(name)
    if not isinstance(data, _h5py(path).Dataset):
        there = ", ".join(names(file, path)) or "nothing"
        raise EventError(f"there is no data set {name}", where=path, allowed=f"it, not {there}")
    where = f"{path}, {name}"
    chunk_bytes = np.prod(data.chunks or (0,), dtype=float) * data.dtype.itemsize
    if chunk_bytes > MOST_CHUNK_BYTES:
        raise EventError(f"chunks of {data.chunks} numbers", where=where, allowed="1 GiB each")
    if data.shape and data.shape[0] and not data.external and not data.id.get_storage_size():
        raise EventError(f"declares {data.shape[0]:,} events and holds none", where=where)
    return data


def same_length(columns: Sequence[Rows]) -> int:
    """Return the number of events of a file's data sets.

    Raises:
        EventError: they have different numbers, or no event at all.
    """
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        told = ", ".join(f"{column.name} has {len(column):,}" for column in columns)
        raise EventError(
            f"{told} events", where=columns[0].path, allowed="as many in each data set"
        )
    (events,) = lengths
    if not events:
        raise EventError("holds no events", where=columns[0].path)
    return events


def write(
    path: Path,
    columns: Mapping[str, npt.NDArray[Any]],
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Write data sets, compressed by gzip as everybody can read it, whole or not at all; each gets
    the ``attributes``.

    Raises:
        EventError: h5py or hdf5plugin is not installed.
        OutputError: the file cannot be written.
    """
    h5py = _h5py(path)
    buffer = BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, column in columns.items():
            packed = {"compression": "gzip", "shuffle": True} if len(column) else {}
            file.create_dataset(name, data=column, **packed).attrs.update(attributes or {})
    with whole_file(path) as stream:
        stream.write(buffer.getbuffer())


@contextmanager
def _damage_told(where: object) -> Iterator[None]:
    """Turn what HDF5 raises for damaged files, which is of many kinds, into an EventError."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, MemoryError) as error:
        raise EventError(
            f"cannot be read: {error}",
            where=where,
            allowed="a whole HDF5 file, compressed by filters that are installed",
        ) from error


def _h5py(path: Path) -> Any:
    library("hdf5plugin", "formats", path)  # lets HDF5 read what Blosc and others have compressed
    return library("h5py", "formats", path)
