"""Calorimeter region grids: transverse energies of 18 x 14 regions, as the trigger's first layer
sums them, and their files.

An HDF5 file holds ``CaloRegions``, (n, 18, 14), phi by eta, whole numbers of 0.5 GeV from 0 to 1023
of whatever type, or its thirds in phi, ``CaloRegions1`` to ``CaloRegions3``, (n, 6, 14): the files
of the CICADA project. Other data sets are left alone. A ``.npz`` file has ``CaloRegions`` too, a
``.npy`` file is that array. Rows of 252 numbers and a last axis of 1 are the same grids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from trigger.errors import EventError
from trigger.events import hdf5_file
from trigger.events.batch import TableBatch, column
from trigger.events.reader import EventReader
from trigger.events.region_grids_generator import (
    CHUNK_EVENTS,
    ETA_REGIONS,
    GENERATOR_VERSION,
    MOST_COUNTS,
    PHI_REGIONS,
    STEP_GEV,
    Process,
    RegionOptions,
    generate,
)
from trigger.events.source import EventSource, Source
from trigger.files import whole_file

_ALLOWED = f"whole numbers from 0 to {MOST_COUNTS}"


@dataclass(frozen=True, slots=True, eq=False)
class RegionBatch(TableBatch):
    """n crossings.

    Raises:
        EventError: counts beyond MOST_COUNTS, or as TableBatch.
    """

    WHAT: ClassVar[str] = "region batch"

    et: npt.NDArray[np.uint16] = column(np.uint16, PHI_REGIONS, ETA_REGIONS)
    """Transverse energy in steps of 0.5 GeV, (n, phi 18, eta 14), 10 bits."""

    def check(self) -> None:
        if self.et.size and self.et.max() > MOST_COUNTS:
            raise EventError(f"et is {self.et.max()}", where=self.WHAT, allowed=_ALLOWED)

    def amplified(self, factor: float) -> RegionBatch:
        """Return the same crossings with their energies times ``factor``, in whole counts."""
        return RegionBatch(np.minimum(np.rint(self.et * factor), MOST_COUNTS).astype(np.uint16))

    def quantities(self) -> dict[str, npt.NDArray[Any]]:
        flat = self.et.reshape(len(self), PHI_REGIONS * ETA_REGIONS)
        return {
            "sum of regions (GeV)": flat.sum(axis=1) * STEP_GEV,
            "highest region (GeV)": flat.max(axis=1) * STEP_GEV,
            "regions above 10 GeV": (flat * STEP_GEV > 10).sum(axis=1),
        }


_NAME = "CaloRegions"
_SHAPES: tuple[tuple[int, ...], ...] = (
    (PHI_REGIONS, ETA_REGIONS),
    (PHI_REGIONS, ETA_REGIONS, 1),
    (PHI_REGIONS * ETA_REGIONS,),
)
_THIRDS = tuple(f"{_NAME}{third}" for third in (1, 2, 3))

_Rows = Callable[[int, int], npt.NDArray[Any]]
"""(start, stop) -> those events of a file, of any of the shapes."""


def read(
    path: Path | str,
    *,
    class_name: str | None = None,
    chunk_events: int = 1000,
    skip_bad: int = 0,
) -> EventReader[RegionBatch]:
    """Return a reader of batches of a file, which holds one class, whatever ``class_name`` says.

    Raises:
        EventError: while reading, for a file of another kind, cut or damaged, and for energies that
            are no 10-bit integers.
    """
    return EventReader(_pieces(Path(path), chunk_events), chunk_events, skip_bad)


def _pieces(path: Path, chunk_events: int) -> Iterator[RegionBatch | EventError]:
    is_numpy = path.suffix.lower() in (".npy", ".npz")
    with (_numpy_file if is_numpy else _hdf5_file)(path) as (events, rows):
        for start in range(0, events, chunk_events):
            stop = min(start + chunk_events, events)
            grids = rows(start, stop).reshape(stop - start, PHI_REGIONS, ETA_REGIONS)
            with np.errstate(invalid="ignore"):
                fine = (grids >= 0) & (grids <= MOST_COUNTS) & (grids == np.floor(grids))
            first = 0
            for row in [*np.flatnonzero(~fine.all(axis=(1, 2))).tolist(), stop - start]:
                if first < row:
                    yield RegionBatch(grids[first:row].astype(np.uint16))
                if row < stop - start:
                    value = grids[row][~fine[row]][0]
                    where = f"{path}, event {start + row}"
                    yield EventError(f"a region holds {value:g}", where=where, allowed=_ALLOWED)
                first = row + 1


@contextmanager
def _hdf5_file(path: Path) -> Iterator[tuple[int, _Rows]]:
    with hdf5_file.opened(path) as file:
        names = hdf5_file.names(file, path)
        if _NAME not in names and _THIRDS[0] in names:
            third = ((PHI_REGIONS // 3, ETA_REGIONS),)
            parts = [hdf5_file.rows(file, name, third, path) for name in _THIRDS]
        else:
            parts = [hdf5_file.rows(file, _NAME, _SHAPES, path)]

        def rows(start: int, stop: int) -> npt.NDArray[Any]:
            read = [part.read(start, stop) for part in parts]
            return read[0] if len(read) == 1 else np.concatenate(read, axis=1)

        yield hdf5_file.same_length(parts), rows


@contextmanager
def _numpy_file(path: Path) -> Iterator[tuple[int, _Rows]]:
    if not path.is_file():
        raise EventError("no such file", where=path, remedy="give the path of an event file")
    grids = _array(path)
    where = str(path)
    if grids.ndim < 2 or grids.shape[1:] not in _SHAPES:
        allowed = f"(n, {PHI_REGIONS}, {ETA_REGIONS})"
        raise EventError(f"shape is {grids.shape}", where=where, allowed=allowed)
    if grids.dtype.kind not in "fiu":
        raise EventError(f"holds {grids.dtype}", where=where, allowed="numbers")
    if not len(grids):
        raise EventError("holds no events", where=where)
    yield len(grids), lambda start, stop: np.asarray(grids[start:stop])


def _array(path: Path) -> npt.NDArray[Any]:
    """Return the array of a ``.npy`` file, left on disk, or the one of a ``.npz`` file."""
    names: list[str] = []
    try:
        stored = np.load(path, mmap_mode="r", allow_pickle=False)
        if isinstance(stored, np.ndarray):
            return stored
        with stored:
            names = list(stored.files)
            if _NAME in names:
                return np.asarray(stored[_NAME])
    except Exception as error:  # headers are parsed as Python: damaged ones raise anything
        raise EventError(f"cannot be read: {error}", where=path) from error
    raise EventError(f"holds {', '.join(names) or 'nothing'}", where=path, allowed=_NAME)


def write(batch: RegionBatch, class_name: str, path: Path) -> None:
    """Write crossings of one class: by the file's name a ``.npy``, ``.npz`` or HDF5 file.

    Raises:
        EventError: h5py is not installed.
        OutputError: the file cannot be written.
    """
    match path.suffix.lower():
        case ".npy":
            with whole_file(path) as stream:
                np.save(stream, batch.et)
        case ".npz":
            with whole_file(path) as stream:
                np.savez_compressed(stream, allow_pickle=False, **{_NAME: batch.et})
        case _:
            hdf5_file.write(path, {_NAME: batch.et})


def generate_chunk(class_name: str, index: int, seed: int, options: RegionOptions) -> RegionBatch:
    """Return chunk ``index`` of a class, CHUNK_EVENTS crossings, the same for the same
    arguments."""
    process = Process(class_name)
    seeds = np.random.SeedSequence([seed, list(Process).index(process), index])
    return RegionBatch(generate(process, CHUNK_EVENTS, options, np.random.default_rng(seeds)))


def notes(options: RegionOptions) -> tuple[str, ...]:
    """Return what a reader of the figures must know of generated grids."""
    return (
        "Region grids are parametrised, not simulated: rates and efficiencies show how designs "
        "compare, not what an experiment would find.",
        f"Zero bias has {options.pileup:g} collisions on average, jets at the rate of Pythia 8 and "
        "rare false energy; no pulses from neighbouring crossings, no dead or changing channels.",
    )


SOURCE = Source(
    kind=EventSource.REGION_GRIDS,
    summary="transverse energies of 18 x 14 calorimeter regions: zero bias and signals at the LHC",
    batch=RegionBatch,
    classes=tuple(process.value for process in Process),
    options=RegionOptions,
    version=GENERATOR_VERSION,
    chunk_events=CHUNK_EVENTS,
    generate_chunk=generate_chunk,
    read=read,
    write=write,
    suffixes=(".h5", ".hdf5", ".npy", ".npz"),
    notes=notes,
)
