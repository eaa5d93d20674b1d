"""``trigger mass`` at the command line."""

from __future__ import annotations

import json

import pytest

from tests.by_heart import write_by_heart
from tests.object_events import some_objects
from trigger.events.cms_objects_root import write
from trigger.events.object_batch import ObjectBatch

pytest.importorskip("uproot")
pytestmark = pytest.mark.csim


@pytest.fixture
def folder(tmp_path):
    return write_by_heart(tmp_path)


def test_the_peak_is_printed_and_told_as_json(folder, tmp_path, command):
    path = tmp_path / "data.root"
    write(some_objects(60, seed=1), "dy", path)
    told = command("mass", folder, path)
    assert told.code == 0
    assert "60 events; 0 with fewer than two muons or no jet and 0 bad ones left out" in told.out
    assert "peak over side bands, per GeV, after" in told.out
    found = json.loads(command("mass", folder, path, "--json").out)
    assert found["events"] == 60
    assert sum(found["classified"].values()) == 60


def test_a_file_of_another_kind_is_bad_input(folder, tmp_path, command):
    (tmp_path / "x.root").write_text("not ROOT")
    told = command("mass", folder, tmp_path / "x.root")
    assert told.code == 2
    assert "cannot be read" in told.err


def test_events_that_are_not_selected_are_shown(tmp_path, command):
    path = tmp_path / "x.root"
    columns = dict(some_objects(20, seed=3).columns())
    for name in [each for each in columns if each.startswith("jet")]:
        columns[name] = columns[name].copy()
        columns[name][4] = 0
    write(ObjectBatch.of_columns(columns), "dy", path)
    told = command("data", "show", path, "--source", "cms_objects")
    assert "19 events, 0 bad ones skipped, 1 not selected" in told.out
