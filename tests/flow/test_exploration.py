"""Training knobs: what may be chosen, what a choice makes of a design, and a short search."""

from __future__ import annotations

import json
import math
import pickle
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from tests.conftest import TINY
from trigger.budget import Figure, Source
from trigger.cli.show import ConsoleListener
from trigger.config import load_design
from trigger.emulate import emulate
from trigger.errors import ConversionError, DesignError, DivergedError, EstimateError, ToolError
from trigger.flow.bench import DESIGN, IMAGES, START, TWIN, read_bench, write_bench
from trigger.flow.exploration import _check, _Teller
from trigger.flow.physics import measure_auc
from trigger.flow.pretrained import compile_kept
from trigger.flow.settings import solve_network
from trigger.flow.steps import Flow
from trigger.flow.training_knobs import describe_changes, find_knobs, with_choice, with_widths
from trigger.flow.trial import RIVALS, Evaluation, Goal, judge_losses
from trigger.report import codec
from trigger.report.front import (
    Against,
    Found,
    Objective,
    read_front,
    weights_of,
    write_front,
)
from trigger.search.knob import Knob
from trigger.search.study import Hopeless, Outcome, Trial
from trigger.training import (
    EpochRecord,
    ModelKind,
    PruningSpec,
    PruningStructure,
    Sample,
    TrainedModel,
    write_trained,
)

OWN = {
    "conv.bits": 6,
    "relu.bits": 6,
    "score.bits": 6,
    "conv.filters": 2,
    "conv.sparsity": 50,
    "score.sparsity": 50,
}


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return load_design(path)


def test_layers_may_lose_bits_and_filters_and_kernels_weights(tiny):
    assert tuple(find_knobs(tiny)) == (
        Knob("conv.bits", 2, 6, first=6, last=2),
        Knob("relu.bits", 3, 6, first=6, last=3),
        Knob("score.bits", 2, 6, first=6, last=2),
        Knob("conv.filters", 1, 2, first=2, last=1),
        Knob("conv.sparsity", 0, 95, 5, first=50, last=95, may_idle=True),
        Knob("score.sparsity", 0, 95, 5, first=50, last=95, may_idle=True),
    )
    dense = replace(tiny, training=replace(tiny.training, pruning=None))
    assert not [knob for knob in find_knobs(dense) if "sparsity" in knob.name]
    shared = PruningSpec(0.5, structure=PruningStructure.MULTIPLIER, reuse_factors={"conv": 3})
    shared = replace(tiny, training=replace(tiny.training, pruning=shared))
    assert "conv.filters" not in [knob.name for knob in find_knobs(shared)]


@pytest.mark.parametrize(
    ("filters", "low", "step"), [(3, 2, 1), (8, 4, 1), (16, 8, 2), (20, 10, 2), (50, 26, 6)]
)
def test_filters_go_down_to_half_in_eighths(tiny, filters, low, step):
    wide = with_choice(tiny, {"conv.filters": filters})
    (knob,) = (each for each in find_knobs(wide) if each.name == "conv.filters")
    assert knob == Knob("conv.filters", low, filters, step, first=filters, last=low)


def test_a_choice_changes_bits_filters_and_zeros_and_nothing_else(tiny):
    assert {knob.name: knob.first for knob in find_knobs(tiny)} == OWN
    same = with_choice(tiny, OWN)
    assert same.design == tiny.design
    assert same.training == tiny.training
    choice = {**OWN, "conv.bits": 3, "relu.bits": 5, "conv.filters": 1, "score.sparsity": 80}
    other = with_choice(tiny, choice, epochs=3)
    layers = {layer.name: layer.options for layer in other.design.model.layers}
    assert layers["conv"]["kernel_quantizer"] == "quantized_bits(bits=3,integer=0,alpha=1)"
    assert layers["conv"]["bias_quantizer"] == "quantized_bits(6,0,alpha=1)"
    assert layers["conv"]["filters"] == 1
    assert layers["relu"]["activation"] == "quantized_relu(bits=5,integer=2)"
    assert layers["score"] == tiny.design.model.layers[-1].options
    assert other.training.pruning.final_sparsity == 0.5
    assert other.training.pruning.layer_sparsity == {"score": 0.8}
    assert other.training.quantised_epochs == 3
    changes = {"base": "tiny.yaml", "name": "other", **describe_changes(tiny, choice)}
    path = Path(tiny.source).with_name("other.yaml")
    path.write_text(yaml.safe_dump(changes))
    written = load_design(path)
    assert written.design.model == other.design.model
    assert written.training.pruning.layer_sparsity == {"score": 0.8}
    more = with_choice(written, {"conv.sparsity": 60, "score.sparsity": 80})
    assert more.training.pruning.layer_sparsity == {"score": 0.8, "conv": 0.6}


