"""Vendor reports of every kind and version, whole and damaged."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.vendor.folder import (
    FAILED_COSIM,
    GOOD,
    MET_TIMING,
    MISSED_TIMING,
    OLD_CSYNTH,
    REPORTS,
    SLR_ROUTED,
    VITIS_COSIM,
    VITIS_CSYNTH,
    VITIS_PART,
    VITIS_SUMMARY,
    VITIS_XML,
    VIVADO_COSIM,
    VIVADO_CSYNTH,
    VIVADO_SYNTH,
    VIVADO_XML,
)
from trigger.budget import LayerCost, Quantity, Source
from trigger.errors import VendorReportError
from trigger.vendor import READERS, ReportKind, name_layers, read_report


@dataclass(frozen=True)
class Expected:
    kind: ReportKind
    source: Source
    tool: str
    top: str | None
    part: str | None
    clock: float | None
    total: tuple[float | None, ...]
    """Latency min, max, interval, DSP, LUT, FF, BRAM, URAM."""
    layers: int


CSYNTH, XML, SUMMARY = ReportKind.CSYNTH, ReportKind.CSYNTH_XML, ReportKind.CSYNTH_SUMMARY
SOFTMAX = "softmax_array_array_ap_fixed_16_6_5_3_0_10u_softmax_config36_s"
N = None
EXPECTED = {
    VIVADO_CSYNTH: Expected(
        CSYNTH, Source.CSYNTH, "Vivado HLS 2020.1", "myproject", "xc7z020-clg400-1", 5.0,
        (10, 10, 8, 73, 2532, 7969, 0, 0), 2,
    ),
    VIVADO_XML: Expected(
        XML, Source.CSYNTH, "Vivado HLS 2020.1", "myproject", "xc7z020-clg400-1", 5.0,
        (10, 10, 8, 73, 2532, 7969, 0, 0), 0,
    ),
    VITIS_PART: Expected(
        CSYNTH, Source.CSYNTH, "Vitis HLS 2022.1", SOFTMAX, "xczu7ev-ffvc1156-2-e", 5.0,
        (8, 8, 8, 10, 1660, 399, 10, 0), 1,
    ),
    OLD_CSYNTH: Expected(
        CSYNTH, Source.CSYNTH, "Vivado HLS 2019.1", "myproject", "xcku115-flvb2104-2-i", 5.0,
        (13, 16, 4, 120, 9093, 2905, 2, 0), 2,
    ),
    VITIS_CSYNTH: Expected(
        CSYNTH, Source.CSYNTH, "Vitis HLS 2025.2", "myproject", "xcvu13p-flga2577-2-e", 5.0,
        (7, 7, 1, 86, 3128, 3324, 0, 0), 3,
    ),
    VITIS_SUMMARY: Expected(
        SUMMARY, Source.CSYNTH, "Vitis HLS 2025.1", "myproject", "xc7z020-clg400-1", N,
        (N, 32, 20, 110, 4725, 13240, 3, N), 2,
    ),
    VITIS_XML: Expected(
        XML, Source.CSYNTH, "Vitis HLS 2025.1", "myproject", "xc7z020-clg400-1", 5.0,
        (N, N, N, 110, 4725, 13240, 3, 0), 1,
    ),
    VITIS_COSIM: Expected(
        ReportKind.COSIM, Source.RTL_SIMULATION, "", "layout_vitis_hls", N, N,
        (8, 9, 2, N, N, N, N, N), 0,
    ),
    VIVADO_COSIM: Expected(
        ReportKind.COSIM, Source.RTL_SIMULATION, "", "layout_vivado_hls", N, N,
        (120, 131, N, N, N, N, N, N), 0,
    ),
    VIVADO_SYNTH: Expected(
        ReportKind.UTILISATION, Source.SYNTHESIS, "Vivado 2020.1", "myproject", "7z020clg400-1", N,
        (N, N, N, 66, 1526, 2428, 0, N), 0,
    ),
    SLR_ROUTED: Expected(
        ReportKind.UTILISATION, Source.IMPLEMENTATION, "Vivado 2023.2", "myproject",
        "xcvu13p-flga2577-2-e", N, (N, N, N, 310, 51200, 61440, 21, 0), 4,
    ),
    MET_TIMING: Expected(
        ReportKind.TIMING, Source.IMPLEMENTATION, "Vivado 2019.2", "top", "xcku3p-ffva676", 5.0,
        8 * (N,), 0,
    ),
}  # fmt: skip
QUANTITIES = (
    Quantity.LATENCY_MIN_CYCLES,
    Quantity.LATENCY_CYCLES,
    Quantity.INTERVAL_CYCLES,
    Quantity.DSP,
    Quantity.LUT,
    Quantity.FF,
    Quantity.BRAM_18K,
    Quantity.URAM,
)


def numbers(row: LayerCost) -> tuple[float | None, ...]:
    figures = [row.figure(quantity) for quantity in QUANTITIES]
    return tuple(None if figure is None else figure.value for figure in figures)


def named(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", EXPECTED, ids=named)
def test_a_report_says(path: Path):
    report, expected = read_report(path), EXPECTED[path]
    assert (report.kind, report.source, report.tool) == (
        expected.kind,
        expected.source,
        expected.tool,
    )
    assert (report.top, report.part, report.clock_period_ns) == (
        expected.top,
        expected.part,
        expected.clock,
    )
    assert numbers(report.total) == expected.total
    assert len(report.layers) == expected.layers
    for row in (report.total, *report.layers):
        for quantity in QUANTITIES:
            figure = row.figure(quantity)
            assert figure is None or (figure.source, figure.note) == (report.source, path.name)


def test_every_kind_has_a_reader_and_a_report():
    assert set(READERS) == set(ReportKind)
    assert {read_report(path).kind for path in GOOD} == set(ReportKind)


def test_text_and_xml_of_one_run_agree():
    text, xml = read_report(VIVADO_CSYNTH), read_report(VIVADO_XML)
    assert numbers(text.total) == numbers(xml.total)
    assert text.available == xml.available
    assert text.estimated_clock_ns == xml.estimated_clock_ns == 4.049
    assert text.interval_min_cycles == xml.interval_min_cycles == 8


def test_instances_have_times_and_resources():
    dense, relu = read_report(VIVADO_CSYNTH).layers
    assert (dense.kind, relu.kind) == ("dense", "relu")
    assert numbers(dense) == (7, 7, 7, 73, 2134, 7860, 0, 0)
    assert numbers(relu) == (2, 2, 1, 0, 256, 84, 0, 0)


def test_a_question_mark_is_unknown():
    assert numbers(read_report(OLD_CSYNTH).layers[1]) == (None, None, None, 40, 3001, 804, 2, 0)


def test_the_summary_counts_modules_of_the_top_alone():
    dense, relu = read_report(VITIS_SUMMARY).layers
    assert numbers(dense) == (None, 20, 20, 30, 1037, 3238, None, None)
    assert numbers(relu) == (None, 0, 1, None, 304, None, None, None)


def test_an_interval_that_depends_on_data_is_its_largest():
    (module,) = read_report(VITIS_XML).layers
    assert numbers(module) == (4, 9, 6, 30, 1037, 3238, 0, 0)


def test_modules_within_modules_are_not_counted_again():
    (row,) = name_layers(read_report(VITIS_XML), {"config2": "dense1"}).layers
    assert (row.name, row.kind) == ("dense1", "dense_latency")
    assert numbers(row)[3:5] == (30, 1037)


def test_a_block_ram_tile_is_two():
    report = read_report(SLR_ROUTED)
    assert report.total.bram_18k is not None
    assert report.total.bram_18k.value == 21
    assert report.available[Quantity.BRAM_18K] == 5376
    assert [row.name for row in report.layers] == ["SLR0", "SLR1", "SLR2", "SLR3"]
    assert numbers(report.layers[0]) == (None, None, None, 250, 41000, 50000, 17, 0)


@pytest.mark.parametrize(
    ("path", "met", "slack", "reached"),
    [(MET_TIMING, True, 0.184, 4.816), (MISSED_TIMING, False, -3.463, 8.463)],
)
def test_a_timing_summary_says_whether_the_clock_is_met(path, met, slack, reached):
    report = read_report(path)
    assert report.slack is not None
    assert report.slack.met is met
    assert report.slack.setup_ns == slack
    assert report.estimated_clock_ns == pytest.approx(reached)


def test_a_violated_hold_time_is_not_met(tmp_path):
    path = tmp_path / "timing_routed.rpt"
    path.write_text(MET_TIMING.read_text().replace(" 0.033 ", "-0.033 "))
    report = read_report(path)
    assert report.slack is not None
    assert report.slack.met is False


def test_a_failed_simulation_is_no_cost():
    with pytest.raises(
        VendorReportError, match=r"line \d+: the simulation of Verilog ended with Fail"
    ):
        read_report(FAILED_COSIM)


CUTS = 24


@pytest.mark.parametrize("path", GOOD, ids=named)
def test_a_report_that_is_cut_off_is_refused_wherever_it_is(path: Path, tmp_path: Path):
    """Cut behind any line, a report is refused, or nothing that it says had come behind the cut."""
    whole = read_report(path)
    lines = path.read_text().splitlines(keepends=True)
    cut = tmp_path / path.name
    refused = 0
    for length in range(0, len(lines), max(1, len(lines) // CUTS)):
        cut.write_text("".join(lines[:length]))
        try:
            found = read_report(cut)
        except VendorReportError as error:
            refused += str(cut) in str(error)
        else:
            assert numbers(found.total) == numbers(whole.total)
            assert [numbers(row) for row in found.layers] == [numbers(row) for row in whole.layers]
            assert found.slack == whole.slack
    assert refused >= CUTS // 3


@pytest.mark.parametrize("path", [path for path in GOOD if "cosim" not in path.name], ids=named)
@pytest.mark.parametrize("year", ["2026", "2031", "2014"])
def test_an_unknown_version_is_refused(path: Path, year: str, tmp_path: Path):
    other = tmp_path / path.name
    text = re.sub(r"(Version[ :>]*(?:Vivado v\.)?)20\d\d", rf"\g<1>{year}", path.read_text())
    assert text != path.read_text()
    other.write_text(text)
    with pytest.raises(VendorReportError, match=f"version {year}[^ ]*, whose layout is not known"):
        read_report(other)


TOTAL = "|Total            |        0|"
WORST = "Worst-caseLatency"
CHANGES = [
    (VIVADO_CSYNTH, TOTAL, "|Total            |     many|", r"line \d+: 'many' is not a count"),
    (
        VIVADO_CSYNTH,
        "|ap_clk  | 5.00 ns |",
        "|ap_clk  | 5.00 ps |",
        "'5.00 ps' is not a time",
    ),
    (VIVADO_CSYNTH, "| DSP48E|", "|  AIE  |", "has no column for dsp"),
    (VIVADO_CSYNTH, "  |  Interval |", "  |  Spacing  |", "latencies in an unknown layout"),
    (VIVADO_CSYNTH, TOTAL + "     73|", TOTAL, "has 5 cells of 6"),
    (VIVADO_CSYNTH, "== Interface", "== Ports", "is cut off: it has no interface section"),
    (VIVADO_XML, "<FF>7969</FF>", "", "says nothing of ff"),
    (VIVADO_XML, f"<{WORST}>10</{WORST}>", "", "has no .*SummaryOfOverallLatency/Worst-case"),
    (VIVADO_XML, "</AreaEstimates>", "", r"line \d+: is no whole XML"),
    (VITIS_SUMMARY, "|+ myproject*", "|+ another*  ", "does not begin with the top function"),
    (VIVADO_SYNTH, "Slice LUTs*", "Wedge LUTs*", "has no row Slice LUTs or CLB LUTs"),
    (VIVADO_SYNTH, "Synthesized", "Elaborated", "unknown design state 'Elaborated'"),
    (VIVADO_SYNTH, "3. DSP\n------\n", "", "is cut off: section '3. DSP' is missing"),
    (MET_TIMING, "0.184", "fast ", r"'fast' is not a time"),
    (MET_TIMING, "| Clock Summary", "| Clocks", "has no clock summary"),
    (VITIS_COSIM, "Pass|              8|", "Pass|", "has 8 cells of 9"),
    (VITIS_COSIM, "Pass|", "  NA|", "of no language that it was simulated"),
]


@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    CHANGES,
    ids=lambda value: value.name if isinstance(value, Path) else None,
)
def test_a_changed_layout_is_refused(path, old, new, message, tmp_path):
    text = path.read_text()
    assert old in text
    other = tmp_path / path.name
    other.write_text(text.replace(old, new))
    with pytest.raises(VendorReportError, match=message):
        read_report(other)


@pytest.mark.parametrize("text", ["all is well\n", "<html><body/></html>\n", "\n\n", "== Report\n"])
def test_something_else_is_refused(text, tmp_path):
    path = tmp_path / "myproject_csynth.rpt"
    path.write_text(text)
    with pytest.raises(VendorReportError, match=r"myproject_csynth.rpt.*(no report|is empty)"):
        read_report(path)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
@pytest.mark.parametrize("path", GOOD, ids=named)
def test_damage_anywhere_is_an_error_of_ours_or_does_no_harm(path: Path, tmp_path: Path, data):
    """A piece of a report is taken out, or another put in its place."""
    text = path.read_text()
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(len(text), begin + 300)))
    filling = data.draw(st.sampled_from(["", "|", "\n", " 17 ", "<x/>", "-", "\x00"]))
    other = tmp_path / path.name
    other.write_text(text[:begin] + filling + text[end:])
    with suppress(VendorReportError):
        assert read_report(other).kind in ReportKind


def test_what_is_not_text_is_refused(tmp_path):
    path = tmp_path / "x_csynth.rpt"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(VendorReportError, match="cannot be read"):
        read_report(path)
    with pytest.raises(VendorReportError, match="cannot be read"):
        read_report(tmp_path / "missing.rpt")


def test_a_report_becomes_a_cost():
    cost = read_report(VIVADO_CSYNTH).cost()
    assert cost.source is Source.CSYNTH
    assert (cost.part, cost.clock_period_ns) == ("xc7z020-clg400-1", 5.0)
    assert (cost.tool, cost.origin) == ("Vivado HLS 2020.1", VIVADO_CSYNTH.name)
    given = read_report(VIVADO_SYNTH).cost(clock_period_ns=4.0)
    assert given.clock_period_ns == 4.0
    with pytest.raises(VendorReportError, match="does not say for which clock"):
        read_report(VIVADO_SYNTH).cost()


def test_layers_get_the_networks_names():
    names = {"config2": "dense1", "relu_config3": "relu1", "config4": "dense2"}
    report = name_layers(read_report(VITIS_CSYNTH), names)
    assert [row.name for row in report.layers] == ["dense1", "relu1", "dense2"]


def test_configuration_2_is_not_20():
    names = {"config2": "first", "config20": "second", "config36": "other"}
    (row,) = name_layers(read_report(VITIS_PART), names).layers
    assert row.name == "other"
    (row,) = name_layers(read_report(VITIS_PART), {"config3": "three"}).layers
    assert row.name == "grp_softmax_stable_softmax_config36_s_fu_26"


def test_instances_of_one_layer_add_up():
    names = {"config2": "both", "config4": "both"}
    both = name_layers(read_report(VITIS_CSYNTH), names).layers[0]
    assert numbers(both) == (3, 3, 1, 86, 777 + 1841, 682 + 1737, 0, 0)
    assert len(REPORTS) == len(GOOD) + 1
