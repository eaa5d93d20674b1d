"""Stimulus for a test bench, what must come out of it, and the comparison of what did."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trigger.emulate import Agreement, choose, compare
from trigger.errors import ProjectError
from trigger.files import write_text
from trigger.fixed import RawArray
from trigger.flow.networks import read_network, read_pixels
from trigger.flow.workspace import Workspace
from trigger.network import Network
from trigger.project import GoldenTensor, choose_vectors
from trigger.project import golden as golden_files
from trigger.project.cosim import INPUTS, PREDICTIONS
from trigger.project.patterns import read_patterns, write_patterns

STIMULUS, RESPONSE = "inputs.txt", "outputs.txt"


def write_testbench(folder: Path, output: Path, events: Path | None = None) -> int:
    """Write pattern files of inputs and outputs, and hls4ml's ``tb_data/`` of the same events.

    Args:
        events: a .npy file or a pattern file of inputs; by default the golden vectors, or test
            patterns where there are none.

    Returns:
        The number of events.

    Raises:
        ProjectError: there is no such firmware, or the events are not for it.
        OutputError: the folder cannot be written.
    """
    network = read_network(folder)
    pixels = _events(folder, network, events)
    results = choose(network).run(*pixels)
    scores = tuple(results[name] for name in network.outputs)
    write_patterns(output / STIMULUS, _inputs(network), pixels)
    write_patterns(output / RESPONSE, _outputs(network), scores)
    _write_decimals(output / INPUTS, _inputs(network), pixels)
    _write_decimals(output / PREDICTIONS, _outputs(network), scores)
    return len(pixels[0])


def compare_response(folder: Path, response: Path, events: Path | None = None) -> Agreement:
    """Compare what came out of a test bench with the emulator.

    Args:
        response: a pattern file of outputs.
        events: as in ``write_testbench``: what the test bench was given.

    Raises:
        ProjectError: the files are damaged, of other tensors or of another number of events.
    """
    network = read_network(folder)
    pixels = _events(folder, network, events)
    tensors, arrays = read_patterns(response)
    _expect(response, tensors, _outputs(network))
    if len(arrays[0]) != len(pixels[0]):
        raise ProjectError(
            f"{len(arrays[0])} events", where=response, allowed=f"{len(pixels[0])}, as was given"
        )
    theirs = dict(zip(network.outputs, arrays, strict=True))
    return compare(network, choose(network).run(*pixels), theirs, names=("emulated", "test bench"))


def _events(folder: Path, network: Network, events: Path | None) -> tuple[RawArray, ...]:
    if events is not None and events.suffix == ".npy":
        return (read_pixels(events, network),)
    if events is not None:
        tensors, arrays = read_patterns(events)
        _expect(events, tensors, _inputs(network))
        return arrays
    home = Workspace(folder).golden
    if not (home / golden_files.FILE_NAME).is_file():
        return choose_vectors(network).pixels
    golden = golden_files.read(home)
    _expect(home / golden_files.FILE_NAME, golden.inputs, _inputs(network))
    parts = [golden.raw, *(group.raw for group in golden.groups)]
    return tuple(np.concatenate([part[each.name] for part in parts]) for each in golden.inputs)


def _inputs(network: Network) -> tuple[GoldenTensor, ...]:
    return tuple(GoldenTensor(each.name, each.dimensions, each.result) for each in network.inputs)


def _outputs(network: Network) -> tuple[GoldenTensor, ...]:
    shapes = network.shapes
    return tuple(GoldenTensor(name, shapes[name], network[name].result) for name in network.outputs)


def _expect(path: Path, found: tuple[GoldenTensor, ...], wanted: tuple[GoldenTensor, ...]) -> None:
    """Raise unless a file is of the tensors of this firmware; how numbers enter is not its own."""
    if [(each.name, each.shape, each.format.grid) for each in found] != [
        (each.name, each.shape, each.format.grid) for each in wanted
    ]:
        raise ProjectError(
            f"holds {_told(found)}", where=path, allowed=_told(wanted), remedy="write it again"
        )


def _told(tensors: tuple[GoldenTensor, ...]) -> str:
    return ", ".join(f"{each.name} {each.shape} {each.format}" for each in tensors)


def _write_decimals(
    path: Path, tensors: tuple[GoldenTensor, ...], arrays: tuple[RawArray, ...]
) -> None:
    """Write an event a line, its tensors side by side, as hls4ml's test bench reads it."""
    flat = [
        tensor.format.values(array).reshape(len(array), -1)
        for tensor, array in zip(tensors, arrays, strict=True)
    ]
    lines = (" ".join(map(repr, event)) for event in np.concatenate(flat, axis=1).tolist())
    write_text(path, "".join(f"{line}\n" for line in lines))
