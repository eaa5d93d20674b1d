"""A design's own events among its test vectors: typical ones and the highest scores."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from trigger.cli.show import ConsoleListener
from trigger.config import load_contract, load_design
from trigger.emulate import emulate
from trigger.flow.own_events import HIGHEST, pick_events
from trigger.flow.samples import make_events
from trigger.flow.workspace import Workspace
from trigger.images.hit_maps import encode
from trigger.network import Network

pytestmark = [pytest.mark.training, pytest.mark.slow]


def test_typical_events_and_highest_scores_of_each_class(tiny_run):
    workspace = Workspace(tiny_run.folder)
    network = Network.load(workspace.network)
    typical, highest = pick_events(tiny_run.folder, network, ConsoleListener())
    batches = make_events(
        load_design(tiny_run.design), workspace.events, 0, ConsoleListener()
    ).batches
    contract = load_contract(workspace.contract)
    assert len(typical.origins) == 2
    assert len(highest.origins) == 2 * HIGHEST
    for label, (name, batch) in enumerate(zip(("mm", "ee"), batches, strict=True)):
        pixels = encode(batch, contract)
        scores = emulate(network, pixels)[:, 0]
        event = int(typical.origins[label].removeprefix(f"typical {name}: event "))
        assert (typical.pixels[0][label] == pixels[event]).all()
        assert np.count_nonzero(scores < scores[event]) <= len(batch) // 2
        assert np.count_nonzero(scores > scores[event]) <= len(batch) // 2
        mine = slice(label * HIGHEST, (label + 1) * HIGHEST)
        found = emulate(network, highest.pixels[0][mine])[:, 0]
        assert found.tolist() == sorted(scores.tolist())[: -HIGHEST - 1 : -1]


def test_none_where_the_events_are_gone(tiny_run, tmp_path):
    network = Network.load(Workspace(tiny_run.folder).network)
    folder = tmp_path / "tiny"
    folder.mkdir()
    for name in ("design.yaml", "input_contract.json"):
        shutil.copy(tiny_run.folder / name, folder)
    assert pick_events(folder, network, ConsoleListener()) is None
