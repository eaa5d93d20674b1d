"""``trigger golden``: real events as numbers of any kind, and files that are not what they were."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from trigger.project.golden import read

pytestmark = pytest.mark.csim

PROJECT = Path(__file__).parents[1] / "project" / "data" / "tiny_parallel"


def test_real_numbers_are_quantised_and_a_cut_file_is_refused(command, tmp_path):
    folder = tmp_path / "tiny"
    shutil.copytree(PROJECT, folder)
    values = np.random.default_rng(3).uniform(0, 1, (2, 6, 6, 1))
    np.save(tmp_path / "values.npy", values)
    answer = command("golden", "record", folder, "--events", tmp_path / "values.npy", "--json")
    assert answer.code == 0, answer.err
    golden = read(folder / "golden")
    assert answer.json["path"] == str(folder / "golden" / "vectors.txt")
    assert answer.json["vectors"] == golden.vectors > 36 + len(golden.origins)
    assert 0 < answer.json["edges_met"] <= answer.json["edges"]
    assert 0 < answer.json["bounds_met"] <= answer.json["bounds"]
    assert answer.json["own_events"] == 0
    form = golden.inputs[0].format
    assert form.fractional > 0
    scaled = np.floor(values * 2**form.fractional)
    assert (golden.pixels[0][-2:] == scaled % 2**form.width).all()
    assert scaled.any()

    path = folder / "golden" / "vectors.txt"
    path.write_text(path.read_text().rsplit("\nvector", 1)[0])
    answer = command("golden", "verify", folder)
    assert answer.code == 2
    assert "the file ends here" in answer.err
