"""Adopting somebody's frozen firmware: from its text alone, proven against its own C++."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import TINY
from trigger.errors import OutputError
from trigger.network import Network
from trigger.report import read_json

pytestmark = [pytest.mark.csim, pytest.mark.slow]

PROJECT = Path(__file__).parents[1] / "project" / "data" / "tiny_stream"


@pytest.fixture
def adopted(command, tmp_path):
    answer = command("adopt", PROJECT, "-o", tmp_path / "out", "--events", 40)
    assert answer.code == 0, answer.err
    return tmp_path / "out" / "tiny_stream"


def test_the_folder_holds_all_that_other_commands_need(adopted, command):
    assert read_json(adopted / "report.json").agreement.mismatches == 0
    assert Network.load(adopted / "network.json").outputs
    assert command("golden", "verify", adopted).code == 0
    assert command("csim", adopted, "--events", 10).code == 0
    assert "tiny_stream" in (adopted / "report.html").read_text()


def test_a_cost_that_nobody_can_tell_is_a_warning_and_no_number(adopted):
    report = read_json(adopted / "report.json")
    assert report.costs == ()
    assert any("does not say its Part" in note.text for note in report.notes)
    assert report.verdict.outcome.value == "unknown"


def test_firmware_that_moved_is_told_by_its_golden_vectors(adopted, command, tmp_path):
    changed = tmp_path / "tiny_stream"
    shutil.copytree(PROJECT, changed)
    weights = sorted((changed / "firmware" / "weights").glob("b*.txt"))[-1]
    before = weights.read_text()
    after = ", ".join(
        ["0.5" if float(before.split(",")[0]) != 0.5 else "0.25", *before.split(", ")[1:]]
    )
    for path in (weights, weights.with_suffix(".h")):
        assert before in path.read_text()
        path.write_text(path.read_text().replace(before, after))
    answer = command("adopt", changed, "-o", tmp_path / "out", "--events", 10)
    assert answer.code == 4
    assert "golden" in answer.err
    assert "differ" in answer.err


def test_firmware_without_its_headers_is_adopted_unproven_if_the_user_says_so(command, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(PROJECT, bare)
    for name in ("nnet_utils", "ap_types"):
        shutil.rmtree(bare / "firmware" / name, ignore_errors=True)
    answer = command("adopt", bare, "-o", tmp_path / "out", "--without-csim")
    assert answer.code == 0, answer.err
    assert "not proven" in answer.out
    report = read_json(tmp_path / "out" / "bare" / "report.json")
    assert report.agreement is None
    assert not (tmp_path / "out" / "bare" / "golden").exists()
    assert command("emulate", tmp_path / "out" / "bare", "--help").code == 0


def test_adopted_firmware_that_was_changed_by_hand_is_not_spoken_of(adopted, command):
    top = adopted / "project" / "firmware" / "tiny.cpp"
    top.write_text(top.read_text() + "// by hand\n")
    answer = command("estimate", adopted)
    assert answer.code == 2
    assert f"{top}: was changed since it was compiled" in answer.err


def test_a_design_does_not_replace_adopted_firmware(adopted, tmp_path):
    from trigger.cli.show import ConsoleListener
    from trigger.config import load_design
    from trigger.flow.steps import Flow

    design = tmp_path / "tiny.yaml"
    design.write_text(TINY)
    before = sorted(adopted.rglob("*"))
    with pytest.raises(OutputError, match="adopted firmware is kept there"):
        Flow(load_design(design), adopted, ConsoleListener(), fresh=True)
    assert sorted(adopted.rglob("*")) == before


def test_a_name_is_no_path(command, tmp_path):
    answer = command("adopt", PROJECT, "-o", tmp_path / "out", "--name", "../elsewhere")
    assert answer.code == 2
    assert "a name, not a path" in answer.err


def test_what_is_no_project_is_refused_and_leaves_nothing(command, tmp_path):
    (tmp_path / "other").mkdir()
    answer = command("adopt", tmp_path / "other", "-o", tmp_path / "out")
    assert answer.code == 2
    assert "other" in answer.err
    assert not (tmp_path / "out").exists()


def test_a_compiled_design_is_not_replaced(command, tmp_path):
    design = tmp_path / "out" / "tiny" / "design.yaml"
    design.parent.mkdir(parents=True)
    design.write_text("name: tiny")
    answer = command("adopt", PROJECT, "--name", "tiny", "-o", tmp_path / "out", "--without-csim")
    assert answer.code == 2
    assert "a compiled design is kept there" in answer.err
    assert "--name" in answer.err
    assert list(design.parent.iterdir()) == [design]
