"""``trigger diff``: a planted change is named by its place; what moves no bit is told apart."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.builders import WIDE, dense, pixels_in, relu, small_cnn
from tests.report.example import build_example
from tests.report.example_studies import with_signals
from trigger.budget import Figure, Source
from trigger.emulate import run
from trigger.errors import ProjectError
from trigger.fixed import FixedFormat
from trigger.flow.difference import RANDOM, Aspect, find_difference
from trigger.layers import TableActivation
from trigger.layers.tables import Function
from trigger.network import Network
from trigger.project import choose_vectors
from trigger.report import render_json
from trigger.report.record import Digest


@pytest.fixture(autouse=True)
def reference_engine(monkeypatch):
    """Small networks take less time in NumPy than their C takes to be compiled."""
    monkeypatch.setenv("CC", "no-such-compiler")


SCALE = {"encoding": "per_hit", "scale": 719}


def with_table() -> Network:
    rng = np.random.default_rng(3)
    table = np.sort(rng.integers(0, 256, 64))
    form = FixedFormat.parse("ap_ufixed<8,0>")
    sigmoid = TableActivation(
        name="sigmoid",
        inputs=("sum",),
        result=form,
        function=Function.SIGMOID,
        table=table,
        table_format=form,
    )
    kernel = rng.integers(-31, 32, (6, 2))
    layers = (pixels_in((6,)), dense("sum", "pixels", kernel, [1, 2]), sigmoid)
    return Network(layers, ("sigmoid",))


def save(folder: Path, network: Network, contract: dict = SCALE) -> Path:
    folder.mkdir()
    network.save(folder / "network.json")
    (folder / "input_contract.json").write_text(json.dumps(contract))
    return folder


def changed(network: Network, name: str, **fields: object) -> Network:
    layers = tuple(
        replace(layer, **fields) if layer.name == name else layer for layer in network.layers
    )
    return Network(layers, network.outputs)


def test_the_same_twice(tmp_path, command):
    one, two = save(tmp_path / "a", small_cnn()), save(tmp_path / "b", small_cnn())
    difference = find_difference(one, two)
    assert difference.changes == ()
    assert difference.vectors > 1000
    assert difference.scores_moved == 0
    answer = command("diff", one, two)
    assert (answer.code, answer.out.splitlines()[0]) == (0, "Nothing changed.")


def test_one_weight_bit(tmp_path, command):
    network = small_cnn()
    kernel = network["conv"].kernel.copy()
    kernel[1, 2, 0, 3] ^= 1
    other = changed(network, "conv", kernel=kernel)
    one, two = save(tmp_path / "a", network), save(tmp_path / "b", other)
    difference = find_difference(one, two)
    first, *rest = difference.changes
    assert (first.aspect, first.where) == (Aspect.WEIGHT, "conv.kernel")
    assert first.before == f"[1, 2, 0, 3] holds {network['conv'].kernel[1, 2, 0, 3]}"
    assert first.after == f"{kernel[1, 2, 0, 3]}; 1 of 36 differ"
    assert [change.aspect for change in rest] == [Aspect.NUMBER] * 2
    assert rest[0].where.startswith("conv[")
    assert 0 < difference.scores_moved <= difference.vectors
    answer = command("diff", one, two, "--json")
    assert answer.code == 4
    assert answer.json["changes"][0]["where"] == "conv.kernel"
    assert answer.json["scores_moved"] == difference.scores_moved


def test_one_rounding_mode(tmp_path):
    other = changed(small_cnn(), "relu", result=FixedFormat.parse("ap_ufixed<6,2,AP_RND,AP_SAT>"))
    one, two = save(tmp_path / "a", small_cnn()), save(tmp_path / "b", other)
    first = find_difference(one, two).changes[0]
    assert (first.aspect, first.where) == (Aspect.FORMAT, "relu.result")
    assert first.before == "ap_ufixed<6,2,AP_RND_CONV,AP_SAT>"
    assert first.after == "ap_ufixed<6,2,AP_RND,AP_SAT>"
    assert first.moves_bits


def test_one_table_entry(tmp_path):
    network = with_table()
    table = network["sigmoid"].table.copy()
    table[40] -= 1
    one = save(tmp_path / "a", network)
    two = save(tmp_path / "b", changed(network, "sigmoid", table=table))
    first = find_difference(one, two).changes[0]
    assert (first.aspect, first.where) == (Aspect.TABLE, "sigmoid.table")
    assert first.before.startswith("[40] holds ")
    assert first.after == f"{table[40]}; 1 of 64 differ"


def test_one_input_scale(tmp_path, command):
    one = save(tmp_path / "a", small_cnn())
    two = save(tmp_path / "b", small_cnn(), {**SCALE, "scale": 720})
    (change,) = find_difference(one, two).changes
    assert (change.aspect, change.where) == (Aspect.INPUT, "input_contract.scale")
    assert (change.before, change.after, change.moves_bits) == ("719", "720", True)
    assert command("diff", one, two).code == 4


def test_cost_without_bits_ends_with_3(tmp_path, command):
    one = save(tmp_path / "a", small_cnn())
    two = save(tmp_path / "b", changed(small_cnn(), "conv", reuse_factor=3))
    difference = find_difference(one, two)
    assert [(change.aspect, change.where) for change in difference.changes] == [
        (Aspect.COST, "conv.reuse_factor")
    ]
    assert difference.scores_moved == 0
    answer = command("diff", one, two)
    assert answer.code == 3
    assert "conv.reuse_factor: 1 -> 3" in answer.out


def save_with_threshold(folder: Path, network: Network, threshold: int) -> Path:
    """Save a design whose report is of this network and names a working point."""
    report = build_example()
    engines = (replace(report.physics.engines[0], engine="emulated", threshold=threshold),)
    digests = (Digest("network", network.digest),)
    report = replace(
        report,
        physics=replace(report.physics, engines=engines),
        provenance=replace(report.provenance, digests=digests),
    )
    save(folder, network)
    (folder / "report.json").write_text(render_json(report))
    return folder


def test_decisions_are_counted_at_the_working_points_of_the_reports(tmp_path):
    network = Network((pixels_in((4,)), dense("sum", "pixels", [[1]] * 4, [0])), ("sum",))
    one = save_with_threshold(tmp_path / "a", network, 1000)
    two = save_with_threshold(tmp_path / "b", network, 1100)
    difference = find_difference(one, two)
    (pixels,) = choose_vectors(network, random=RANDOM).pixels
    sums = run(network, pixels)["sum"][:, 0]
    assert difference.decisions_moved == np.count_nonzero((sums >= 1000) & (sums < 1100)) > 0
    assert difference.scores_moved == 0
    assert {change.aspect for change in difference.changes} == {Aspect.DECISION, Aspect.PHYSICS}
    (two / "network.json").write_text(small_cnn().to_json())  # the report is of other firmware now
    assert find_difference(one, two).decisions_moved is None


def test_a_layer_more_is_told_once(tmp_path):
    network = small_cnn()
    last = relu("last", "score", WIDE)
    other = Network((*network.layers, last), ("last",))
    difference = find_difference(save(tmp_path / "a", network), save(tmp_path / "b", other))
    changes = {change.where: change for change in difference.changes}
    assert (changes["last.kind"].before, changes["last.kind"].after) == ("nothing", "ReLU")
    assert [where for where in changes if where.startswith("last")] == ["last.kind"]
    assert {"network.layers", "network.outputs"} <= set(changes)
    assert difference.scores_moved > 0


def test_other_inputs_cannot_be_run_on_the_same(tmp_path):
    form = FixedFormat.parse("ap_ufixed<9,0>")
    other = changed(small_cnn(), "pixels", result=form)
    difference = find_difference(save(tmp_path / "a", small_cnn()), save(tmp_path / "b", other))
    assert difference.vectors is difference.scores_moved is None
    assert [change.aspect for change in difference.changes] == [Aspect.INPUT]


def test_reports_alone(tmp_path, command):
    report = build_example()
    (tmp_path / "a.json").write_text(render_json(report))
    rows = report.layers
    layers = (*rows[:-1], replace(rows[-1], result_format="ap_fixed<9,9>"))
    (tmp_path / "b.json").write_text(render_json(replace(report, layers=layers)))
    (change,) = find_difference(tmp_path / "a.json", tmp_path / "b.json").changes
    assert (change.aspect, change.where) == (Aspect.FORMAT, f"{rows[-1].name}.result_format")
    assert change.after == "ap_fixed<9,9>"
    engines = report.physics.engines
    worse = replace(engines[0], auc=replace(engines[0].auc, value=0.5, low=None, high=None))
    physics = replace(report.physics, engines=(worse, *engines[1:]))
    (tmp_path / "c.json").write_text(render_json(replace(report, physics=physics)))
    answer = command("diff", tmp_path / "a.json", tmp_path / "c.json", "--json")
    assert answer.code == 3
    (change,) = answer.json["changes"]
    assert (change["aspect"], change["where"]) == ("physics", f"{engines[0].engine}.auc")
    assert change["after"] == "0.5"


def test_reports_of_other_resolutions(tmp_path):
    from tests.report.test_regression import REGRESSION, engine

    report = replace(build_example(), regression=REGRESSION)
    worse = replace(REGRESSION, engines=(*REGRESSION.engines[:2], engine("emulated", 0.2)))
    (tmp_path / "a.json").write_text(render_json(report))
    (tmp_path / "b.json").write_text(render_json(replace(report, regression=worse)))
    changes = find_difference(tmp_path / "a.json", tmp_path / "b.json").changes
    assert [(change.aspect, change.where, change.after) for change in changes] == [
        (Aspect.PHYSICS, "regression.emulated.px.resolution", "0.2"),
        (Aspect.PHYSICS, "regression.emulated.pz.resolution", "0.6"),
    ]


def test_reports_of_other_robustness(tmp_path):
    report = build_example()
    found = report.robustness
    gain = replace(found.gains[0], signal_change=Figure(-0.5, Source.MEASURED))
    moved = list(found.faults[0].signal_moved)
    moved[7] += 5
    fault = replace(found.faults[0], signal_moved=tuple(moved))
    changed = replace(
        found, gains=(gain, *found.gains[1:]), faults=(fault, *found.faults[1:]), key="other"
    )
    (tmp_path / "a.json").write_text(render_json(report))
    (tmp_path / "b.json").write_text(render_json(replace(report, robustness=changed)))
    total = sum(filter(None, found.faults[0].signal_moved))
    told = find_difference(tmp_path / "a.json", tmp_path / "b.json")
    assert [(change.where, change.before, change.after) for change in told.changes] == [
        (
            f"robustness.{gain.name}.signal_change",
            f"{found.gains[0].signal_change.value:.6g}",
            "-0.5",
        ),
        (
            f"robustness.{fault.name}.signal_moved",
            str(total),
            f"{total + 5}; 1 of {len(moved)} cells differ",
        ),
    ]
    assert {change.aspect for change in told.changes} == {Aspect.PHYSICS}
    assert not told.moves_bits


def test_reports_of_other_robustness_of_a_further_signal(tmp_path):
    report = build_example()
    found = with_signals(report.robustness, "suep")
    gain, fault = found.gains[0], found.faults[0]
    (change,), (moved,) = gain.further, fault.further
    change = replace(change, change=Figure(-0.5, Source.MEASURED))
    moved = replace(moved, moved=(*moved.moved[:-1], moved.moved[-1] + 5))
    gains = (replace(gain, further=(change,)), *found.gains[1:])
    faults = (replace(fault, further=(moved,)), *found.faults[1:])
    for file, robustness in (
        ("a.json", found),
        ("b.json", replace(found, gains=gains, faults=faults)),
    ):
        (tmp_path / file).write_text(render_json(replace(report, robustness=robustness)))
    told = find_difference(tmp_path / "a.json", tmp_path / "b.json")
    assert [each.where for each in told.changes] == [
        f"robustness.{gain.name}.suep.change",
        f"robustness.{fault.name}.suep",
    ]
    assert told.changes[1].after.endswith("; 1 of 30 cells differ")


def test_reports_of_other_weights(tmp_path):
    """Weights stand in no row of a report: only the digests tell."""
    report = build_example()
    kept = [each for each in report.provenance.digests if each.name != "network"]
    for file, digest in (("a.json", "a" * 64), ("b.json", "b" * 64)):
        provenance = replace(report.provenance, digests=(*kept, Digest("network", digest)))
        (tmp_path / file).write_text(render_json(replace(report, provenance=provenance)))
    (change,) = find_difference(tmp_path / "a.json", tmp_path / "b.json").changes
    assert (change.aspect, change.before, change.after) == (Aspect.LAYER, "a" * 12, "b" * 12)
    assert change.moves_bits


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense"])
def test_what_is_neither_is_refused(tmp_path, text):
    (tmp_path / "file.json").write_text(text)
    with pytest.raises(ProjectError, match=r"a folder, a network\.json or a report\.json"):
        find_difference(tmp_path / "file.json", tmp_path / "file.json")