def test_a_layer_of_several_widths_begins_as_it_is_and_none_gets_wider(tiny):
    conv, *others = tiny.design.model.layers
    mixed = replace(conv, options={**conv.options, "activation": "quantized_relu(4,1)"})
    model = replace(tiny.design.model, layers=(mixed, *others))
    file = replace(tiny, design=replace(tiny.design, model=model))
    (knob,) = (each for each in find_knobs(file) if each.name == "conv.bits")
    assert knob == Knob("conv.bits", 2, 6, first=6, last=2)
    for bits, kernel, relu in ((6, "6,0", "4,1"), (5, "bits=5,integer=0", "4,1")):
        options = with_choice(file, {"conv.bits": bits}).design.model.layers[0].options
        assert options["kernel_quantizer"] == f"quantized_bits({kernel},alpha=1)"
        assert options["activation"] == f"quantized_relu({relu})"


def rival(predicted, losses, excess=1.0):
    found = codec.encode(Found(Figure(0.9, Source.MEASURED), predicted, 500.0, 1.0), Found, "it")
    notes = {"predicted": predicted, "predicted_excess": excess, "losses": losses, "found": found}
    return Trial(0, {}, Outcome(0.9, predicted, 1.0, notes))


def test_a_training_that_most_cheaper_ones_better_is_hopeless():
    earlier = [rival(100, [0.5, loss]) for loss in (0.2, 0.3, 0.32, 0.4)]
    assert len(earlier) == RIVALS
    judge_losses(100, 1.0, earlier, [0.5, 0.31])  # the median is 0.31
    with pytest.raises(Hopeless, match=r"after epoch 2 .* 0.32 at best; .* 4 .* 0.31 in the"):
        judge_losses(100, 1.0, earlier, [0.4, 0.32])
    judge_losses(100, 1.0, earlier, [0.4, 0.3, 9.0])  # none of them went further
    judge_losses(99, 1.0, earlier, [0.4, 0.4])  # it promises to cost less
    judge_losses(100, 1.0, [*earlier[:3], rival(101, [0.5, 0.1])], [0.4, 0.4])
    judge_losses(100, 1.0, [*earlier[:3], rival(90, [0.5, 0.1], 1.5)], [0.4, 0.4])
    judge_losses(100, 1.0, [*earlier[:3], Trial(3, {}, None, "too costly")], [0.4, 0.4])


@pytest.fixture
def finding(tiny, tmp_path, monkeypatch):
    """An evaluation whose training and firmware are told beforehand, and how often it was made."""
    bench = SimpleNamespace(file=tiny, start=SimpleNamespace(digest="start"))
    monkeypatch.setattr("trigger.flow.trial.read_bench", lambda home, key: bench)
    answers, made = [], []

    def find(self, bench, file, of_its_size, folder, earlier):
        made.append(file)
        answer = answers.pop()
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(Evaluation, "_find", find)
    return Evaluation(tmp_path / "search", "key", Goal(), 3), answers, made


def test_what_a_trial_found_is_not_found_again_and_judged_by_what_is_finished_now(finding):
    evaluate, answers, made = finding
    found = rival(100, [0.5, 0.4]).outcome
    answers.append(found)
    assert evaluate(OWN, ()) == evaluate(OWN, ()) == found
    assert len(made) == 1
    with pytest.raises(Hopeless, match="after epoch 1"):
        evaluate(OWN, [rival(90, [0.4, 0.3])] * RIVALS)
    answers.append(found)
    assert replace(evaluate, goal=Goal(against=Against.LATENCY))(OWN, ()) == found
    assert len(made) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: "{",
        lambda kept: "[]",
        lambda kept: json.dumps({**kept, "quality": "good"}),
        lambda kept: json.dumps({**kept, "notes": {}}),
        lambda kept: json.dumps({**kept, "notes": {**kept["notes"], "losses": 3}}),
        lambda kept: json.dumps({**kept, "notes": {**kept["notes"], "found": {}}}),
    ],
    ids=["cut", "list", "word", "no notes", "no losses", "nothing found"],
)
def test_what_a_trial_found_and_is_damaged_is_found_again(finding, damage):
    evaluate, answers, made = finding
    found = rival(100, [0.5, 0.4]).outcome
    answers += [found, found]
    assert evaluate(OWN, ()) == found
    (place,) = evaluate.home.rglob("outcome_*.json")
    place.write_text(damage(json.loads(place.read_text())))
    assert evaluate(OWN, ()) == evaluate(OWN, ()) == found
    assert len(made) == 2


