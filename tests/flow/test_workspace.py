"""The folder of a design: one run at a time, and no answer of older firmware in it."""

from __future__ import annotations

import os

import pytest

from trigger.errors import OutputError
from trigger.flow.workspace import Workspace


def test_a_second_run_is_kept_out_and_then_let_in(tmp_path):
    workspace = Workspace(tmp_path / "design")
    with (
        workspace.locked(),
        pytest.raises(OutputError, match=r"another run is at work .* --output"),
        Workspace(tmp_path / "design").locked(),
    ):
        pass
    with workspace.locked():
        pass


def test_a_run_cleans_up_behind_a_killed_one(tmp_path):
    left = tmp_path / ".project.abc.part" / "new"
    left.mkdir(parents=True)
    with Workspace(tmp_path).locked():
        assert os.listdir(tmp_path) == []


def test_what_is_forgotten_and_what_stays(tmp_path):
    workspace = Workspace(tmp_path)
    names = [
        *("design.yaml", "network.json", "input_contract.json", "conversion.json", "scores.npz"),
        *("report.json", "report.md", "report.html"),
    ]
    for name in (*names, "golden/vectors.txt", "project/a.cpp", "training/w", "build/b"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    workspace.forget_firmware()
    previous = "previous_report.json"
    assert sorted(os.listdir(tmp_path)) == ["build", "golden", previous, "project", "training"]
    workspace.forget()
    assert sorted(os.listdir(tmp_path)) == ["golden", previous]
    assert os.listdir(tmp_path / "golden") == ["vectors.txt"]
