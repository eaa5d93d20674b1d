"""The command that predicts prunings: a table, as JSON too, and designs on request."""

from __future__ import annotations

import pytest

from trigger.config import load_design
from trigger.config.limits import read_structures
from trigger.errors import DesignError
from trigger.training import PruningStructure


def test_structures_have_the_words_of_a_design_file():
    words = ("unit", "multiplier", "weight")
    assert [each.value for each in read_structures(words)] == list(words)
    with pytest.raises(DesignError, match=r"--structure: filter is no structure.*weight, mult"):
        read_structures(["filter"])


@pytest.mark.slow
@pytest.mark.training
def test_savings_and_losses_are_told_before_anything_is_trained(tiny_run, command, tmp_path):
    weights = tiny_run.folder / "training" / "quantised" / "weights.npz"
    before = weights.read_bytes()
    wishes = ("--structure", "unit", "--sparsity", "0.5", "--signed-digits", "0")
    wishes += ("--signed-digits", "1", "--equal-constants", "0", "--equal-constants", "1")
    wishes += ("--designs", tmp_path)
    said = command("prune", tiny_run.design, "-o", tiny_run.output, *wishes, "--json")
    assert said.code == 0, said.err
    rows, trained = said.json["rows"], said.json["as_trained"]
    dense, unit, sizes, _, digits, both, _, all_three = rows
    assert trained["zeros"] >= trained["weights"] // 2 > dense["zeros"]
    assert trained["norm_lost"] is None
    assert [row["signed_digits"] for row in rows] == [None] * 4 + [1] * 4
    assert [row["equal_constants"] for row in rows] == [None, None, 1, 1] * 2
    assert dense["saved"] == dense["norm_lost"] == 0
    filter_of_two, read_by_the_score = 9, 25
    most = dense["zeros"] + filter_of_two + read_by_the_score
    assert dense["zeros"] + filter_of_two < unit["zeros"] <= most
    assert 0 < unit["norm_lost"] < both["norm_lost"]
    assert both["saved"] > max(unit["saved"], digits["saved"]) > 0
    assert sizes["constants"] < dense["constants"]
    assert 0 <= sizes["saved"] <= all_three["saved"]
    assert {row["source"] for row in rows} == {"estimate"}
    assert all(0 < row["auc_before_retraining"] < 1 for row in rows)
    assert all(0 < row["accuracy_before_retraining"] < 1 for row in rows)
    assert unit["lut"]["low"] < unit["lut"]["value"] < unit["lut"]["high"]
    assert weights.read_bytes() == before
    names = {path.stem for path in tmp_path.glob("*.yaml")}
    assert names > {"tiny_unit_50", "tiny_weight_0_digits_1", "tiny_unit_50_digits_1"}
    pruning = load_design(tmp_path / "tiny_unit_50_digits_1.yaml").training.pruning
    assert (pruning.structure, pruning.final_sparsity) == (PruningStructure.UNIT, 0.5)
    assert (pruning.signed_digits, pruning.end_epoch) == (1, 1)
    assert pruning.equal_constants is None
    pruning = load_design(tmp_path / "tiny_weight_0_digits_1_sizes_1.yaml").training.pruning
    assert (pruning.signed_digits, pruning.equal_constants) == (1, 1)
    assert (tiny_run.output / "tiny_unit_50" / "training" / "float").is_dir()


@pytest.mark.slow
@pytest.mark.training
def test_a_design_that_trains_nothing_is_not_pruned(tiny_run, command, tmp_path):
    design = tmp_path / "untrained.yaml"
    design.write_text(f"base: {tiny_run.design}\nname: untrained\ntraining:\n")
    said = command("prune", design, "-o", tmp_path)
    assert said.code == 2
    assert "the design trains nothing" in said.err
