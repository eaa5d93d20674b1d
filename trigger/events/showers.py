"""Showers in a calorimeter: the batch, and files as of the CaloGAN data set.

A file holds the showers of one kind of particle, eplus.h5, gamma.h5 or piplus.h5: data sets
``energy`` (n, 1) in GeV, ``layer_0`` (n, 3, 96), ``layer_1`` (n, 12, 12), ``layer_2`` (n, 12, 6)
and ``overflow`` (n, 3) in MeV (Mendeley Data, doi:10.17632/pvn3xc3wy5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from trigger.errors import EventError
from trigger.events import hdf5_file
from trigger.events.batch import TableBatch, column
from trigger.events.reader import EventReader
from trigger.events.showers_calorimeter import LAYERS
from trigger.events.showers_generator import (
    CHUNK_EVENTS,
    GENERATOR_VERSION,
    Particle,
    ShowerOptions,
    generate,
)
from trigger.events.source import EventSource, Source

MOST_MEV = 1e9
"""Of one cell: beyond any particle, and small enough for sums to be exact."""


@dataclass(frozen=True, slots=True, eq=False)
class ShowerBatch(TableBatch):
    """n showers.

    Raises:
        EventError: energies that are negative or beyond MOST_MEV, or as TableBatch.
    """

    WHAT: ClassVar[str] = "shower batch"

    layer_0: npt.NDArray[np.float32] = column(np.float32, *LAYERS[0].shape)
    """MeV in the strips, (n, phi 3, eta 96)."""
    layer_1: npt.NDArray[np.float32] = column(np.float32, *LAYERS[1].shape)
    """MeV, (n, phi 12, eta 12)."""
    layer_2: npt.NDArray[np.float32] = column(np.float32, *LAYERS[2].shape)
    """MeV, (n, phi 12, eta 6)."""
    overflow: npt.NDArray[np.float32] = column(np.float32, len(LAYERS))
    """MeV beside the cells of each layer."""
    energy_gev: npt.NDArray[np.float32] = column(np.float32)
    """Of the particle."""

    def check(self) -> None:
        for row, problem in _problems(self.columns()).items():
            raise EventError(problem, where=f"{self.WHAT}, event {row}", allowed=_ALLOWED)

    def amplified(self, factor: float) -> ShowerBatch:
        """Return the same showers with the energies of all cells times ``factor``."""
        names = [f"layer_{layer}" for layer in range(len(LAYERS))] + ["overflow"]
        return replace(self, **{name: getattr(self, name) * np.float32(factor) for name in names})

    def quantities(self) -> dict[str, npt.NDArray[Any]]:
        sums = [getattr(self, f"layer_{layer}").sum(axis=(1, 2)) for layer in range(len(LAYERS))]
        total = np.sum(sums, axis=0)
        shares = {
            f"share of layer {layer}": (energy / np.maximum(total, 1e-9))
            for layer, energy in enumerate(sums)
        }
        return {
            "energy of the particle (GeV)": self.energy_gev,
            "energy in cells (GeV)": total / 1000,
            **shares,
        }


_ALLOWED = f"finite energies, of cells from 0 to {MOST_MEV:g} MeV, of particles above 0"
_DATASETS = {"layer_0": "layer_0", "layer_1": "layer_1", "layer_2": "layer_2"} | {
    "overflow": "overflow",
    "energy_gev": "energy",
}
"""Data set of each column."""
_SHAPES: dict[str, tuple[int, ...]] = {
    f"layer_{number}": layer.shape for number, layer in enumerate(LAYERS)
} | {"overflow": (len(LAYERS),), "energy_gev": (1,)}


def _problems(columns: dict[str, npt.NDArray[Any]]) -> dict[int, str]:
    """Return what is wrong with each row that no shower can have."""
    found: dict[int, str] = {}
    for name, values in columns.items():
        flat = values.reshape(len(values), int(np.prod(values.shape[1:])))
        bad = ~((flat >= 0) & (flat <= MOST_MEV))
        if name == "energy_gev":
            bad |= flat == 0
        for row in np.flatnonzero(bad.any(axis=1)).tolist():
            value = flat[row, int(bad[row].argmax())]
            found.setdefault(row, f"{_DATASETS[name]} holds {value:g}")
    return found


def read(
    path: Path | str,
    *,
    class_name: str | None = None,
    chunk_events: int = 1000,
    skip_bad: int = 0,
) -> EventReader[ShowerBatch]:
    """Return a reader of batches of a file, which holds one class, whatever ``class_name`` says.

    Raises:
        EventError: while reading, for a file that is no such HDF5 file, lacks a data set or is cut,
            and for energies that no shower has.
    """
    return EventReader(_pieces(Path(path), chunk_events), chunk_events, skip_bad)


def _pieces(path: Path, chunk_events: int) -> Iterator[ShowerBatch | EventError]:
    with hdf5_file.opened(path) as file:
        sets = {
            name: hdf5_file.rows(file, _DATASETS[name], (shape,), path)
            for name, shape in _SHAPES.items()
        }
        events = hdf5_file.same_length(list(sets.values()))
        for start in range(0, events, chunk_events):
            stop = min(start + chunk_events, events)
            columns = {name: rows.read(start, stop) for name, rows in sets.items()}
            columns["energy_gev"] = columns["energy_gev"][:, 0]
            problems = _problems(columns)
            first = 0
            for row in [*sorted(problems), stop - start]:
                if first < row:
                    good = {name: values[first:row] for name, values in columns.items()}
                    yield ShowerBatch(**good)
                if row in problems:
                    where = f"{path}, event {start + row}"
                    yield EventError(problems[row], where=where, allowed=_ALLOWED)
                first = row + 1


def write(batch: ShowerBatch, class_name: str, path: Path) -> None:
    """Write showers of one class as an HDF5 file.

    Raises:
        EventError: h5py is not installed.
        OutputError: the file cannot be written.
    """
    columns = {_DATASETS[name]: values for name, values in batch.columns().items()}
    hdf5_file.write(path, columns | {"energy": batch.energy_gev[:, None]})


def generate_chunk(class_name: str, index: int, seed: int, options: ShowerOptions) -> ShowerBatch:
    """Return chunk ``index`` of a class, CHUNK_EVENTS showers, the same for the same arguments."""
    particle = Particle(class_name)
    seeds = np.random.SeedSequence([seed, list(Particle).index(particle), index])
    showers = generate(particle, CHUNK_EVENTS, options, np.random.default_rng(seeds))
    layer_0, layer_1, layer_2 = showers.layers
    return ShowerBatch(layer_0, layer_1, layer_2, showers.overflow, showers.energy_gev)


def notes(options: ShowerOptions) -> tuple[str, ...]:
    """Return what a reader of the figures must know of generated showers."""
    front = (
        f"{options.material_in_front_x0:g} radiation lengths of material in front"
        if options.material_in_front_x0
        else "no material in front of the calorimeter"
    )
    return (
        "Showers are parametrised, not simulated: shapes fluctuate in fewer ways than in GEANT4.",
        f"e+ and gamma differ only by where their cascades begin, with {front}: easier to tell "
        "apart than in an experiment, where photons convert on their way.",
        "Particles enter perpendicular to the front face, at its centre; no noise, no pile-up.",
    )


SOURCE = Source(
    kind=EventSource.SHOWERS,
    summary="showers of e+, gamma and pi+ of 1 to 100 GeV in a lead and liquid-argon calorimeter",
    batch=ShowerBatch,
    classes=tuple(particle.value for particle in Particle),
    options=ShowerOptions,
    version=GENERATOR_VERSION,
    chunk_events=CHUNK_EVENTS,
    generate_chunk=generate_chunk,
    read=read,
    write=write,
    suffixes=(".h5", ".hdf5"),
    notes=notes,
)
