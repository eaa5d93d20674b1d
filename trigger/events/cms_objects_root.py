"""ROOT files of CMS open data reduced to physics objects, read and written with uproot.

Two layouts are read: one flat tree ``events``, and the three trees ``mymuons/Events``,
``myjets/Events`` and ``mymets/Events`` of the extraction tool (POET), whose entries belong together
by their order; as TTree or RNTuple. Energies are GeV, angles rad, as in ``ObjectBatch``.

Events are kept that have at least two muons and one jet, as in the studies that use these files;
of each the first four muons and six jets, in the file's order.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.errors import EventError
from trigger.events.object_batch import (
    LARGEST_ETA,
    LARGEST_PHI,
    MOST_JETS,
    MOST_MUONS,
    ObjectBatch,
)
from trigger.events.optional import library
from trigger.events.reader import EventReader
from trigger.files import whole_file

FLAT_TREE = "events"
TREES = {"muon": "mymuons/Events", "jet": "myjets/Events", "met": "mymets/Events"}

MUON_BRANCHES = ("muon_pt", "muon_eta", "muon_phi", "muon_ch")
JET_BRANCHES = ("jet_pt", "jet_eta", "jet_phi")
MET_BRANCHES = ("met_pt", "met_phi")

LEAST_MUONS = 2
LEAST_JETS = 1

_STEP_EVENTS = 10_000  # baskets of branches hold thousands, and are unpacked whole

Floats = npt.NDArray[np.float32]


class ObjectReader(EventReader[ObjectBatch]):
    """Batches of the selected events of a file: two muons, one jet, or more."""

    def __init__(self, path: Path, chunk_events: int, skip_bad: int) -> None:
        super().__init__(self._steps(path), chunk_events, skip_bad)

    def _steps(self, path: Path) -> Iterator[ObjectBatch | EventError]:
        try:
            for first, step in _arrays(path):
                selected, problems = _selected(step)
                for event, problem in problems:
                    yield EventError(problem, where=f"{path}, entry {first + event}")
                self.deselected += len(step["numbermuon"]) - len(problems) - len(selected)
                if len(selected):
                    yield selected
        except EventError:
            raise
        # A damaged file makes decoders fail in any way: EOF, zlib, struct, index, assertion ...
        except Exception as error:
            raise EventError(
                f"cannot be read: {' '.join(str(error).split())[:200] or type(error).__name__}",
                where=path,
                allowed=f"a ROOT file with a tree {FLAT_TREE}, or {', '.join(TREES.values())}",
            ) from error


def read(
    path: Path | str,
    *,
    class_name: str | None = None,
    chunk_events: int = 1000,
    skip_bad: int = 0,
) -> ObjectReader:
    """Read the selected events of a ROOT file.

    A file is one sample and does not say which, so ``class_name`` picks nothing.

    Raises:
        EventError: uproot is not installed; and while reading: no such file, a damaged one, missing
            trees or branches, trees of unequal length; an event with a number that is not finite or
            cannot be, or whose counters contradict its arrays.
    """
    return ObjectReader(Path(path), chunk_events, skip_bad)


def write(batch: ObjectBatch, class_name: str, path: Path) -> None:
    """Write the flat layout: every jagged branch has its counter ``n<branch>``.

    The class is not written: a file is one sample.

    Raises:
        EventError: uproot is not installed.
        OutputError: the file cannot be written.
    """
    uproot, awkward = library("uproot", "formats", path), library("awkward", "formats", path)
    branches: dict[str, Any] = {"numbermuon": batch.muons.astype(np.int32)}
    for name in MUON_BRANCHES:
        column = getattr(batch, name.replace("_ch", "_charge"))[batch.muon_filled]
        branches[name] = awkward.unflatten(column.astype(np.float32), batch.muons)
    branches["numberjet"] = batch.jets.astype(np.int32)
    for name in JET_BRANCHES:
        branches[name] = awkward.unflatten(getattr(batch, name)[batch.jet_filled], batch.jets)
    branches |= {name: getattr(batch, name) for name in MET_BRANCHES}
    kinds = {
        name: "var * float32" if name in MUON_BRANCHES + JET_BRANCHES else values.dtype
        for name, values in branches.items()
    }
    content = _Memory()
    with uproot.recreate(content) as file:
        tree = file.mktree(FLAT_TREE, kinds)
        if len(batch):
            tree.extend(branches)
    with whole_file(path) as stream:
        stream.write(content.getvalue())


class _Memory(io.BytesIO):
    """A file in memory whose content outlives uproot's closing it."""

    def close(self) -> None:
        pass


