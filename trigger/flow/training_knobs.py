"""What a search with training may choose of a design: bits, filters and zeros."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from trigger.config import DesignFile
from trigger.design import LayerSpec, ModelSpec
from trigger.search.knob import Choice, Knob
from trigger.training import TrainingSpec
from trigger.training.narrowing import WIDTHS, find_narrowable
from trigger.training.pruning import group_kernels
from trigger.zoo import Quantiser, width_quantisers

BITS, SPARSITY = "bits", "sparsity"
STEPS = 8
"""Steps of filters, from all of them; half of these are taken."""
_STEP = 5
"""Per cent from one sparsity to the next."""
_MOST = 95
_LEAST = 2
"""Bits of a weight or an activation."""
_BIAS = "bias_quantizer"


def find_knobs(file: DesignFile) -> Iterator[Knob]:
    """Yield what may be chosen, each from the design's own value towards what is cheap.

    ``LAYER.bits`` of a layer's weights or activations, but not of its biases: a constant in a sum
    costs next to nothing; ``LAYER.filters`` or ``LAYER.units``, down to half
    of them in steps of an eighth, unless pruning counts on the multipliers that share the design's
    own; and ``LAYER.sparsity`` of every pruned kernel, in per cent.
    """
    model = file.design.model
    pruning = file.training.pruning if file.training else None
    for layer in model.layers:
        found = _quantisers(layer).values()
        if not found:
            continue
        most = max(each.arguments["bits"] for each in found)
        low = max(_LEAST, *(each.fewest_bits or 0 for each in found))
        if low < most:
            yield Knob(f"{layer.name}.{BITS}", low, most, first=most, last=low)
    narrowable = () if pruning and pruning.reuse_factors else find_narrowable(model)
    for layer in model.layers:
        if layer.name in narrowable:
            width = WIDTHS[layer.class_name]
            most = int(layer.options[width])
            step = max(1, most // STEPS)
            low = most - most // 2 // step * step
            if low < most:
                yield Knob(f"{layer.name}.{width}", low, most, step, first=most, last=low)
    if pruning is not None:
        for name in group_kernels(model, pruning):
            share = min(round(100 * pruning.sparsity_of(name) / _STEP) * _STEP, _MOST)
            yield Knob(f"{name}.{SPARSITY}", 0, _MOST, _STEP, share, _MOST, may_idle=True)


def _quantisers(layer: LayerSpec) -> Mapping[str, Quantiser]:
    """Return the quantisers of a layer that a search may narrow, by option."""
    return {name: each for name, each in width_quantisers(layer).items() if name != _BIAS}


def with_choice(file: DesignFile, choice: Choice, epochs: int | None = None) -> DesignFile:
    """Return the design with the bits, filters and sparsity of a choice."""
    model = _model(file.design.model, choice)
    training = file.training
    assert training is not None
    if epochs is not None:
        ends = training.pruning and replace(training.pruning, end_epoch=None, begin_epoch=0.0)
        training = replace(training, quantised_epochs=epochs, pruning=ends)
    training = _training(training, choice)
    return replace(file, design=replace(file.design, model=model), training=training)


def with_widths(file: DesignFile, choice: Choice) -> DesignFile:
    """Return the design with the filters of a choice, and nothing else of it."""
    widths = {
        name: value for name, value in choice.items() if name.rpartition(".")[2] in WIDTHS.values()
    }
    return with_choice(file, widths)


def describe_changes(file: DesignFile, choice: Choice) -> dict[str, Any]:
    """Return what a choice changes, as a design file with a ``base`` says it."""
    old, new = file.design.model.layers, _model(file.design.model, choice).layers
    layers = {
        after.name: {
            key: value for key, value in after.options.items() if value != before.options[key]
        }
        for before, after in zip(old, new, strict=True)
        if after.options != before.options
    }
    record: dict[str, Any] = {"model": {"layers": layers}} if layers else {}
    shares = _shares(file.training, choice)
    if shares:
        record["training"] = {"pruning": {"layer_sparsity": shares}}
    return record


def _model(model: ModelSpec, choice: Choice) -> ModelSpec:
    return replace(model, layers=tuple(_layer(layer, choice) for layer in model.layers))


def _layer(layer: LayerSpec, choice: Choice) -> LayerSpec:
    options = dict(layer.options)
    width = WIDTHS.get(layer.class_name)
    if width is not None and f"{layer.name}.{width}" in choice:
        options[width] = choice[f"{layer.name}.{width}"]
    bits = choice.get(f"{layer.name}.{BITS}")
    if bits is not None:
        for name, quantiser in _quantisers(layer).items():
            if quantiser.arguments["bits"] > bits:
                options[name] = str(quantiser.with_bits(bits))
    return replace(layer, options=options)


def _training(training: TrainingSpec, choice: Choice) -> TrainingSpec:
    shares, pruning = _shares(training, choice), training.pruning
    if not shares or pruning is None:
        return training
    shares = {**(pruning.layer_sparsity or {}), **shares}
    return replace(training, pruning=replace(pruning, layer_sparsity=shares))


def _shares(training: TrainingSpec | None, choice: Choice) -> dict[str, float]:
    """Return the shares of zeros that a choice changes, by layer."""
    pruning = training.pruning if training else None
    if pruning is None:
        return {}
    given = {
        name.removesuffix(f".{SPARSITY}"): value / 100
        for name, value in choice.items()
        if name.endswith(f".{SPARSITY}")
    }
    return {name: share for name, share in given.items() if share != pruning.sparsity_of(name)}
