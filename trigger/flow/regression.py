"""Golden vectors of a firmware: recorded from C simulation, replayed through both engines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trigger.emulate import Agreement, choose, compare
from trigger.errors import ProjectError
from trigger.flow.comparison import traced_layers
from trigger.flow.networks import build_simulation, read_network, read_pixels
from trigger.flow.workspace import Workspace
from trigger.network import Network
from trigger.project import Golden, GoldenTensor, choose_vectors, csim
from trigger.project import golden as golden_files


@dataclass(frozen=True, slots=True)
class Recorded:
    """Golden vectors on disk."""

    path: Path
    vectors: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What replaying golden vectors showed."""

    vectors: int
    emulated: Agreement
    """Emulator against the recorded integers."""
    csim: Agreement
    """C simulation against the recorded integers."""

    @property
    def mismatches(self) -> int:
        return self.emulated.mismatches + self.csim.mismatches


def record_golden(
    folder: Path,
    *,
    events: Path | None = None,
    tools: tuple[str, ...] = (),
    update: bool = False,
) -> Recorded:
    """Record test vectors with what C simulation makes of them, layer by layer.

    Args:
        events: a .npy file of real events, raw or values, to be recorded beside the patterns.
        tools: versions for the header.
        update: replace other vectors that are there (the run fails all the same).

    Raises:
        AgreementError: other vectors are there, or emulator and C simulation differ on these.
    """
    network = read_network(folder)
    simulation = build_simulation(folder)
    real = () if events is None else (read_pixels(events, network),)
    vectors = choose_vectors(network, *real)
    layers = traced_layers(network, simulation)
    theirs = csim.run(simulation, *vectors.pixels, layers=layers, shapes=network.shapes)
    golden = Golden(
        network_digest=network.digest,
        project_hash=simulation.project_hash,
        tools=(*tools, simulation.compiler),
        inputs=tuple(_tensor(network, layer.name) for layer in network.inputs),
        layers=tuple(_tensor(network, name) for name in layers),
        origins=vectors.origins,
        raw={
            **{layer.name: raw for layer, raw in zip(network.inputs, vectors.pixels, strict=True)},
            **theirs,
        },
    )
    path = golden_files.record(golden, Workspace(folder).golden, update=update)
    return Recorded(path, len(vectors.origins))


def verify_golden(folder: Path) -> Replay:
    """Replay the recorded vectors through emulator and C simulation.

    Raises:
        ProjectError: there are no vectors, they are damaged, or of other layers.
    """
    golden = golden_files.read(Workspace(folder).golden)
    network = read_network(folder)
    ports = [layer.name for layer in network.inputs]
    if [tensor.name for tensor in golden.inputs] != ports:
        raise ProjectError(
            f"the vectors are for the inputs {', '.join(t.name for t in golden.inputs)}",
            where=Workspace(folder).golden,
            allowed=", ".join(ports),
            remedy="record them again for this firmware",
        )
    layers = tuple(golden.results)
    gone = [name for name in layers if name not in network.shapes]
    if gone:
        raise ProjectError(
            f"the vectors have layers that the network lacks: {', '.join(gone)}",
            where=Workspace(folder).golden,
            allowed=", ".join(network.shapes),
            remedy="record them again for this firmware",
        )
    ours = choose(network, layers).run(*golden.pixels, layers=layers)
    simulation = build_simulation(folder)
    theirs = csim.run(simulation, *golden.pixels, layers=layers, shapes=network.shapes)
    return Replay(
        len(golden.origins),
        compare(network, ours, golden.results, names=("emulated", "golden")),
        compare(network, theirs, golden.results, names=("C simulation", "golden")),
    )


def _tensor(network: Network, name: str) -> GoldenTensor:
    return GoldenTensor(name, network.shapes[name], network[name].result)
