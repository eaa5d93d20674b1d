"""What pruning a design would save, and what it would cost in AUC, before it is trained again."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from trigger.budget import Figure
from trigger.config import DesignFile
from trigger.design import Strategy
from trigger.emulate import emulate
from trigger.errors import DesignError
from trigger.flow.compilation import convert_apart
from trigger.flow.derived import share_training, write_derived
from trigger.flow.physics import measure_auc
from trigger.flow.steps import Flow
from trigger.layers.reuse import STORED
from trigger.network import Network
from trigger.rates import measure_accuracy
from trigger.search import weigh_luts
from trigger.search.pruning import (
    Prediction,
    predict_pruning,
    saves_nothing,
    with_unrolled_code,
)
from trigger.training import ModelKind, PruningSpec, PruningStructure, Sample, restore
from trigger.training.tasks import EventClass

SPARSITIES = (0.25, 0.5, 0.75)
SIGNED_DIGITS = (None, 2)
EQUAL_CONSTANTS = (None,)
EVENTS = 4000
"""Validation events that the AUC is measured on."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way to prune."""

    prediction: Prediction
    auc: Figure | None
    """On validation events, without retraining; None where the task tells no classes apart."""
    accuracy: float | None
    """The same of the share of events whose class is found, of all classes."""

    @property
    def luts(self) -> float | None:
        """LUTs, a DSP block counting as ``LUTS_PER_DSP``; None where one is unknown."""
        return weigh_luts(self.prediction.cost)


@dataclass(frozen=True, slots=True)
class Table:
    """What ways to prune would save."""

    rows: tuple[Row, ...]
    """The first one has the weights that pruning begins with."""
    trained: Row | None
    """The design as it is pruned and trained; None where it is not pruned."""
    events: int
    """Validation events behind each AUC."""
    stored: tuple[str, ...]
    """Layers whose zeros save nothing."""

    def saved(self, row: Row) -> float | None:
        """Return the share of the cost in LUTs that a row saves; None where it is unknown."""
        before, after = self.rows[0].luts, row.luts
        return None if before is None or after is None or not before else 1 - after / before


