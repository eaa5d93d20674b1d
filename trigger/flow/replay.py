"""Golden vectors replayed: emulator, C simulation, and what a vendor's co-simulation gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from trigger.emulate import Agreement, choose, compare
from trigger.errors import ProjectError, UnsupportedLayerError
from trigger.fixed import RawArray
from trigger.flow.compilation import converter
from trigger.flow.fields import moves_bits, network_fields, texts
from trigger.flow.networks import build_simulation, project_folder, read_recorded
from trigger.flow.regression import Engine, costs_of, fields_of, join_results, summed
from trigger.flow.workspace import Workspace
from trigger.network import Network
from trigger.project import Golden, GoldenGroup, csim, read_project
from trigger.project import golden as golden_files
from trigger.project.cosim import Cosim, agrees, read_cosim
from trigger.report.junit import Answer, Case

CHUNK = 256
EMULATED, CSIM, COSIM = "emulated", "C simulation", "co-simulation"
FIRMWARE = "firmware"
COMPARED = (EMULATED, CSIM, COSIM, FIRMWARE)
"""What replaying compares with the record: three engines, and what the firmware is made of."""
RECORDED = "golden"


@dataclass(frozen=True, slots=True)
class GroupReplay:
    """What one engine made of one group of vectors."""

    name: str
    outputs: Agreement
    """On the outputs, which are recorded number by number."""
    moved: tuple[str, ...]
    """Layers of which the digest differs, in execution order."""

    @property
    def failure(self) -> str:
        """What moved first; empty if nothing did."""
        if not self.moved and not self.outputs.mismatches:
            return ""
        first = f"layer {self.moved[0]} moved" if self.moved else "outputs moved"
        return f"{first} in the group {self.name!r}" + (
            f"; {self.outputs.first}" if self.outputs.first else ""
        )


@dataclass(frozen=True, slots=True)
class CosimReplay:
    """The vendor's RTL simulation against the emulator, on the events that it was run on."""

    events: int
    elements: int
    mismatches: int
    failure: str
    """The first difference; empty if there is none."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What replaying golden vectors showed."""

    vectors: int
    emulated: Agreement
    """Emulator against the recorded integers."""
    csim: Agreement
    """C simulation against the recorded integers."""
    groups: tuple[GroupReplay, ...]
    """Each group through each engine."""
    cosim: CosimReplay | None
    """``None``: the project holds no co-simulation output."""
    changes: tuple[str, ...]
    """What the firmware is made of and was not when the vectors were recorded."""
    notes: tuple[str, ...]
    """What changed and moves no integer: tools, cycles, resources."""

    @property
    def failures(self) -> tuple[str, ...]:
        """What is not as it was recorded, the integers first; empty if all is."""
        found = [f"{side.left}: {side.first}" for side in (self.emulated, self.csim) if side.first]
        found += [
            f"{group.outputs.left}: {group.failure}" for group in self.groups if group.failure
        ]
        found += [f"{COSIM}: {self.cosim.failure}"] if self.cosim and self.cosim.failure else []
        return (*found, *self.changes)


def verify_golden(folder: Path) -> Replay:
    """Replay the recorded vectors through emulator and C simulation, and vendor output beside.

    Raises:
        ProjectError: there are no vectors, they are damaged, or of other layers.
    """
    golden = golden_files.read(Workspace(folder).golden)
    network = read_recorded(folder)
    _expect_same_layers(golden, network, folder)
    layers = tuple(golden.results)
    simulation = build_simulation(folder)
    engines: dict[str, Engine] = {
        EMULATED: emulator(network, layers),
        CSIM: partial(csim.chunks, simulation, layers=layers, shapes=network.shapes),
    }
    sides = [
        compare(network, join_results(run(*golden.pixels)), golden.results, names=(name, RECORDED))
        for name, run in engines.items()
    ]
    groups = tuple(
        _replay_group(network, golden, group, name, run)
        for name, run in engines.items()
        for group in golden.groups
    )
    cosim = read_cosim(project_folder(folder), network)
    changes = _differences(golden.fields, fields_of(folder, network))
    changes |= _differences_of_text(folder, network)
    notes = [text for name, text in changes.items() if not moves_bits(name)]
    tools = (*converter(folder), simulation.compiler)
    if golden.tools != tools:
        notes.append(f"tools: {', '.join(golden.tools)} became {', '.join(tools)}")
    if golden.project_hash != simulation.project_hash:
        notes.append(f"C++ of the firmware: {golden.project_hash} became {simulation.project_hash}")
    notes += _differences(golden.costs, costs_of(folder, network)).values()
    return Replay(
        golden.vectors,
        *sides,
        groups,
        None if cosim is None else _replay_cosim(network, cosim),
        tuple(text for name, text in changes.items() if moves_bits(name)),
        tuple(notes),
    )


