"""The main job, end to end, on a tiny design; and what each way of breaking it says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from trigger.flow.steps import STEPS
from trigger.network import Network
from trigger.report import read_json

pytestmark = [pytest.mark.slow, pytest.mark.training, pytest.mark.csim]


@pytest.fixture
def copy(tiny_run, tmp_path):
    """The finished folder, to be damaged."""
    shutil.copytree(tiny_run.folder, tmp_path / "tiny")
    return tmp_path / "tiny"


def test_every_layer_is_bit_exact_on_every_event(tiny_run):
    report = read_json(tiny_run.folder / "report.json")
    assert report.agreement.mismatches == 0
    assert report.agreement.events == 600
    assert [row.layer for row in report.agreement.layers] == ["conv", "relu", "pool", "score"]


def test_the_report_says_where_keras_differs_and_why(tiny_run):
    reference, keras = read_json(tiny_run.folder / "report.json").further_agreements
    assert (reference.right, reference.mismatches) == ("reference engine", 0)
    rows = {row.layer: row for row in keras.layers}
    assert rows["conv"].mismatches == rows["relu"].mismatches == 0
    assert rows["pool"].mismatches > 0
    assert (
        "a mean of 4 numbers has 6 bits below the point, which ap_ufixed<6,2" in rows["pool"].note
    )
    assert "it reads what differs since layer pool" in rows["score"].note


def test_the_json_report_has_what_scripts_ask_for(tiny_run):
    report = json.loads((tiny_run.folder / "report.json").read_text())
    assert report["verdict"]["outcome"] in ("pass", "fail", "unknown")
    assert report["agreement"]["events"] == 600
    assert report["agreement"]["mismatches"] == 0
    assert report["costs"][0]["source"] == "estimate"
    assert [step["name"] for step in report["steps"]] == list(STEPS)
    names = [digest["name"] for digest in report["provenance"]["digests"]]
    assert {"design", "images and labels", "quantised weights", "network"} <= set(names)


def test_the_input_contract_is_kept_with_its_fitted_scale(tiny_run):
    from trigger.config import load_contract

    contract = load_contract(tiny_run.folder / "input_contract.json")
    assert contract.input_shape == (12, 12, 1)
    assert contract.scale > 1


def test_an_interval_has_the_coverage_that_it_says(tiny_run):
    from trigger.rates import build_roc

    report = read_json(tiny_run.folder / "report.json")
    emulated = report.physics.engines[-1]
    with np.load(tiny_run.folder / "scores.npz") as scores:
        test_events = report.physics.signal_events + report.physics.background_events
        raw, labels = scores["emulated"][:test_events, 0], scores["labels"][:test_events]
    roc = build_roc(raw[labels == 1], raw[labels == 0])
    assert emulated.auc.value == roc.auc
    assert (emulated.auc.low, emulated.auc.high) == roc.auc_interval(emulated.auc.coverage)


def test_the_studies_go_with_the_figures(tiny_run):
    report = read_json(tiny_run.folder / "report.json")
    emulated = report.physics.engines[-1]
    found = report.robustness
    assert found.threshold == emulated.threshold
    assert found.nominal.signal_efficiency.value == emulated.signal_efficiency.value
    assert [fault.name for fault in found.faults] == ["dead", "hot", "noisy"]
    assert len(found.faults[0].signal_moved) == 144
    shares = [gain.signal_efficiency.value for gain in found.gains]
    assert len(shares) == 9
    assert max(shares) > min(shares)
    pairs = {(each.left, each.right): each for each in report.comparisons}
    same = pairs["C simulation", "emulated"]
    assert (same.different, same.first) == (0, ())
    floating = pairs["float", "emulated"]
    tested = report.physics.signal_events + report.physics.background_events
    assert floating.events == sum(floating.counts) == tested
    by_class = {count.class_name: count for count in floating.decisions}
    count = by_class[report.physics.signal]
    gain = emulated.signal_efficiency.value - report.physics.engines[1].signal_efficiency.value
    assert (count.right_only - count.left_only) / count.events == pytest.approx(gain)
    assert {row.layer for row in report.ranges} >= {"conv", "relu", "pool", "score"}
    assert ("conv", "kernel") in {(each.layer, each.role) for each in report.widths}
    assert report.device.part == "xcvu13p"
    assert {layer for row in report.calibration.rows for layer in row.layers} >= {"conv", "score"}


def test_half_of_the_weights_are_zero(tiny_run):
    network = Network.load(tiny_run.folder / "network.json")
    for name in ("conv", "score"):
        kernel = network[name].kernel
        assert np.count_nonzero(kernel == 0) >= kernel.size // 2


def test_the_two_readers_give_the_same_network(tiny_run):
    import trigger

    assert trigger.read_project(tiny_run.folder / "project") == Network.load(
        tiny_run.folder / "network.json"
    )


def test_a_second_run_trains_converts_and_simulates_nothing(tiny_run, command):
    before = {path: path.stat().st_mtime_ns for path in tiny_run.folder.rglob("*.*")}
    answer = command("run", tiny_run.design, "-o", tiny_run.output)
    assert answer.code == 0
    assert "unchanged" in answer.err
    kept = ("network.json", "scores.npz", "robustness.json", "training/quantised/weights.npz")
    for name in kept:
        path = tiny_run.folder / name
        assert path.stat().st_mtime_ns == before[path]


def test_csim_and_estimate_work_on_the_bare_hls_project(tiny_run, command):
    answer = command("csim", tiny_run.folder / "project", "--events", 50, "--json")
    assert (answer.code, answer.json["mismatches"]) == (0, 0)
    assert answer.json["events"] > 50  # and the test patterns
    answer = command("estimate", tiny_run.folder / "project", "--json")
    assert answer.code == 0
    assert answer.json["part"].startswith("xcvu13p")


def test_emulate_gives_the_scores_of_the_c_simulation(tiny_run, command, tmp_path):
    pixels = np.random.default_rng(5).integers(0, 256, (20, 12, 12, 1))
    np.save(tmp_path / "pixels.npy", pixels)
    answer = command(
        "emulate", tiny_run.folder, tmp_path / "pixels.npy", "-o", tmp_path / "s.npy", "--json"
    )
    assert answer.code == 0
    from trigger.flow.networks import build_simulation
    from trigger.project import csim

    truth = csim.run(build_simulation(tiny_run.folder), pixels)["score"]
    assert (np.load(tmp_path / "s.npy") == truth).all()


def test_check_judges_the_compiled_design(tiny_run, command):
    answer = command("check", tiny_run.design, "-o", tiny_run.output, "--json")
    assert answer.code == {"pass": 0, "fail": 3, "unknown": 3}[answer.json["outcome"]]
    assert {check["name"] for check in answer.json["checks"]} == {
        "latency_ns",
        "device.lut",
        "per_slr.dsp",
    }


def test_a_budget_that_is_not_met_exits_with_3(tiny_run, command, tmp_path):
    tight = tmp_path / "tiny.yaml"
    tight.write_text(tiny_run.design.read_text().replace("latency_ns: 6400", "latency_ns: 5"))
    answer = command("check", tight, "-o", tiny_run.output)
    assert answer.code == 3
    assert "FAIL" in answer.out


def test_without_a_budget_there_is_nothing_to_judge(tiny_run, command, tmp_path):
    free = tmp_path / "tiny.yaml"
    lines = tiny_run.design.read_text().splitlines(keepends=True)
    free.write_text("".join(line for line in lines if not line.startswith("budget:")))
    answer = command("check", free, "-o", tiny_run.output)
    assert answer.code == 0
    assert answer.out.startswith("Verdict: none, the design has no budget\n")
    answer = command("check", free, "-o", tiny_run.output, "--json")
    assert answer.code == 0
    assert answer.json == {"outcome": "unknown", "checks": [], "warnings": []}


def test_each_limit_is_a_test_case(tiny_run, command, tmp_path):
    junit = tmp_path / "budget.xml"
    answer = command("check", tiny_run.design, "-o", tiny_run.output, "--junit", junit, "--json")
    cases = ElementTree.parse(junit).findall(".//testcase")
    assert [case.get("name") for case in cases] == [each["name"] for each in answer.json["checks"]]
    failed = [case.find("failure") is not None for case in cases]
    assert failed == [each["outcome"] != "pass" for each in answer.json["checks"]]


def test_firmware_of_other_knobs_is_not_judged(tiny_run, command, tmp_path):
    changed = tmp_path / "tiny.yaml"
    changed.write_text(tiny_run.design.read_text().replace("ClockPeriod: 5", "ClockPeriod: 4"))
    answer = command("check", changed, "-o", tiny_run.output)
    assert answer.code == 2
    assert "of another model, target or knobs" in answer.err
    assert "trigger compile" in answer.err


def test_golden_vectors_are_recorded_and_replayed(copy, command):
    assert command("golden", "record", copy).code == 0
    assert command("golden", "record", copy).code == 0  # the same again is fine
    answer = command("golden", "verify", copy, "--json")
    assert answer.code == 0
    outcomes = [each["outcome"] for each in answer.json["comparisons"]]
    assert outcomes == ["pass"] * 6 + ["skipped", "pass"]


def test_a_planted_weight_bit_is_caught_with_its_layer(copy, command):
    assert command("golden", "record", copy).code == 0
    record = json.loads((copy / "network.json").read_text())
    score = next(layer for layer in record["layers"] if layer["name"] == "score")
    numbers = score["kernel"]["raw"].split()
    place = next(index for index, number in enumerate(numbers) if int(number) > 1)
    numbers[place] = str(int(numbers[place]) ^ 1)
    score["kernel"]["raw"] = " ".join(numbers)
    (copy / "network.json").write_text(json.dumps(record))
    for arguments in (("golden", "verify", copy), ("csim", copy, "--events", 50)):
        answer = command(*arguments)
        assert answer.code == 4
        assert "layer score, element [0]" in answer.err


@pytest.mark.parametrize("damage", ["1.5x", "", "9" * 40 + ","])
def test_a_damaged_weight_file_is_named(copy, command, damage):
    weights = next((copy / "project" / "firmware" / "weights").glob("w*.txt"))
    weights.write_text(damage)
    answer = command("csim", copy)
    assert answer.code == 2
    assert weights.name in answer.err


def test_a_damaged_training_is_named_and_not_used(tiny_run, command, tmp_path):
    shutil.copytree(tiny_run.output, tmp_path / "projects")
    weights = tmp_path / "projects" / "tiny" / "training" / "quantised" / "weights.npz"
    weights.write_bytes(weights.read_bytes()[:-30])
    answer = command("train", tiny_run.design, "-o", tmp_path / "projects")
    assert answer.code == 2
    assert "weights.npz" in answer.err
    assert "train again" in answer.err


@pytest.fixture
def from_files(tiny_run, tmp_path):
    """The tiny design with event files of its own beside it."""
    files = sorted((tiny_run.output / ".events").glob("*.dat"))
    for name, file in zip(("mm", "ee"), files, strict=True):
        shutil.copy(file, tmp_path / f"{name}.dat")
    design = tmp_path / "tiny.yaml"
    generate = "generate: {events_per_class: 300, event_files: true}"
    given = "files: {mm: [mm.dat], ee: [ee.dat]}"
    design.write_text(tiny_run.design.read_text().replace(generate, given))
    return design


def test_a_truncated_event_file_is_named_with_its_line(from_files, command, tmp_path):
    events = from_files.parent / "ee.dat"
    events.write_bytes(events.read_bytes()[:100_000])
    answer = command("train", from_files, "-o", tmp_path / "projects")
    assert answer.code == 2
    assert f"{events}:" in answer.err


@pytest.mark.parametrize("cut", ["between events", "in an event"])
def test_a_damaged_file_of_generated_events_is_made_anew(tiny_run, tmp_path, cut):
    from trigger.cli.show import ConsoleListener
    from trigger.config import load_design
    from trigger.flow.samples import make_events

    shutil.copytree(tiny_run.output / ".events", tmp_path / "events")
    file = next((tmp_path / "events").glob("*.dat"))
    whole = file.read_bytes()
    end = whole.rindex(b"Event number") if cut == "between events" else 100_000
    file.write_bytes(whole[:end])
    made = make_events(load_design(tiny_run.design), tmp_path / "events", 0, ConsoleListener())
    assert [len(batch) for batch in made.batches] == [300, 300]
    assert file.read_bytes() == whole


def test_training_alone_leaves_the_contract_of_older_firmware(copy, command, tmp_path, tiny_run):
    design = tmp_path / "tiny.yaml"
    design.write_text(tiny_run.design.read_text().replace("per_hit", "binary"))
    before = (copy / "input_contract.json").read_bytes()
    shutil.copytree(tiny_run.output / ".events", tmp_path / ".events")
    assert command("train", design, "-o", tmp_path).code == 0
    assert (copy / "input_contract.json").read_bytes() == before


@pytest.mark.parametrize("damage", ["change", "remove"])
def test_an_hls_project_that_was_changed_is_neither_used_nor_overwritten(
    copy, command, tmp_path, tiny_run, damage
):
    top = copy / "project" / "firmware" / "myproject.cpp"
    if damage == "change":
        top.write_text(top.read_text() + "// by hand\n")
    else:
        top.unlink()
    shutil.copytree(tiny_run.output / ".events", tmp_path / ".events")
    answer = command("compile", tiny_run.design, "-o", tmp_path)
    assert answer.code == 2
    assert f"{top}: {'was changed' if damage == 'change' else 'is missing'}" in answer.err
    assert "remove" in answer.err
    shutil.rmtree(copy / "project")
    assert command("compile", tiny_run.design, "-o", tmp_path).code == 0
    assert not (copy / "report.json").exists()  # it was of the firmware before
    assert Network.load(copy / "network.json") == Network.load(tiny_run.folder / "network.json")


def test_the_design_is_kept_as_it_was_when_the_run_began(copy, tmp_path, tiny_run):
    from trigger.cli.show import ConsoleListener
    from trigger.config import load_design
    from trigger.flow.steps import Flow

    design = tmp_path / "given.yaml"
    shutil.copy(tiny_run.design, design)
    shutil.copytree(tiny_run.output / ".events", tmp_path / ".events")
    with Flow(load_design(design), copy, ConsoleListener()) as flow:
        design.unlink()
        assert flow.compiled.reused
    assert (copy / "design.yaml").read_bytes() == tiny_run.design.read_bytes()


def test_a_missing_compiler_says_what_to_install(copy, command, monkeypatch, tmp_path):
    shutil.rmtree(copy / "build")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    answer = command("csim", copy)
    assert answer.code == 2
    assert "g++" in answer.err
    assert "install" in answer.err
    assert not (copy / "build").exists()


def test_report_renders_the_kept_result_again(copy, command, tmp_path):
    answer = command("report", copy, "-o", tmp_path / "again")
    assert answer.code == 0
    page = (tmp_path / "again" / "report.html").read_text()
    assert page == (copy / "report.html").read_text()


def test_a_folder_that_cannot_be_written_is_an_error(tiny_run, command, tmp_path):
    (tmp_path / "file").write_text("")
    answer = command("run", tiny_run.design, "-o", tmp_path / "file")
    assert answer.code == 2
    assert "cannot be written" in answer.err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("epochs: 2", "epoch: 2"), "epochs"),
        (("shape: [12, 12]", "shape: [2, 2]"), "conv"),
        (("ReuseFactor: 1", "ReuseFactor: 100000"), "ReuseFactor 100000 is impossible"),
        (("per_hit", "per_hits"), "per_hit"),
    ],
    ids=["unknown key", "image size", "reuse factor", "encoding"],
)
def test_a_bad_design_exits_with_2_and_names_the_place(
    tiny_run, command, tmp_path, change, message
):
    bad = tmp_path / "tiny.yaml"
    bad.write_text(tiny_run.design.read_text().replace(*change))
    project = tiny_run.folder / "project"
    before = sorted(project.rglob("*"))
    answer = command("compile", bad, "-o", tiny_run.output)
    assert answer.code == 2
    assert message in answer.err
    assert sorted(project.rglob("*")) == before
    assert [path for path in Path(tiny_run.folder).iterdir() if path.name.startswith(".")] == []
