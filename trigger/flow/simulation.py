"""The same events through emulator, C simulation and Keras, compared integer by integer."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.emulate import compare, merge, run
from trigger.files import whole_file
from trigger.fixed import RawArray
from trigger.flow.comparison import CSIM, EMULATED, REFERENCE, reported, run_parts
from trigger.flow.compilation import Compiled
from trigger.flow.qkeras import KerasComparison
from trigger.flow.workspace import Workspace
from trigger.project import csim
from trigger.report import codec, record
from trigger.training import Sample, TrainedModel, predict, restore

COMPARISON = 2
"""Number of the rules by which engines are compared; kept answers of other rules are dropped."""


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """What every engine said of the same events."""

    labels: npt.NDArray[np.int64]
    """(n,) class of each event."""
    emulated: RawArray
    """(n, outputs) raw."""
    csim: RawArray
    """(n, outputs) raw."""
    qkeras: npt.NDArray[np.float64]
    """(n, outputs) values."""
    float_twin: npt.NDArray[np.float64]
    """(n, outputs) values."""
    agreements: tuple[record.Agreement, ...]
    """Emulated against C simulation first, then the reference engine, then QKeras."""
    compiler: str
    project_hash: str


def simulate(
    compiled: Compiled,
    simulation: csim.Simulation,
    quantised: TrainedModel,
    float_twin: TrainedModel,
    sample: Sample,
    workspace: Workspace,
    progress: Callable[[int, int], None],
) -> Simulated:
    """Run all engines on a sample, or return what they said of the same sample before.

    Every layer of emulator and C simulation is compared on every event; only the scores are kept.
    """
    parts = (
        compiled.network.digest,
        simulation.project_hash,
        simulation.compiler,
        quantised.digest,
        float_twin.digest,
        sample.digest,
        str(COMPARISON),
    )
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    found = _find(workspace, key)
    if found is not None:
        return found
    network = compiled.network
    comparison = KerasComparison(
        network, quantised.model, restore(quantised), compiled.counterparts
    )
    with_csim, with_reference = [], []
    emulated, simulated, keras = [], [], []
    output = network.outputs[0]
    inputs = (sample.pixels_raw,)
    for part in run_parts(network, simulation, inputs, progress, comparison.layers):
        ours, first = part.emulated, part.first_event
        reference = run(network, *part.pixels, layers=tuple(ours))
        with_csim.append(
            compare(network, ours, part.csim, names=(EMULATED, CSIM), first_event=first)
        )
        with_reference.append(
            compare(network, ours, reference, names=(EMULATED, REFERENCE), first_event=first)
        )
        keras.append(comparison.add(*part.pixels, ours, first))
        emulated.append(ours[output])
        simulated.append(part.csim[output])
    result = Simulated(
        sample.labels.astype(np.int64),
        np.concatenate(emulated),
        np.concatenate(simulated),
        np.concatenate(keras),
        predict(float_twin, sample.pixels_raw).astype(np.float64),
        (
            reported(merge(with_csim)),
            reported(merge(with_reference)),
            comparison.report(),
        ),
        simulation.compiler,
        simulation.project_hash,
    )
    _keep(result, workspace, key)
    return result


def _keep(result: Simulated, workspace: Workspace, key: str) -> None:
    agreements = codec.encode(result.agreements, tuple[record.Agreement, ...], "agreements")
    about = {
        "key": key,
        "agreements": agreements,
        "compiler": result.compiler,
        "project_hash": result.project_hash,
    }
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        labels=result.labels,
        emulated=result.emulated,
        csim=result.csim,
        qkeras=result.qkeras,
        float_twin=result.float_twin,
        about=np.array(json.dumps(about)),
    )
    with whole_file(workspace.scores) as stream:
        stream.write(packed.getvalue())


def _find(workspace: Workspace, key: str) -> Simulated | None:
    """Return the kept scores if they are of this key and whole."""
    try:
        with np.load(workspace.scores) as arrays:
            about = json.loads(str(arrays["about"]))
            if about["key"] != key:
                return None
            agreements = codec.decode(
                about["agreements"], tuple[record.Agreement, ...], "agreements"
            )
            return Simulated(
                arrays["labels"],
                arrays["emulated"],
                arrays["csim"],
                arrays["qkeras"],
                arrays["float_twin"],
                agreements,
                str(about["compiler"]),
                str(about["project_hash"]),
            )
    except Exception:  # missing, of another version or damaged in any way: computed again
        return None
