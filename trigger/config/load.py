"""Load a design file: bind each section, then check what one section says of another."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trigger.budget import Budget
from trigger.config.base import read_design
from trigger.config.binding import Item, bind, bind_record, refuse_unknown
from trigger.config.events import read_events
from trigger.config.hls import read_hls
from trigger.config.input import check_drawn, read_contract
from trigger.config.sections import DesignFile, EventsSection, TriggerSection
from trigger.convert import check_design
from trigger.design import Design, LayerSpec, ModelSpec
from trigger.device import find
from trigger.errors import DesignError, DeviceError
from trigger.images import InputContract
from trigger.training.spec import TrainingSpec
from trigger.zoo import INPUT_LAYER, check_model

_KEYS = ["name", "seed", "events", "input", "model", "training", "hls", "budget", "trigger"]
_NEEDED = ["name", "input", "model", "hls"]
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def load_design(path: str | Path) -> DesignFile:
    """Read and check a design file.

    With ``base`` it says only in what it differs from another one; see ``config/base.py``.
    ``name``, ``input``, ``model`` and ``hls`` must be there; ``events``, ``training``, ``budget``
    and ``trigger`` may be left out by a design that is only compiled. Checked is what the file
    alone can tell: keys, types and ranges of values, shapes and quantisers of the model, outputs
    against classes, the part, the budget's resources, and hls4ml's keys, reuse and parallelisation
    factors. Whether event files exist, and what hls4ml makes of the settings, shows in a run.

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
    model = _model(entries["model"], images)
    layers = [layer.name for layer in model.layers]
    target, knobs = read_hls(entries["hls"], layers, INPUT_LAYER)
    events = read_events(entries["events"], seed) if "events" in entries else None
    if events is not None:
        check_drawn(entries["input"], images, events.source)
        _check_outputs(entries["model"], model, events)
    training = _training(entries["training"], seed) if "training" in entries else None
    trigger = bind(entries["trigger"], TriggerSection) if "trigger" in entries else None
    if trigger is not None and events is not None:
        for reaction in (trigger.background, trigger.signal):
            if reaction not in events.classes:
                raise entries["trigger"].error(
                    f"{reaction} is not a class of this design",
                    allowed=", ".join(events.classes),
                )
    design = Design(name, model, knobs, target)
    with _placed(entries["hls"]):
        check_design(design)
        find(target.part)
    return DesignFile(
        name=name,
        seed=seed,
        design=design,
        input=images,
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
    if not _NAME.fullmatch(name):
        raise item.error(
            f"the name is {name!r}", allowed="letters, digits and _, beginning with a letter"
        )
    return name


def _model(item: Item, images: InputContract) -> ModelSpec:
    """Return the model; each layer is written as ``- QConv2D: {name: conv1, filters: 8, ...}``."""
    refuse_unknown(item, ["layers"])
    entries = item.mapping()
    if "layers" not in entries:
        raise item.error("the key layers is missing", allowed="layers")
    layers = []
    for entry in entries["layers"].sequence():
        form = "one class with its options, as `- QDense: {name: dense1, units: 8}`"
        pairs = list(entry.mapping().items())
        if len(pairs) != 1:
            raise entry.error(f"{len(pairs)} keys stand here", allowed=form)
        class_name, options = pairs[0]
        values = {key: value.plain() for key, value in options.mapping().items()}
        layer_name = values.pop("name", None)
        if not isinstance(layer_name, str) or not _NAME.fullmatch(layer_name):
            raise entry.error(
                "the layer has no name" if layer_name is None else f"its name is {layer_name!r}",
                allowed=f"{form}; letters, digits and _ in the name",
            )
        if layer_name == INPUT_LAYER:
            raise entry.error(f"{INPUT_LAYER} is the name of the input", allowed="another name")
        layers.append(LayerSpec(class_name, layer_name, values))
    spec = ModelSpec(images.input_shape, images.format, tuple(layers))
    with _placed(entries["layers"]):
        check_model(spec)
    return spec


@contextmanager
def _placed(item: Item) -> Iterator[None]:
    """Let an error from another room name the place in the file."""
    try:
        yield
    except (DesignError, DeviceError) as error:
        problem = f"{error.where}: {error.problem}"
        raise item.error(problem, error.allowed, error.remedy) from error


def _check_outputs(item: Item, model: ModelSpec, events: EventsSection) -> None:
    """Raise where the number of outputs is not that of the classes (one is enough for two)."""
    outputs = check_model(model)[-1].output
    classes = len(events.classes)
    if outputs != (classes,) and not (classes == 2 and outputs == (1,)):
        raise item.error(
            f"the last layer gives {outputs} for {classes} classes",
            allowed=f"({classes},)" + (" or (1,)" if classes == 2 else ""),
        )


def _training(item: Item, seed: int) -> TrainingSpec:
    given = {} if "seed" in item.mapping() else {"seed": seed}
    training: TrainingSpec = bind_record(item, TrainingSpec, given)
    return training
