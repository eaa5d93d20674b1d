"""A trained model on disk: ``weights.npz`` and ``training.json``, readable without TensorFlow."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from trigger.design import ModelSpec
from trigger.errors import ModelError
from trigger.files import read_npz, whole_folder
from trigger.training.spec import (
    EpochRecord,
    KernelZeros,
    ModelKind,
    TrainedModel,
)

WEIGHTS_FILE = "weights.npz"
RECORD_FILE = "training.json"
Row = TypeVar("Row", EpochRecord, KernelZeros)

FORMAT = 1
_KINDS: Mapping[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "float | None": (int, float, type(None)),
    "str": (str,),
}
"""What JSON has of a field with this annotation."""
_PACKAGES = ("tensorflow", "tf_keras", "qkeras", "tensorflow-model-optimization")


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that compute the weights; "" where one is missing."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = ""
    return versions


def write_trained(trained: TrainedModel, folder: Path) -> None:
    """Write a trained model into a folder of its own, whole or not at all.

    What was in the folder before, an old model or a checkpoint, goes.

    Raises:
        OutputError: the folder cannot be written.
    """
    arrays: dict[str, Any] = {
        f"{layer}/{name}": array
        for layer, variables in trained.weights.items()
        for name, array in variables.items()
    }
    with whole_folder(folder) as new:
        path = new / WEIGHTS_FILE
        np.savez(path, **arrays)
        record = {
            "format": FORMAT,
            "kind": trained.kind.value,
            "digest": trained.digest,
            "weights_sha256": _sha256(path),
            "best_epoch": trained.best_epoch,
            "versions": package_versions(),
            "zeros": [dataclasses.asdict(kernel) for kernel in trained.zeros],
            "history": [dataclasses.asdict(epoch) for epoch in trained.history],
        }
        (new / RECORD_FILE).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def read_trained(folder: Path, model: ModelSpec) -> TrainedModel:
    """Read what :func:`write_trained` wrote.

    Raises:
        ModelError: nothing there, a damaged file, or weights of another record.
    """
    remedy = f"delete {folder} and train again"
    path, record_path = folder / WEIGHTS_FILE, folder / RECORD_FILE
    try:
        record = json.loads(record_path.read_text())
        kind = ModelKind(record["kind"])
        history = tuple(read_row(EpochRecord, epoch) for epoch in record["history"])
        zeros = tuple(read_row(KernelZeros, kernel) for kernel in record["zeros"])
        best_epoch, digest = int(record["best_epoch"]), str(record["digest"])
        if not 1 <= best_epoch <= len(history):
            raise ValueError(f"the best epoch is {best_epoch} of {len(history)}")
        weights_sha256 = record["weights_sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"is no record of a training: {error}", where=record_path, remedy=remedy
        ) from error
    arrays = read_arrays(path, remedy)
    if _sha256(path) != weights_sha256:
        raise ModelError(
            "the weights are not those that training.json names", where=path, remedy=remedy
        )
    weights: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        layer, _, variable = name.rpartition("/")
        weights.setdefault(layer, {})[variable] = array
    return TrainedModel(kind, model, weights, history, best_epoch, zeros, digest)


def find_trained(folder: Path, model: ModelSpec, digest: str) -> TrainedModel | None:
    """Return the trained model of a folder if it is of this digest, None where it is not.

    Raises:
        ModelError: it is of this digest, but damaged.
    """
    try:
        found = json.loads((folder / RECORD_FILE).read_text())["digest"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        found = digest  # damaged: let read_trained say so
    return read_trained(folder, model) if found == digest else None


def read_row(record: type[Row], data: Mapping[str, Any]) -> Row:
    """Return a row of a record as it was written.

    Raises:
        TypeError: keys that it has not, or a value of another kind.
    """
    row = record(**data)
    for field in dataclasses.fields(record):
        value = getattr(row, field.name)
        if type(value) not in _KINDS[str(field.type)]:
            raise TypeError(f"{field.name} is {value!r:.60}")
    return row


def read_arrays(path: Path, remedy: str) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of an ``.npz`` file, without pickle.

    Raises:
        ModelError: no such file, or a damaged one; the text ends with ``remedy``.
    """
    try:
        return read_npz(path)
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot be read: {error}", where=path, remedy=remedy) from error


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
