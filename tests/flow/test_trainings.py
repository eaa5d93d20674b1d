"""The table of figures: which trainings are made, what is kept, and what the table says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.conftest import TINY
from tests.report.example import build_example
from trigger.budget import Figure, Source
from trigger.cli.show import ConsoleListener
from trigger.config import load_design
from trigger.errors import DesignError, EventError, OutputError
from trigger.flow import trainings
from trigger.flow.trainings import REFERENCES, measure_figures, read_references
from trigger.report.figures import Measured, Training
from trigger.report.record import EngineRegression, QuantityResolution, Regression


@pytest.fixture
def designs(tmp_path: Path) -> list[Path]:
    """The tiny design, and one on top of it."""
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / "other.yaml").write_text("base: tiny.yaml\nname: other\ntraining: {seed: 8}\n")
    return [tmp_path / "tiny.yaml", tmp_path / "other.yaml"]


@pytest.fixture
def trained(monkeypatch) -> list[str]:
    """Take the place of the trainings; returns the names of those that were made."""
    names: list[str] = []

    def train(run, listener, command, fresh):
        names.append(run.file.name)
        values = {"float": 0.9 + run.seed / 100, "QKeras": 0.9, "emulated": 0.896 + run.seed / 100}
        measured = tuple(Measured("AUC", engine, value) for engine, value in values.items())
        made = Training(
            *(
                run.design,
                run.seed,
                trainings._key(run.file),
                360,
                120,
                "events",
                "60 events of mm",
            ),
            *(1000, 0, measured, 60.0),
        )
        run.folder.mkdir(exist_ok=True)
        data = trainings.codec.encode(made, Training, "training")
        trainings._record(run).write_text(json.dumps(data))
        return made

    monkeypatch.setattr(trainings, "_train", train)
    return names


def measure(
    designs: list[Path],
    trainings: int = 2,
    events_per_class: int | None = None,
    fresh: bool = False,
):
    folder = designs[0].parent / "out"
    listener = ConsoleListener()
    return measure_figures(designs, folder, trainings, events_per_class, listener, fresh=fresh)


def test_the_first_training_of_each_design_comes_first(designs, trained):
    measure(designs)
    assert trained == ["tiny_seed_3", "other_seed_8", "tiny_seed_4", "other_seed_9"]


def test_what_is_finished_is_not_made_again_unless_the_design_changed(designs, trained):
    one = measure(designs, trainings=1)
    assert [len(system.trainings) for system in one.systems] == [1, 1]
    again = measure(designs, trainings=1)
    assert (again, len(trained)) == (one, 2)
    designs[1].write_text(designs[1].read_text() + "seed: 5\n")
    measure(designs, trainings=1)
    assert trained[2:] == ["other_seed_8"]
    measure(designs, trainings=1, fresh=True)
    assert trained[3:] == ["tiny_seed_3", "other_seed_8"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"design": "tiny"}'])
def test_a_damaged_record_is_made_anew(designs, trained, content):
    one = measure(designs[:1], trainings=1)
    (designs[0].parent / "out" / "tiny_seed_3" / "figures.json").write_text(content)
    assert measure(designs[:1], trainings=1) == one
    assert trained == ["tiny_seed_3"] * 2


def test_losses_are_those_of_each_training(designs, trained):
    (line,) = measure(designs[:1]).systems[0].lines
    spreads = {each.engine: each.spread for each in line.engines}
    assert spreads["float"].values == pytest.approx((0.93, 0.94))
    assert spreads["float"].mean == pytest.approx(0.935)
    assert spreads["float"].deviation == pytest.approx(0.01 / 2**0.5)
    assert line.loss.values == pytest.approx((0.004, 0.004))
    assert spreads["QKeras"].deviation == 0


def test_each_training_is_a_design_of_its_own_with_the_sample_that_was_asked_for(designs, trained):
    measure(designs, trainings=1, events_per_class=40)
    file = load_design(designs[0].parent / "out" / "other_seed_8.yaml")
    assert (file.seed, file.training.seed) == (3, 8)
    assert file.events.generate.events_per_class == 40
    assert file.events.generate.seed == 3
    assert not file.events.generate.event_files
    assert file.design.model == load_design(designs[0]).design.model


def test_a_training_that_fails_is_told_in_the_table_and_the_others_go_on(designs, monkeypatch):
    class Broken:
        def __init__(self, *_, **__):
            raise EventError("no pythia8mc", where="generator", remedy="install it")

    monkeypatch.setattr(trainings, "Flow", Broken)
    table = measure(designs, trainings=1)
    assert [system.trainings[0].problem for system in table.systems] == [
        "generator: no pythia8mc. To do: install it"
    ] * 2
    assert [system.lines for system in table.systems] == [(), ()]
    text = (designs[0].parent / "out" / "figures.md").read_text()
    assert "| `tiny` | n/a, see below |" in text
    assert "Seed 3: generator: no pythia8mc." in text
    assert not list((designs[0].parent / "out").glob("*/figures.json"))


def test_the_table_is_there_after_each_training(designs, trained, monkeypatch):
    made = trainings._train

    def stop(run, *rest):
        if run.design == "other":
            raise KeyboardInterrupt
        return made(run, *rest)

    monkeypatch.setattr(trainings, "_train", stop)
    with pytest.raises(KeyboardInterrupt):
        measure(designs)
    text = (designs[0].parent / "out" / "figures.md").read_text()
    assert "| `tiny` | AUC | 0.9300 |" in text
    assert "| `other` | no training yet |" in text


def test_a_fresh_training_forgets_what_its_folder_has(designs, monkeypatch):
    told = []

    class Told:
        def __init__(self, *_, fresh, **__):
            told.append(fresh)
            raise EventError("enough", where="here")

    monkeypatch.setattr(trainings, "Flow", Told)
    measure(designs[:1], trainings=1)
    measure(designs[:1], trainings=1, fresh=True)
    assert told == [False, True]


def test_a_folder_in_use_ends_it(designs, monkeypatch):
    class Busy:
        def __init__(self, *_, **__):
            raise OutputError("another run is at work", where="folder")

    monkeypatch.setattr(trainings, "Flow", Busy)
    with pytest.raises(OutputError, match="another run is at work"):
        measure(designs)


def test_the_time_that_is_left_is_judged_by_what_was_made(designs, trained, capsys):
    measure(designs)
    said = re.findall(r"training . of 4: \w+(.*)", capsys.readouterr().err)
    assert said == ["", ", about 3 min left", ", about 2 min left", ", about 1 min left"]


def regression(**resolutions: float) -> Regression:
    """A regression of one quantity, by engine."""
    rows = []
    for engine, value in resolutions.items():
        figure, r2 = Figure(value, Source.MEASURED), Figure(1 - value, Source.MEASURED)
        rows.append(EngineRegression(engine, (QuantityResolution("px", figure, None, r2),), figure))
    return Regression("truth", 500, "GeV", "tracks", tuple(rows), "sum of momenta")


def test_every_task_has_figures_of_its_own():
    report = build_example()
    assert report.physics is not None
    other = replace(report.physics, signal="another")
    both = list(trainings._measured(replace(report, further_physics=(other,))))
    names = {each.quantity for each in both}
    assert names >= {"AUC, another", f"AUC, {report.physics.signal}", "accuracy, another"}
    assert not names & {"AUC", "accuracy"}
    alone = replace(
        report, physics=None, regression=regression(float=0.1, emulated=0.25, teacher=0)
    )
    told = {(each.quantity, each.engine): each for each in trainings._measured(alone)}
    assert told["resolution of px (GeV)", "emulated"].value == 0.25
    assert told["sum of momenta (GeV)", "float"].smaller_is_better
    assert told["R2 of px", "float"].value == 0.9
    assert {engine for _, engine in told} == {"float", "emulated"}
    assert trainings._background(alone) == ""
    assert trainings._background(report) == "5,000 events of μ⁺μ⁻"


def test_what_is_worse_is_a_loss_on_either_scale():
    alone = replace(build_example(), physics=None, regression=regression(float=0.1, emulated=0.25))
    made = Training("a", 1, "", 1, 1, "tracks", "", 1, 0, tuple(trainings._measured(alone)), 1.0)
    for quantity in ("R2 of px", "resolution of px (GeV)"):
        line = trainings._line(quantity, [made], ())
        assert line.loss.values == pytest.approx((0.15,))
        assert (line.limit, line.kept) == (None, None)


def test_published_figures_stand_beside_ours(tmp_path, designs, trained, monkeypatch):
    path = tmp_path / "references.yaml"
    path.write_text(
        "tiny:\n  difference: Ours are *generated*.\n  published:\n"
        "    - {quantity: AUC, value: 0.85, error: 0.01, of: a network, origin: a paper}\n"
        "    - {quantity: loss, value: 0.4, of: another, origin: another paper}\n"
    )
    monkeypatch.setattr(trainings, "REFERENCES", path)
    system, other = measure(designs, trainings=1).systems
    assert [each.value for each in system.lines[0].published] == [0.85]
    assert other.published == ()
    text = (tmp_path / "out" / "figures.md").read_text()
    row = "`tiny` | AUC | 0.9300 | 0.9000 | 0.9260 | 0.0040 | 1 of 1, at most 0.005 | 0.85 ± 0.01"
    assert f"| {row} |" in text
    assert "Published: loss 0.4, another (another paper)." in text
    assert r"How the events differ: Ours are \*generated\*." in text


def test_references_say_where_they_are_from():
    for about in read_references(REFERENCES).values():
        assert about.difference
        assert all(each.origin and each.of for each in about.published)


@pytest.mark.parametrize(
    ("figures", "problem", "code"),
    [
        ((), "", 0),
        ((), "no pythia8mc", 2),
        ((Measured("AUC", "float", 0.9),), "3 of 9 integers differ", 4),
    ],
)
def test_the_exit_code_says_what_became_of_the_trainings(
    designs, command, monkeypatch, figures, problem, code
):
    made = Training("tiny", 3, "", 1, 1, "events", "", 1, 0, figures, 1.0, problem)
    monkeypatch.setattr(trainings, "_train", lambda *_: made)
    monkeypatch.chdir(designs[0].parent)
    assert command("figures", designs[0], "--seeds", 1).code == code
    assert problem in (designs[0].parent / "figures" / "figures.md").read_text()


def test_without_designs_there_is_nothing_to_train(tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = command("figures")
    assert (answer.code, answer.err) == (
        2,
        "trigger: models: there is no design. To do: name design files\n",
    )


def test_a_wrong_reference_is_named(tmp_path):
    path = tmp_path / "references.yaml"
    path.write_text("tiny: {difference: x, published: [{quantity: AUC, of: y, origin: z}]}\n")
    with pytest.raises(DesignError, match=r"references.yaml, line 1.*the key value is missing"):
        read_references(path)


@pytest.mark.training
@pytest.mark.csim
@pytest.mark.slow
def test_trainings_are_made_and_kept(designs, command):
    """Two seeds of a design that is quickly compiled, the second in another call."""
    out = designs[0].parent / "out"
    design = yaml.safe_load(TINY)
    quantiser = "quantized_bits(6,0,alpha=1)"
    score = {"units": 1, "kernel_quantizer": quantiser, "bias_quantizer": quantiser}
    layers = [{"Flatten": {"name": "flat"}}, {"QDense": {"name": "score", **score}}]
    design["model"], design["training"] = {"layers": layers}, {"epochs": 1, "batch_size": 64}
    designs[0].write_text(yaml.safe_dump(design))
    options = ("-o", out, "--events-per-class", 60, "--json")
    first = command("figures", designs[0], "--seeds", 1, *options)
    assert first.code == 0
    record = out / "tiny_seed_3" / "figures.json"
    kept = record.stat().st_mtime_ns
    both = command("figures", designs[0], "--seeds", 2, *options)
    assert both.code == 0
    assert record.stat().st_mtime_ns == kept
    (system,) = both.json["systems"]
    assert [each["seed"] for each in system["trainings"]] == [3, 4]
    assert [each["test_images"] for each in system["trainings"]] == [24, 24]
    assert all(each["mismatches"] == 0 < each["integers"] for each in system["trainings"])
    lines = {line["quantity"]: line for line in system["lines"]}
    assert {"AUC", "accuracy"} <= set(lines)
    auc = {each["engine"]: each["spread"]["values"] for each in lines["AUC"]["engines"]}
    scores = np.load(out / "tiny_seed_4" / "scores.npz")
    tested, labels = scores["emulated"].ravel()[:24], scores["labels"][:24]
    pairs = np.subtract.outer(tested[labels == 1], tested[labels == 0])
    assert auc["emulated"][1] == pytest.approx(np.mean((np.sign(pairs) + 1) / 2))
    assert lines["AUC"]["loss"]["values"] == pytest.approx(
        [theirs - ours for ours, theirs in zip(auc["emulated"], auc["float"], strict=True)]
    )
    assert (out / ".events").is_dir()
