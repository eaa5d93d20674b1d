"""The ``hls`` block: hls4ml's own keys, verbatim, become Target and Knobs."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

from trigger.config.binding import Item, bind, refuse_unknown
from trigger.convert.keys import check_key, check_role
from trigger.design import IOType, Knobs, LayerKnobs, Strategy, Target
from trigger.errors import DesignError, FormatError
from trigger.fixed import FixedFormat

_TOP = ["Backend", "Part", "ClockPeriod", "IOType", "HLSConfig"]
_OWN_SETTINGS = {
    "OutputDir": "the project folder",
    "ProjectName": "the project's name",
    "KerasModel": "the model",
    "InputData": "the test vectors",
    "OutputPredictions": "the test vectors",
}
"""Keys of an ``hls4ml_config.yml`` that are made here, and may not be asked for."""

_DERIVED = ("linear", "relu", "sigmoid", "tanh", "softmax", "quantized_relu", "quantized_bits")
"""hls4ml gives the activation inside a layer a layer of its own, named layer_activation."""


def read_hls(item: Item, layers: Collection[str], input_layer: str) -> tuple[Target, Knobs]:
    """Return target and knobs of an ``hls`` block.

    Args:
        layers: names of the model's layers, which ``LayerName`` may name.
        input_layer: the name of the input layer, which it may name too.

    Raises:
        DesignError: unknown keys, layers that the model has not, or values that are not allowed.
    """
    entries = item.mapping()
    for name, what in _OWN_SETTINGS.items():
        if name in entries:
            raise entries[name].error(
                f"{name} cannot be set", remedy=f"leave it out; {what} is made by this program"
            )
    refuse_unknown(item, _TOP)
    for name in _TOP[:-1]:
        if name not in entries:
            raise item.error(f"the key {name} is missing", allowed=", ".join(_TOP))
    backend, part = bind(entries["Backend"], str), bind(entries["Part"], str)
    clock, io_type = bind(entries["ClockPeriod"], float), bind(entries["IOType"], IOType)
    try:
        target = Target(backend, part, clock, io_type)
    except DesignError as error:  # nothing else is asked of a target
        raise entries["ClockPeriod"].error(error.problem, error.allowed) from error
    if "HLSConfig" not in entries:
        return target, Knobs()
    return target, _knobs(entries["HLSConfig"], layers, input_layer)


def _knobs(item: Item, layers: Collection[str], input_layer: str) -> Knobs:
    entries = item.mapping()
    if "LayerType" in entries:
        raise entries["LayerType"].error(
            "LayerType is not used here", remedy="name each layer under LayerName"
        )
    refuse_unknown(item, ["Model", "LayerName"])
    model = _layer(entries["Model"], of_model=True) if "Model" in entries else LayerKnobs()
    named: dict[str, LayerKnobs] = {}
    if "LayerName" in entries:
        for name, entry in entries["LayerName"].mapping().items():
            derived = any(name == f"{layer}_{word}" for layer in layers for word in _DERIVED)
            if name not in layers and name != input_layer and not derived:
                names = [input_layer, *layers]
                close = difflib.get_close_matches(name, names, n=1)
                raise entry.error(
                    f"the model has no layer {name}",
                    allowed=", ".join(names),
                    remedy=f"did you mean {close[0]}?" if close else "",
                )
            named[name] = _layer(entry, of_model=False)
    return Knobs(model, named)


def _layer(item: Item, *, of_model: bool) -> LayerKnobs:
    """Return the settings of one layer, or of the whole model."""
    entries = item.mapping()
    known = {
        "Strategy": ("strategy", Strategy),
        "ReuseFactor": ("reuse_factor", int),
        "ParallelizationFactor": ("parallelization_factor", int),
    }
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, entry in entries.items():
        if name == "Precision":
            values["precision"] = _precision(entry, of_model=of_model)
        elif name in known:
            field, kind = known[name]
            short = kind is Strategy and bind(entry, str).lower() == "da"  # hls4ml's own
            values[field] = Strategy.DISTRIBUTED_ARITHMETIC if short else bind(entry, kind)
            if kind is int and values[field] < 1:
                raise entry.error(f"{name} is {values[field]}", allowed="a whole number >= 1")
        else:
            extra[name] = entry.plain()
            check_key(name, extra[name], of_model=of_model, where=entry.where)
    return LayerKnobs(**values, extra=extra)


def _precision(item: Item, *, of_model: bool) -> dict[str, str]:
    """Return ``Precision`` by what it is of; the short form is of ``default``."""
    entries = item.mapping() if item.is_mapping else {"default": item}
    precision = {}
    for name, entry in entries.items():
        text = bind(entry, str)
        if text != "auto":
            try:
                FixedFormat.parse(text)
            except FormatError as error:
                raise entry.error(error.problem, f"auto, {error.allowed}", error.remedy) from error
        check_role(name, text, of_model=of_model, where=entry.where)
        precision[name] = text
    return precision
