"""The vendor's tools on PATH, and how hls4ml's scripts are handed to them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from trigger.errors import ProjectError, ToolError
from trigger.files import write_text


class Step(Enum):
    """What the tools can be asked for, in this order."""

    CSYNTH = "csynth"
    COSIM = "cosim"
    VSYNTH = "vsynth"


STEP_WORDS = {
    Step.CSYNTH: "C synthesis",
    Step.COSIM: "co-simulation of the RTL",
    Step.VSYNTH: "logic synthesis",
}

BUILD_SCRIPT, OPTIONS_SCRIPT, WRAPPER_SCRIPT = "build_prj.tcl", "build_opt.tcl", "trigger_build.tcl"
SYNTHESIS_SCRIPT = "vivado_synth.tcl"
OPTIONS = ("reset", "csim", "synth", "cosim", "validation", "export", "vsynth", "fifo_opt")
"""Of hls4ml's ``build_prj.tcl``; what a version does not know it leaves alone."""
_CHOSEN = {Step.CSYNTH: ("reset", "synth"), Step.COSIM: ("cosim",)}
"""Options that are on in each step; co-simulation goes on in the project that synthesis made."""

HLS_PROGRAMS = {"vitis": ("vitis-run", "vitis_hls"), "vivado": ("vivado_hls",)}
"""Programs by the beginning of hls4ml's backend name, the newest first."""
LOGIC_PROGRAM = "vivado"


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, to be run in the project's folder."""

    program: str
    """Its name."""
    words: tuple[str, ...]
    """Its path, and the arguments."""


def step_command(step: Step, project: Path, backend: str) -> Command:
    """Return how a step is run, and write the options that hls4ml's script reads from a file.

    hls4ml from 1.2 on reads ``build_opt.tcl`` for Vitis; before, and for Vivado, the options are
    one argument, which ``vitis-run`` cannot pass on: a script of one line does it.

    Raises:
        ToolError: the tool is not installed.
        ProjectError: the project lacks hls4ml's script.
        OutputError: the folder cannot be written.
    """
    if step is Step.VSYNTH:
        _expect(project, SYNTHESIS_SCRIPT)
        path = _find((LOGIC_PROGRAM,), step)
        return Command(LOGIC_PROGRAM, (path, "-mode", "batch", "-source", SYNTHESIS_SCRIPT))
    known = next(
        (names for begin, names in HLS_PROGRAMS.items() if backend.lower().startswith(begin)), None
    )
    if known is None:
        raise ToolError(
            f"no tool is known for backend {backend}",
            where=project,
            allowed="projects of hls4ml's Vitis and Vivado backends",
        )
    script = _expect(project, BUILD_SCRIPT)
    path = _find(known, step)
    program = Path(path).name
    on = _CHOSEN[step]
    argument = " ".join(f"{option}={int(option in on)}" for option in OPTIONS)
    from_file = OPTIONS_SCRIPT in script.read_text()
    if from_file:
        lines = [f"    {option} {int(option in on)}" for option in OPTIONS]
        write_text(project / OPTIONS_SCRIPT, "\n".join(["array set opt {", *lines, "}"]) + "\n")
    if program == "vitis-run":
        source = BUILD_SCRIPT
        if not from_file:
            source = WRAPPER_SCRIPT
            text = f'set ::argv [list "{argument}"]\nsource {BUILD_SCRIPT}\n'
            write_text(project / WRAPPER_SCRIPT, text)
        return Command(program, (path, "--mode", "hls", "--tcl", source))
    words = (path, "-f", BUILD_SCRIPT)
    return Command(program, words if from_file else (*words, argument))


def _expect(project: Path, name: str) -> Path:
    path = project / name
    if not path.is_file():
        raise ProjectError(
            f"there is no {name}",
            where=project,
            allowed="a whole HLS project, as hls4ml writes it",
            remedy="run `trigger compile DESIGN`, or copy the script from the original project",
        )
    return path


def _find(programs: tuple[str, ...], step: Step) -> str:
    """Return the path of the first program that is installed."""
    for program in programs:
        path = shutil.which(program)
        if path is not None:
            return path
    raise ToolError(
        f"{' or '.join(programs)} is not on PATH",
        where=STEP_WORDS[step],
        allowed="AMD's Vitis or Vivado 2019.1 to 2025.2, with a licence for the part",
        remedy="install it and source its settings64.sh; without it, `trigger estimate` tells what"
        " latency and resources to expect",
    )
