"""Bits per layer and sparsity, searched with training, estimator and budget in the loop.

Every trial starts from the design's trained weights, is converted, gets the cheapest firmware
settings within the budget (``search.solve``), and is judged by the AUC of its emulated scores on
the validation events; the test events stay unseen.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from trigger.config import DesignFile, load_design
from trigger.design import LayerSpec, digest_of
from trigger.device import find
from trigger.emulate import emulate
from trigger.errors import DesignError
from trigger.files import write_text
from trigger.flow.alternatives import refresh_report
from trigger.flow.listener import Listener
from trigger.flow.physics import measure_auc
from trigger.flow.steps import Flow
from trigger.network import Network
from trigger.report import codec
from trigger.report.front import Against, Chosen, Found, Front, Objective, Tried, write_front
from trigger.search import Answer, Candidate, shrink_formats, solve
from trigger.search.study import Choice, Hopeless, Knob, Outcome, Trial, explore, keep_front
from trigger.training import ModelKind, Sample, TrainedModel, fit, restore
from trigger.training.tasks import EventClass

HOPELESS = 2.0
"""Factor over the budget, before the training, beyond which a trial is given up: training moves
weights, but leaves their bits and numbers nearly what they were."""
SPARSITY = "sparsity"
_STEP = 5
"""Per cent from one sparsity to the next."""
_BITS = re.compile(r"(quantized_(?:bits|relu)\(\s*)(\d+)(?:\s*,\s*(\d+))?")


@dataclass(frozen=True, slots=True)
class Exploration:
    """What a search over training knobs found."""

    front: Front
    """Every finished trial, as ``search/front.json`` has it."""
    best: tuple[Tried, ...]
    """Those that none betters, the best AUC first."""
    folder: Path
    """Of the record and of a design file for each of the best, for ``trigger run``."""


def explore_design(
    flow: Flow,
    listener: Listener,
    trials: int,
    epochs: int | None = None,
    storage: str | None = None,
) -> Exploration:
    """Search until so many trials are finished, in all calls together.

    Args:
        flow: of the design; what is missing of its run up to the compilation is made.
        epochs: of each trial; None is the design's for its quantised model.
        storage: URL of a database; None is a file in the design's folder.

    Raises:
        DesignError: the design tells no classes apart, or has nothing that could be chosen.
        ToolError, OutputError: as ``search.study.explore``.
        Further errors of training and conversion, which end the search.
    """
    file = flow.file
    if not isinstance(file.task, EventClass) or file.training is None:
        raise DesignError(
            "trials are compared by AUC, and there is none",
            where=file.source,
            allowed="designs that are trained to tell classes of events apart",
        )
    knobs = tuple(find_knobs(file))
    if not knobs:
        raise DesignError(
            "nothing can be chosen",
            where=file.source,
            allowed="quantized_bits or quantized_relu of more than two bits, or pruning",
        )
    home = flow.workspace.folder / "search"
    home.mkdir(parents=True, exist_ok=True)
    start = flow.trained[ModelKind.QUANTISED]
    own = _measure(file, start, flow.images.validation)
    found = explore(
        knobs,
        partial(_evaluate, flow, listener, start, epochs, home / "trials"),
        storage=storage or f"sqlite:///{home / 'study.db'}",
        name=f"{file.name} {digest_of(file.design, file.budget, start.digest, epochs)[:16]}",
        trials=trials,
        seed=file.seed,
        progress=listener.counter("trials"),
    )
    best = [trial for trial, _ in keep_front(found)]
    designs = {trial.number: _write(file, trial, home).name for trial in best}
    tried = {trial.number: _record(trial, designs.get(trial.number, "")) for trial in found}
    front = Front(file.name, Objective.AUC, Against.COST, own, tuple(tried.values()))
    write_front(front, home)
    refresh_report(flow.workspace.folder)
    return Exploration(front, tuple(tried[trial.number] for trial in best), home)


def _record(trial: Trial, design: str) -> Tried:
    found = None
    if trial.outcome is not None:
        found = codec.decode(trial.outcome.notes["found"], Found, f"trial {trial.number}")
    choice = tuple(Chosen(name, value) for name, value in trial.choice.items())
    return Tried(trial.number, choice, found, trial.given_up, bool(design), design)


def find_knobs(file: DesignFile) -> Iterator[Knob]:
    """Yield what may be chosen: fewer bits of every quantiser than the design has, and sparsity."""
    for layer in file.design.model.layers:
        found = {int(match[2]): int(match[3] or 0) for match in _quantisers(layer)}
        if not found:
            continue
        most = max(found)
        low = max(2, max(found.values()) + 2)
        if low < most:
            yield Knob(layer.name, low, most, first=most)
    pruning = file.training.pruning if file.training else None
    if pruning is not None:
        share = round(100 * pruning.final_sparsity / _STEP) * _STEP
        yield Knob(SPARSITY, 0, 95, _STEP, first=min(share, 95))


def _quantisers(layer: LayerSpec) -> Iterator[re.Match[str]]:
    for value in layer.options.values():
        match = _BITS.match(value) if isinstance(value, str) else None
        if match is not None:
            yield match


def with_choice(file: DesignFile, choice: Choice, epochs: int | None = None) -> DesignFile:
    """Return the design with the bits and the sparsity of a choice."""
    layers = tuple(
        replace(layer, options=_options(layer, choice[layer.name]))
        if layer.name in choice
        else layer
        for layer in file.design.model.layers
    )
    model = replace(file.design.model, layers=layers)
    training = file.training
    assert training is not None
    if epochs is not None:
        ends = training.pruning and replace(training.pruning, end_epoch=None, begin_epoch=0.0)
        training = replace(training, quantised_epochs=epochs, pruning=ends)
    if SPARSITY in choice and training.pruning is not None:
        pruning = replace(training.pruning, final_sparsity=choice[SPARSITY] / 100)
        training = replace(training, pruning=pruning)
    return replace(file, design=replace(file.design, model=model), training=training)


def _options(layer: LayerSpec, bits: int) -> Mapping[str, Any]:
    return {
        key: _BITS.sub(lambda match: match[0].replace(match[2], str(bits), 1), value, count=1)
        if isinstance(value, str)
        else value
        for key, value in layer.options.items()
    }


def _evaluate(
    flow: Flow,
    listener: Listener,
    start: TrainedModel,
    epochs: int | None,
    home: Path,
    choice: Choice,
) -> Outcome:
    file = with_choice(flow.file, choice, epochs)
    model, training = file.design.model, file.training
    assert training is not None
    before = _answer(file, _network(file, replace(start, model=model)))
    if before.excess > HOPELESS:
        raise Hopeless(f"{before.excess:.3g} times the budget before the training")
    images = flow.images
    trained = fit(
        ModelKind.QUANTISED,
        model,
        training,
        images.train,
        images.validation,
        home / digest_of(model, training, start.digest)[:16],
        listener.training(),
        start,
        file.task.loss,
    )
    found = _measure(file, trained, images.validation)
    notes = {"found": codec.encode(found, Found, "trial")}
    return Outcome(found.quality.value, found.cost_luts, found.excess, notes)


def _measure(file: DesignFile, trained: TrainedModel, sample: Sample) -> Found:
    """Return what a trained model is worth as firmware."""
    answer = _answer(file, _network(file, trained))
    scores = emulate(answer.network, sample.pixels_raw)
    assert isinstance(scores, np.ndarray)
    auc = measure_auc(file, sample, scores)
    auc = replace(auc, note=f"{len(sample):,} validation events")
    return Found(auc, answer.best.luts, answer.best.latency_ns, answer.excess)


def _network(file: DesignFile, trained: TrainedModel) -> Network:
    from trigger.convert import convert  # hls4ml takes seconds to import

    with tempfile.TemporaryDirectory() as folder:
        return convert(restore(trained), file.design, Path(folder) / "hls").network


def _answer(file: DesignFile, network: Network) -> Answer:
    names = frozenset(layer.name for layer in file.design.model.layers)
    target = file.design.target
    shrunk = shrink_formats(network, names)
    return solve([Candidate(shrunk, target)], file.budget, find(target.part), names)


def _write(file: DesignFile, trial: Trial, home: Path) -> Path:
    """Write the design of a trial, on the one that it changes."""
    name = f"{file.name}_trial{trial.number}"
    path = home / f"{name}.yaml"
    changed = with_choice(file, trial.choice)
    pairs = zip(file.design.model.layers, changed.design.model.layers, strict=True)
    layers = {
        new.name: {key: text for key, text in new.options.items() if text != old.options[key]}
        for old, new in pairs
        if new.options != old.options
    }
    record: dict[str, Any] = {"base": os.path.relpath(file.source, home), "name": name}
    if layers:
        record["model"] = {"layers": layers}
    if SPARSITY in trial.choice:
        share = trial.choice[SPARSITY] / 100
        record["training"] = {"pruning": {"final_sparsity": share}}
    assert trial.outcome is not None
    figures = f"AUC {trial.outcome.quality:.4f}, {trial.outcome.cost:,.0f} LUTs"
    said = f"# Found by `trigger explore`: {figures}\n"
    write_text(path, said + yaml.safe_dump(record, sort_keys=False, width=100))
    load_design(path)  # it is a design, or the user is told now
    return path
