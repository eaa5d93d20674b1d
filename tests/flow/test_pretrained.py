"""Kept weights: a design compiles without its events to the same firmware."""

from __future__ import annotations

import re

import pytest

from trigger.network import Network

pytestmark = [pytest.mark.training, pytest.mark.slow]


@pytest.fixture(scope="module")
def kept(tiny_run, tmp_path_factory):
    from trigger.config import load_contract, load_design
    from trigger.flow.pretrained import keep_weights
    from trigger.training import read_trained

    folder = tmp_path_factory.mktemp("kept") / "tiny"
    trained = read_trained(
        tiny_run.folder / "training" / "quantised", load_design(tiny_run.design).design.model
    )
    keep_weights(trained, load_contract(tiny_run.folder / "input_contract.json"), folder)
    return folder


def test_kept_weights_give_the_network_of_the_run(command, tiny_run, kept, tmp_path):
    made = command("compile", tiny_run.design, "--weights", kept, "-o", tmp_path, "--json")
    assert made.code == 0, made.err
    network = Network.load(tmp_path / "tiny" / "network.json")
    assert network == Network.load(tiny_run.folder / "network.json")
    assert (tmp_path / "tiny" / "project" / "firmware").is_dir()
    assert not (tmp_path / ".events").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("filters: 2", "filters: 3", r"the weights are .* Allowed"),
        ("encoding: per_hit", "encoding: total", r"pixels with encoding per_hit. Allowed: the des"),
        ("seed: 3", "seed: 3", r"cannot be read|is no record of a training"),
    ],
    ids=["other layers", "other pixels", "nothing there"],
)
def test_weights_of_another_design_are_refused(
    command, tiny_run, kept, tmp_path, old, new, message
):
    design = tmp_path / "tiny.yaml"
    design.write_text(tiny_run.design.read_text().replace(old, new))
    weights = tmp_path / "none" if old == new else kept
    answer = command("compile", design, "--weights", weights, "-o", tmp_path / "out")
    assert answer.code == 2
    assert re.search(message, answer.err), answer.err
    assert not (tmp_path / "out" / "tiny" / "project").exists()
