"""hls4ml's own dictionaries, held against hls4ml's own reader."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from tests.vendor.folder import (
    DATA,
    MET_TIMING,
    REPORTS,
    SLR_ROUTED,
    VITIS_COSIM,
    VIVADO_CSYNTH,
    VIVADO_SYNTH,
    VIVADO_XML,
)
from trigger.budget import Cost, Figure, LayerCost, Quantity, Source
from trigger.errors import VendorReportError
from trigger.vendor import ReportKind, from_hls4ml, read_report, report_of, to_hls4ml

APP = """<AutoPilot:project xmlns:AutoPilot="com.autoesl.autopilot.project" name="myproject_prj">
<solutions><solution name="solution1" status=""/></solutions></AutoPilot:project>
"""


def hls4ml_reader() -> ModuleType:
    """Return hls4ml's report module alone: importing hls4ml itself takes seconds."""
    package = importlib.util.find_spec("hls4ml")
    if package is None or package.origin is None:
        pytest.skip("hls4ml is not installed")
    path = Path(package.origin).parent / "report" / "vivado_report.py"
    spec = importlib.util.spec_from_file_location("hls4ml_vivado_report", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_hls4ml_reads_is_what_we_write(tmp_path):
    solution = tmp_path / "myproject_prj" / "solution1"
    for name, source in (
        ("syn/report/myproject_csynth.xml", VIVADO_XML),
        ("sim/report/myproject_cosim.rpt", VITIS_COSIM),
    ):
        (solution / name).parent.mkdir(parents=True)
        shutil.copy(source, solution / name)
    shutil.copy(VIVADO_SYNTH, tmp_path / "vivado_synth.rpt")
    (tmp_path / "myproject_prj" / "vivado_hls.app").write_text(APP)
    (tmp_path / "project.tcl").write_text('set project_name "myproject"\nset backend "vivado"\n')
    theirs = hls4ml_reader().parse_vivado_report(str(tmp_path))
    reports = [read_report(path) for path in (VIVADO_XML, VIVADO_SYNTH, VITIS_COSIM)]
    assert to_hls4ml(reports) == {
        key: theirs[key] for key in ("CSynthesisReport", "VivadoSynthReport", "CosimReport")
    }
    part, clock = "xc7z020-clg400-1", 5.0
    back = from_hls4ml(theirs, part=part, clock_period_ns=clock, origin=VIVADO_XML.name)
    by_kind = {report.kind: report for report in back}
    xml = reports[0]
    read = by_kind[ReportKind.CSYNTH]
    for quantity in Quantity:
        assert read.total.figure(quantity) == xml.total.figure(quantity)
    assert read.available == xml.available
    assert read.estimated_clock_ns == xml.estimated_clock_ns
    assert to_hls4ml(back) == to_hls4ml(reports)


@pytest.mark.parametrize("path", [VIVADO_CSYNTH, SLR_ROUTED, MET_TIMING, VITIS_COSIM])
def test_there_and_back(path):
    report = read_report(path)
    dictionary = to_hls4ml([report])
    (back,) = from_hls4ml(dictionary, part=report.part or "", clock_period_ns=5.0)
    assert to_hls4ml([back]) == dictionary
    assert back.source is report.source
    assert back.slack == report.slack


def test_an_estimate_has_the_same_keys():
    figure = Figure(12, Source.ESTIMATE, 10, 15, 0.8, 20)
    total = LayerCost("total", "", latency_cycles=figure, lut=figure)
    cost = Cost(Source.ESTIMATE, total, (), "xcvu13p", 3.125, "Vitis HLS", "estimates")
    dictionary = to_hls4ml([report_of(cost)])
    report = dictionary["CSynthesisReport"]
    assert report["WorstLatency"] == "12"
    assert report["BestLatency"] == report["DSP"] == report["EstimatedClockPeriod"] == "N/A"
    (back,) = from_hls4ml(dictionary, part="xcvu13p", clock_period_ns=3.125)
    assert back.total.dsp is None
    assert back.total.lut is not None
    assert back.total.lut.value == 12


def test_hls4ml_prints_what_we_write(capsys):
    hls4ml_reader()._print_str_report(to_hls4ml([read_report(VIVADO_CSYNTH)]))
    assert "2532" in capsys.readouterr().out


def test_both_sizes_of_block_ram_are_read():
    dictionary = {"ImplementationReport": {"TotLUTs": 100, "RAMB36s": 3, "RAMB18s": 5}}
    (report,) = from_hls4ml(dictionary, part="xcvu13p", clock_period_ns=5.0)
    assert report.total.bram_18k is not None
    assert report.total.bram_18k.value == 11
    assert report.total.ff is None


@pytest.mark.parametrize("value", ["plenty", "nan", float("inf"), [3]])
def test_a_value_that_is_no_number_is_refused(value):
    with pytest.raises(VendorReportError, match="hls4ml: CSynthesisReport: LUT is "):
        from_hls4ml({"CSynthesisReport": {"LUT": value}}, part="", clock_period_ns=5.0)


def test_origins_are_told_of_every_report():
    told = (DATA / "ORIGIN.md").read_text()
    for path in REPORTS:
        stems = (path.name, path.name.rsplit("_", 1)[0] + "_*", path.stem)
        assert path.name.startswith("layout_") or any(stem in told for stem in stems), path.name
