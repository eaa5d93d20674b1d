"""``trigger synth``: the vendor's tools on a project, step by step, what is finished not again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from trigger.errors import ToolError
from trigger.files import write_text
from trigger.flow.listener import StepListener
from trigger.flow.networks import project_folder
from trigger.flow.workspace import Workspace
from trigger.project.folder import find_project, hash_folder
from trigger.vendor import report_files
from trigger.vendor.run import run_step
from trigger.vendor.tools import STEP_WORDS, Step, step_command

RECORD = "trigger_synth.json"
"""In the project's folder: which steps are finished, and of which firmware."""
SCRIPTS = ("build_prj.tcl", "project.tcl", "vivado_synth.tcl", "hls4ml_config.yml")
"""Beside the firmware, what a result depends on."""

SIGNS = {Step.CSYNTH: "csynth", Step.COSIM: "cosim", Step.VSYNTH: "vivado_synth"}
"""What is in the names of the reports of a step."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """One finished step."""

    step: Step
    seconds: float
    reused: bool
    """It was finished before, for the same firmware."""
    log: Path
    reports: tuple[Path, ...]


def synthesise(
    folder: Path,
    backend: str,
    steps: Iterable[Step],
    listener: StepListener,
    *,
    fresh: bool = False,
) -> tuple[StepResult, ...]:
    """Run steps of the vendor's tools on a project; C synthesis always comes before the others.

    A step that was finished for the same firmware, and whose reports are unchanged, is not run
    again.

    Args:
        folder: of a design, or an HLS project.
        backend: hls4ml's name, which decides the tool.
        fresh: forget what is finished.

    Raises:
        ToolError: a tool is missing or failed.
        ProjectError: the project is not whole.
        OutputError: it cannot be written, or another run works in it.
    """
    project = project_folder(folder)
    wanted = [step for step in Step if step is Step.CSYNTH or step in set(steps)]
    with Workspace(folder).locked():
        key = synthesis_key(project)
        made_of, finished = _read_record(project)
        if fresh or made_of != key:
            finished = {}
        results = []
        for number, step in enumerate(wanted, 1):
            listener.begin(STEP_WORDS[step], number, len(wanted))
            result = _reused(project, step, finished)
            if result is None:
                result = _run(project, backend, step, listener)
                if step is Step.CSYNTH:  # the others rest on it
                    finished.clear()
                finished[step.value] = {
                    "seconds": round(result.seconds, 1),
                    "reports": _hashes(project, result.reports),
                }
                record = {"firmware": key, "steps": finished}
                write_text(project / RECORD, json.dumps(record, indent=1) + "\n")
            words = "unchanged, not run again" if result.reused else f"log in {result.log}"
            listener.end(STEP_WORDS[step], result.seconds, words)
            results.append(result)
    return tuple(results)


def synthesis_key(project: Path) -> str:
    """Return the SHA-256 (hex) of all that a synthesis depends on."""
    state = hashlib.sha256(hash_folder(find_project(project).firmware).encode())
    for name in SCRIPTS:
        path = project / name
        if path.is_file():
            state.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()


def outdated_reports(project: Path) -> frozenset[Path]:
    """Return the reports that ``synthesise`` made of other firmware than is in the folder now."""
    made_of, steps = _read_record(project)
    if not steps or made_of == synthesis_key(project):
        return frozenset()
    return frozenset(project / name for step in steps.values() for name in step["reports"])


def _run(project: Path, backend: str, step: Step, listener: StepListener) -> StepResult:
    command = step_command(step, project, backend)
    log = project / f"trigger_{step.value}.log"
    before = _hashes(project, _reports(project, step))
    times = {path: (project / path).stat().st_mtime_ns for path in before}
    seconds = run_step(step, command, project, log, listener.phase)
    reports = tuple(
        path
        for path in _reports(project, step)
        if path.stat().st_mtime_ns != times.get(str(path.relative_to(project)))
    )
    if not reports:
        raise ToolError(
            f"{command.program} ended well and left no report of {STEP_WORDS[step]}",
            where=log,
            remedy="read the log; see whether the project's build_prj.tcl knows this step",
        )
    return StepResult(step, seconds, False, log, reports)


def _reports(project: Path, step: Step) -> tuple[Path, ...]:
    top = find_project(project).top.stem
    return tuple(path for path in report_files(project, top) if SIGNS[step] in path.name)


def _hashes(project: Path, reports: Iterable[Path]) -> dict[str, str]:
    return {
        str(path.relative_to(project)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in reports
    }


def _reused(project: Path, step: Step, finished: dict[str, dict]) -> StepResult | None:
    """Return a finished step, unless one of its reports is gone or changed."""
    told = finished.get(step.value)
    if told is None:
        return None
    reports = tuple(project / name for name in told["reports"])
    if not reports or not all(path.is_file() for path in reports):
        return None
    if _hashes(project, reports) != told["reports"]:
        return None
    log = project / f"trigger_{step.value}.log"
    return StepResult(step, told["seconds"], True, log, reports)


def _read_record(project: Path) -> tuple[str, dict[str, dict]]:
    """Return of which firmware the record is, and its finished steps; none if it is damaged."""
    try:
        record = json.loads((project / RECORD).read_text())
        steps = {
            name: {"seconds": float(step["seconds"]), "reports": dict(step["reports"])}
            for name, step in record["steps"].items()
        }
        return str(record["firmware"]), steps
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "", {}
