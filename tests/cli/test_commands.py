"""Commands that need no model: data, doctor, and how errors leave the program."""

from __future__ import annotations

import gzip
import pickle
import re
import struct
from unittest.mock import Mock

import numpy as np
import pytest

from tests.builders import small_cnn
from trigger.emulate import choose
from trigger.errors import ProjectError
from trigger.flow.networks import read_array
from trigger.flow.streaming import engine_of


@pytest.mark.slow
def test_data_make_writes_what_data_show_reads(command, tmp_path):
    for name in ("ee.dat", "ee.dat.gz"):
        made = command("data", "make", tmp_path / name, "--events", 5, "--seed", 2, "--json")
        assert made.code == 0
        shown = command("data", "show", tmp_path / name, "--json")
        assert shown.code == 0
        assert shown.json["events"] == made.json["events"] == 5
        assert shown.json["quantities"] == made.json["quantities"]
        assert shown.json["quantities"]["hits per event"]["mean"] > 100
    packed = (tmp_path / "ee.dat.gz").read_bytes()
    assert gzip.decompress(packed) == (tmp_path / "ee.dat").read_bytes()


def test_data_make_writes_a_folder_of_csv_files(command, tmp_path):
    made = command("data", "make", tmp_path / "csv", "--class", "mm", "--events", 3, "--json")
    assert made.code == 0
    assert len(list((tmp_path / "csv").glob("*.csv"))) == 3
    shown = command("data", "show", tmp_path / "csv", "--json")
    assert shown.json["events"] == 3
    assert shown.json["quantities"] == made.json["quantities"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--class", "zz"), "there is no class 'zz'.*Allowed: ee, mm, cont"),
        (("--source", "atlas"), "there is no source 'atlas'.*drift_chamber"),
        (("--option", "noise"), "'noise' stands there. Allowed: name=value"),
        (("--option", "noise_hit=3"), "unknown key noise_hit.*did you mean noise_hits"),
        (("--option", "noise_hits=-3"), "noise_hits is -3.0. Allowed: 0..2000"),
    ],
)
def test_unknown_words_are_refused_with_those_that_are_known(command, tmp_path, arguments, message):
    answer = command("data", "make", tmp_path / "x.dat", "--events", 1, *arguments)
    assert answer.code == 2
    assert re.search(message, answer.err)
    assert list(tmp_path.iterdir()) == []


def test_skip_bad_tolerates_and_counts(command, tmp_path):
    path = tmp_path / "ee.dat"
    command("data", "make", path, "--events", 4)
    text = path.read_text().replace("RC=", "RX=", 1)
    path.write_text(text)
    refused = command("data", "show", path)
    assert refused.code == 2
    assert "ee.dat:" in refused.err
    tolerated = command("data", "show", path, "--skip-bad", 1, "--json")
    assert tolerated.code == 0
    assert (tolerated.json["events"], tolerated.json["skipped"]) == (3, 1)


def test_doctor_says_what_each_missing_thing_would_enable(command, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.delenv("CC", raising=False)
    findings = {each["name"]: each for each in command("doctor", "--json").json}
    assert findings["numpy"]["version"] == np.__version__
    assert findings["g++"]["version"] is None
    assert findings["g++"]["enables"] == "C simulation"
    assert "install" in findings["g++"]["remedy"]
    assert findings["cc"]["enables"] == "fast emulation"
    assert "the reference engine works without one" in findings["cc"]["remedy"]


def test_doctor_asks_the_compilers_that_a_build_takes(command, monkeypatch, tmp_path):
    for name, text in (("mine++", "echo mine 7.1"), ("mycc", "echo my 3"), ("broken", "exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("CXX", str(tmp_path / "mine++"))
    monkeypatch.setenv("CC", str(tmp_path / "mycc"))
    findings = {each["enables"]: each for each in command("doctor", "--json").json}
    assert findings["C simulation"]["version"] == "mine 7.1"
    assert findings["fast emulation"]["version"] == "my 3"
    monkeypatch.setenv("CXX", str(tmp_path / "broken"))
    monkeypatch.setenv("CC", "")  # as if it were not set
    findings = {each["enables"]: each for each in command("doctor", "--json").json}
    assert findings["C simulation"]["version"] is None
    assert "broken --version failed; repair" in findings["C simulation"]["remedy"]
    assert findings["fast emulation"]["name"] == "cc"
    monkeypatch.setenv("CC", str(tmp_path / "broken"))
    findings = {each["enables"]: each for each in command("doctor", "--json").json}
    assert "broken --version failed; set CC" in findings["fast emulation"]["remedy"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "none.yaml"), "none.yaml: cannot read the design file"),
        (("emulate", "none", "pixels.npy"), "none: there is no such folder"),
        (("csim", "none"), "none: there is no such folder"),
        (("estimate", "none"), "none: there is no such folder"),
        (("report", "none"), "none"),
        (("golden", "verify", "none"), "none"),
    ],
)
def test_what_is_not_there_exits_with_2_and_its_name(command, arguments, message):
    answer = command(*arguments)
    assert answer.code == 2
    assert message in answer.err
    assert "Traceback" not in answer.err


