"""The design's own events that belong among test vectors: typical ones, and the highest scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trigger.config import DesignFile, load_contract, load_design
from trigger.emulate import emulate
from trigger.fixed import RawArray
from trigger.flow.listener import Listener
from trigger.flow.samples import make_events
from trigger.flow.workspace import Workspace
from trigger.images import encode
from trigger.network import Network
from trigger.project import Vectors

HIGHEST = 4
"""Events of each class with the highest scores."""
MOST = 5000
"""Events of each class that are looked at."""


def pick_events(
    folder: Path, network: Network, listener: Listener
) -> tuple[Vectors, Vectors] | None:
    """Return a typical event of each class (median score), and the highest scores of each.

    ``None`` where the folder does not say what its events are, or they are not there any more;
    none are generated for this.

    Raises:
        Errors of the event files, if they are there and damaged.
    """
    workspace = Workspace(folder)
    if not (workspace.design.is_file() and workspace.contract.is_file()):
        return None
    file = load_design(workspace.design)
    if file.events is None or not _are_there(file, workspace):
        return None
    if file.events.generate is not None:  # what was generated is kept; its text files say the same
        kept = replace(file.events.generate, event_files=False)
        file = replace(file, events=replace(file.events, generate=kept))
    contract = load_contract(workspace.contract)
    batches = make_events(file, workspace.events, 0, listener).batches
    typical: list[tuple[str, RawArray]] = []
    highest: list[tuple[str, RawArray]] = []
    for name, batch in zip(file.events.classes, batches, strict=True):
        drawn = file.task.draw([batch.select(np.arange(min(MOST, len(batch))))])
        pixels = encode(drawn.batch, contract)
        shown = [f"event {event}" for event in drawn.event_ids]
        if file.labels != file.events.classes:
            shown = [
                f"{event}, {file.labels[label]}"
                for event, label in zip(shown, drawn.labels, strict=True)
            ]
        order = np.argsort(_scores(network, pixels), kind="stable")
        median = int(order[len(order) // 2])
        typical.append((f"typical {name}: {shown[median]}", pixels[median]))
        for image in order[: -HIGHEST - 1 : -1].tolist():
            highest.append((f"high score of {name}: {shown[image]}", pixels[image]))
    return _vectors(typical), _vectors(highest)


def _are_there(file: DesignFile, workspace: Workspace) -> bool:
    assert file.events is not None
    if file.events.generate is not None:
        return any(workspace.events.glob("*.npz"))
    return all(Path(path).is_file() for paths in file.events.files.values() for path in paths)


def _scores(network: Network, pixels: RawArray) -> npt.NDArray[np.int64]:
    """Return what orders the images: the last number, which speaks for the last class, or the sum
    of a map of numbers."""
    scores = emulate(network, pixels)
    first = np.asarray(scores[0] if isinstance(scores, tuple) else scores)
    if first.ndim > 2:
        return np.asarray(first.reshape(len(pixels), -1).sum(axis=1))
    return np.asarray(first.reshape(len(pixels), -1)[:, -1])


def _vectors(picked: list[tuple[str, RawArray]]) -> Vectors:
    origins, pixels = zip(*picked, strict=True)
    return Vectors((np.stack(pixels).astype(np.int64),), tuple(origins))
