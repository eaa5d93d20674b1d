"""What a design has to beat is measured on the same events and by the same estimate."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.conftest import TINY
from trigger.budget import Figure, Outcome, Source
from trigger.config import load_design
from trigger.errors import DesignError, ReportError
from trigger.flow.baselines import measure_baselines, with_width
from trigger.flow.claims import build_claims, build_races, find_equal
from trigger.flow.steps import Flow
from trigger.report.baselines import read_baselines, write_baselines
from trigger.report.front import Against, Found, Front, Objective, Tried
from trigger.report.rivals import Baselines, Firmware, Rival, RivalKind, Settings


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return load_design(path)


def test_one_width_goes_to_every_quantiser_and_nothing_is_pruned(tiny):
    narrow = with_width(tiny, 4)
    layers = {layer.name: layer.options for layer in narrow.design.model.layers}
    assert layers["conv"]["kernel_quantizer"] == "quantized_bits(bits=4,integer=0,alpha=1)"
    assert layers["conv"]["bias_quantizer"] == "quantized_bits(bits=4,integer=0,alpha=1)"
    assert layers["relu"]["activation"] == "quantized_relu(bits=4,integer=2)"
    assert layers["score"]["kernel_quantizer"] == "quantized_bits(bits=4,integer=0,alpha=1)"
    assert narrow.training.pruning is None
    assert replace(narrow.training, pruning=tiny.training.pruning) == tiny.training
    wide = with_width(tiny, 9).design.model.layers
    assert wide[0].options["kernel_quantizer"] == "quantized_bits(bits=9,integer=0,alpha=1)"


def test_a_width_leaves_every_quantiser_its_range(tiny):
    assert with_width(tiny, 3)  # quantized_relu(3,2) has a bit below the point
    with pytest.raises(DesignError, match=r"relu: no quantiser of 2 bits.*3 bits or more"):
        with_width(tiny, 2)
    bare = replace(tiny.design.model, layers=tiny.design.model.layers[2:4])
    with pytest.raises(DesignError, match=r"nothing is quantised.*quantized_bits"):
        with_width(replace(tiny, design=replace(tiny.design, model=bare)), 8)


def firmware(latency_ns: float, cost_luts: float) -> Firmware:
    return Firmware(latency_ns, cost_luts, 0.0, 100.0, cost_luts, True)


def rival(name, kind, auc, default, *front) -> Rival:
    return Rival(name, kind, Figure(auc, Source.MEASURED), default, front, 1.0 if front else 1.7)


FLOAT = Rival("float", RivalKind.FLOAT, Figure(0.92, Source.MEASURED), None)
WIDE = rival(
    *("wide", RivalKind.CONVERTED, 0.911),
    *(firmware(500, 600.0), firmware(600, 200.0), firmware(800, 150.0)),
)
WIDE = replace(WIDE, one_factor=firmware(700, 400.0))
EIGHT = rival(
    *("8 bits", RivalKind.TRAINED, 0.917, firmware(500, 180.0)),
    *(firmware(500, 180.0), firmware(900, 60.0)),
)
SIX = rival("6 bits", RivalKind.TRAINED, 0.915, firmware(500, 140.0), firmware(700, 90.0))
FOUR = rival("4 bits", RivalKind.TRAINED, 0.90, firmware(500, 70.0), firmware(700, 20.0))
DESIGN = rival(
    *("design", RivalKind.DESIGN, 0.916, firmware(500, 100.0)),
    *(firmware(500, 100.0), firmware(700, 50.0), firmware(900, 40.0)),
)


def test_a_claim_names_settings_and_the_best_rival_of_equal_auc():
    claims = list(build_claims([FLOAT, WIDE, EIGHT, SIX, FOUR, DESIGN]))
    default, solved = Settings.DEFAULT, Settings.SOLVED
    said = [(each.against, each.settings, each.rival_settings, each.factor) for each in claims]
    assert said == [
        ("wide", default, default, 6.0),
        ("wide", solved, solved, 150 / 40),
        ("wide", solved, default, 15.0),
        ("wide", solved, Settings.ONE_FACTOR, 10.0),
        ("6 bits", default, default, 1.4),
        ("8 bits", solved, solved, 1.5),  # 4 bits cost less, and are worse
    ]
    passed, failed = Outcome.PASS, Outcome.FAIL
    outcomes = [passed, failed, passed, passed, failed, passed]
    assert [each.outcome for each in claims] == outcomes
    assert {each.of for each in claims} == {"design"}
    assert [(each.latency_ns, each.rival_latency_ns) for each in claims[:3]] == [
        (500, 500),
        (900, 800),
        (900, 500),
    ]


def test_where_no_width_is_as_good_the_best_one_may_be_beaten_all_the_more():
    better = replace(DESIGN, auc=replace(DESIGN.auc, value=0.93))
    *_, default, solved = build_claims([FLOAT, WIDE, EIGHT, SIX, FOUR, better])
    for claim, factor in ((default, 1.8), (solved, 1.5)):
        assert (claim.against, claim.factor, claim.outcome) == ("8 bits", factor, Outcome.PASS)
        assert claim.auc_difference == better.auc.value - EIGHT.auc.value
        assert claim.note == "no width for all is as good as design; the best of them is 8 bits"
    cheap = replace(EIGHT, default=firmware(500, 149.0))  # one that is as good might cost more
    *_, default, solved = build_claims([FLOAT, WIDE, cheap, SIX, FOUR, better])
    assert (default.against, default.factor, default.outcome) == ("", None, Outcome.UNKNOWN)
    assert default.note == "no width for all comes as near to the AUC of design within the budget"


def front_of(*trials, objective=Objective.AUC):
    """A front that begins at an AUC of 0.916, whose trials have (AUC, cost, excess, on it)."""
    start, *found = (
        Found(Figure(auc, Source.MEASURED), cost, 700.0, excess)
        for auc, cost, excess, _ in ((0.916, 40.0, 1, True), *trials)
    )
    tried = (
        Tried(number, (), its, on_front=trial[3])
        for number, (its, trial) in enumerate(zip(found, trials, strict=True))
    )
    return Front("design", objective, Against.COST, start, tuple(tried), "abc")


def test_trials_to_claim_are_chosen_on_validation_events():
    front = front_of(
        (0.92, 39.0, 1, True),
        (0.9141, 30.0, 1, True),
        (0.915, 35.0, 1, True),
        (0.92, 41.0, 1, True),  # the design costs 40
        (0.9139, 10.0, 1, True),  # worse by more than counts as equal
        (0.95, 5.0, 1.1, True),  # beyond the budget
        (0.95, 5.0, 1, False),
    )
    assert [trial.number for trial in find_equal(front, "abc")] == [0, 2, 1]
    assert find_equal(front, "of another firmware") == []
    assert find_equal(front_of((0.9, 10.0, 1, True)), "abc") == []
    efficiency = front_of((0.92, 9.0, 1, True), objective=Objective.EFFICIENCY)
    assert find_equal(efficiency, "abc") == []


def test_a_trial_has_claims_and_races_of_its_own():
    trial = rival("trial 3", RivalKind.FOUND, 0.9145, firmware(500, 60.0), firmware(600, 30.0))
    claims = list(build_claims([FLOAT, WIDE, EIGHT, SIX, FOUR, trial, DESIGN]))
    assert [each for each in claims if each.of == "design"] == list(
        build_claims([FLOAT, WIDE, EIGHT, SIX, FOUR, DESIGN])
    )
    its = {(each.against, each.settings, each.rival_settings): each for each in claims[:6]}
    assert {each.of for each in its.values()} == {"trial 3"}
    assert its["6 bits", Settings.DEFAULT, Settings.DEFAULT].factor == 140 / 60
    races = build_races([WIDE, SIX, trial, DESIGN])
    assert [(race.of, race.against) for race in races] == [
        ("trial 3", "6 bits"),
        ("design", "6 bits"),
    ]


def test_a_design_that_is_worse_passes_no_claim():
    worse = replace(DESIGN, auc=Figure(0.9089, Source.MEASURED))
    claims = list(build_claims([FLOAT, WIDE, EIGHT, worse]))
    assert claims[0].factor == 6.0
    assert not claims[0].equal
    assert {each.outcome for each in claims} == {Outcome.FAIL}
    just = replace(DESIGN, auc=Figure(0.9091, Source.MEASURED))
    assert next(build_claims([FLOAT, WIDE, just])).outcome is Outcome.PASS


def test_what_cannot_be_compared_is_unknown():
    beyond = replace(EIGHT, front=())
    *_, plain, solved = build_claims([FLOAT, WIDE, beyond, FOUR, DESIGN])
    assert plain.factor == 1.8
    assert solved.factor is None
    assert solved.outcome is Outcome.UNKNOWN
    assert "no width for all" in solved.note
    _, both, mixed, by_hand = build_claims(
        [FLOAT, replace(WIDE, front=(), one_factor=None), DESIGN]
    )
    assert (by_hand.outcome, by_hand.note) == (
        Outcome.UNKNOWN,
        "no settings with one reuse factor of wide meet the budget",
    )
    assert (both.outcome, both.note) == (
        Outcome.UNKNOWN,
        "no settings of wide meet the budget",
    )
    assert mixed.outcome is Outcome.PASS


def test_races_are_within_the_least_resources_that_both_can_do_with():
    races = {each.against: each for each in build_races([FLOAT, WIDE, EIGHT, SIX, FOUR, DESIGN])}
    assert set(races) == {"8 bits", "6 bits"}  # the others are worse
    said = [(each.luts, each.latency_ns, each.rival_latency_ns) for each in races.values()]
    assert said == [(60, 700, 900), (90, 700, 700)]
    late = replace(SIX, front=(firmware(900, 30.0),))
    (race,) = build_races([WIDE, late, DESIGN])
    assert (race.luts, race.latency_ns, race.rival_latency_ns) == (40, 900, 900)


def test_the_record_comes_back_and_a_damaged_one_is_told(tmp_path):
    rivals = (FLOAT, WIDE, EIGHT, DESIGN)
    claims, races = tuple(build_claims(rivals)), tuple(build_races(rivals))
    found = Baselines("tiny", "0" * 64, 55, rivals, claims, races)
    assert read_baselines(tmp_path) is None
    path = write_baselines(found, tmp_path)
    assert read_baselines(tmp_path) == found
    data = json.loads(path.read_text())
    assert [claim["outcome"] for claim in data["claims"]] == [
        *("pass", "fail", "pass", "pass", "pass", "pass")
    ]
    data["claims"][1]["outcome"] = "pass"
    path.write_text(json.dumps(data))
    with pytest.raises(ReportError, match=r"'pass' contradicts the rest"):
        read_baselines(tmp_path)
    for rivals in (data["rivals"][:-1], []):
        path.write_text(json.dumps({**data, "rivals": rivals, "claims": []}))
        with pytest.raises(
            ReportError, match=r"baselines of tiny: the last rival is not the design"
        ):
            read_baselines(tmp_path)
    path.write_text("{}")
    with pytest.raises(ReportError, match=r"schema is None.*trigger-baselines-1.*delete it"):
        read_baselines(tmp_path)
    path.write_text("{")
    with pytest.raises(ReportError, match=r"cannot be read.*delete it"):
        read_baselines(tmp_path)


@pytest.mark.slow
@pytest.mark.training
def test_the_design_is_held_against_hls4ml_and_one_width_for_all(tiny_run, command):
    from trigger.cli.show import ConsoleListener
    from trigger.report import read_json

    asked = ("baselines", tiny_run.design, "-o", tiny_run.output, "--width", 6)
    first = command(*asked, "--trained-width", 4)
    assert first.code == 0
    assert "trainings to make: 1, about 1 min" in first.err
    assert "4-bit model: epoch 2/2" in first.err
    assert "against" in first.out
    again = command(*asked, "--trained-width", 4, "--json")
    assert "4-bit model: epoch" not in again.err
    found = read_baselines(tiny_run.folder)
    rivals = {each.name: each for each in found.rivals}
    assert [each["name"] for each in again.json["rivals"]] == list(rivals)
    assert list(rivals) == [
        "float model",
        "hls4ml default, ap_fixed<16,6>",
        "hls4ml auto",
        "float model in ap_fixed<6,3>",
        "4 bits, trained",
        "this design",
    ]
    report = read_json(tiny_run.folder / "report.json")
    engines = {engine.engine: engine.auc.value for engine in report.physics.engines}
    design = rivals["this design"]
    assert design.auc.value == engines["emulated"]
    assert rivals["float model"].auc.value == engines["float"]
    assert rivals["float model"].default is None
    default = rivals["hls4ml default, ap_fixed<16,6>"].default
    assert default.dsp > 0 == design.default.dsp
    assert default.cost_luts == default.lut + 55 * default.dsp
    assert default.cost_luts > rivals["float model in ap_fixed<6,3>"].default.cost_luts
    assert rivals["4 bits, trained"].training_seconds > 0
    for each in found.rivals[1:]:
        assert each.solved.cost_luts <= each.default.cost_luts
        assert each.excess == 1
    assert default.cost_luts >= rivals["hls4ml default, ap_fixed<16,6>"].one_factor.cost_luts
    factors = [claim.factor for claim in found.claims[:3]]
    assert factors == [
        default.cost_luts / design.default.cost_luts,
        found.rivals[1].solved.cost_luts / design.solved.cost_luts,
        default.cost_luts / design.solved.cost_luts,
    ]

    with Flow(load_design(tiny_run.design), tiny_run.folder, ConsoleListener()) as flow:
        flow.file = replace(flow.file, task=object())
        with pytest.raises(DesignError, match=r"baselines are compared by AUC.*tell classes"):
            measure_baselines(flow, ConsoleListener())