@pytest.mark.parametrize("kind", [ConversionError, DivergedError, EstimateError])
def test_a_trial_of_which_nothing_comes_is_given_up(finding, kind):
    evaluate, answers, _ = finding
    answers.append(kind("it is so", where="there"))
    with pytest.raises(Hopeless, match="there: it is so"):
        evaluate(OWN, ())


def test_a_full_disk_costs_the_copy_of_what_was_found_alone(finding):
    evaluate, answers, made = finding
    evaluate.home.write_text("no folder can be made here")
    found = rival(100, [0.5]).outcome
    answers += [found, found]
    assert evaluate(OWN, ()) == evaluate(OWN, ()) == found
    assert len(made) == 2


def test_quality_is_auc_or_efficiency_at_the_working_point(tiny):
    mm = np.arange(100)  # background; a tenth of it, from 90 on, may pass
    ee = np.concatenate([np.full(30, 89), np.full(70, 90)])
    scores = np.concatenate([mm, ee])
    sample = Sample(np.zeros((200, 12, 12, 1), int), np.repeat([0, 1], 100))
    efficiency = Goal(Objective.EFFICIENCY).measure(tiny, sample, scores)
    assert efficiency.value == 0.7
    assert efficiency.low < 0.7 < efficiency.high
    auc = Goal(Objective.AUC).measure(tiny, sample, scores).value
    assert math.isclose(auc, (30 * 89.5 + 70 * 90.5) / 100 / 100)


def test_what_cannot_be_compared_is_refused(tiny):
    with pytest.raises(DesignError, match=r"how they tell classes apart.*trained to tell"):
        _check(replace(tiny, training=None), Goal())
    with pytest.raises(DesignError, match=r"no working point.*section trigger"):
        _check(replace(tiny, trigger=None), Goal(Objective.EFFICIENCY))
    _check(replace(tiny, trigger=None), Goal())


def test_progress_tells_the_best_so_far_and_the_time_left(monkeypatch):
    class Heard(list):
        phase = list.append

    clock = iter([0.0, 60.0, 120.0, 180.0])
    monkeypatch.setattr("trigger.flow.exploration.time.monotonic", lambda: next(clock))
    heard = Heard()
    teller = _Teller(heard, Goal(Objective.AUC, Against.LATENCY), 0.85)
    trials = [
        Trial(0, {}, Outcome(0.9, 100, 1.0)),
        Trial(1, {}, Outcome(0.8, 50, 1.0)),
        Trial(2, {}, None, "hopeless"),
        Trial(3, {}, Outcome(0.95, 90, 2.0)),
    ]
    teller.tell(trials[:1], 4)
    teller.tell([trials[0], trials[2]], 4)
    teller.tell(trials[:3], 4)
    teller.tell(trials, 4)
    best = "; best so far trial 0, AUC 0.9000, 100 ns"
    assert heard == [
        f"1 of 4 trials are finished{best}",
        f"2 of 4: trial 2, given up: hopeless{best}; about 2 min left",
        f"3 of 4: trial 1, AUC 0.8000, 50 ns{best}; about 1 min left",
        f"4 of 4: trial 3, AUC 0.9500, 90 ns, 2 times the budget{best}",
    ]


def test_images_that_a_worker_finds_damaged_are_told(tiny, tmp_path):
    home = tmp_path / "home"
    epoch = EpochRecord(1, 0.5, 0.5, 0.5, 1.0)
    for name, kind in ((START, ModelKind.QUANTISED), (TWIN, ModelKind.FLOAT)):
        write_trained(TrainedModel(kind, tiny.design.model, {}, (epoch,), 1, (), "a"), home / name)
    (home / DESIGN).write_text(TINY)
    (home / IMAGES).write_bytes(b"")
    with pytest.raises(ToolError, match=r"home: cannot be read by a worker: .*no whole \.npz file"):
        read_bench(home, "key")


def test_trials_of_fewer_filters_start_from_a_float_model_of_their_size(tiny, monkeypatch):
    bench = SimpleNamespace(
        file=tiny, start="the design's", twin="twin", train=None, validation=None
    )
    made = []

    def fit(recipe, folder, progress):
        made.append((recipe.kind, recipe.model, recipe.start, folder))
        return folder

    monkeypatch.setattr("trigger.flow.trial.narrow", lambda trained, model: f"narrow {trained}")
    monkeypatch.setattr("trigger.flow.trial.fit", fit)
    evaluate = Evaluation(Path("home"), "key", Goal(), 3)
    narrower = {**OWN, "conv.bits": 3, "score.sparsity": 80}
    assert evaluate._start(bench, with_widths(tiny, narrower)) == "the design's"
    assert not made
    one, other = ({**narrower, "conv.filters": 1, "relu.bits": bits} for bits in (4, 5))
    place = evaluate._start(bench, with_widths(tiny, one))
    assert place == evaluate._start(bench, with_widths(tiny, other))
    assert made[0] == made[1]
    kind, model, start, _ = made[0]
    assert kind is ModelKind.FLOAT
    assert start == "narrow twin"
    assert model == with_choice(tiny, {"conv.filters": 1}).design.model


