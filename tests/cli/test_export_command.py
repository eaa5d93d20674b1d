"""``trigger export``: from a firmware's folder to a library, or a word why not."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

from trigger.emulate import run
from trigger.project import read_project

pytestmark = pytest.mark.csim

PROJECT = Path(__file__).parents[1] / "project" / "data" / "tiny_parallel"


def test_a_project_becomes_a_library(command, tmp_path):
    answer = command(
        "export",
        PROJECT,
        "-o",
        tmp_path / "out",
        "--name",
        "tiny",
        "--model-version",
        "7",
        "--json",
    )
    assert answer.code == 0, answer.err
    assert answer.json["library"] == str(tmp_path / "out" / "tiny.so")
    library = ctypes.CDLL(answer.json["library"])
    library.tiny_version.restype = ctypes.c_char_p
    network = read_project(PROJECT)
    assert library.tiny_version().decode().startswith(f"tiny 7, network {network.digest}")
    shape = network.inputs[0].dimensions
    pixels = np.random.default_rng(2).integers(0, 16, (9, *shape), dtype=np.int32)
    expected = run(network, pixels.astype(np.int64))[network.outputs[0]]
    scores = np.empty(expected.shape, dtype=np.int64)
    answer = library.tiny_predict(
        pixels.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_int64(len(pixels)),
        scores.ctypes.data_as(ctypes.c_void_p),
    )
    assert answer == 0
    assert (scores == expected).all()


def test_what_was_there_stays_when_the_export_fails(command, tmp_path):
    assert command("export", PROJECT, "-o", tmp_path / "out", "--source-only").code == 0
    old = tmp_path / "out" / "old"
    old.write_text("kept")
    answer = command("export", PROJECT, "-o", tmp_path / "out", "--march", "i8080")
    assert answer.code == 2
    assert "does not know the instruction set 'i8080'" in answer.err
    assert old.read_text() == "kept"


def test_only_an_earlier_export_is_replaced(command, tmp_path):
    mine = tmp_path / "mine" / "thesis.txt"
    mine.parent.mkdir()
    mine.write_text("kept")
    arguments = ("export", PROJECT, "--source-only", "-o")
    answer = command(*arguments, mine.parent)
    assert answer.code == 2
    assert "holds something else, which would be lost" in answer.err
    assert mine.read_text() == "kept"
    mine.unlink()
    assert command(*arguments, mine.parent).code == 0
    assert command(*arguments, mine.parent).code == 0
