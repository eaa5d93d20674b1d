"""JUnit XML: a case for each answer; what is not known does not pass."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.report.example import build_example
from trigger.budget import Outcome
from trigger.errors import OutputError
from trigger.report.junit import Answer, Case, verdict_cases, write_junit


def test_each_answer_is_a_case(tmp_path):
    cases = (
        Case("emulated", "every layer", Answer.PASS, "5 integers"),
        Case("emulated", "<&>", Answer.FAIL, "layer conv moved\nmore of it"),
        Case("co-simulation", "outputs", Answer.SKIP, "there is none"),
    )
    path = tmp_path / "golden.xml"
    write_junit(path, "golden", cases)
    (suite,) = ElementTree.parse(path).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    passed, failed, skipped = suite
    assert (passed.get("classname"), passed.get("name")) == ("emulated", "every layer")
    assert passed.find("system-out").text == "5 integers"
    assert failed.get("name") == "<&>"
    assert failed.find("failure").get("message") == "layer conv moved"
    assert failed.find("failure").text == "layer conv moved\nmore of it"
    assert skipped.find("skipped").get("message") == "there is none"


def test_every_limit_of_a_verdict_is_a_case_and_unknown_fails():
    verdict = build_example().verdict
    cases = verdict_cases("demo", verdict)
    assert [case.name for case in cases] == [check.name for check in verdict.checks]
    outcomes = {check.outcome for check in verdict.checks}
    assert outcomes == set(Outcome)
    for case, check in zip(cases, verdict.checks, strict=True):
        assert (case.outcome is Answer.PASS) == (check.outcome is Outcome.PASS)
        assert f"limit {check.limit} {check.unit}" in case.text


def test_a_file_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_junit(tmp_path / "file" / "out.xml", "suite", ())
