"""What becomes of the report that a folder held before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.report.example import build_example
from trigger.budget import Verdict
from trigger.flow.publication import publish
from trigger.flow.workspace import Workspace
from trigger.report import Digest, read_json


@pytest.fixture(scope="module")
def first():
    report = build_example()
    digests = (Digest("network", "aa"), *report.provenance.digests)
    return replace(
        report,
        provenance=replace(report.provenance, digests=digests),
        previous=None,
        physics=None,
        costs=(),
        classes=(),
        robustness=None,
        comparisons=(),
    )


def at(report, date, **changes):
    return replace(report, provenance=replace(report.provenance, date=date), **changes)


def test_the_version_before_is_kept_and_named(first, tmp_path):
    workspace = Workspace(tmp_path)
    assert publish(first, workspace).previous is None
    assert not workspace.previous.exists()
    assert publish(at(first, "2031-01-01"), workspace) == first  # nothing new: nothing moves
    tighter = at(first, "2031-02-01", verdict=Verdict(first.verdict.checks[:2]))
    second = publish(tighter, workspace)
    assert read_json(workspace.previous) == first
    assert second.previous.date == first.provenance.date
    assert second.previous.network == "aa"
    assert [check.name for check in second.previous.checks] == [
        check.name for check in first.verdict.checks
    ]
    assert publish(at(tighter, "2031-03-01"), workspace) == second
    other = replace(tighter.provenance, command="trigger run elsewhere.yaml")
    third = publish(replace(tighter, provenance=other), workspace)
    assert third.previous == second.previous  # another command is no other version
    assert read_json(workspace.report) == third


def test_firmware_that_is_replaced_leaves_its_report_to_compare_with(first, tmp_path):
    workspace = Workspace(tmp_path)
    publish(first, workspace)
    workspace.forget_firmware()
    assert not workspace.report.exists()
    assert publish(at(first, "2031-01-01"), workspace) == first  # it came out the same
    workspace.forget_firmware()
    changed = at(first, "2031-02-01", layers=())
    assert publish(changed, workspace).previous.date == first.provenance.date


@pytest.mark.parametrize("content", ["{}", "not JSON"])
def test_a_report_of_another_form_is_no_version(first, tmp_path, content):
    workspace = Workspace(tmp_path)
    workspace.report.write_text(content)
    assert publish(first, workspace).previous is None
