"""The files of a report: complete, strict, whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trigger.errors import OutputError, ReportError
from trigger.report import (
    SCHEMA_FILE,
    Agreement,
    Curve,
    Image,
    LayerAgreement,
    Report,
    ScoreHistogram,
    read_json,
    render_json,
    same_but_times,
    write,
)
from trigger.report.codec import decode, encode
from trigger.report.schema import build_schema
from trigger.report.studies import Robustness

from .example import build_example
from .example_studies import with_signals

NAMES = ["report.html", "report.json", "report.md"]


@pytest.fixture
def data(report: Report) -> Any:
    return json.loads(render_json(report))


def read_data(data: object, folder: Path) -> Report:
    path = folder / "report.json"
    path.write_text(json.dumps(data))
    return read_json(path)


def test_reports_are_the_same_whenever_and_after_whichever_version_they_were_made(
    report: Report,
) -> None:
    later = replace(
        report,
        provenance=replace(report.provenance, date="2031-01-01T00:00:00+00:00"),
        steps=tuple(replace(step, seconds=0.125) for step in report.steps),
        previous=None,
    )
    assert same_but_times(later, report)
    other = replace(later, provenance=replace(later.provenance, command="trigger run other"))
    assert not same_but_times(other, report)


def assert_comes_back(report: Report, paths: tuple[Path, ...]) -> None:
    assert sorted(path.name for path in paths) == NAMES
    assert read_json(paths[0]) == report
    assert sorted(path.name for path in paths[0].parent.iterdir()) == NAMES


def test_json_round_trip(
    report: Report, written: tuple[Path, ...], bare: Report, tmp_path: Path
) -> None:
    assert_comes_back(report, written)
    assert_comes_back(bare, write(bare, tmp_path / "new" / "folder"))


def test_a_report_from_before_there_were_several_signals_is_read(report: Report, data: Any) -> None:
    def forget(each: Any) -> Any:
        if isinstance(each, dict):
            return {key: forget(value) for key, value in each.items() if key != "further"}
        return [forget(value) for value in each] if isinstance(each, list) else each

    assert "further" in json.dumps(data["robustness"])
    assert decode(forget(data["robustness"]), Robustness, "robustness") == report.robustness


def test_a_report_whose_signals_contradict_each_other_is_refused(report: Report) -> None:
    found = with_signals(report.robustness, "suep")
    data = encode(found, Robustness, "robustness")
    data["gains"][1]["further"][0]["signal"] = "zprime"
    with pytest.raises(ReportError, match=r"gain -5 %: further signals are \['zprime'\].*suep"):
        decode(data, Robustness, "robustness")


def test_the_same_report_gives_the_same_bytes(written: tuple[Path, ...], tmp_path: Path) -> None:
    again = write(build_example(), tmp_path)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]


def test_top_level_holds_what_other_programs_look_for(data: Any) -> None:
    assert {"verdict", "agreement", "costs", "provenance"} <= set(data)
    assert data["verdict"]["outcome"] == "fail"
    assert data["agreement"]["events"] == 10_000
    assert data["agreement"]["mismatches"] == 0
    assert data["verdict"]["checks"][0]["margin"] == 106.25
    assert data["verdict"]["checks"][4]["value"] is None


def test_unknown_is_null(bare: Report) -> None:
    data = json.loads(render_json(bare))
    assert data["agreement"] is None
    assert data["verdict"]["outcome"] == "unknown"


def test_published_schema_is_the_one_of_the_record() -> None:
    assert json.loads(SCHEMA_FILE.read_text()) == build_schema(Report), (
        "run: python -m trigger.report.schema"
    )


def test_json_keeps_to_the_published_schema(data: Any, bare: Report) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="the extra dev is not installed")
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text()))
    validator.check_schema(validator.schema)
    assert not list(validator.iter_errors(data))
    assert not list(validator.iter_errors(json.loads(render_json(bare))))
    data["costs"][0]["total"]["dsp"]["source"] = "guess"
    assert list(validator.iter_errors(data))


def plant(data: Any, kind: str) -> None:
    match kind:
        case "unknown-key":
            data["layers"][0]["colour"] = 1
        case "missing-key":
            del data["provenance"]["seed"]
        case "wrong-kind":
            data["agreement"]["events"] = "many"
        case "whole-number":
            data["agreement"]["events"] = 1.5
        case "enum":
            data["costs"][0]["source"] = "guess"
        case "tuple-length":
            data["classes"][0]["mean"]["shape"] = [32, 32]
        case "edited-outcome":
            data["verdict"]["outcome"] = "pass"
        case "edited-margin":
            data["verdict"]["checks"][0]["margin"] = 1e9
        case "null":
            data["design"] = None
        case "schema":
            data["schema"] = "trigger-report-0"
        case "huge":
            data["layers"][0]["zeros"] = 10**400
        case "widths":
            data["widths"][0]["by_bits"] = []
        case "counts":
            data["agreement"]["mismatches"] = 10**12


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("unknown-key", r"report\.layers\[0\]: unknown key 'colour'\. Allowed: name, kind"),
        ("missing-key", r"report\.provenance: missing key 'seed'"),
        ("wrong-kind", r"report\.agreement\.events: 'many' is str\. Allowed: int"),
        ("whole-number", r"report\.agreement\.events: 1\.5 is float\. Allowed: int"),
        ("enum", r"report\.costs\[0\]\.source: 'guess'\. Allowed: estimate, estimate of"),
        ("tuple-length", r"report\.classes\[0\]\.mean\.shape: 2 items\. Allowed: 3 items"),
        ("edited-outcome", r"report\.verdict\.outcome: 'pass' contradicts the rest"),
        ("edited-margin", r"checks\[0\]\.margin: .* contradicts the rest.*106\.25"),
        ("null", r"report\.design: None is NoneType\. Allowed: str"),
        ("schema", r"the schema is 'trigger-report-0'\. Allowed: trigger-report-1"),
        ("huge", r"report\.layers\[0\]\.zeros: the number is 10{59}\. Allowed: finite numbers"),
        ("widths", r"widths of conv1, kernel: no number is counted"),
        ("counts", r"mismatches among \d+ numbers"),
    ],
)
def test_altered_json_is_refused_by_name(data: Any, tmp_path: Path, kind: str, words: str) -> None:
    plant(data, kind)
    with pytest.raises(ReportError, match=words):
        read_data(data, tmp_path)


def test_a_report_of_an_earlier_version_is_read_with_what_it_has(data: Any, tmp_path: Path) -> None:
    for key in ("turn_ons", "asked_rate_khz"):
        del data["physics"][key]
    physics = read_data(data, tmp_path).physics
    assert physics is not None
    assert (physics.turn_ons, physics.asked_rate_khz) == ((), None)
    del data["verdict"]["outcome"]
    with pytest.raises(ReportError, match=r"report\.verdict: missing key 'outcome'"):
        read_data(data, tmp_path)


def test_reading_what_is_not_there_or_not_json(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"cannot be read: .*To do: give the report\.json"):
        read_json(tmp_path / "report.json")
    (tmp_path / "report.json").write_text('{"schema"')
    with pytest.raises(ReportError, match="this is not JSON"):
        read_json(tmp_path / "report.json")
    with pytest.raises(ReportError, match="the schema is None"):
        read_data([], tmp_path)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.int64(3), r"report\.provenance\.seed: .*is numpy\.int64\. Allowed: int"),
        (True, r"report\.provenance\.seed: True is bool"),
        (float("nan"), r"report\.provenance\.seed: nan is float"),
    ],
    ids=["numpy", "bool", "nan"],
)
def test_what_is_not_plain_data_is_refused_before_any_file(
    report: Report, tmp_path: Path, value: Any, words: str
) -> None:
    broken = replace(report, provenance=replace(report.provenance, seed=value))
    with pytest.raises(ReportError, match=words):
        write(broken, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_infinity_is_not_a_number(report: Report) -> None:
    cost = replace(report.costs[0], clock_period_ns=float("inf"))
    with pytest.raises(ReportError, match=r"clock_period_ns: the number is inf.*unknown is None"):
        render_json(replace(report, costs=(cost,)))


def test_a_folder_that_cannot_be_made(bare: Report, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot write the report.*To do: choose a folder"):
        write(bare, tmp_path / "file" / "out")


def test_nothing_is_left_when_one_file_cannot_be_written(bare: Report, tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    (tmp_path / "report.json").write_text("old")
    with pytest.raises(OutputError, match=r"report\.html: cannot write the report: is a folder"):
        write(bare, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]
    assert (tmp_path / "report.json").read_text() == "old"


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: LayerAgreement("conv1", 1, 10, 3), "layer conv1: 3 mismatches and no first one"),
        (lambda: Agreement("a", "b", 1, 10, 3), "a and b: 3 mismatches and no first one"),
        (lambda: Agreement("a", "b", 1, 2, 3), "3 mismatches among 2 numbers"),
        (lambda: Image((2, 2, 1), (1, 2, 3)), r"image: 3 pixels.*\(2, 2, 1\)"),
        (lambda: Curve((0.0,), ()), "1 signal efficiencies and 0 background"),
        (lambda: ScoreHistogram("emulated", "ee", (), ()), r"0 edges of 0 bins.*one edge more"),
    ],
    ids=["layer", "total", "counts", "pixels", "curve", "histogram"],
)
def test_records_guard_their_borders(build: Any, words: str) -> None:
    with pytest.raises(ReportError, match=words):
        build()


def test_reading_a_report_needs_no_drawing() -> None:
    code = "import sys, trigger.report; print('matplotlib' in sys.modules, 'jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