def cases(replay: Replay) -> tuple[Case, ...]:
    """Return each comparison as a test case."""
    found = [
        _case(side.left, "every layer", str(side.first or ""), f"{side.elements:,} integers")
        for side in (replay.emulated, replay.csim)
    ]
    found += [
        _case(group.outputs.left, group.name, group.failure, f"{group.outputs.events:,} vectors")
        for group in replay.groups
    ]
    if replay.cosim is None:
        found.append(Case(COSIM, "outputs", Answer.SKIP, "the project holds no output of it"))
    else:
        text = f"{replay.cosim.elements:,} numbers of {replay.cosim.events:,} events"
        found.append(_case(COSIM, "outputs", replay.cosim.failure, text))
    found.append(_case(FIRMWARE, "as recorded", "\n".join(replay.changes), "nothing changed"))
    return tuple(found)


def _case(group: str, name: str, failure: str, text: str) -> Case:
    return Case(group, name, Answer.FAIL if failure else Answer.PASS, failure or text)


def _expect_same_layers(golden: Golden, network: Network, folder: Path) -> None:
    ports = [layer.name for layer in network.inputs]
    if [tensor.name for tensor in golden.inputs] != ports:
        raise ProjectError(
            f"the vectors are for the inputs {', '.join(t.name for t in golden.inputs)}",
            where=Workspace(folder).golden,
            allowed=", ".join(ports),
            remedy="record them again for this firmware",
        )
    gone = [name for name in golden.results if name not in network.shapes]
    if gone:
        raise ProjectError(
            f"the vectors have layers that the network lacks: {', '.join(gone)}",
            where=Workspace(folder).golden,
            allowed=", ".join(network.shapes),
            remedy="record them again for this firmware",
        )


def emulator(network: Network, layers: tuple[str, ...]) -> Engine:
    choice = choose(network, layers)

    def run(*pixels: RawArray) -> Iterator[Mapping[str, RawArray]]:
        for start in range(0, len(pixels[0]), CHUNK):
            part = (array[start : start + CHUNK] for array in pixels)
            yield choice.run(*part, layers=layers)

    return run


def _replay_group(
    network: Network, golden: Golden, group: GoldenGroup, engine: str, run: Engine
) -> GroupReplay:
    pixels = [group.raw[tensor.name] for tensor in golden.inputs]
    results, digests = summed(network, golden.outputs, run(*pixels))
    recorded = {name: group.raw[name] for name in golden.outputs}
    moved = tuple(name for name, value in group.digests.items() if digests[name] != value)
    return GroupReplay(
        group.name, compare(network, results, recorded, names=(engine, RECORDED)), moved
    )


def _replay_cosim(network: Network, cosim: Cosim) -> CosimReplay:
    results = choose(network).run(*cosim.pixels)
    elements = mismatches = 0
    failure = ""
    for name, theirs in zip(network.outputs, cosim.results, strict=True):
        ours = network[name].result.values(results[name])
        wrong = ~agrees(ours, theirs)
        elements += wrong.size
        mismatches += int(wrong.sum())
        if wrong.any() and not failure:
            event, *element = (int(index) for index in np.argwhere(wrong)[0])
            place = (event, *element)
            failure = (
                f"event {event}, layer {name}, element {element}: "
                f"{theirs[place]:g}, where the emulator has {ours[place]:g}"
            )
    return CosimReplay(len(cosim.pixels[0]), elements, mismatches, failure)


def _differences_of_text(folder: Path, network: Network) -> dict[str, str]:
    """Return where the text of a design's HLS project says something else than its network."""
    project = project_folder(folder)
    if project == folder:
        return {}
    try:
        said = read_project(project)
    except UnsupportedLayerError:  # hls4ml's graph tells more than the text does
        return {}
    changes = _differences(texts(network_fields(network)), texts(network_fields(said)))
    return {
        f"{project.name}/{name}": f"{project.name}/ against network.json: {text}"
        for name, text in changes.items()
    }


def _differences(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Return what changed between two tables of texts, by name."""
    return {
        name: f"{name}: {before.get(name, 'nothing')} became {now.get(name, 'nothing')}"
        for name in {**before, **now}
        if before.get(name) != now.get(name)
    }