@pytest.mark.slow
@pytest.mark.training
def test_a_search_is_the_same_wherever_it_is_made_and_whatever_is_lost(tiny_run, command):
    home = tiny_run.folder / "search"
    asked = ("explore", tiny_run.design, "-o", tiny_run.output, "--epochs", 1, "--json")
    asked = (*asked, "--generation", 2, "--trials")
    first = command(*asked, 2, "--processes", 2)
    assert first.code == 0
    assert "2 of 2: trial " in first.err
    front = read_front(home)
    assert [trial.number for trial in front.trials] == [0, 1]
    assert {each.knob: each.value for each in front.trials[0].choice} == OWN
    best = [trial for trial in front.trials if trial.on_front]
    assert {trial.design for trial in best} == {Path(each["design"]).name for each in first.json}
    assert front.start.excess == 1
    assert 0 < front.start.latency_ns <= 6400  # as the budget asks
    assert 0 < front.start.quality.low < front.start.quality.value
    for trial in first.json:
        file = load_design(trial["design"])
        assert with_choice(file, trial["choice"]).design.model == file.design.model
        for layer in ("conv", "score"):
            share = trial["choice"][f"{layer}.sparsity"] / 100
            assert file.training.pruning.sparsity_of(layer) == share
        assert file.design.knobs.layers["conv"].reuse_factor >= 1

    with Flow(load_design(tiny_run.design), tiny_run.folder, ConsoleListener()) as flow:
        assert front.network_sha256 == flow.compiled.network.digest
        held_out, key = flow.images.validation, write_bench(flow, home).key
    for trial in best:  # its firmware comes back without a training
        file, weights = load_design(home / trial.design), home / weights_of(trial.design)
        compiled = compile_kept(file, weights, tiny_run.output / file.name)
        scores = emulate(compiled.network, held_out.pixels_raw)
        assert measure_auc(file, held_out, scores).value == trial.found.quality.value
        assert solve_network(file, compiled.network).best.luts == trial.found.cost_luts
    # as if all were as good as the design, and cheaper
    worst = min((trial.found for trial in best), key=lambda found: found.quality.value)
    start = replace(
        front.start, quality=worst.quality, cost_luts=1e9
    )  # all are as good, and cheaper
    write_front(replace(front, start=start), home)
    cheapest_last = sorted(best, key=lambda trial: -trial.found.cost_luts)
    chosen = [f"trial {trial.number}" for trial in cheapest_last]
    compared = command("baselines", tiny_run.design, "-o", tiny_run.output, "--width", 6, "--json")
    rivals = compared.json["rivals"]
    assert chosen == [each["name"] for each in rivals if each["kind"] == "trial"]
    assert {each["of"] for each in compared.json["claims"]} == {*chosen, rivals[-1]["name"]}

    (home / "study.db").unlink()  # what trials found lies beside their weights
    second = command(*asked, 2)
    assert second.json == first.json
    assert "epoch 1/1" not in second.err
    (home / "study.db").unlink()
    shutil.rmtree(home / "trials")
    third = command(*asked, 1)
    assert "epoch 1/1" in third.err
    assert read_front(home).trials[0].found == front.trials[0].found

    evaluate = Evaluation(home, key, Goal(), 1)
    narrower = {**OWN, "conv.filters": 1}
    assert 0 < evaluate(narrower, ()).cost < front.start.cost_luts
    (twin,) = (home / "twins").iterdir()
    assert len(json.loads((twin / "training.json").read_text())["history"]) == 2  # as the design's
    assert evaluate.model(narrower).weights["conv"]["kernel"].shape == (3, 3, 1, 1)


def test_what_a_worker_gets_is_small_and_it_says_when_it_sees_no_folder(tmp_path):
    evaluate = Evaluation(tmp_path, "key", Goal(), 3)
    assert pickle.loads(pickle.dumps(evaluate)) == evaluate
    assert len(pickle.dumps(evaluate)) < 1000
    with pytest.raises(ToolError, match=r"cannot be read by a worker.*under one path.*--output"):
        evaluate({}, ())
