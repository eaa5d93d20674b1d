"""Everything that a run found, as one Report."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterator, Sequence
from importlib import metadata

import numpy as np

import trigger
from trigger.budget import Verdict
from trigger.config import DesignFile
from trigger.events import SOURCES
from trigger.flow.compilation import Compiled
from trigger.flow.costs import Costs, cost_notes
from trigger.flow.figures import Figures
from trigger.flow.samples import Events, Images
from trigger.flow.simulation import Simulated
from trigger.layers import MultiplyAccumulate
from trigger.network import Network
from trigger.report import record
from trigger.training import TrainedModel

EXAMPLES = 4
"""Example images of each class."""
PACKAGES = (
    "numpy",
    "tensorflow",
    "tf_keras",
    "qkeras",
    "tensorflow-model-optimization",
    "hls4ml",
)


def layer_rows(network: Network) -> tuple[record.LayerRow, ...]:
    """Return the network as the report's table has it."""
    shapes = network.shapes
    rows = []
    for layer in network.layers:
        weights = layer.weights()
        first = next(iter(weights.values()), None)
        kernels = [raw for role, (raw, _) in weights.items() if role.endswith("kernel")]
        inputs = network.input_formats(layer)
        rows.append(
            record.LayerRow(
                name=layer.name,
                kind=type(layer).__name__,
                output_shape=tuple(int(length) for length in shapes[layer.name]),
                input_format=str(inputs[0]) if inputs else None,
                weight_format=str(first[1]) if first else None,
                accumulator_format=str(layer.accumulator)
                if isinstance(layer, MultiplyAccumulate)
                else None,
                result_format=str(layer.result),
                weights=sum(int(raw.size) for raw in kernels),
                zeros=sum(int(np.count_nonzero(raw == 0)) for raw in kernels),
                multiplications=layer.multiplications(*(shapes[name] for name in layer.inputs)),
            )
        )
    return tuple(rows)


def class_images(file: DesignFile, images: Images) -> tuple[record.ClassImages, ...]:
    """Return the first test images of each class and the mean of all its test images."""
    test = images.sample.take(images.split.test)
    found = []
    for label, name in enumerate(file.labels):
        pixels = test.pixels_raw[test.labels == label]
        shape = _as_image(pixels.shape[1:])
        found.append(
            record.ClassImages(
                name,
                len(pixels),
                record.Image(shape, tuple(pixels.mean(axis=0).ravel().tolist()), "mean"),
                tuple(
                    record.Image(shape, tuple(image.ravel().tolist()), f"test event {number}")
                    for number, image in enumerate(pixels[:EXAMPLES])
                ),
            )
        )
    return tuple(found)


def _as_image(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return (rows, columns, channels) for any input; a set is shown as candidates x features."""
    rows, *rest = (int(length) for length in shape)
    columns, *channels = rest or [1]
    return rows, columns, math.prod(channels)


def provenance(
    file: DesignFile,
    images: Images,
    trained: Sequence[TrainedModel],
    compiled: Compiled,
    simulated: Simulated,
    command: str,
    date: str,
) -> record.Provenance:
    """Return hashes, versions, command, seed and date; nothing names the machine."""
    digests = [
        ("design", file.design.digest),
        ("design file", file.sha256),
        ("images and labels", images.sample.digest),
        *((f"{model.kind.value} weights", model.digest) for model in trained),
        ("network", compiled.network.digest),
        ("HLS project", simulated.project_hash),
    ]
    return record_provenance(digests, simulated.compiler, file.seed, command, date)


def record_provenance(
    digests: Sequence[tuple[str, str]], compiler: str | None, seed: int, command: str, date: str
) -> record.Provenance:
    """Return hashes by name with today's versions of everything that computes."""
    tools = [("trigger", trigger.__version__), ("Python", platform.python_version())]
    tools += [(package, _version(package)) for package in PACKAGES]
    return record.Provenance(
        command=command,
        date=date,
        seed=seed,
        digests=tuple(record.Digest(name, digest) for name, digest in digests),
        tools=tuple(
            record.ToolVersion(name, version)
            for name, version in [*tools, ("C++ compiler", compiler)]
        ),
    )


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def input_contract(images: Images) -> tuple[record.Entry, ...]:
    """Return the input contract as keys and values."""
    return tuple(record.Entry(key, str(value)) for key, value in images.contract.to_dict().items())


def output_contract(images: Images) -> tuple[record.Entry, ...]:
    """Return what the model's numbers mean as keys and values; () where they are scores."""
    found = {} if images.output is None else images.output.to_dict()
    return tuple(record.Entry(key, str(value)) for key, value in found.items())


def notes(file: DesignFile, events: Events, images: Images) -> tuple[record.Note, ...]:
    """Return what a reader must know beside the figures."""
    return tuple(_notes(file, events, images))


def _notes(file: DesignFile, events: Events, images: Images) -> Iterator[record.Note]:
    warning, info = record.Severity.WARNING, record.Severity.INFO
    section = file.events
    if section is not None and section.generate is not None:
        for text in SOURCES[section.source].notes(section.generate.options):
            yield record.Note(info, "events", text)
    for text in images.contract.warnings():
        yield record.Note(warning, "input", text)
    for text in file.task.warnings():
        yield record.Note(warning, "task", text)
    if images.left_out:
        yield record.Note(
            info,
            "task",
            f"{images.left_out:,} {file.task.subject} were left out: they, or another of their "
            "event, left too few hits.",
        )
    if events.skipped:
        yield record.Note(warning, "events", f"{events.skipped} bad events were skipped.")


def build_report(
    file: DesignFile,
    events: Events,
    images: Images,
    trained: Sequence[TrainedModel],
    compiled: Compiled,
    simulated: Simulated,
    found: Figures,
    costs: Costs,
    verdict: Verdict,
    steps: Sequence[record.Step],
    command: str,
    date: str,
) -> record.Report:
    """Return the report of a whole run."""
    with_csim, *further = simulated.agreements
    return record.Report(
        design=file.name,
        verdict=verdict,
        agreement=with_csim,
        costs=costs.all,
        provenance=provenance(file, images, trained, compiled, simulated, command, date),
        further_agreements=tuple(further),
        physics=found.physics[0] if found.physics else None,
        layers=layer_rows(compiled.network),
        input_contract=input_contract(images),
        classes=class_images(file, images),
        steps=tuple(steps),
        notes=(*notes(file, events, images), *found.notes(), *cost_notes(costs)),
        further_physics=found.physics[1:],
        regression=found.regression,
        output_contract=output_contract(images),
    )
