"""Vendor reports beside the estimate: shown, judged first, and refused where they do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import TINY
from tests.vendor.folder import MISSED_TIMING, VITIS_CSYNTH
from tests.vendor.project import SIM, SYN, build_folder, put, put_reports
from trigger.report import read_json


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A design's folder with firmware and with the reports of a finished synthesis."""
    folder = build_folder(tmp_path)
    put_reports(folder / "project")
    return folder


@pytest.fixture
def design(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    budget = "{latency_ns: 45, interval_cycles: 1, device: {lut: 0.01, bram_18k: 0.5}}"
    text = TINY.replace("{latency_ns: 6400, device: {lut: 0.5}, per_slr: {dsp: 0.5}}", budget)
    path.write_text(text.replace("io_stream", "io_parallel"))
    return path


def test_estimate_shows_each_source(folder, command):
    answer = command("estimate", folder, "--json")
    assert answer.code == 0
    assert answer.json["source"] == "estimate"
    by_source = {cost["source"]: cost for cost in answer.json["vendor"]}
    assert set(by_source) == {"C synthesis report", "RTL simulation", "logic synthesis"}
    assert by_source["C synthesis report"]["total"]["lut"]["value"] == 3128
    assert by_source["logic synthesis"]["total"]["lut"]["value"] == 1526
    assert by_source["logic synthesis"]["clock_period_ns"] == 5
    assert answer.json["warnings"] == []
    text = command("estimate", folder).out
    assert "Totals by source" in text
    assert "logic synthesis (vivado_synth.rpt)" in text


def test_an_estimate_says_what_logic_synthesis_is_likely_to_leave(tmp_path, design, command):
    folder = build_folder(tmp_path)
    shown = command("estimate", folder, "--json").json
    left = shown["after_logic_synthesis"]
    assert left["source"] == "estimate of logic synthesis"
    assert left["total"]["lut"]["value"] < shown["total"]["lut"]["value"]
    answer = command("check", design, "-o", folder.parent, "--json")
    check = {check["name"]: check for check in answer.json["checks"]}["device.lut"]
    assert check["source"] == "estimate"
    assert "C synthesis' count; logic synthesis is likely to leave" in check["note"]


def test_layers_of_reports_have_the_networks_names(folder, command):
    answer = command("estimate", folder, "--json").json
    names = [layer["name"] for layer in answer["layers"]]
    csynth = next(cost for cost in answer["vendor"] if cost["source"] == "C synthesis report")
    assert csynth["layers"][0]["name"] in names


def test_check_judges_the_best_source_of_each_figure(folder, design, command):
    answer = command("check", design, "-o", folder.parent, "--json")
    checks = {check["name"]: check for check in answer.json["checks"]}
    assert checks["latency_ns"]["source"] == "RTL simulation"
    assert checks["latency_ns"]["value"] == 9 * 5
    assert checks["interval_cycles"]["value"] == 2
    assert checks["interval_cycles"]["outcome"] == "fail"
    assert checks["device.lut"]["source"] == "logic synthesis"
    assert "read from vivado_synth.rpt" in checks["device.lut"]["note"]
    assert answer.code == 3
    (folder / "project" / SIM / "tiny_cosim.rpt").unlink()
    (folder / "project" / "vivado_synth.rpt").unlink()
    answer = command("check", design, "-o", folder.parent, "--json")
    checks = {check["name"]: check for check in answer.json["checks"]}
    assert checks["latency_ns"]["source"] == "C synthesis report"
    assert answer.code == 0
    (folder / "project" / SYN / "tiny_csynth.rpt").unlink()
    answer = command("check", design, "-o", folder.parent, "--json")
    assert {check["source"] for check in answer.json["checks"]} == {"estimate"}


def test_a_report_of_another_clock_is_told_and_not_judged(folder, design, command):
    put(
        folder / "project", f"{SYN}/tiny_csynth.rpt", VITIS_CSYNTH, ("|  5.00 ns|", "|  4.00 ns|")
    )  # fmt: skip
    (folder / "project" / SIM / "tiny_cosim.rpt").unlink()
    answer = command("check", design, "-o", folder.parent, "--json")
    latency = next(check for check in answer.json["checks"] if check["name"] == "latency_ns")
    assert latency["source"] == "estimate"
    (warning,) = answer.json["warnings"]
    assert "is of other firmware: clock 4 ns, not 5 ns" in warning
    assert "warning: " in command("check", design, "-o", folder.parent).out


def test_another_part_is_estimated_and_the_reports_are_not_of_it(folder, command):
    answer = command("estimate", folder, "--part", "xcvu9p-flga2104-2-e", "--json").json
    assert all("lut" in cost["total"] for cost in answer["vendor"])
    assert {cost["source"] for cost in answer["vendor"]} == {"RTL simulation"}
    assert len(answer["warnings"]) == 2


def test_a_clock_that_is_not_met_fails_whatever_the_budget_asks(folder, design, command):
    put(
        folder / "project",
        "tiny_timing_routed.rpt",
        MISSED_TIMING,
        (": top\n", ": tiny\n"),
        ("7a200t-ffv1156", "xcvu13p-flga2577"),
    )
    answer = command("check", design, "-o", folder.parent, "--json")
    clock = answer.json["checks"][0]
    assert (clock["name"], clock["outcome"], clock["limit"]) == ("clock_period_ns", "fail", 5)
    assert clock["value"] == pytest.approx(8.463)
    assert "setup -3.463" in clock["note"]
    assert answer.code == 3


def test_a_clock_that_synthesis_does_not_expect_to_reach_is_a_warning(folder, command):
    put(folder / "project", f"{SYN}/tiny_csynth.rpt", VITIS_CSYNTH, ("3.617 ns", "5.617 ns"))
    (warning,) = command("estimate", folder, "--json").json["warnings"]
    assert "expects to reach a clock of 5.617 ns, not the 5 ns" in warning


def test_a_damaged_report_does_not_stop_the_estimate(folder, command):
    path = folder / "project" / "vivado_synth.rpt"
    path.write_text(path.read_text()[:2000])
    answer = command("estimate", folder, "--json")
    assert answer.code == 0
    (warning,) = answer.json["warnings"]
    assert "cut off" in warning


@pytest.mark.csim
def test_adopted_firmware_keeps_its_reports(folder, command, tmp_path):
    answer = command("adopt", folder / "project", "--name", "kept", "-o", tmp_path, "--events", 5)
    assert answer.code == 0
    assert (tmp_path / "kept" / "project" / SYN / "tiny_csynth.rpt").is_file()
    costs = read_json(tmp_path / "kept" / "report.json").costs
    sources = [cost.source.value for cost in costs]
    assert sources[:3] == ["estimate", "estimate of logic synthesis", "C synthesis report"]
    page = (tmp_path / "kept" / "report.md").read_text()
    assert "Totals: estimated and reported by the tools" in page
