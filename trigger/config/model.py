"""The ``model`` block, and every other list of layers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from trigger.config.binding import Item, refuse_unknown
from trigger.design import LayerSpec, ModelSpec
from trigger.errors import DesignError, DeviceError
from trigger.images import InputContract
from trigger.zoo import INPUT_LAYER, check_model

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def read_model(item: Item, images: InputContract) -> ModelSpec:
    """Return the model, whose layers fit onto each other and onto the images."""
    refuse_unknown(item, ["layers"])
    entries = item.mapping()
    if "layers" not in entries:
        raise item.error("the key layers is missing", allowed="layers")
    spec = ModelSpec(images.input_shape, images.format, read_layers(entries["layers"]))
    with placed(entries["layers"]):
        check_model(spec)
    return spec


def read_layers(item: Item) -> tuple[LayerSpec, ...]:
    """Return layers in their order, each written as ``- QDense: {name: dense1, units: 8, ...}``."""
    layers = []
    for entry in item.sequence():
        form = "one class with its options, as `- QDense: {name: dense1, units: 8}`"
        pairs = list(entry.mapping().items())
        if len(pairs) != 1:
            raise entry.error(f"{len(pairs)} keys stand here", allowed=form)
        class_name, options = pairs[0]
        values = {key: value.plain() for key, value in options.mapping().items()}
        layer_name = values.pop("name", None)
        if not isinstance(layer_name, str) or not NAME.fullmatch(layer_name):
            raise entry.error(
                "the layer has no name" if layer_name is None else f"its name is {layer_name!r}",
                allowed=f"{form}; letters, digits and _ in the name",
            )
        if layer_name == INPUT_LAYER:
            raise entry.error(f"{INPUT_LAYER} is the name of the input", allowed="another name")
        layers.append(LayerSpec(class_name, layer_name, values))
    return tuple(layers)


@contextmanager
def placed(item: Item) -> Iterator[None]:
    """Let an error from another room name the place in the file."""
    try:
        yield
    except (DesignError, DeviceError) as error:
        problem = f"{error.where}: {error.problem}"
        raise item.error(problem, error.allowed, error.remedy) from error
