"""Tasks on tiny designs: learnt, compiled, bit-exact, and judged by figures of their own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.conftest import TINY
from trigger.config import DesignFile, load_design
from trigger.flow.figures import measure
from trigger.flow.own_events import pick_events
from trigger.flow.samples import Images
from trigger.flow.simulation import Simulated
from trigger.flow.steps import Flow
from trigger.network import Network
from trigger.report import Report, read_json

pytestmark = [pytest.mark.slow, pytest.mark.training, pytest.mark.csim]

WEIGHTS = {
    "kernel_quantizer": "quantized_bits(8,1,alpha=1)",
    "bias_quantizer": "quantized_bits(8,1,alpha=1)",
}


def layers(outputs: int) -> list[dict]:
    return [
        {"QConv2D": {"name": "conv", "filters": 4, "kernel_size": 3, **WEIGHTS}},
        {"QActivation": {"name": "relu", "activation": "quantized_relu(6,2)"}},
        {"MaxPooling2D": {"name": "pool", "pool_size": 2}},
        {"Flatten": {"name": "flat"}},
        {"QDense": {"name": "score", "units": outputs, **WEIGHTS}},
    ]


PIXELS = [
    {"QConv2D": {"name": "conv", "filters": 2, "kernel_size": 3, "padding": "same", **WEIGHTS}},
    {"QActivation": {"name": "relu", "activation": "quantized_relu(6,2)"}},
    {"QConv2D": {"name": "score", "filters": 1, "kernel_size": 1, **WEIGHTS}},
]
TEACHER = [
    {"Flatten": {"name": "flat"}},
    {"Dense": {"name": "code", "units": 8, "activation": "relu"}},
    {"Dense": {"name": "drawn", "units": 144}},
]
CHANGES = {
    "track_class": {
        "task": {"track_class": {"min_hits": 4}},
        "model": {"layers": layers(4)},
        "trigger": {"background": "pi+", "signal": "pi-", "background_acceptance": 0.1},
        "budget": {"latency_ns": 6400, "auc_loss": 1, "quality": {"accuracy_loss": 1}},
    },
    "hit_noise": {
        "task": "hit_noise",
        "input": {
            "encoding": "per_hit",
            "shape": [12, 12],
            "format": "ap_ufixed<8,0>",
            "keep_noise": True,
        },
        "model": {"layers": PIXELS},
        "trigger": {"background": "noise", "signal": "signal", "background_acceptance": 0.3},
        "budget": {"auc_loss": 1},
    },
    "momentum": {
        "task": {"momentum": {"sum_weight": 0.25}},
        "input": {
            "encoding": "binary",
            "shape": [12, 12],
            "format": "ap_ufixed<1,1>",
            "stereo_views": True,
        },
        "model": {"layers": layers(3)},
        "trigger": None,
        "budget": {"quality": {"resolution_loss": 1}},
    },
    "anomaly": {
        "task": {
            "anomaly": {"background": "mm", "teacher": {"layers": TEACHER, "epochs": 2}},
        },
        "events": {
            "source": "drift_chamber",
            "classes": ["mm", "ee", "cont"],
            "generate": {"events_per_class": 300},
        },
        "budget": {"auc_loss": 1, "quality": {"resolution_loss": 1}},
    },
}


RUN = ("hit_noise", "momentum")
"""Those that go through all steps: a map of outputs, and quantities of groups of images."""


@pytest.fixture(scope="module")
def designs(tmp_path_factory) -> dict[str, Path]:
    """The design file of each task; all take their events from one cache."""
    home = tmp_path_factory.mktemp("tasks")
    plain = yaml.safe_load(TINY)
    del plain["training"]["pruning"]
    plain["events"]["generate"] = {"events_per_class": 200}
    for task, changes in CHANGES.items():
        (home / f"{task}.yaml").write_text(yaml.safe_dump({**plain, "name": task, **changes}))
    return {task: home / f"{task}.yaml" for task in CHANGES}


@pytest.fixture(scope="module")
def runs(designs) -> dict[str, Path]:
    """The folder of a whole run of each task in RUN."""
    from trigger.cli.show import ConsoleListener

    folders = {}
    for task in RUN:
        folders[task] = designs[task].parent / "projects" / task
        with Flow(load_design(designs[task]), folders[task], ConsoleListener()) as flow:
            assert flow.report.design == task
    return folders


@pytest.fixture(params=RUN)
def task(request) -> str:
    return request.param


def images_of(design: Path, file: DesignFile | None = None) -> Images:
    from trigger.cli.show import ConsoleListener

    folder = design.parent / "projects" / design.stem
    with Flow(file or load_design(design), folder, ConsoleListener()) as flow:
        return flow.images


def simulated(images: Images, outputs: np.ndarray) -> Simulated:
    """Return engines that all give the same whole numbers for the test images."""
    values = outputs.astype(np.float64)
    labels = images.sample.labels[images.split.test]
    return Simulated(labels, outputs, outputs, values, values, (), "", "")


def report_of(folder: Path) -> Report:
    return read_json(folder / "report.json")


def test_firmware_of_any_output_is_bit_exact(runs, task):
    report = report_of(runs[task])
    assert [each.mismatches for each in (report.agreement, report.further_agreements[0])] == [0, 0]
    assert report.agreement.elements > report.agreement.events > 300


def test_the_budget_knows_the_losses_of_the_task(runs, task):
    (loss,) = [
        check for check in report_of(runs[task]).verdict.checks if check.name.endswith("_loss")
    ]
    assert loss.name == {"hit_noise": "auc_loss", "momentum": "resolution_loss"}[task]
    assert loss.value is not None


def test_pages_are_rendered(runs, task):
    page = (runs[task] / "report.html").read_text()
    assert ("resolution-table" in page) == (task == "momentum")
    assert ("roc-table" in page) == (task == "hit_noise")


def test_typical_events_are_found_for_every_task(runs, task):
    from trigger.cli.show import ConsoleListener

    network = Network.load(runs[task] / "network.json")
    typical, _ = pick_events(runs[task], network, ConsoleListener())
    assert len(typical.origins) == 2
    assert (", " in typical.origins[0]) == (task == "momentum")


def test_only_lit_pixels_count(runs):
    found = report_of(runs["hit_noise"]).physics
    assert (found.background, found.signal, found.unit) == ("noise", "signal", "lit pixels")
    images = images_of(runs["hit_noise"].parents[1] / "hit_noise.yaml")
    test = images.sample.take(images.split.test)
    lit = test.pixels_raw != 0
    assert np.array_equal(~np.isnan(test.targets), lit)
    assert found.signal_events == np.sum(test.targets[lit] == 1)
    assert found.background_events == np.sum(test.targets[lit] == 0) > 300
    assert found.engines[-1].auc.value > 0.55


def test_momenta_come_in_gev_with_their_sum(runs):
    found = report_of(runs["momentum"]).regression
    assert [engine.engine for engine in found.engines] == ["truth", "float", "QKeras", "emulated"]
    truth, *engines = found.engines
    assert truth.sum_residual.value < 0.05
    for engine in engines:
        assert [each.name for each in engine.quantities] == ["px", "py", "pz"]
        assert 0.01 < engine.quantities[0].resolution.value < 2
        assert engine.sum_residual.value > truth.sum_residual.value
    near = [engine.quantities[0].resolution.value for engine in engines]
    assert near == pytest.approx([near[0]] * 3, rel=0.2)
    contract = json.loads((runs["momentum"] / "output_contract.json").read_text())
    assert contract == {"names": ["px", "py", "pz"], "unit": "GeV", "offset": 0.0, "scale": 2.0}


def test_a_perfect_regression_has_no_error_but_that_of_the_truth(designs):
    images = images_of(designs["momentum"])
    targets = images.sample.targets[images.split.test]
    steps = np.round(targets * 1024).astype(np.int64)
    perfect = simulated(images, steps)
    perfect = replace(perfect, float_twin=steps / 1024, qkeras=steps / 1024)
    found = measure(load_design(designs["momentum"]), images, perfect, 1 / 1024).regression
    truth, *engines = found.engines
    for engine in engines:
        assert all(each.resolution.value <= 1 / 1024 for each in engine.quantities)
        assert all(each.r2.value > 0.9999 for each in engine.quantities)
        assert engine.sum_residual.value == pytest.approx(truth.sum_residual.value, abs=0.002)


def test_tracks_are_counted_by_particle(designs):
    images = images_of(designs["track_class"])
    assert images.left_out > 0
    labels = images.sample.labels[images.split.test]
    outputs = np.eye(4, dtype=np.int64)[labels]
    outputs[0] = 1 - outputs[0]  # one track is taken for another
    (found,) = measure(
        load_design(designs["track_class"]), images, simulated(images, outputs), 1.0
    ).physics
    assert (found.classes, found.unit) == (("pi+", "pi-", "l+", "l-"), "tracks")
    confusion = np.array(found.engines[-1].confusion)
    assert np.array_equal(confusion.sum(axis=1), np.bincount(labels))
    assert confusion.sum() - np.trace(confusion) == 1


def test_every_signal_is_held_against_the_background(designs):
    images = images_of(designs["anomaly"])
    test = images.split.test
    outputs = np.round(images.sample.targets[test] * 64).astype(np.int64)  # a perfect student
    found = measure(load_design(designs["anomaly"]), images, simulated(images, outputs), 1 / 64)
    assert [(each.background, each.signal) for each in found.physics] == [
        ("mm", "ee"),
        ("mm", "cont"),
    ]
    for each in found.physics:
        rows = {engine.engine: engine for engine in each.engines}
        assert list(rows)[1:] == ["teacher", "float", "QKeras", "emulated"]
        assert rows["emulated"].auc.value == pytest.approx(rows["teacher"].auc.value, abs=0.02)
        assert all(engine.accuracy is None for engine in each.engines)
    assert set(found.losses) == {"auc_loss", "efficiency_loss", "resolution_loss"}
    mean = images.sample.targets[images.split.train].mean()
    assert abs(mean) < 1e-3  # of the background's training events
    assert images.output.scale > 0


def test_train_tells_what_does_not_decide(runs, designs, command):
    """After a run of the same folder, so that nothing is trained again."""
    told = command("train", designs["momentum"], "-o", runs["momentum"].parent, "--json")
    assert told.code == 0, told.err
    assert [row["validation_accuracy"] for row in told.json] == ["-", "-"]


def test_the_student_sees_no_signal_unless_told_to(designs):
    design = designs["anomaly"]
    file = load_design(design)
    for outliers, seen in (((), {0}), (("ee",), {0, 1})):
        changed = replace(file, task=replace(file.task, outliers=outliers))
        images = images_of(design, changed)
        for part in (images.split.train, images.split.validation):
            assert set(images.sample.labels[part]) == seen
        assert set(images.sample.labels[images.split.test]) == {0, 1, 2}
