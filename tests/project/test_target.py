"""Tool, part and clock of a project, from its own text."""

from __future__ import annotations

import pytest

from trigger.design import IOType, Target
from trigger.errors import DeviceError, ProjectError
from trigger.project.target import read_target

CONFIG = "Backend: Vivado\nClockPeriod: 3.125\nIOType: io_stream\nPart: xcku115-flvb2104-2-i\n"
TCL = 'set backend "vitis"\nset part "xcvu13p-flga2577-2-e"\nset clock_period 5\n'


def test_the_configuration_says_all(tmp_path):
    (tmp_path / "hls4ml_config.yml").write_text(CONFIG)
    (tmp_path / "project.tcl").write_text(TCL)
    found = read_target(tmp_path, IOType.PARALLEL)
    assert found == Target("Vivado", "xcku115-flvb2104-2-i", 3.125, IOType.STREAM)


def test_without_it_the_tcl_script_does(tmp_path):
    (tmp_path / "project.tcl").write_text(TCL)
    found = read_target(tmp_path, IOType.PARALLEL)
    assert found == Target("Vitis", "xcvu13p-flga2577-2-e", 5.0, IOType.PARALLEL)


def test_what_is_given_counts_more(tmp_path):
    (tmp_path / "project.tcl").write_text(TCL)
    found = read_target(tmp_path, IOType.PARALLEL, "xcu250", 2.5, "Vivado")
    assert found == Target("Vivado", "xcu250", 2.5, IOType.PARALLEL)


def test_what_nobody_says_is_asked_for(tmp_path):
    (tmp_path / "project.tcl").write_text('set part "xcu250"\n')
    with pytest.raises(ProjectError, match=r"does not say its ClockPeriod.*give --clock-period"):
        read_target(tmp_path, IOType.PARALLEL)


@pytest.mark.parametrize("name", ["hls4ml_config.yml", "project.tcl"])
def test_what_is_no_text_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(CONFIG.encode() + b"\xff\x00")
    with pytest.raises(ProjectError, match=rf"{name}: cannot be read: .*write the project again"):
        read_target(tmp_path, IOType.PARALLEL)


def test_a_clock_that_is_no_number_is_named(tmp_path):
    (tmp_path / "hls4ml_config.yml").write_text(CONFIG.replace("3.125", "fast"))
    with pytest.raises(ProjectError, match=r"hls4ml_config\.yml.*fast"):
        read_target(tmp_path, IOType.PARALLEL)


@pytest.mark.parametrize("period", [0.0, -3.0, 1e-9, float("nan"), float("inf")])
def test_a_clock_period_that_no_clock_has_is_refused(tmp_path, period):
    (tmp_path / "hls4ml_config.yml").write_text(CONFIG)
    with pytest.raises(ProjectError, match=r"--clock-period: the clock period is .*0.1 to 1000 ns"):
        read_target(tmp_path, IOType.PARALLEL, clock_period_ns=period)
    (tmp_path / "hls4ml_config.yml").write_text(CONFIG.replace("3.125", str(period)))
    with pytest.raises(ProjectError, match="the clock period is"):
        read_target(tmp_path, IOType.PARALLEL)


def test_a_given_part_that_is_unknown_is_refused_with_near_ones(tmp_path):
    (tmp_path / "hls4ml_config.yml").write_text(CONFIG)
    with pytest.raises(DeviceError, match=r"unknown FPGA part 'xcvu13q'.*near ones are.*xcvu13p"):
        read_target(tmp_path, IOType.PARALLEL, "xcvu13q")
    (tmp_path / "hls4ml_config.yml").write_text(CONFIG.replace("xcku115", "xcnone1"))
    assert read_target(tmp_path, IOType.PARALLEL).part == "xcnone1-flvb2104-2-i"
