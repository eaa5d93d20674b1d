"""The same events through emulator and C simulation, a part of them at a time, and what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from trigger.emulate import Agreement, Mismatch, choose
from trigger.fixed import RawArray
from trigger.layers import Input
from trigger.network import Network
from trigger.project import csim
from trigger.report import record

EMULATED, CSIM, REFERENCE = "emulated", "C simulation", "reference engine"
QKERAS, FLOAT = "QKeras", "float"
"""The engines, as reports and messages call them."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Consecutive events with what emulator and C simulation say of them."""

    first_event: int
    pixels: tuple[RawArray, ...]
    emulated: Mapping[str, RawArray]
    """Raw results by layer, (events, *shape)."""
    csim: Mapping[str, RawArray]


def traced_layers(network: Network, simulation: csim.Simulation) -> tuple[str, ...]:
    """Return the layers whose results both the network and the C simulation have, in order."""
    return tuple(
        layer.name
        for layer in network.layers
        if layer.name in simulation.layers and not isinstance(layer, Input)
    )


def run_parts(
    network: Network,
    simulation: csim.Simulation,
    inputs: tuple[RawArray, ...],
    progress: Callable[[int, int], None],
    also: tuple[str, ...] = (),
) -> Iterator[Part]:
    """Yield the results of both engines on raw pixels, every traced layer, part by part.

    Args:
        also: layers to emulate though C simulation does not trace them.
    """
    layers = traced_layers(network, simulation)
    wanted = tuple(dict.fromkeys((*layers, *also)))
    engine = choose(network, wanted)
    done = 0
    for theirs in csim.chunks(simulation, *inputs, layers=layers, shapes=network.shapes):
        count = len(theirs[network.outputs[0]])
        pixels = tuple(array[done : done + count] for array in inputs)
        yield Part(done, pixels, engine.run(*pixels, layers=wanted), theirs)
        done += count
        progress(done, len(inputs[0]))


def reported(agreement: Agreement, notes: Mapping[str, str] | None = None) -> record.Agreement:
    """Return an agreement as the report says it.

    Args:
        notes: why a layer may differ, by layer; every other must not.
    """
    notes = notes or {}
    rows = tuple(
        record.LayerAgreement(
            row.layer,
            agreement.events,
            row.elements,
            row.mismatches,
            reported_mismatch(row.first),
            notes.get(row.layer, "") if row.mismatches else "",
        )
        for row in agreement.layers
    )
    return record.Agreement(
        agreement.left,
        agreement.right,
        agreement.events,
        agreement.elements,
        agreement.mismatches,
        rows,
        reported_mismatch(agreement.first),
    )


def reported_mismatch(first: Mismatch | None) -> record.Mismatch | None:
    """Return a first difference as the report says it."""
    if first is None:
        return None
    return record.Mismatch(
        first.event,
        first.layer,
        first.element,
        first.left_raw,
        first.right_raw,
        str(first.format),
    )
