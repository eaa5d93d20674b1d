"""``trigger patterns``: out to a test bench, and back."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from trigger.emulate import run
from trigger.project import read_project
from trigger.project.cosim import read_cosim
from trigger.project.patterns import read_patterns

PROJECT = Path(__file__).parents[1] / "project" / "data" / "tiny_parallel"


@pytest.fixture
def written(command, tmp_path) -> Path:
    answer = command("patterns", PROJECT, "-o", tmp_path / "bench")
    assert answer.code == 0, answer.err
    return tmp_path / "bench"


def test_outputs_are_what_the_inputs_give(written):
    network = read_project(PROJECT)
    _, pixels = read_patterns(written / "inputs.txt")
    (tensor,), (scores,) = read_patterns(written / "outputs.txt")
    assert tensor.name == network.outputs[0]
    assert len(scores) > 8
    assert (scores == run(network, *pixels)[tensor.name]).all()


def test_the_files_of_hls4mls_test_bench_hold_the_same(written):
    data = written / "tb_data"
    shutil.copy(data / "tb_output_predictions.dat", data / "rtl_cosim_results.log")
    network = read_project(PROJECT)
    cosim = read_cosim(written, network)
    _, (pixels,) = read_patterns(written / "inputs.txt")
    _, (scores,) = read_patterns(written / "outputs.txt")
    assert (cosim.pixels[0] == pixels).all()
    assert (cosim.results[0] == network[network.outputs[0]].result.values(scores)).all()


def test_patterns_come_back_as_events(command, written, tmp_path):
    inputs = written / "inputs.txt"
    answer = command("patterns", PROJECT, "--events", inputs, "-o", tmp_path / "again", "--json")
    assert answer.code == 0
    for name in ("inputs.txt", "outputs.txt"):
        assert (tmp_path / "again" / name).read_text() == (written / name).read_text()
    np.save(tmp_path / "events.npy", read_patterns(inputs)[1][0])
    command("patterns", PROJECT, "--events", tmp_path / "events.npy", "-o", tmp_path / "npy")
    assert (tmp_path / "npy" / "inputs.txt").read_text() == inputs.read_text()


def test_what_a_test_bench_gave_is_compared(command, written):
    outputs = written / "outputs.txt"
    answer = command("patterns", PROJECT, "--compare", outputs, "--json")
    assert answer.code == 0
    assert answer.json["mismatches"] == 0
    lines = outputs.read_text().splitlines()
    lines[3] = "0001" + lines[3][4:]
    outputs.write_text("\n".join(lines))
    answer = command("patterns", PROJECT, "--compare", outputs)
    assert answer.code == 4
    assert "event 0, layer scores, element [0]: 0 against 1" in answer.err


def test_files_of_something_else_are_refused(command, written):
    answer = command("patterns", PROJECT, "--compare", written / "inputs.txt")
    assert answer.code == 2
    assert "holds image (6, 6, 1) ap_ufixed<4,0>. Allowed: scores (2,)" in answer.err
    text = (written / "outputs.txt").read_text()
    (written / "outputs.txt").write_text(text[: text.index("// event 3")])
    answer = command("patterns", PROJECT, "--compare", written / "outputs.txt")
    assert answer.code == 2
    assert "3 events. Allowed:" in answer.err
    answer = command("patterns", PROJECT)
    assert (answer.code, "give --output or --compare" in answer.err) == (2, True)
