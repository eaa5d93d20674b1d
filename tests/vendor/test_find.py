"""Reports in a project folder: found, preferred, and refused where they are of other firmware."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.vendor.folder import (
    MISSED_TIMING,
    SLR_ROUTED,
    VITIS_COSIM,
    VITIS_CSYNTH,
    VIVADO_CSYNTH,
    VIVADO_SYNTH,
    VIVADO_XML,
)
from trigger.budget import Source
from trigger.vendor import Firmware, ReportKind, find_reports

SYN = "myproject_prj/solution1/syn/report"
FIRMWARE = Firmware("myproject", "xc7z020clg400-1", 5.0, {"config2": "dense1"})


def put(folder: Path, name: str, source: Path, old: str = "", new: str = "") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = source.read_text()
    path.write_text(text.replace(old, new) if old else text)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    put(tmp_path, f"{SYN}/myproject_csynth.rpt", VIVADO_CSYNTH)
    put(tmp_path, f"{SYN}/myproject_csynth.xml", VIVADO_XML)
    put(tmp_path, f"{SYN}/dense_config2_s_csynth.rpt", VITIS_CSYNTH)
    put(tmp_path, f"{SYN}/csynth_design_size.rpt", VITIS_COSIM)
    put(tmp_path, "myproject_prj/solution1/sim/report/myproject_cosim.rpt", VITIS_COSIM)
    put(tmp_path, "vivado_synth.rpt", VIVADO_SYNTH)
    return tmp_path


def test_the_best_form_of_each_report_is_used(project):
    found = find_reports(project, FIRMWARE)
    assert found.refused == ()
    assert {(report.kind, report.source) for report in found.reports} == {
        (ReportKind.CSYNTH, Source.CSYNTH),
        (ReportKind.COSIM, Source.RTL_SIMULATION),
        (ReportKind.UTILISATION, Source.SYNTHESIS),
    }
    (csynth,) = (report for report in found.reports if report.kind is ReportKind.CSYNTH)
    assert csynth.layers[0].name == "dense1"


def test_xml_serves_where_there_is_no_text(project):
    (project / SYN / "myproject_csynth.rpt").unlink()
    kinds = {report.kind for report in find_reports(project, FIRMWARE).reports}
    assert ReportKind.CSYNTH_XML in kinds


def test_copies_in_the_projects_folder_are_found(tmp_path):
    put(tmp_path, "myproject_csynth.rpt", VIVADO_CSYNTH)
    put(tmp_path, "reports/vivado_synth.rpt", VIVADO_SYNTH)
    assert len(find_reports(tmp_path, FIRMWARE).reports) == 2


def test_nothing_is_found_in_an_empty_folder(tmp_path):
    assert find_reports(tmp_path, FIRMWARE).reports == ()


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (replace(FIRMWARE, top="another"), "top function myproject, not another"),
        (replace(FIRMWARE, part="xcvu13p-flga2577-2-e"), "part xc7z020-clg400-1, not xcvu13p"),
        (replace(FIRMWARE, clock_period_ns=3.125), "clock 5 ns, not 3.125 ns"),
    ],
)
def test_a_report_of_other_firmware_is_refused(other, reason, tmp_path):
    put(tmp_path, "myproject_csynth.rpt", VIVADO_CSYNTH)
    found = find_reports(tmp_path, other)
    assert found.reports == ()
    (refusal,) = found.refused
    assert "is of other firmware" in refusal.reason
    assert reason in refusal.reason


@pytest.mark.parametrize("written", ["3.12", "3.13"])
def test_a_rounded_clock_is_the_projects(written, tmp_path):
    put(tmp_path, "myproject_csynth.rpt", VIVADO_CSYNTH, "| 5.00 ns |", f"| {written} ns |")
    (report,) = find_reports(tmp_path, replace(FIRMWARE, clock_period_ns=3.125)).reports
    assert report.cost(FIRMWARE.part, 3.125).clock_period_ns == 3.125


def test_a_damaged_report_is_refused_and_the_others_used(project):
    path = project / "vivado_synth.rpt"
    path.write_text(path.read_text()[:1500])
    found = find_reports(project, FIRMWARE)
    assert len(found.reports) == 2
    (refusal,) = found.refused
    assert refusal.path == path
    assert "cut off" in refusal.reason


def test_a_second_report_that_says_something_else_is_refused(project):
    path = put(project, "myproject_csynth.rpt", VIVADO_CSYNTH, "2532", "2533")
    (refusal,) = find_reports(project, FIRMWARE).refused
    used = project / SYN / "myproject_csynth.rpt"
    assert f"{path}: says something else than" in refusal.reason or refusal.path == used


def test_utilisation_and_timing_after_implementation_are_both_used(tmp_path):
    impl = "myproject_prj/solution1/impl/verilog/report"
    put(tmp_path, f"{impl}/myproject_utilization_routed.rpt", SLR_ROUTED)
    put(tmp_path, f"{impl}/myproject_timing_routed.rpt", MISSED_TIMING, ": top\n", ": myproject\n")
    put(tmp_path, f"{impl}/myproject_utilization_hierarchical.rpt", SLR_ROUTED)
    firmware = replace(FIRMWARE, part="xcvu13p-flga2577-2-e")
    timing = (tmp_path / impl / "myproject_timing_routed.rpt").read_text()
    device = timing.replace("7a200t-ffv1156", "xcvu13p-flga2577")
    (tmp_path / impl / "myproject_timing_routed.rpt").write_text(device)
    found = find_reports(tmp_path, firmware)
    assert found.refused == ()
    assert {report.kind for report in found.reports} == {ReportKind.UTILISATION, ReportKind.TIMING}
