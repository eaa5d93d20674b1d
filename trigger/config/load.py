"""Load a design file: bind each section, then check what one section says of another."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from pathlib import Path

from trigger.budget import Budget
from trigger.config.base import read_design
from trigger.config.binding import Item, bind, bind_record, refuse_unknown
from trigger.config.events import read_events
from trigger.config.hls import read_hls
from trigger.config.input import check_drawn, read_contract
from trigger.config.model import NAME, placed, read_model
from trigger.config.sections import DesignFile, TriggerSection
from trigger.config.task import (
    check_augment,
    check_batches,
    check_distillation,
    check_task,
    check_trigger,
    read_task,
)
from trigger.convert import check_design
from trigger.convert.check import effective, multipliers
from trigger.design import Design
from trigger.device import find
from trigger.layers.reuse import STORED
from trigger.training.spec import PruningSpec, PruningStructure, TrainingSpec
from trigger.zoo import INPUT_LAYER

_KEYS = [
    "name",
    "seed",
    "events",
    "input",
    "task",
    "model",
    "training",
    "hls",
    "budget",
    "trigger",
]
_NEEDED = ["name", "input", "model", "hls"]


def load_design(path: str | Path) -> DesignFile:
    """Read and check a design file.

    With ``base`` it says only in what it differs from another one; see ``config/base.py``.
    ``name``, ``input``, ``model`` and ``hls`` must be there; ``events``, ``training``, ``budget``
    and ``trigger`` may be left out by a design that is only compiled; without ``task`` the classes
    of events are told apart. Checked is what the file alone can tell: keys, types and ranges of
    values, shapes and quantisers of the model, outputs against the task, the part, the budget's
    resources, and hls4ml's keys, reuse and parallelisation factors. Whether event files exist, and
    what hls4ml makes of the settings, shows in a run.

    Raises:
        DesignError: what cannot be read, is unknown, missing or contradictory, with its place.
        FormatError, ImageError: a fixed-point type, or an input that no pixel fits; likewise.
    """
    file = Path(path)
    top, text = read_design(file)
    refuse_unknown(top, _KEYS)
    entries = {name: item for name, item in top.mapping().items() if not item.is_null}
    for name in _NEEDED:
        if name not in entries:
            raise top.error(f"the section {name} is missing", allowed=", ".join(_KEYS))
    name = _name(entries["name"])
    seed = bind(entries["seed"], int) if "seed" in entries else 1
    images = read_contract(entries["input"])
    model = read_model(entries["model"], images)
    layers = [layer.name for layer in model.layers]
    target, knobs = read_hls(entries["hls"], layers, INPUT_LAYER)
    events = read_events(entries["events"], seed) if "events" in entries else None
    task = read_task(entries.get("task"), seed)
    if events is not None:
        check_drawn(entries["input"], images, events.source)
        check_task(top, task, model, images, events.classes)
    design = Design(name, model, knobs, target)
    training = _training(entries["training"], seed) if "training" in entries else None
    if training is not None:
        check_batches(entries["training"], training, task)
        check_augment(entries["training"], training, task, images)
        check_distillation(entries["training"], training, task)
    trigger = bind(entries["trigger"], TriggerSection) if "trigger" in entries else None
    if trigger is not None and events is not None:
        check_trigger(entries["trigger"], trigger, task, events.classes)
    with placed(entries["hls"]):
        check_design(design)
        find(target.part)
    if training is not None:
        training = _with_reuse_factors(training, design)
    return DesignFile(
        name=name,
        seed=seed,
        design=design,
        input=images,
        task=task,
        budget=bind(entries["budget"], Budget) if "budget" in entries else Budget(),
        events=events,
        training=training,
        trigger=trigger,
        source=str(path),
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


def _name(item: Item) -> str:
    name: str = bind(item, str)
    if not NAME.fullmatch(name):
        raise item.error(
            f"the name is {name!r}", allowed="letters, digits and _, beginning with a letter"
        )
    return name


def _training(item: Item, seed: int) -> TrainingSpec:
    entries = item.mapping()
    given = {} if "seed" in entries else {"seed": seed}
    if "pruning" in entries and entries["pruning"].is_mapping:
        own = [field.name for field in fields(PruningSpec) if field.name != "reuse_factors"]
        refuse_unknown(entries["pruning"], own)
    training: TrainingSpec = bind_record(item, TrainingSpec, given)
    return training


def _with_reuse_factors(training: TrainingSpec, design: Design) -> TrainingSpec:
    """Return the training with the weights that share a multiplier, where it prunes by these."""
    pruning = training.pruning
    if pruning is None or pruning.structure is not PruningStructure.MULTIPLIER:
        return training
    factors: dict[str, int] = {}
    for multiplier in multipliers(design.model):
        knobs = effective(design.knobs, multiplier.layer)
        if knobs.strategy in STORED and knobs.reuse_factor is not None:
            factors[multiplier.layer] = knobs.reuse_factor
    return replace(training, pruning=replace(pruning, reuse_factors=factors))
