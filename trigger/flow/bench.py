"""What all trials of a search over training knobs share, in a folder that every worker sees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from trigger.config import DesignFile, load_design
from trigger.design import digest_of
from trigger.errors import ToolError, TriggerError
from trigger.files import read_npz, whole_file, write_text
from trigger.flow.steps import Flow
from trigger.training import ModelKind, Sample, TrainedModel, read_trained, write_trained

DESIGN, IMAGES, START, TWIN = "design.yaml", "images.npz", "start", "twin"


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """What all trials share."""

    file: DesignFile
    start: TrainedModel
    """The design's weights, from which trials of as many filters start."""
    twin: TrainedModel
    """The float model, from which a trial may learn."""
    train: Sample
    validation: Sample

    @property
    def key(self) -> str:
        samples = (self.train.digest, self.validation.digest)
        return digest_of(self.file.text, self.start.digest, self.twin.digest, *samples)


def write_bench(flow: Flow, home: Path) -> Bench:
    """Write what all trials share into a folder, and return it.

    Raises:
        OutputError: it cannot be written.
    """
    images = flow.images
    start, twin = flow.trained[ModelKind.QUANTISED], flow.trained[ModelKind.FLOAT]
    bench = Bench(flow.file, start, twin, images.train, images.validation)
    with whole_file(home / IMAGES) as stream:
        np.savez(
            stream,
            train=bench.train.pixels_raw,
            train_labels=bench.train.labels,
            validation=bench.validation.pixels_raw,
            validation_labels=bench.validation.labels,
        )
    write_text(home / DESIGN, flow.file.text)
    write_trained(start, home / START)
    write_trained(twin, home / TWIN)
    return bench


@lru_cache(maxsize=1)
def read_bench(home: Path, key: str) -> Bench:
    """Read what all trials share; kept, for a worker has many trials.

    Raises:
        ToolError: the folder is not seen here, or holds something else.
    """
    try:
        file = load_design(home / DESIGN)
        start = read_trained(home / START, file.design.model)
        twin = read_trained(home / TWIN, file.design.model)
        arrays = read_npz(home / IMAGES)
        train, validation = (
            Sample(arrays[name], arrays[f"{name}_labels"]) for name in ("train", "validation")
        )
    except (TriggerError, OSError, ValueError, KeyError) as error:
        raise _not_seen(home, f"cannot be read by a worker: {error}") from error
    bench = Bench(file, start, twin, train, validation)
    if bench.key != key:
        raise _not_seen(home, "is another one where a worker sees it")
    return bench


def _not_seen(home: Path, problem: str) -> ToolError:
    return ToolError(
        problem,
        where=home,
        allowed="a folder that this machine and every worker see under one path",
        remedy="choose a shared one with --output",
    )
