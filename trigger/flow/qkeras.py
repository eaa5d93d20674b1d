"""Firmware against the QKeras model: where they must be equal, and why they are not elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.design import ModelSpec
from trigger.emulate import (
    Agreement,
    Counterpart,
    Mismatch,
    compare,
    find_inexact,
    first_mismatch,
    in_steps,
    merge,
)
from trigger.fixed import RawArray
from trigger.flow.comparison import EMULATED, QKERAS, reported, reported_mismatch
from trigger.layers import Input
from trigger.network import Network
from trigger.report import record
from trigger.training.trace import LayerTracer, before
from trigger.zoo.check import kind_of
from trigger.zoo.kinds import Value
from trigger.zoo.quantisers import Role, parse_quantiser


class KerasComparison:
    """Holds the firmware's integers against QKeras, part by part."""

    def __init__(
        self, network: Network, model: ModelSpec, keras: Any, counterparts: Mapping[str, str]
    ) -> None:
        """Prepare the comparison.

        Args:
            keras: the trained Keras model of ``model``.
            counterparts: Keras layer whose result is the same number, by firmware layer.
        """
        pairs = {
            name: it for name, it in counterparts.items() if not isinstance(network[name], Input)
        }
        names = {layer.name for layer in network.layers}
        bare = [it for it in pairs.values() if it in names and it not in pairs]
        self._network = network
        self._traces = {**pairs, **{name: before(name) for name in bare}}
        step = float(network.inputs[0].result.step)
        self._tracer = LayerTracer(keras, tuple(pairs.values()), step, bare)
        self._output = pairs[network.outputs[0]]
        self.reasons = find_inexact(network, _twins(model, pairs, bare))
        self._sources = {name: self._read_from(name) for name in self._traces}
        self._parts: list[Agreement] = []
        self._unexplained: dict[str, int] = {}
        self._first: Mismatch | None = None

    @property
    def layers(self) -> tuple[str, ...]:
        """The firmware layers that are compared."""
        return tuple(self._traces)

    def _read_from(self, name: str) -> tuple[str, ...] | None:
        """Return the compared layers that a layer reads, directly or through exact ones.

        None where something that is not compared may have changed the numbers.
        """
        found: list[str] = []
        for source in self._network[name].inputs:
            if isinstance(self._network[source], Input):
                continue
            if source in self._traces:
                found.append(source)
                continue
            through = None if source in self.reasons else self._read_from(source)
            if through is None:
                return None
            found += through
        return tuple(found)

    def add(
        self, pixels: RawArray, ours: Mapping[str, RawArray], first_event: int
    ) -> npt.NDArray[np.float64]:
        """Compare some more events, and return what QKeras makes of them, (events, outputs)."""
        values = self._tracer.run(pixels)
        theirs = in_steps(self._network, {name: values[it] for name, it in self._traces.items()})
        self._parts.append(
            compare(self._network, ours, theirs, names=(EMULATED, QKERAS), first_event=first_event)
        )
        equal = {
            name: np.all((ours[name] == raw).reshape(len(raw), -1), axis=1)
            for name, raw in theirs.items()
        }
        for layer in self._network.layers:
            sources = self._sources.get(layer.name)
            if sources is None or layer.name in self.reasons:
                continue
            must = np.all([equal[name] for name in sources], axis=0) | np.zeros(len(pixels), bool)
            differs = ours[layer.name] != theirs[layer.name]
            differs &= must.reshape(-1, *[1] * (differs.ndim - 1))
            if np.any(differs):
                known = self._unexplained.get(layer.name, 0)
                self._unexplained[layer.name] = known + int(np.count_nonzero(differs))
                self._first = self._first or first_mismatch(
                    layer, ours[layer.name], theirs[layer.name], differs, first_event
                )
        return values[self._output]

    def report(self) -> record.Agreement:
        """Return the agreement with why each layer that differs does.

        Differences that nothing explains make it one that had to be exact, and its first
        difference is the first of them.
        """
        agreement = merge(self._parts)
        notes: dict[str, str] = {}
        differing: list[str] = []
        for row in agreement.layers:
            if not row.mismatches:
                continue
            if row.layer not in self._unexplained:
                said = [self.reasons[row.layer]] if row.layer in self.reasons else []
                said += [f"it reads what differs since layer {differing[0]}"] if differing else []
                notes[row.layer] = "; ".join(said) or "what it reads differs"
            differing.append(row.layer)
        missing = [
            layer.name
            for layer in self._network.layers
            if layer.name not in self._traces and not isinstance(layer, Input)
        ]
        said = [f"QKeras has no such layer: {', '.join(missing)}"] if missing else []
        if self._unexplained:
            counts = ", ".join(f"{count} in {name}" for name, count in self._unexplained.items())
            said.insert(0, f"differences where there may be none: {counts}")
        elif differing:
            said.insert(0, f"differs from layer {differing[0]} on: {notes[differing[0]]}")
        first = reported_mismatch(self._first) if self._unexplained else None
        found = reported(agreement, notes)
        return replace(
            found,
            first=first or found.first,
            exact_expected=bool(self._unexplained) or not differing,
            note="; ".join(said),
        )


def _twins(
    model: ModelSpec, pairs: Mapping[str, str], bare: list[str]
) -> Mapping[str, Counterpart]:
    """Return what QKeras does in the place of each firmware layer."""
    found = {}
    specs = {layer.name: layer for layer in model.layers}
    for name, keras in (*pairs.items(), *((each, each) for each in bare)):
        if keras not in specs:
            continue
        options, kinds = specs[keras].options, kind_of(specs[keras]).options
        weights = [option for option, kind in kinds.items() if kind is Value.WEIGHT_QUANTISER]
        biased = options.get("use_bias", True)
        wanted = [option for option in weights if biased or not option.startswith("bias")]
        activation = options.get("activation")
        quantiser = None
        if (
            name not in bare
            and kinds.get("activation") is Value.ACTIVATION_QUANTISER
            and activation
        ):
            quantiser = parse_quantiser(activation, Role.ACTIVATION, keras).result
        found[name] = Counterpart(
            quantiser, bool(weights) and all(option in options for option in wanted)
        )
    return MappingProxyType(found)
