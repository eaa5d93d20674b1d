"""Golden vectors of a firmware: recorded from C simulation, layer by layer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from trigger.budget import Cost, Quantity
from trigger.emulate import choose, compare
from trigger.errors import AgreementError, TriggerError
from trigger.fixed import RawArray
from trigger.flow.comparison import CSIM, EMULATED, traced_layers
from trigger.flow.compilation import converter
from trigger.flow.costs import gather_costs
from trigger.flow.fields import contract_fields, network_fields, texts
from trigger.flow.goals import Reached, reach_goals
from trigger.flow.listener import Listener
from trigger.flow.networks import (
    build_simulation,
    read_network,
    read_pixels,
    read_target,
)
from trigger.flow.own_events import pick_events
from trigger.flow.workspace import Workspace
from trigger.network import Network
from trigger.project import (
    Golden,
    GoldenGroup,
    GoldenTensor,
    Vectors,
    choose_vectors,
    csim,
    hot_pixels,
)
from trigger.project import golden as golden_files

POOL = 64
"""Random vectors from which the search for the ends of layers begins."""


class Engine(Protocol):
    """Runs pixels through a firmware, some events at a time."""

    def __call__(self, *pixels: RawArray) -> Iterator[Mapping[str, RawArray]]: ...


@dataclass(frozen=True, slots=True)
class Recorded:
    """Golden vectors on disk."""

    path: Path
    vectors: int
    reached: Reached
    own_events: int
    """Events of the design among them; 0 where its folder does not have them."""


def record_golden(
    folder: Path,
    *,
    events: Path | None = None,
    tools: tuple[str, ...] = (),
    update: bool = False,
    listener: Listener | None = None,
) -> Recorded:
    """Record test vectors with what C simulation makes of them, layer by layer.

    Args:
        events: a .npy file of real events, raw or values, to be recorded beside the patterns.
        tools: versions for the header, beside those of hls4ml and the compiler.
        update: replace other vectors that are there (the run fails all the same).
        listener: with one, events of the design itself are picked where its folder has them.

    Raises:
        AgreementError: other vectors are there, or emulator and C simulation differ on these.
    """
    network = read_network(folder)
    simulation = build_simulation(folder)
    real = () if events is None else (read_pixels(events, network),)
    chosen = choose_vectors(network, *real)
    picked = None if listener is None else pick_events(folder, network, listener)
    if picked is not None:
        chosen = _joined(chosen, picked[0])
    reached = reach_goals(network, _joined(chosen, choose_vectors(network, random=POOL)))
    layers = traced_layers(network, simulation)
    run = partial(csim.chunks, simulation, layers=layers, shapes=network.shapes)
    named = [
        ("one hot pixel", hot_pixels(network)),
        ("ends of layers and edges of quantisers", reached.vectors),
        *([("highest scores", picked[1])] if picked is not None else []),
    ]
    results = join_results(run(*chosen.pixels))
    _expect_agreement(network, chosen, results, folder)
    groups = [_group(network, layers, name, vectors, run) for name, vectors in named]
    golden = Golden(
        network_digest=network.digest,
        project_hash=simulation.project_hash,
        tools=(*tools, *converter(folder), simulation.compiler),
        inputs=tuple(_tensor(network, layer.name) for layer in network.inputs),
        layers=tuple(_tensor(network, name) for name in layers),
        origins=chosen.origins,
        raw={
            **{layer.name: raw for layer, raw in zip(network.inputs, chosen.pixels, strict=True)},
            **results,
        },
        outputs=tuple(name for name in layers if name in network.outputs),
        groups=tuple(group for group in groups if group.origins),
        fields=fields_of(folder, network),
        costs=costs_of(folder, network),
    )
    path = golden_files.record(golden, Workspace(folder).golden, update=update)
    own = 0 if picked is None else sum(len(each.origins) for each in picked)
    return Recorded(path, golden.vectors, reached, own)


def _expect_agreement(
    network: Network, vectors: Vectors, results: Mapping[str, RawArray], folder: Path
) -> None:
    """Raise AgreementError unless the emulator gives what C simulation gave of the vectors."""
    layers = tuple(results)
    emulated = choose(network, layers).run(*vectors.pixels, layers=layers)
    first = compare(network, emulated, results, names=(EMULATED, CSIM)).first
    if first is not None:
        raise AgreementError(
            f"emulator and C simulation differ: {first}",
            where=folder,
            remedy="nothing was recorded; `trigger csim` compares every layer",
        )


def _joined(*parts: Vectors) -> Vectors:
    pixels = zip(*(part.pixels for part in parts), strict=True)
    origins = tuple(origin for part in parts for origin in part.origins)
    return Vectors(tuple(np.concatenate(arrays) for arrays in pixels), origins)


def join_results(chunks: Iterator[Mapping[str, RawArray]]) -> dict[str, RawArray]:
    parts = list(chunks)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def summed(
    network: Network, outputs: Sequence[str], chunks: Iterator[Mapping[str, RawArray]]
) -> tuple[dict[str, RawArray], dict[str, str]]:
    """Return the outputs, and the digest of each layer, without keeping the layers."""
    states: dict[str, hashlib._Hash] = {}
    kept = []
    for part in chunks:
        for name, raw in part.items():
            state = states.setdefault(name, hashlib.sha256())
            state.update(golden_files.to_bytes(raw, network[name].result))
        kept.append({name: part[name] for name in outputs})
    return join_results(iter(kept)), {name: state.hexdigest() for name, state in states.items()}


def _group(
    network: Network, layers: tuple[str, ...], name: str, vectors: Vectors, run: Engine
) -> GoldenGroup:
    if not vectors.origins:
        return GoldenGroup(name, (), {}, {})
    outputs = tuple(each for each in layers if each in network.outputs)
    results, digests = summed(network, outputs, run(*vectors.pixels))
    inputs = zip((layer.name for layer in network.inputs), vectors.pixels, strict=True)
    return GoldenGroup(name, vectors.origins, {**dict(inputs), **results}, digests)


def costs_of(folder: Path, network: Network) -> dict[str, str]:
    """Return cycles and resources by source and name; nothing where they cannot be told."""
    try:
        target = read_target(folder, network, None, None, None)
        costs = gather_costs(folder, network, target)
    except TriggerError:
        return {}
    return cost_texts(costs.all)


def cost_texts(costs: Sequence[Cost]) -> dict[str, str]:
    """Return the totals of costs by source and quantity."""
    return {
        f"{cost.source.name.lower()}.{quantity.value}": f"{figure.value:g}"
        for cost in costs
        for quantity in Quantity
        if (figure := cost.total.figure(quantity)) is not None
    }


def fields_of(folder: Path, network: Network) -> dict[str, str]:
    return texts({**network_fields(network), **contract_fields(folder)})


def _tensor(network: Network, name: str) -> GoldenTensor:
    return GoldenTensor(name, network.shapes[name], network[name].result)
