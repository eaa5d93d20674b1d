"""The same events through emulator, C simulation and Keras, compared integer by integer."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.emulate import Agreement, Mismatch, choose, compare, in_steps, merge, run
from trigger.files import whole_file
from trigger.fixed import RawArray
from trigger.flow.compilation import Compiled
from trigger.flow.networks import traced_layers
from trigger.flow.workspace import Workspace
from trigger.layers import Input
from trigger.network import Network
from trigger.project import csim
from trigger.report import codec, record
from trigger.training import Sample, TrainedModel, predict, restore
from trigger.training.trace import LayerTracer

EMULATED, CSIM, REFERENCE = "emulated", "C simulation", "reference engine"
QKERAS, FLOAT = "QKeras", "float"
"""The engines, as reports and messages call them."""


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
    )
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    found = _find(workspace, key)
    if found is not None:
        return found
    network = compiled.network
    layers = traced_layers(network, simulation)
    counterparts = {
        name: keras
        for name, keras in compiled.counterparts.items()
        if not isinstance(network[name], Input)
    }
    tracer = LayerTracer(
        restore(quantised), tuple(counterparts.values()), float(network.inputs[0].result.step)
    )
    wanted = tuple(dict.fromkeys((*layers, *counterparts)))
    engine = choose(network, wanted)
    with_csim, with_reference, with_keras = [], [], []
    emulated, simulated, keras = [], [], []
    done = 0
    output = network.outputs[0]
    for theirs in csim.chunks(simulation, sample.pixels_raw, layers=layers, shapes=network.shapes):
        events = len(theirs[output])
        pixels = sample.pixels_raw[done : done + events]
        ours = engine.run(pixels, layers=wanted)
        reference = run(network, pixels, layers=wanted)
        values = tracer.run(pixels)
        kerased = in_steps(network, {name: values[it] for name, it in counterparts.items()})
        with_csim.append(compare(network, ours, theirs, names=(EMULATED, CSIM), first_event=done))
        with_reference.append(
            compare(network, ours, reference, names=(EMULATED, REFERENCE), first_event=done)
        )
        with_keras.append(
            compare(network, ours, kerased, names=(EMULATED, QKERAS), first_event=done)
        )
        emulated.append(ours[output])
        simulated.append(theirs[output])
        keras.append(values[counterparts[output]])
        done += events
        progress(done, len(sample))
    result = Simulated(
        sample.labels.astype(np.int64),
        np.concatenate(emulated),
        np.concatenate(simulated),
        np.concatenate(keras),
        predict(float_twin, sample.pixels_raw).astype(np.float64),
        (
            reported(merge(with_csim), network, exact=True),
            reported(merge(with_reference), network, exact=True),
            reported(merge(with_keras), network, exact=False),
        ),
        simulation.compiler,
        simulation.project_hash,
    )
    _keep(result, workspace, key)
    return result


def reported(agreement: Agreement, network: Network, *, exact: bool) -> record.Agreement:
    """Return an agreement as the report says it, with why each layer that differs does."""
    rows = []
    inexact: list[str] = []
    for row in agreement.layers:
        note = ""
        if row.mismatches and not exact:
            note = _reason(network, row.layer, inexact)
            inexact.append(row.layer)
        rows.append(
            record.LayerAgreement(
                row.layer,
                agreement.events,
                row.elements,
                row.mismatches,
                _mismatch(row.first),
                note,
            )
        )
    first = agreement.first
    return record.Agreement(
        agreement.left,
        agreement.right,
        agreement.events,
        agreement.elements,
        agreement.mismatches,
        tuple(rows),
        _mismatch(first),
        exact_expected=exact or not inexact,
        note=f"differs from layer {inexact[0]} on: {rows[_index(rows, inexact[0])].note}"
        if inexact
        else "",
    )


def _index(rows: list[record.LayerAgreement], name: str) -> int:
    return [row.layer for row in rows].index(name)


def _mismatch(first: Mismatch | None) -> record.Mismatch | None:
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


def _reason(network: Network, name: str, earlier: list[str]) -> str:
    """Return why the firmware's layer gives other numbers than Keras does."""
    if earlier:
        return f"it reads what differs since layer {earlier[0]}"
    layer = network[name]
    return REASONS.get(type(layer).__name__, OTHER_REASON).format(result=layer.result)


REASONS = {
    "Pooling2D": "hls4ml stores the mean in {result}; Keras keeps all its bits",
    "Conv2D": "a sum needs more than float32's 24 bits, which Keras computes in",
    "Conv1D": "a sum needs more than float32's 24 bits, which Keras computes in",
    "Dense": "a sum needs more than float32's 24 bits, which Keras computes in",
    "BatchNormalization": "hls4ml rounds scale and bias to fixed point; Keras does not",
}
"""Where hls4ml's own conversion is not exact, by layer kind."""
OTHER_REASON = "hls4ml computes it in {result}, Keras in float32"


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
