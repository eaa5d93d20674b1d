"""The report of a run is written; what was there before becomes the version to compare with."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from trigger.errors import ReportError
from trigger.flow.workspace import Workspace
from trigger.report import Report, read_json, same_but_times, write
from trigger.report.record import Previous, PreviousCheck


def publish(report: Report, workspace: Workspace) -> Report:
    """Write a report into its folder and return it, with the change against the version before.

    A run that finds nothing new leaves its record, which may be under version control, as it is.

    Raises:
        ReportError: the report holds something that is not plain data.
        OutputError: the folder cannot be written.
    """
    before = _read(workspace.report) or _read(workspace.previous)
    if before is not None:
        report = _after(before, report)
        if report.previous is not before.previous and workspace.report.is_file():
            os.replace(workspace.report, workspace.previous)
    write(report, workspace.folder)
    return report


def _after(before: Report, report: Report) -> Report:
    """Return a report with the version before it; the earlier report if it found the same."""
    if same_but_times(before, report):
        return before
    reworded = replace(before.provenance, command=report.provenance.command)
    if same_but_times(replace(before, provenance=reworded), report):
        return replace(report, previous=before.previous)  # another command, the same version
    return replace(report, previous=_summarised(before))


def _read(path: Path) -> Report | None:
    """Return a report, None where there is none that this version reads."""
    try:
        return read_json(path)
    except ReportError:
        return None


def _summarised(report: Report) -> Previous:
    digests = {digest.name: digest.sha256 for digest in report.provenance.digests}
    return Previous(
        report.provenance.date,
        digests.get("network", ""),
        tuple(
            PreviousCheck(check.name, check.value, check.outcome, check.source)
            for check in report.verdict.checks
        ),
    )