def test_emulate_reads_a_network_file(command, tmp_path, monkeypatch):
    small_cnn().save(tmp_path / "network.json")
    np.save(tmp_path / "pixels.npy", np.zeros((3, 8, 8, 1), np.uint8))
    made_ready = Mock(wraps=choose)
    monkeypatch.setattr("trigger.flow.streaming.choose", made_ready)
    engine_of.cache_clear()
    arguments = ("emulate", tmp_path / "network.json", tmp_path / "pixels.npy", "--json")
    for option in ((), ("-o", tmp_path / "scores.npy")):
        answer = command(*arguments, *option)
        assert answer.code == 0
        assert answer.json["outputs"][0]["events"] == 3
    made_ready.assert_called_once()
    assert np.load(tmp_path / "scores.npy").shape == (3, 2)


def test_emulate_tells_of_values_that_the_input_format_cannot_hold(command, tmp_path):
    network = small_cnn()
    network.save(tmp_path / "network.json")
    form = network.inputs[0].result
    values = np.zeros((3, 8, 8, 1))
    values[1, 0, 0] = float((form.raw_max + 1) * form.step)
    values[2, :2, 0] = float((form.raw_min - 1) * form.step)
    values[2, 3, 0] = float(form.raw_max * form.step)
    np.save(tmp_path / "pixels.npy", values)
    arguments = ("emulate", tmp_path / "network.json", tmp_path / "pixels.npy")
    assert command(*arguments, "--json").json["pixels_outside"] == 3
    assert f"3 of 192 values lie outside {form}" in command(*arguments).out


def header(text: str) -> bytes:
    """Return a .npy file of 96 bytes of data with this text as its header."""
    padded = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded.encode() + bytes(96)


SHAPE = "{{'descr': '<f8', 'fortran_order': False, 'shape': {}}}"
ODD_ARRAYS = {
    "cut in the header": lambda whole: whole[:40],
    "cut in the data": lambda whole: whole[:-1],
    "empty": lambda whole: b"",
    "text": lambda whole: b"1, 2, 3",
    "pickle": lambda whole: pickle.dumps([1]),
    "zip archive": lambda whole: b"PK\x03\x04" + whole,
    "header that is no Python": lambda whole: header("{(("),
    "more than memory": lambda whole: header(SHAPE.format((10**8, 10**5))),
    "more than any memory": lambda whole: header(SHAPE.format((10**12, 10**12))),
    "negative shape": lambda whole: header(SHAPE.format((-3, 4))),
}


@pytest.mark.parametrize("make", ODD_ARRAYS.values(), ids=ODD_ARRAYS.keys())
def test_a_damaged_array_is_named(tmp_path, make):
    path = tmp_path / "pixels.npy"
    np.save(path, np.zeros((3, 8, 8, 1), np.uint8))
    path.write_bytes(make(path.read_bytes()))
    with pytest.raises(ProjectError, match=r"pixels\.npy: cannot be read: .*file of numbers"):
        read_array(path)


def test_an_array_of_other_things_than_numbers_is_refused(command, tmp_path):
    small_cnn().save(tmp_path / "network.json")
    np.save(tmp_path / "text.npy", np.array([["a"]]))
    np.save(tmp_path / "objects.npy", np.array([[None]]), allow_pickle=True)
    np.savez(tmp_path / "several.npz", np.zeros((3, 4)))
    for name in ("text.npy", "objects.npy", "several.npz"):
        answer = command("emulate", tmp_path / "network.json", tmp_path / name)
        assert answer.code == 2
        assert name in answer.err
        assert "of numbers" in answer.err


def test_an_interrupted_command_says_that_it_can_go_on(command, monkeypatch, tmp_path):
    from trigger.flow import data

    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(data, "make_file", interrupt)
    answer = command("data", "make", tmp_path / "x.dat")
    assert answer.code == 130
    assert "interrupted" in answer.err


def test_ranges_prints_the_proof_and_what_data_do(command, tmp_path):
    small_cnn().save(tmp_path / "network.json")
    np.save(tmp_path / "pixels.npy", np.full((3, 8, 8, 1), 255, np.uint8))
    proven = command("ranges", tmp_path / "network.json", "--json").json
    assert {row["answer"] for row in proven} <= {"cannot overflow", "can wrap", "can saturate"}
    assert "observed_low" not in proven[0]
    seen = command(
        "ranges", tmp_path / "network.json", "--pixels", tmp_path / "pixels.npy", "--json"
    ).json
    assert all(row["low"] <= row["observed_low"] for row in seen)
    table = command("ranges", tmp_path / "network.json")
    assert table.code == 0
    assert "spare_bits" in table.out
