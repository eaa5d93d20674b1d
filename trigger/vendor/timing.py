"""Vivado's ``report_timing_summary``: whether the clock that was asked for is met."""

from __future__ import annotations

import re

from trigger.budget import Source
from trigger.vendor.report import ReportKind, Slack, VendorReport, layer_cost
from trigger.vendor.tables import ReportText

MARK = r"^\| Command\s*: report_timing_summary"

_COLUMNS = ("WNS(ns)", "TNS(ns)", "WHS(ns)", "THS(ns)", "WPWS(ns)", "TPWS(ns)")
_CLOCK = re.compile(r"^\s*(\S+)\s+\{[^}]*\}\s+(\d+\.\d+)\s+\d+\.\d+\s*$")


def read_timing(text: ReportText) -> VendorReport:
    """Read one report.

    Raises:
        VendorReportError: it is cut off, or of an unknown layout or version.
    """
    version = text.version(r"^\| Tool Version\s*:\s*Vivado v\.(\S+)")
    top, _ = text.find(r"^\| Design\s*:\s*(\S+)", "design")
    part, _ = text.find(r"^\| Device\s*:\s*(\S+)", "device")
    state = text.search(r"^\| Design State\s*:\s*(.+)")
    command, _ = text.find(MARK + "(.*)", "command")
    stage = state[0].group(1) if state else command
    routed = "route" in stage.lower() or "place" in stage.lower()
    source = Source.IMPLEMENTATION if routed else Source.SYNTHESIS
    slack = _slack(text)
    period = _period(text)
    reached = None if slack.setup_ns is None or period is None else period - slack.setup_ns
    return VendorReport(
        kind=ReportKind.TIMING,
        path=text.path,
        source=source,
        tool=f"Vivado {version}",
        top=top,
        part=part,
        clock_period_ns=period,
        estimated_clock_ns=reached,
        total=layer_cost("total", "", {}, source, text.path.name),
        slack=slack,
    )


def _slack(text: ReportText) -> Slack:
    """Return the six slacks below the heading ``Design Timing Summary``."""
    _, begin = text.find(r"^\| (Design Timing Summary)", "design timing summary")
    behind = list(enumerate(text.lines, 1))[begin:]
    head = next(((number, line) for number, line in behind if "WNS(ns)" in line), None)
    if head is None:
        raise text.error("is cut off: no slack is given", len(text.lines))
    number, line = head
    columns = re.split(r"\s{2,}", line.strip())
    if number + 2 > len(text.lines) or any(name not in columns for name in _COLUMNS):
        raise text.error("is cut off, or of an unknown layout", number)
    cells = text.lines[number + 1].split()
    if len(cells) != len(columns):
        raise text.error(f"has {len(cells)} cells of {len(columns)}", number + 2)
    return Slack(*(text.time_ns(cells[columns.index(name)], number + 2) for name in _COLUMNS))


def _period(text: ReportText) -> float | None:
    """Return the period of the one clock; None where there is none, or several that differ."""
    found = text.search(r"^\| Clock Summary")
    if found is None:
        raise text.error("is cut off: it has no clock summary", len(text.lines))
    end = text.search(r"^\| Intra Clock Table")
    lines = text.lines[found[1] : end[1] if end else len(text.lines)]
    periods = {float(match[2]) for line in lines if (match := _CLOCK.match(line))}
    return periods.pop() if len(periods) == 1 else None
