"""The state between two epochs of a fit: what a resumed fit needs to go on as if nothing was."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.errors import ModelError
from trigger.files import whole_file
from trigger.training.spec import EpochRecord
from trigger.training.store import read_arrays, read_row

CHECKPOINT_FILE = "checkpoint.npz"

ArrayList = tuple[npt.NDArray[Any], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """Everything that changes from epoch to epoch."""

    digest: str
    """Of the training that it belongs to."""
    history: tuple[EpochRecord, ...]
    """One record per epoch done."""
    weights: ArrayList
    """Of the model that is fitted: pruning masks and steps included."""
    optimiser: ArrayList
    """Variables of the optimiser, its step count included."""
    best_epoch: int
    """The epoch (from 1) with the smallest validation loss so far; 0 for none."""
    best_weights: ArrayList
    """Weights at that epoch; empty for none."""


def write_checkpoint(checkpoint: Checkpoint, folder: Path) -> None:
    """Write a checkpoint, whole or not at all; raises OutputError where that is impossible."""
    record = {
        "digest": checkpoint.digest,
        "best_epoch": checkpoint.best_epoch,
        "history": [dataclasses.asdict(epoch) for epoch in checkpoint.history],
    }
    arrays: dict[str, Any] = {"record": np.array(json.dumps(record))}
    for group in ("weights", "optimiser", "best_weights"):
        for index, array in enumerate(getattr(checkpoint, group)):
            arrays[f"{group}/{index}"] = array
    with whole_file(folder / CHECKPOINT_FILE) as stream:
        np.savez(stream, **arrays)


def read_checkpoint(folder: Path, digest: str) -> Checkpoint | None:
    """Return the checkpoint of a folder; None where there is none of this training.

    Raises:
        ModelError: there is one, but it is damaged.
    """
    path = folder / CHECKPOINT_FILE
    if not path.exists():
        return None
    remedy = f"delete {path} to train from the start"
    arrays = read_arrays(path, remedy)
    try:
        record = json.loads(str(arrays["record"]))
        history = tuple(read_row(EpochRecord, epoch) for epoch in record["history"])
        groups = [_group(arrays, name) for name in ("weights", "optimiser", "best_weights")]
        weights, optimiser, best_weights = groups
        best_epoch = int(record["best_epoch"])
        found = record["digest"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"is damaged: {error!r}", where=path, remedy=remedy) from error
    if found != digest:
        return None
    return Checkpoint(digest, history, weights, optimiser, best_epoch, best_weights)


def _group(arrays: dict[str, npt.NDArray[Any]], name: str) -> ArrayList:
    count = sum(key.startswith(f"{name}/") for key in arrays)
    return tuple(arrays[f"{name}/{index}"] for index in range(count))
