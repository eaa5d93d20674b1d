"""Training knobs: what may be chosen, what a choice makes of a design, and a short search."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import TINY
from trigger.config import load_design
from trigger.errors import DesignError
from trigger.flow.exploration import explore_design, find_knobs, with_choice
from trigger.report.front import read_front
from trigger.search.study import Knob


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return load_design(path)


def test_every_quantiser_may_lose_bits_and_kernels_weights(tiny):
    assert tuple(find_knobs(tiny)) == (
        Knob("conv", 2, 6, first=6),
        Knob("relu", 4, 6, first=6),
        Knob("score", 2, 6, first=6),
        Knob("sparsity", 0, 95, 5, first=50),
    )
    dense = replace(tiny, training=replace(tiny.training, pruning=None))
    assert [knob.name for knob in find_knobs(dense)] == ["conv", "relu", "score"]


def test_a_choice_changes_bits_and_zeros_and_nothing_else(tiny):
    own = {knob.name: knob.first for knob in find_knobs(tiny)}
    same = with_choice(tiny, own)
    assert same.design == tiny.design
    assert same.training == tiny.training
    other = with_choice(tiny, {**own, "conv": 3, "relu": 5, "sparsity": 80}, epochs=3)
    layers = {layer.name: layer.options for layer in other.design.model.layers}
    assert layers["conv"]["kernel_quantizer"] == "quantized_bits(3,0,alpha=1)"
    assert layers["conv"]["bias_quantizer"] == "quantized_bits(3,0,alpha=1)"
    assert layers["conv"]["filters"] == 2
    assert layers["relu"]["activation"] == "quantized_relu(5,2)"
    assert layers["score"] == tiny.design.model.layers[-1].options
    assert other.training.pruning.final_sparsity == 0.8
    assert other.training.quantised_epochs == 3


@pytest.mark.slow
@pytest.mark.training
def test_a_short_search_trains_and_a_second_one_goes_on(tiny_run, command):
    from trigger.cli.show import ConsoleListener
    from trigger.flow.steps import Flow

    asked = ("explore", tiny_run.design, "-o", tiny_run.output, "--epochs", 1, "--json")
    first = command(*asked, "--trials", 1)
    assert first.code == 0
    (own,) = first.json
    assert own["choice"] == {"conv": 6, "relu": 6, "score": 6, "sparsity": 50}
    second = command(*asked, "--trials", 2)
    assert "epoch 1/1" in second.err
    third = command(*asked, "--trials", 2)
    assert "epoch 1/1" not in third.err
    assert third.json == second.json
    for trial in second.json:
        file = load_design(trial["design"])
        assert with_choice(file, trial["choice"]).design.model == file.design.model
        assert file.training.pruning.final_sparsity == trial["choice"]["sparsity"] / 100

    front = read_front(tiny_run.folder / "search")
    assert [trial.number for trial in front.trials] == [0, 1]
    best = [trial for trial in front.trials if trial.on_front]
    assert {trial.design for trial in best} == {Path(each["design"]).name for each in second.json}
    assert front.start.excess == 1
    assert 0 < front.start.latency_ns <= 6400  # as the budget asks
    assert 0 < front.start.quality.low < front.start.quality.value

    with Flow(load_design(tiny_run.design), tiny_run.folder, ConsoleListener()) as flow:
        flow.file = replace(flow.file, training=None)
        with pytest.raises(DesignError, match=r"trials are compared by AUC.*trained to tell"):
            explore_design(flow, ConsoleListener(), 1)
