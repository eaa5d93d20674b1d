"""Golden vectors replayed: a planted change is caught, and its place is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from trigger.emulate import run
from trigger.errors import ProjectError
from trigger.flow.regression import record_golden
from trigger.flow.replay import Replay, verify_golden
from trigger.network import Network
from trigger.project import read_project
from trigger.project.golden import read

pytestmark = pytest.mark.csim

PROJECT = Path(__file__).parents[1] / "project" / "data" / "tiny_parallel"
CONTRACT = {"encoding": "per_hit", "rows": 6, "columns": 6, "scale": 719}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, path
    path.write_text(text.replace(old, new, 1))


def record_conversion(folder: Path, version: str) -> None:
    """Write what a compilation leaves, with no file that could be missed."""
    record = {
        "key": "",
        "files": {},
        "network": Network.load(folder / "network.json").digest,
        "hls4ml_version": version,
        "counterparts": {},
        "log": "",
    }
    (folder / "conversion.json").write_text(json.dumps(record))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    """A design's folder as a run leaves it, of a firmware with a sigmoid, with golden vectors."""
    folder = tmp_path_factory.mktemp("designs") / "tiny"
    shutil.copytree(PROJECT, folder / "project")
    edit(folder / "project" / "firmware" / "tiny.cpp", "nnet::relu<", "nnet::sigmoid<")
    read_project(folder / "project").save(folder / "network.json")
    (folder / "input_contract.json").write_text(json.dumps(CONTRACT))
    record_conversion(folder, "1.3.0")
    record_golden(folder)
    return folder


@pytest.fixture
def folder(recorded, tmp_path) -> Path:
    return shutil.copytree(recorded, tmp_path / "tiny")


def change_layer(folder: Path, name: str, change: Callable) -> None:
    network = Network.load(folder / "network.json")
    layers = tuple(change(layer) if layer.name == name else layer for layer in network.layers)
    Network(layers, network.outputs).save(folder / "network.json")


def test_what_was_recorded_comes_out_again(folder):
    replay = verify_golden(folder)
    assert replay.failures == replay.notes == ()
    assert replay.cosim is None
    assert {group.name for group in replay.groups} == {
        "one hot pixel",
        "ends of layers and edges of quantisers",
    }
    assert len(replay.groups) == 4
    assert replay.vectors > 36


def test_the_chosen_vectors_reach_the_ends(folder):
    network, golden = Network.load(folder / "network.json"), read(folder / "golden")
    ends = next(group for group in golden.groups if group.name.startswith("ends"))
    results = run(network, *(ends.raw[layer.name] for layer in network.inputs), layers=("conv",))
    reach = network.reaches()["conv"]
    assert (results["conv"].min(), results["conv"].max()) == (reach.raw_min, reach.raw_max)


def moved(replay: Replay) -> list[str]:
    """Return the layers that moved first, per engine."""
    return [side.first.layer for side in (replay.emulated, replay.csim) if side.first is not None]


def test_one_weight_bit(folder):
    for name in ("w2.txt", "w2.h"):
        edit(folder / "project" / "firmware" / "weights" / name, "0.625, -0.750", "0.500, -0.750")
    replay = verify_golden(folder)
    assert moved(replay) == ["conv"]
    assert replay.csim.mismatches
    assert not replay.emulated.mismatches
    assert any(
        text.startswith("project/ against network.json: conv.kernel") for text in replay.changes
    )
    assert "C++ of the firmware" in replay.notes[0]


def test_one_rounding_mode(folder):
    edit(
        folder / "project" / "firmware" / "defines.h",
        "typedef ap_ufixed<4,1,AP_RND_CONV,AP_SAT,0> layer4_t",
        "typedef ap_ufixed<4,1,AP_RND,AP_SAT,0> layer4_t",
    )
    replay = verify_golden(folder)
    assert replay.changes == (
        'project/ against network.json: relu.result: "ap_ufixed<4,1,AP_RND_CONV,AP_SAT>" became '
        '"ap_ufixed<4,1,AP_RND,AP_SAT>"',
    )
    assert replay.failures


def test_one_table_entry(folder):
    golden = read(folder / "golden")
    zeros = golden.raw["conv"][golden.origins.index("zeros")]
    network = Network.load(folder / "network.json")
    from trigger.layers.base import Tensor

    place = network["relu"].index(Tensor(zeros.ravel(), network["conv"].result))[0]

    def change(layer):
        table = layer.table.copy()
        table[place] += 1 << (layer.table_format.fractional - layer.result.fractional)
        return replace(layer, table=table)

    change_layer(folder, "relu", change)
    replay = verify_golden(folder)
    assert moved(replay) == ["relu"]
    assert replay.emulated.mismatches
    assert not replay.csim.mismatches
    assert replay.emulated.first.event == golden.origins.index("zeros")
    assert any(text.startswith("relu.table: sha256") for text in replay.changes)


