"""A compiled design and a budget: what is found, written, and run again without training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import TINY
from trigger.budget import Budget
from trigger.config import load_design
from trigger.config.limits import change_budget, read_io_types
from trigger.design import IOType
from trigger.device import find
from trigger.emulate import run
from trigger.errors import DesignError
from trigger.network import Network
from trigger.project import choose_vectors, csim
from trigger.search import Candidate, find_changes, shrink_formats, solve
from trigger.training import ModelKind


def test_limits_are_changed_added_and_taken_away():
    budget = Budget(latency_ns=100, per_slr={"lut": 0.5, "ff": 0.5})
    changed = change_budget(budget, ["latency_ns=", "per_slr.lut=0.25", "interval_bx=2"])
    assert changed == Budget(per_slr={"lut": 0.25, "ff": 0.5}, interval_bx=2)
    assert change_budget(changed, ["per_slr.ff="]).per_slr == {"lut": 0.25}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("latency=5", r"--budget latency=5: latency is no limit.*latency_ns"),
        ("latency_ns", r"--budget latency_ns: there is no =.*LIMIT=NUMBER"),
        ("latency_ns=fast", r"'fast' is no number"),
        ("device.luts=0.5", r"device: luts is not a resource.*lut"),
        ("latency_ns=-1", r"latency_ns"),
    ],
)
def test_a_limit_that_is_none_is_refused(change, match):
    with pytest.raises(DesignError, match=match):
        change_budget(Budget(), [change])


def test_io_types_are_named_as_hls4ml_does():
    assert read_io_types(["io_parallel", "io_stream"]) == (IOType.PARALLEL, IOType.STREAM)
    with pytest.raises(DesignError, match=r"--io-type: io_serial is no io type.*io_stream"):
        read_io_types(["io_serial"])


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.csim
def test_what_is_found_runs_as_it_is_with_the_same_weights_and_integers(tiny_run, command):
    """No training, the network that was promised, and C simulation that gives the same scores."""
    from trigger.cli.show import ConsoleListener
    from trigger.flow.steps import Flow

    limits = ("--budget", "latency_ns=500", "--clock", "4", "--clock", "5")
    limits = (*limits, "--io-type", "io_stream", "--io-type", "io_parallel")
    said = command("search", tiny_run.design, "-o", tiny_run.output, *limits, "--json")
    assert (said.code, said.err) == (0, "")
    found = said.json
    assert found["met"]
    assert found == json.loads((tiny_run.folder / "search" / "tiny_solved.json").read_text())

    file = load_design(found["design"])
    assert file.name == "tiny_solved"
    assert (file.budget.latency_ns, file.budget.per_slr) == (500, {"dsp": 0.5})
    before = (tiny_run.folder / "training" / "quantised" / "training.json").read_bytes()
    with Flow(file, tiny_run.output / file.name, ConsoleListener()) as flow:
        trained, compiled, costs = flow.trained, flow.compiled, flow.costs
        simulation = flow.simulation
    folder = flow.workspace.training / ModelKind.QUANTISED.value
    assert (folder / "training.json").read_bytes() == before
    assert trained[ModelKind.QUANTISED].history
    total = costs.estimate.total
    assert (total.lut.value, total.latency_cycles.value) == (
        found["best"]["lut"],
        found["best"]["latency_cycles"],
    )
    old = Network.load(tiny_run.folder / "network.json")
    assert compiled.network.digest == found["network_sha256"] != old.digest
    pixels = choose_vectors(old, random=300, seed=2).pixels
    (name,) = old.outputs
    wanted = run(old, *pixels)[name]
    assert np.array_equal(run(compiled.network, *pixels)[name], wanted)
    assert np.array_equal(csim.run(simulation, *pixels)[name].reshape(wanted.shape), wanted)


@pytest.mark.slow
@pytest.mark.training
def test_hls4ml_makes_the_firmware_that_was_promised(tmp_path):
    """Of layers with an activation of their own, and of dense layers that follow one another."""
    mid = "    - QDense: {name: mid, units: 3, kernel_quantizer: *w, bias_quantizer: *w}\n"
    text = TINY.replace('    - QActivation: {name: relu, activation: "quantized_relu(6,2)"}\n', "")
    text = text.replace("filters: 2,", 'filters: 2, activation: "quantized_relu(6,2)",')
    text = text.replace("    - QDense: {name: score,", mid + "    - QDense: {name: score,")
    (tmp_path / "other.yaml").write_text(text)
    assert promised_changes(tmp_path / "other.yaml", tmp_path) == {"conv", "mid", "score"}


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize("name", ["shower_id", "top_deep_sets"])
def test_so_it_does_of_designs_of_this_repository(name, tmp_path):
    models = Path(__file__).parents[2] / "models"
    assert promised_changes(models / f"{name}.yaml", tmp_path)


def promised_changes(path: Path, home: Path) -> set[str]:
    """Return the layers with narrower formats, after the found design gave what was promised."""
    from trigger.convert import convert
    from trigger.flow.search import write_design
    from trigger.flow.settings import require_equal
    from trigger.zoo import build

    file = load_design(path)
    model = build(file.design.model, seed=1)
    network = convert(model, file.design, home / "before").network
    names = frozenset(layer.name for layer in file.design.model.layers)
    shrunk = shrink_formats(network, names)
    part = find(file.design.target.part)
    answer = solve([Candidate(shrunk, file.design.target)], file.budget, part, names)
    require_equal(network, answer.network)
    found = write_design(file, home / "p" / file.name, file.budget, network, answer.best)
    assert convert(model, load_design(found).design, home / "after").network == answer.network
    return {change.layer for change in find_changes(network, shrunk)}


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.csim
def test_a_budget_that_cannot_be_met_ends_with_3_and_names_what_binds(tiny_run, command):
    limits = ("--budget", "latency_ns=20")
    said = command("search", tiny_run.design, "-o", tiny_run.output, *limits)
    assert said.code == 3
    assert "No settings meet the budget: latency_ns would have to be raised" in said.out
    said = command("search", tiny_run.design, "-o", tiny_run.output, "--io-type", "io_strem")
    assert said.code == 2
    assert "did you mean io_stream?" in said.err