def predict_prunings(
    flow: Flow,
    structures: Sequence[PruningStructure] = (),
    sparsities: Sequence[float] = SPARSITIES,
    signed_digits: Sequence[int | None] = SIGNED_DIGITS,
    equal_constants: Sequence[int | None] = EQUAL_CONSTANTS,
    *,
    unrolled: bool = False,
    events: int = EVENTS,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Table:
    """Return what each structure, sparsity and number of signed digits and of sizes would save.

    Pruning begins with the weights of the quantised model; of a design that is pruned already,
    with those of its float twin, rounded.

    Args:
        structures: () is ``weight`` and ``unit``, and ``multiplier`` where multipliers are shared.
        signed_digits: None is no restriction.
        equal_constants: different sizes that an input meets; None is no restriction.
        unrolled: let layers whose zeros save nothing have the strategy Resource_unrolled.

    Raises:
        DesignError: the design trains nothing, or has a layer that cannot be pruned.
        Further errors of a run up to the compilation, of ``convert`` and ``estimate``.
    """
    file = flow.file
    if file.training is None:
        raise DesignError(
            "the design trains nothing",
            where=file.source,
            allowed="designs with a section training",
        )
    compiled, network = flow.compiled.network, _unpruned(flow)
    stored = tuple(layer.name for layer in network.layers if saves_nothing(layer))
    if unrolled:
        compiled, network = with_unrolled_code(compiled), with_unrolled_code(network)
    held_out = flow.images.validation  # one class after the other: take some of each
    sample = held_out.take(np.arange(0, len(held_out), max(1, len(held_out) // events)))
    layers = frozenset(layer.name for layer in file.design.model.layers)
    restrictions = tuple(itertools.product(signed_digits, equal_constants))
    wishes = tuple(_wishes(file, network, structures, sparsities, restrictions))

    def row(network: Network, wish: PruningSpec) -> Row:
        prediction = predict_pruning(network, file.design.target, wish, layers)
        return Row(prediction, *_measure(file, prediction.network, sample))

    rows = []
    for wish in wishes:
        progress(len(rows), len(wishes))
        rows.append(row(network, wish))
    progress(len(wishes), len(wishes))
    trained = row(compiled, wishes[0]) if file.training.pruning is not None else None
    return Table(tuple(rows), trained, len(sample), () if unrolled else stored)


def _unpruned(flow: Flow) -> Network:
    file = flow.file
    assert file.training is not None
    if file.training.pruning is None:
        return flow.compiled.network
    twin = replace(flow.trained[ModelKind.FLOAT], kind=ModelKind.QUANTISED)
    return convert_apart(restore(twin), file.design)


def _wishes(
    file: DesignFile,
    network: Network,
    structures: Sequence[PruningStructure],
    sparsities: Sequence[float],
    restrictions: Sequence[tuple[int | None, int | None]],
) -> Iterator[PruningSpec]:
    """Yield what is asked for, without what would say the same twice.

    Args:
        restrictions: signed digits and equal constants.
    """
    assert file.training is not None
    begun = file.training.pruning or PruningSpec(0.0)
    begun = PruningSpec(0.0, keep=begun.keep)
    if not structures:
        shared = any(
            getattr(layer, "strategy", None) in STORED and getattr(layer, "reuse_factor", 1) > 1
            for layer in network.layers
        )
        structures = [
            structure
            for structure in PruningStructure
            if shared or structure is not PruningStructure.MULTIPLIER
        ]
    yield begun
    for digits, sizes in restrictions:
        restricted = replace(begun, signed_digits=digits, equal_constants=sizes)
        if restricted != begun:
            yield restricted
        for structure, sparsity in itertools.product(structures, sparsities):
            if sparsity > 0:
                yield replace(restricted, final_sparsity=sparsity, structure=structure)


def _measure(
    file: DesignFile, network: Network, sample: Sample
) -> tuple[Figure | None, float | None]:
    """Return AUC and accuracy of a firmware, by emulation."""
    if not isinstance(file.task, EventClass):
        return None, None
    scores = emulate(network, sample.pixels_raw)
    assert isinstance(scores, np.ndarray)
    accuracy = measure_accuracy(scores.reshape(len(sample), -1), sample.labels)
    return measure_auc(file, sample, scores), accuracy.value


def write_designs(flow: Flow, table: Table, folder: Path) -> tuple[Path, ...]:
    """Write a design file for every way to prune, on the design that it changes.

    What the design has trained is given to each, so that the float twin is not trained again.

    Raises:
        OutputError: it cannot be written.
    """
    return tuple(_write(flow, row.prediction, folder) for row in table.rows[1:])


def _write(flow: Flow, prediction: Prediction, folder: Path) -> Path:
    file, pruning = flow.file, prediction.pruning
    name = f"{file.name}_{pruning.structure.value}_{round(100 * pruning.final_sparsity)}"
    wanted: dict[str, Any] = {
        "final_sparsity": pruning.final_sparsity,
        "structure": pruning.structure.value,
    }
    assert file.training is not None
    begun = file.training.pruning
    if begun is not None and begun.layer_sparsity:
        wanted["layer_sparsity"] = None
    for key, word in (("signed_digits", "digits"), ("equal_constants", "sizes")):
        value = getattr(pruning, key)
        if value is not None:
            name += f"_{word}_{value}"
        if value is not None or getattr(begun, key, None) is not None:
            wanted[key] = value
    path = folder / f"{name}.yaml"
    record: dict[str, Any] = {"training": {"pruning": wanted}}
    unrolled = {
        layer.name: {"Strategy": Strategy.RESOURCE_UNROLLED.value}
        for layer in prediction.network.layers
        if getattr(layer, "strategy", None) is Strategy.RESOURCE_UNROLLED
    }
    if unrolled:
        record["hls"] = {"HLSConfig": {"LayerName": unrolled}}
    write_derived(file.source, path, record)
    share_training(flow.workspace.folder, flow.workspace.folder.parent / name)
    return path
