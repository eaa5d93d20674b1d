"""Somebody's frozen hls4ml firmware -> Network, emulator, golden vectors and report.

Nothing of the training is needed: the project's text says what the firmware computes, and its own
C++ is the truth that the emulator is held against.
"""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable
from pathlib import Path

from trigger.budget import Cost, Verdict
from trigger.design import Target
from trigger.errors import (
    DeviceError,
    EstimateError,
    OutputError,
    ProjectError,
    UnsupportedLayerError,
)
from trigger.files import whole_folder
from trigger.flow import summary
from trigger.flow.comparison import reported
from trigger.flow.compilation import keeps_compiled, record_adopted
from trigger.flow.costs import cost_notes, gather_costs
from trigger.flow.networks import build_simulation, compare_engines, read_target
from trigger.flow.publication import publish
from trigger.flow.regression import record_golden
from trigger.flow.studies import study_network
from trigger.flow.workspace import Workspace
from trigger.network import Network
from trigger.project import choose_vectors, read_project
from trigger.project.folder import find_project, hash_folder
from trigger.report import record
from trigger.vendor import report_files

KEPT = ("hls4ml_config.yml", "project.tcl", "vivado_synth.tcl", "build_prj.tcl")
"""Files beside the firmware that say for what it was built."""


def adopt(
    project: Path,
    folder: Path,
    events: int,
    seed: int,
    command: str,
    progress: Callable[[int, int], None],
    *,
    with_csim: bool = True,
) -> record.Report:
    """Take a project into a folder of its own, prove the emulator on it, and report.

    The folder holds a copy of the firmware and of its vendor reports, ``network.json``,
    ``golden/`` and the report; every command that takes a folder works on it.

    Args:
        events: random events that emulator and C simulation are compared on, after the patterns.
        with_csim: without it nothing is proven, and there are no golden vectors.

    Raises:
        ProjectError, UnsupportedLayerError: the project cannot be understood; nothing is written.
        AgreementError: golden vectors are there that this firmware does not give.
        OutputError: the folder cannot be written, keeps a compiled design, or another run works
            in it.
    """
    network = read_project(project)
    files = find_project(project)
    workspace = Workspace(folder)
    if keeps_compiled(workspace):
        raise OutputError(
            "a compiled design is kept there",
            where=folder,
            remedy="give the firmware another name with --name",
        )
    with workspace.locked():
        with whole_folder(workspace.project) as copy:
            shutil.copytree(files.firmware, copy / files.firmware.name)
            for name in KEPT:
                if (project / name).is_file():
                    shutil.copy(project / name, copy / name)
            for path in report_files(project, files.top.stem):
                target = copy / path.relative_to(project)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
            workspace.forget_firmware()
        copied = workspace.project / files.firmware.name
        network.save(workspace.network)
        record_adopted(workspace, copied, network)
        notes: list[record.Note] = []
        agreement, compiler = None, None
        if with_csim:
            simulation = build_simulation(folder)
            compiler = simulation.compiler
            pixels = choose_vectors(network, random=events, seed=seed).pixels
            compared = compare_engines(network, simulation, pixels, progress)
            agreement = reported(compared)
            if not compared.mismatches:  # else the report says where they differ
                record_golden(folder)
        else:
            notes.append(
                record.Note(
                    record.Severity.WARNING,
                    "C simulation",
                    "The firmware's own C++ was not run: that the emulator agrees with it is not "
                    "proven, and there are no golden vectors.",
                )
            )
        digests = [("network", network.digest), ("HLS project", hash_folder(copied))]
        date = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        provenance = summary.record_provenance(digests, compiler, seed, command, date)
        report = publish(_report(network, folder, agreement, provenance, notes), workspace)
    return report


def _report(
    network: Network,
    folder: Path,
    agreement: record.Agreement | None,
    provenance: record.Provenance,
    notes: list[record.Note],
) -> record.Report:
    costs: tuple[Cost, ...] = ()
    target: Target | None = None
    try:
        target = read_target(folder, network, None, None, None)
        gathered = gather_costs(folder, network, target)
        costs = gathered.all
        notes += cost_notes(gathered)
    except (ProjectError, EstimateError, UnsupportedLayerError, DeviceError) as error:
        notes.append(record.Note(record.Severity.WARNING, "estimate", str(error)))
    report = record.Report(
        design=folder.name,
        verdict=Verdict(()),
        agreement=agreement,
        costs=costs,
        provenance=provenance,
        layers=summary.layer_rows(network),
        notes=tuple(notes),
    )
    return study_network(network, target).added_to(report)
