"""Scores that an earlier run kept are taken back whole, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from trigger.flow.simulation import Simulated, _find, _keep
from trigger.flow.workspace import Workspace


def test_kept_scores_come_back_for_their_key_alone(tmp_path):
    workspace = Workspace(tmp_path)
    assert _find(workspace, "key") is None
    _keep(simulated(), workspace, "key")
    found = _find(workspace, "key")
    assert found is not None
    assert (found.emulated == simulated().emulated).all()
    assert _find(workspace, "another") is None


@pytest.mark.parametrize("part", [0, 0.3, 0.5, 0.7, 0.99])
def test_damaged_scores_are_computed_again(tmp_path, part):
    workspace = Workspace(tmp_path)
    _keep(simulated(), workspace, "key")
    whole = workspace.scores.read_bytes()
    place = int(part * len(whole))
    for damaged in (whole[:place], whole[:place] + bytes(200) + whole[place + 200 :]):
        workspace.scores.write_bytes(damaged)
        assert _find(workspace, "key") is None


def simulated() -> Simulated:
    scores = np.random.default_rng(2).integers(-999, 999, (100, 1))
    values = scores / 7
    return Simulated(scores[:, 0], scores, scores, values, values, (), "g++ 12", "12ab")
