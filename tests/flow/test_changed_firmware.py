"""Firmware that was changed after it was compiled: no command speaks of what it was before."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from trigger.errors import AgreementError, ProjectError
from trigger.flow.difference import find_difference
from trigger.flow.networks import read_network, read_recorded
from trigger.flow.regression import record_golden
from trigger.network import Network
from trigger.project import read_project

PROJECT = Path(__file__).parents[1] / "project" / "data" / "tiny_parallel"
CHANGED = {
    "weights": "project/firmware/weights/w2.txt",
    "top function": "project/firmware/tiny.cpp",
    "network": "network.json",
}


@pytest.fixture
def compiled(tmp_path) -> Path:
    """A design's folder as a compilation leaves it."""
    folder = tmp_path / "tiny"
    shutil.copytree(PROJECT, folder / "project")
    network = read_project(folder / "project")
    network.save(folder / "network.json")
    files = [path for path in (folder / "project").rglob("*") if path.is_file()]
    record = {
        "key": "",
        "files": {
            path.relative_to(folder / "project").as_posix(): hashlib.sha256(
                path.read_bytes()
            ).hexdigest()
            for path in files
        },
        "network": network.digest,
        "hls4ml_version": "1.3.0",
        "counterparts": {},
        "log": "",
    }
    (folder / "conversion.json").write_text(json.dumps(record))
    return folder


def test_what_is_as_it_was_compiled_is_read(compiled):
    (compiled / "project" / "tb_data").mkdir(exist_ok=True)
    (compiled / "project" / "tb_data" / "csim_results.log").write_text("0.5")
    network = Network.load(compiled / "network.json")
    assert read_network(compiled) == network
    shutil.rmtree(compiled / "project")  # the text record of a design is enough
    assert read_network(compiled) == network


@pytest.mark.parametrize("name", CHANGED.values(), ids=CHANGED)
def test_what_was_changed_is_named(compiled, tmp_path, name):
    before = tmp_path / "before"
    shutil.copytree(compiled, before)
    path = compiled / name
    path.write_text(path.read_text() + " ")
    with pytest.raises(ProjectError, match=rf"{path}: was changed .*name \S*/project to take"):
        read_network(compiled)
    with pytest.raises(ProjectError, match="was changed"):
        find_difference(before, compiled)
    assert read_recorded(compiled) == read_network(before)
    path.unlink()
    with pytest.raises(ProjectError, match="is missing"):
        read_network(compiled)


@pytest.mark.csim
def test_golden_vectors_that_the_emulator_does_not_give_are_not_recorded(tmp_path):
    folder = tmp_path / "tiny"
    shutil.copytree(PROJECT, folder / "project")
    network = read_project(folder / "project")
    layers = list(network.layers)
    place = next(index for index, layer in enumerate(layers) if "bias" in layer.weights())
    bias = layers[place].bias.copy()
    bias.flat[0] += -1 if bias.flat[0] > 0 else 1
    layers[place] = replace(layers[place], bias=bias)
    Network(tuple(layers), network.outputs).save(folder / "network.json")
    with pytest.raises(AgreementError, match=f"differ: event 0, layer {layers[place].name}"):
        record_golden(folder)
    assert not (folder / "golden").exists()