def _arrays(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (entry of the first event, arrays by branch) of some events at a time."""
    uproot = library("uproot", "formats", path)
    with uproot.open(path) as file:
        trees = _trees(file, path)
        entries = {name: tree.num_entries for name, tree in trees.items()}
        if len(set(entries.values())) > 1:
            raise EventError(
                "the trees have different numbers of entries: "
                + ", ".join(f"{name} {number}" for name, number in entries.items()),
                where=path,
                allowed="one entry for each event in all of them",
            )
        wanted = {name: _branches(tree, name, path) for name, tree in trees.items()}
        for first in range(0, next(iter(entries.values())), _STEP_EVENTS):
            step: dict[str, Any] = {}
            for name, tree in trees.items():
                last = first + _STEP_EVENTS
                read = tree.arrays(wanted[name], entry_start=first, entry_stop=last)
                step |= {branch: read[branch] for branch in wanted[name]}
            yield first, step


def _trees(file: Any, path: Path) -> dict[str, Any]:
    there = {name.split(";")[0] for name in file.keys(filter_classname=["TTree", "ROOT::RNTuple"])}
    if FLAT_TREE in there:
        return {FLAT_TREE: file[FLAT_TREE]}
    if set(TREES.values()) <= there:
        return {name: file[name] for name in TREES.values()}
    raise EventError(
        f"the trees are {', '.join(sorted(there)) or 'none'}",
        where=path,
        allowed=f"{FLAT_TREE}, or {', '.join(TREES.values())}",
    )


def _branches(tree: Any, name: str, path: Path) -> list[str]:
    """Return the branches to read: those that are needed, and counters where there are some."""
    kinds = [kind for kind in TREES if name in (FLAT_TREE, TREES[kind])]
    jagged = [each for each in MUON_BRANCHES + JET_BRANCHES if each.split("_")[0] in kinds]
    needed = [f"number{kind}" for kind in kinds if kind != "met"] + jagged
    needed += MET_BRANCHES if "met" in kinds else ()
    there = {str(branch) for branch in tree.keys(recursive=False)}
    missing = [branch for branch in needed if branch not in there]
    if missing:
        raise EventError(
            f"the tree {name} has no branch {', '.join(missing)}",
            where=path,
            allowed=f"branches {', '.join(needed)}",
        )
    return needed + [f"n{branch}" for branch in jagged if f"n{branch}" in there]


def _selected(step: dict[str, Any]) -> tuple[ObjectBatch, list[tuple[int, str]]]:
    """Return the selected events of a step, and (event, what is wrong) of the bad ones."""
    bad = _Problems(len(step["numbermuon"]))
    filled = {
        kind: _filled(step, kind, names, most, bad)
        for kind, names, most in (
            ("muon", MUON_BRANCHES, MOST_MUONS),
            ("jet", JET_BRANCHES, MOST_JETS),
        )
    }
    met = {name: np.asarray(step[name], np.float32) for name in MET_BRANCHES}
    for name, values in met.items():
        bad.add(~np.isfinite(values), f"{name} is not finite")
    bad.add(met["met_pt"] < 0, "met_pt is below 0")
    bad.add(np.abs(met["met_phi"]) > LARGEST_PHI, "met_phi is beyond pi")
    (muons, muon), (jets, jet) = filled["muon"], filled["jet"]
    chosen = (muons >= LEAST_MUONS) & (jets >= LEAST_JETS) & ~bad.events
    muon["muon_charge"] = muon.pop("muon_ch")
    columns = {**muon, "muons": np.minimum(muons, MOST_MUONS)}
    columns |= {**jet, "jets": np.minimum(jets, MOST_JETS), **met}
    batch = ObjectBatch(**{name: values[chosen] for name, values in columns.items()})
    return batch, bad.found()


class _Problems:
    """The first thing that is wrong with each event."""

    def __init__(self, events: int) -> None:
        self.events = np.zeros(events, bool)
        self._first: dict[int, str] = {}

    def add(self, wrong: npt.NDArray[np.bool_], problem: str) -> None:
        for event in np.flatnonzero(wrong & ~self.events):
            self._first[int(event)] = problem
        self.events |= wrong

    def found(self) -> list[tuple[int, str]]:
        return sorted(self._first.items())


def _filled(
    step: dict[str, Any], kind: str, names: tuple[str, ...], most: int, bad: _Problems
) -> tuple[npt.NDArray[np.int64], dict[str, Floats]]:
    """Return how many objects of a kind each event has, (n,), and the first of them, (n, most)."""
    awkward = library("awkward", "formats", "ROOT file")
    number = np.asarray(step[f"number{kind}"], np.int64)
    columns = {}
    for name in names:
        values = step[name]
        lengths = np.asarray(awkward.num(values), np.int64)
        bad.add(lengths != number, f"number{kind} contradicts the length of {name}")
        if f"n{name}" in step:
            counter = np.asarray(step[f"n{name}"], np.int64)
            bad.add(lengths != counter, f"n{name} contradicts the length of {name}")
        every = awkward.values_astype(values, np.float32)
        finite = np.asarray(awkward.all(np.isfinite(every), axis=1))
        bad.add(~finite, f"{name} is not finite")
        for wrong, problem in _limits(name, every):
            bad.add(np.asarray(awkward.any(wrong, axis=1)) & finite, problem)
        padded = awkward.pad_none(every, most, axis=1, clip=True)
        columns[name] = np.asarray(awkward.to_numpy(awkward.fill_none(padded, 0)), np.float32)
    return number, columns


def _limits(name: str, values: Any) -> list[tuple[Any, str]]:
    match name.split("_")[1]:
        case "pt":
            return [(values <= 0, f"{name} is not above 0")]
        case "eta":
            return [(np.abs(values) > LARGEST_ETA, f"{name} is beyond {LARGEST_ETA:g}")]
        case "phi":
            return [(np.abs(values) > LARGEST_PHI, f"{name} is beyond pi")]
        case _:
            return [(np.abs(values) != 1, f"{name} is neither +1 nor -1")]