def test_one_input_scale(folder):
    (folder / "input_contract.json").write_text(json.dumps({**CONTRACT, "scale": 720}))
    replay = verify_golden(folder)
    assert replay.failures == ("input_contract.scale: 719 became 720",)


def test_a_layer_that_only_a_digest_knows(folder):
    """A change that only the written-out layers of full vectors would not show."""

    def change(layer):
        kernel = layer.kernel.copy()
        kernel[0, 0, 0, 0] += 1
        return replace(layer, kernel=kernel)

    change_layer(folder, "conv", change)
    replay = verify_golden(folder)
    groups = [group for group in replay.groups if group.outputs.left == "emulated"]
    assert [group.moved[0] for group in groups] == ["conv", "conv"]
    assert "layer conv moved in the group 'one hot pixel'" in groups[0].failure
    assert all(not group.failure for group in replay.groups if group not in groups)


def test_tools_and_what_moves_no_bit_are_reported(folder):
    record_conversion(folder, "1.4.0")
    change_layer(folder, "conv", lambda layer: replace(layer, reuse_factor=2))
    replay = verify_golden(folder)
    notes = "\n".join(replay.notes)
    assert "tools: hls4ml 1.3.0, " in notes
    assert "became hls4ml 1.4.0, " in notes
    assert "conv.reuse_factor: 1 became 2" in notes
    assert not any(
        "reuse_factor" in text and "network.json" not in text for text in replay.failures
    )


def write_cosim(folder: Path, events: int = 5, add: float = 0.0) -> None:
    network = Network.load(folder / "network.json")
    pixels = np.random.default_rng(4).integers(0, 16, (events, 6, 6, 1))
    scores = network["scores"].result.values(run(network, pixels)["scores"])
    scores[-1, 1] += add
    data = folder / "project" / "tb_data"
    data.mkdir()
    lines = [" ".join(f"{each / 16:.6g}" for each in event.ravel()) for event in pixels]
    (data / "tb_input_features.dat").write_text("\n".join(lines) + "\n")
    lines = [" ".join(f"{each:.6g}" for each in event) + " " for event in scores]
    (data / "rtl_cosim_results.log").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(("add", "mismatches"), [(0.0, 0), (2**-6, 1)])
def test_vendor_cosimulation_is_compared(folder, add, mismatches):
    write_cosim(folder, add=add)
    replay = verify_golden(folder)
    assert (replay.cosim.events, replay.cosim.elements) == (5, 10)
    assert replay.cosim.mismatches == mismatches
    assert ("event 4, layer scores, element [1]" in replay.cosim.failure) == bool(mismatches)
    assert bool(replay.failures) == bool(mismatches)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("rtl_cosim_results.log", "\n", " 1\n", r"results\.log:1: cannot read.*2 numbers"),
        ("rtl_cosim_results.log", "\n", " x\n", "2 numbers"),
        ("tb_input_features.dat", "\n", "", r"features\.dat:1: cannot read"),
    ],
)
def test_damaged_cosimulation_output(folder, name, old, new, message):
    write_cosim(folder)
    edit(folder / "project" / "tb_data" / name, old, new)
    with pytest.raises(ProjectError, match=message):
        verify_golden(folder)


def test_cosimulation_that_ended_early(folder):
    write_cosim(folder)
    path = folder / "project" / "tb_data" / "rtl_cosim_results.log"
    path.write_text("\n".join(path.read_text().splitlines()[:3]) + "\n")
    with pytest.raises(ProjectError, match="3 events of 5"):
        verify_golden(folder)


def test_the_command_names_the_place_and_writes_test_cases(command, folder, tmp_path):
    junit = tmp_path / "golden.xml"
    answer = command("golden", "verify", folder, "--junit", junit)
    assert answer.code == 0, answer.err
    suite = ElementTree.parse(junit).getroot()[0]
    assert suite.attrib == {
        "name": "golden vectors of tiny",
        "tests": "8",
        "failures": "0",
        "errors": "0",
        "skipped": "1",
    }
    (folder / "input_contract.json").write_text(json.dumps({**CONTRACT, "scale": 720}))
    answer = command("golden", "verify", folder, "--junit", junit, "--json")
    assert answer.code == 4
    assert "input_contract.scale: 719 became 720" in answer.err
    failed = ElementTree.parse(junit).findall(".//testcase[failure]")
    assert [(case.get("classname"), case.get("name")) for case in failed] == [
        ("firmware", "as recorded")
    ]
    assert failed[0][0].get("message") == "input_contract.scale: 719 became 720"
    outcomes = {each["engine"]: each["outcome"] for each in answer.json["comparisons"]}
    assert outcomes["firmware"] == "fail"
    assert outcomes["co-simulation"] == "skipped"
