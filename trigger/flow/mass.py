"""What a compiled classifier does to the masses of muon pairs in files of unlabelled events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trigger.config import load_contract, load_design
from trigger.emulate import choose
from trigger.errors import DesignError, ProjectError, did_you_mean
from trigger.events import SOURCES, EventSource
from trigger.events.object_batch import ObjectBatch
from trigger.flow.listener import Listener
from trigger.flow.networks import read_network
from trigger.flow.workspace import Workspace
from trigger.images import encode
from trigger.rates import PeakTest, dimuon_mass, measure_peak, predict_classes

SPECTRUM_GEV = (0, 150, 2)
"""From, to, and width of the bins."""


@dataclass(frozen=True, slots=True)
class MassReport:
    """Spectra of the two leading muons' mass, by the class that the firmware gives an event."""

    events: int
    skipped: int
    """Bad events that were left out."""
    deselected: int
    """Events with fewer than two muons or without a jet."""
    edges_gev: tuple[int, ...]
    spectra: dict[str, tuple[int, ...]]
    """Events in each bin, for every class of the design."""
    classified: dict[str, int]
    """Events of each class, of any mass."""
    peak: PeakTest
    """Of the Z, by events that are taken for ``signal``."""
    signal: str


def measure_masses(
    folder: Path,
    paths: Sequence[Path],
    signal: str,
    listener: Listener,
    skip_bad: int = 0,
) -> MassReport:
    """Classify the events of files by a design's firmware and collect their dimuon masses.

    Args:
        folder: of a design of CMS objects that was compiled.
        signal: the class whose events ought to be the peak.
        skip_bad: bad events that are tolerated in each file.

    Raises:
        ProjectError: the folder holds no compiled design.
        DesignError: its events are no CMS objects, or it has no class of that name.
        EventError: a file that is damaged, or of another kind.
    """
    workspace = Workspace(folder)
    if not (workspace.design.is_file() and workspace.contract.is_file()):
        raise ProjectError(
            "is no folder of a compiled design",
            where=folder,
            remedy="run `trigger run DESIGN`, and name its folder under hls_projects/",
        )
    file = load_design(workspace.design)
    if file.events is None or file.events.source is not EventSource.CMS_OBJECTS:
        raise DesignError(
            "its events have no muon pairs",
            where=workspace.design,
            allowed=f"events of {EventSource.CMS_OBJECTS.value}",
        )
    classes = file.events.classes
    if signal not in classes:
        raise DesignError(
            f"the design has no class {signal!r}",
            where="--class",
            allowed=", ".join(classes),
            remedy=did_you_mean(signal, list(classes)),
        )
    network, contract = read_network(folder), load_contract(workspace.contract)
    engine = choose(network)
    masses: list[npt.NDArray[np.float64]] = []
    guesses: list[npt.NDArray[np.int64]] = []
    skipped = deselected = 0
    for number, path in enumerate(paths):
        reader = SOURCES[EventSource.CMS_OBJECTS].read(path, skip_bad=skip_bad)
        for batch in reader:
            scores = engine.run(encode(batch, contract))[network.outputs[0]]
            guesses.append(predict_classes(scores.reshape(len(batch), -1)))
            masses.append(_masses(batch))
        skipped += reader.skipped
        deselected += reader.deselected
        listener.counter("files")(number + 1, len(paths))
    mass = np.concatenate([np.empty(0), *masses])
    guess = np.concatenate([np.empty(0, np.int64), *guesses])
    low, high, width = SPECTRUM_GEV
    edges = tuple(range(low, high + 1, width))
    return MassReport(
        events=len(mass),
        skipped=skipped,
        deselected=deselected,
        edges_gev=edges,
        spectra={
            name: tuple(np.histogram(mass[guess == label], edges)[0].tolist())
            for label, name in enumerate(classes)
        },
        classified={
            name: int(np.count_nonzero(guess == label)) for label, name in enumerate(classes)
        },
        peak=measure_peak(mass, guess == classes.index(signal)),
        signal=signal,
    )


def _masses(batch: ObjectBatch) -> npt.NDArray[np.float64]:
    columns = (batch.muon_pt, batch.muon_eta, batch.muon_phi)
    pt, eta, phi = (column[:, :2] for column in columns)
    return dimuon_mass(pt, eta, phi)
