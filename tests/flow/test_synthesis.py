"""``trigger synth`` against stand-ins for the vendor's tools on PATH."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from tests.vendor.project import NEW_BUILD, OLD_BUILD, SYN, StandIns, build_folder
from trigger.errors import ToolError
from trigger.flow.synthesis import synthesise
from trigger.vendor.logs import EXPLANATIONS, explain, phase_of
from trigger.vendor.tools import Step


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = build_folder(tmp_path)
    (folder / "project" / "build_prj.tcl").write_text(NEW_BUILD)
    (folder / "project" / "vivado_synth.tcl").write_text("report_utilization\n")
    return folder


@pytest.fixture
def tools(tmp_path: Path, monkeypatch) -> StandIns:
    stand_ins = StandIns(tmp_path)
    monkeypatch.setenv("PATH", str(stand_ins.path))
    monkeypatch.delenv("STAND_IN", raising=False)
    return stand_ins


class Silent:
    def __init__(self) -> None:
        self.phases: list[str] = []

    def begin(self, name: str, number: int, of: int) -> None:
        pass

    def phase(self, name: str) -> None:
        self.phases.append(name)

    def end(self, name: str, seconds: float, summary: str) -> None:
        pass


def test_all_steps_run_in_order_and_their_reports_are_shown(folder, tools, command):
    tools.install("vitis-run", "vivado")
    answer = command("synth", folder, "--cosim", "--vsynth", "--json")
    assert answer.code == 0, answer.err
    assert tools.calls == ["vitis-run reset synth", "vitis-run cosim", "vivado"]
    assert [step["step"] for step in answer.json["steps"]] == ["csynth", "cosim", "vsynth"]
    assert [cost["source"] for cost in answer.json["vendor"]] == [
        "C synthesis report",
        "RTL simulation",
        "logic synthesis",
    ]
    log = (folder / "project" / "trigger_csynth.log").read_text()
    assert log.splitlines()[0].endswith("vitis-run --mode hls --tcl build_prj.tcl")
    assert "Implementing module 'conv_2d_cl'" in log
    for phase in (
        "finished Architecture Synthesis",
        "module conv_2d_cl",
        "C/RTL SYNTHESIS COMPLETED IN 0h1m2s",
        "C/RTL co-simulation finished: PASS",
        "finished RTL Elaboration",
    ):
        assert phase in answer.err


def test_what_is_finished_is_not_run_again(folder, tools, command):
    tools.install("vitis-run", "vivado")
    assert command("synth", folder).code == 0
    answer = command("synth", folder, "--vsynth", "--json")
    assert tools.calls == ["vitis-run reset synth", "vivado"]
    assert [step["reused"] for step in answer.json["steps"]] == [True, False]
    assert command("synth", folder, "--vsynth", "--fresh").code == 0
    assert tools.calls[2:] == ["vitis-run reset synth", "vivado"]


def test_changed_firmware_is_synthesised_again_and_its_old_reports_are_refused(
    folder, tools, command
):
    tools.install("vitis-run", "vivado")
    assert command("synth", folder, "--vsynth").code == 0
    weights = folder / "project" / "firmware" / "weights" / "w7.txt"
    weights.write_text(weights.read_text() + " ")
    answer = command("estimate", folder, "--json")
    assert answer.json["vendor"] == []
    assert all("was made of earlier firmware" in text for text in answer.json["warnings"])
    assert len(answer.json["warnings"]) == 2
    assert command("synth", folder).code == 0
    assert tools.calls[2:] == ["vitis-run reset synth"]
    answer = command("estimate", folder, "--json")
    assert answer.json["vendor"][0]["source"] == "C synthesis report"


RECORDS = ("{", "[]", "3", '{"firmware": "x", "steps": {"csynth": 3}}')


@pytest.mark.parametrize("damage", ["gone", "changed", *RECORDS])
def test_a_step_whose_report_is_gone_or_changed_is_run_again(folder, tools, command, damage):
    tools.install("vitis-run")
    assert command("synth", folder).code == 0
    report = folder / "project" / SYN / "tiny_csynth.rpt"
    if damage == "gone":
        report.unlink()
    elif damage == "changed":
        report.write_text(report.read_text().replace("3128", "3129"))
    else:
        (folder / "project" / "trigger_synth.json").write_text(damage)
        assert command("estimate", folder).code == 0
    assert command("synth", folder).code == 0
    assert tools.calls == 2 * ["vitis-run reset synth"]


@pytest.mark.parametrize(
    ("installed", "build", "backend", "called", "argument"),
    [
        ("vitis-run", NEW_BUILD, "Vitis", "vitis-run", "--mode hls --tcl build_prj.tcl"),
        ("vitis-run", OLD_BUILD, "Vitis", "vitis-run", "--mode hls --tcl trigger_build.tcl"),
        ("vitis_hls", NEW_BUILD, "Vitis", "vitis_hls", "-f build_prj.tcl"),
        ("vitis_hls", OLD_BUILD, "Vitis", "vitis_hls", "-f build_prj.tcl reset=1 csim=0 synth=1"),
        ("vivado_hls", OLD_BUILD, "Vivado", "vivado_hls", "-f build_prj.tcl reset=1 csim=0"),
        ("vivado_hls", OLD_BUILD, "VivadoAccelerator", "vivado_hls", "-f build_prj.tcl reset=1"),
    ],
)
def test_each_tool_gets_the_options_as_hls4mls_script_reads_them(
    folder, tools, installed, build, backend, called, argument
):
    project = folder / "project"
    (project / "build_prj.tcl").write_text(build)
    tools.install(installed)
    synthesise(folder, backend, (), Silent())
    assert tools.calls == [f"{called} reset synth"]
    first = (project / "trigger_csynth.log").read_text().splitlines()[0]
    assert argument in first


def test_without_the_tool_it_says_what_to_install_and_what_is_there_without(folder, tools, command):
    answer = command("synth", folder)
    assert answer.code == 2
    assert "vitis-run or vitis_hls is not on PATH" in answer.err
    assert "settings64.sh" in answer.err
    assert "trigger estimate" in answer.err
    tools.install("vitis-run")
    answer = command("synth", folder, "--vsynth")
    assert answer.code == 2
    assert "vivado is not on PATH" in answer.err
    assert (folder / "project" / SYN / "tiny_csynth.rpt").is_file()


def test_other_backends_and_projects_without_scripts_are_refused(folder, tools, command):
    tools.install("vitis-run")
    answer = command("synth", folder, "--backend", "Quartus")
    assert answer.code == 2
    assert "no tool is known for backend Quartus" in answer.err
    (folder / "project" / "build_prj.tcl").unlink()
    answer = command("synth", folder)
    assert answer.code == 2
    assert "there is no build_prj.tcl" in answer.err


LOGS = {
    "licence": (
        "ERROR: [Common 17-345] A valid license was not found for feature 'Synthesis'\n",
        "no licence was found",
        "XILINXD_LICENSE_FILE",
    ),
    "part": (
        "ERROR: [HLS 200-1023] Part 'xcvu13p-flga2577-2-e' is not installed.\n",
        "the part is not installed",
        "installer",
    ),
    "memory": ("terminate called after throwing 'std::bad_alloc'\n", "memory ran out", "memory"),
    "unroll": (
        "INFO: fine\nERROR: [XFORM 203-504] Stop unrolling loop 'Product1' in function 'x'\n",
        r"line 3: .*a loop is too large to be unrolled.*'Product1'",
        "Strategy: Resource",
    ),
    "partition": (
        "ERROR: [XFORM 203-103] Array 'mult.V': partitioned elements number (6400) has exeeded the"
        " threshold (4096), which may cause long run-time.\n",
        "an array is too large to be kept in registers",
        "io_stream",
    ),
    "cosim": (
        "ERROR: [COSIM 212-4] *** C/RTL co-simulation finished: FAIL ***\n",
        "the RTL does not do what the C\\+\\+ does",
        "trigger csim",
    ),
    "timing": (
        "CRITICAL WARNING: [Timing 38-282] not met\n",
        "the clock is not met",
        "ClockPeriod",
    ),
    "disk": ("cannot write: No space left on device\n", "the disk is full", "room"),
    "other": (
        "one\nERROR: [HLS 200-70] Pre-synthesis failed.\n",
        r"exit code 1:\nERROR: \[HLS 200-70\] Pre-synthesis failed",
        "read the log",
    ),
    "tail": (
        "\n".join(f"line {n}" for n in range(20)) + "\n",
        "line 12\n.*line 19",
        "read the log",
    ),
    "nothing": ("", "the log is empty", "read the log"),
}


@pytest.mark.parametrize("kind", LOGS)
def test_a_failure_is_explained(folder, tools, command, monkeypatch, tmp_path, kind):
    text, cause, remedy = LOGS[kind]
    (tmp_path / "said").write_text(text)
    monkeypatch.setenv("STAND_IN", str(tmp_path / "said"))
    tools.install("vitis-run")
    answer = command("synth", folder)
    assert answer.code == 2
    assert "trigger_csynth.log" in answer.err
    assert "C synthesis with vitis-run failed: " in answer.err
    assert re.search(cause, answer.err, re.DOTALL), answer.err
    assert remedy in answer.err
    assert not (folder / "project" / "trigger_synth.json").exists()


def test_every_explanation_is_tried_by_a_log():
    for explanation in EXPLANATIONS:
        assert any(explanation.pattern.search(text) for text, _, _ in LOGS.values())


@pytest.mark.parametrize("code", [-9, 137])
def test_a_killed_tool_most_likely_lacked_memory(code):
    assert "killed, most likely because memory ran out" in explain(["working"], code).problem


def test_a_tool_that_leaves_no_report_has_not_done_its_work(folder, tools, monkeypatch):
    tools.install("vitis-run")
    monkeypatch.setenv("STAND_IN", "silent")
    with pytest.raises(ToolError, match="ended well and left no report of C synthesis"):
        synthesise(folder, "Vitis", (), Silent())


def test_an_old_report_is_no_result_of_a_silent_tool(folder, tools, monkeypatch):
    tools.install("vitis-run")
    synthesise(folder, "Vitis", (), Silent())
    monkeypatch.setenv("STAND_IN", "silent")
    with pytest.raises(ToolError, match="left no report"):
        synthesise(folder, "Vitis", (), Silent(), fresh=True)


def test_a_failed_step_leaves_the_finished_ones(folder, tools, command, monkeypatch, tmp_path):
    tools.install("vitis-run", "vivado")
    assert command("synth", folder).code == 0
    (tmp_path / "said").write_text("ERROR: nothing goes\n")
    monkeypatch.setenv("STAND_IN", str(tmp_path / "said"))
    assert command("synth", folder, "--cosim").code == 2
    monkeypatch.delenv("STAND_IN")
    assert command("synth", folder, "--cosim").code == 0
    assert tools.calls == ["vitis-run reset synth", "vitis-run cosim", "vitis-run cosim"]


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not state.is_file() or state.read_text().split()[2] != "Z"


def test_an_interruption_ends_the_tool_and_all_that_it_started(folder, tools, monkeypatch):
    tools.install("vitis-run")
    monkeypatch.setenv("STAND_IN", "hang")

    class Interrupting(Silent):
        def phase(self, name: str) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesise(folder, "Vitis", (), Interrupting())
    child = int((folder / "project" / "child.pid").read_text())
    for _ in range(50):
        if not lives(child):
            break
        time.sleep(0.1)
    assert not lives(child)
    assert not (folder / "project" / "trigger_synth.json").exists()


@pytest.mark.parametrize(
    ("line", "phase"),
    [
        ("INFO: [HLS 200-111] Finished Linking Time (s): cpu = 00:00:09", "finished Linking"),
        ("INFO: [HLS 200-111] Finished Compiling: CPU user time: 3 s", "finished Compiling"),
        ("INFO: [HLS 200-789] **** Estimated Fmax: 144.68 MHz", "Estimated Fmax: 144.68 MHz"),
        ("synth_design completed successfully", "finished synth_design"),
        ("INFO: [HLS 200-10] Opening project", None),
    ],
)
def test_phases_are_recognised(line, phase):
    assert phase_of(line) == phase


def test_the_steps_are_those_of_the_options():
    assert [step.value for step in Step] == ["csynth", "cosim", "vsynth"]
