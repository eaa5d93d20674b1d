"""Co-simulation reports of Vivado HLS and Vitis HLS: ``<top>_cosim.rpt``.

They say no more than the cycles that the RTL took in simulation; the top function is in the name
of the file alone. Intervals are there where the test bench runs more than one transaction.
"""

from __future__ import annotations

import re

from trigger.budget import Quantity, Source
from trigger.vendor.report import ReportKind, VendorReport, layer_cost
from trigger.vendor.tables import ReportText

MARK = r"^\+\s+RTL\s+\+\s+Status\s+\+"

_SUFFIX = "_cosim"
_LANGUAGES = ("VHDL", "Verilog", "SystemC")
_NUMBERS = 6
"""Smallest, mean and largest latency, then interval."""


def read_cosim(text: ReportText) -> VendorReport:
    """Read one report.

    Raises:
        VendorReportError: the simulation failed or was not run; or the report is cut off or of an
            unknown layout.
    """
    text.find(r"\|\s*(Latency)\b[^|]*\|\s*Interval\b", "latency and interval")
    columns, _ = text.find(r"^\|([ |]+min\s*\|\s*avg\s*\|\s*max\s*\|.*)\|\s*$", "columns")
    width = columns.count("|") + 1
    rows = []
    for number, line in enumerate(text.lines, 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[0] in _LANGUAGES:
            if len(cells) != width or width < 2 + _NUMBERS:
                raise text.error(f"has {len(cells)} cells of {width}", number)
            rows.append((number, cells))
    run = [(number, cells) for number, cells in rows if cells[1] != "NA"]
    closed = bool(rows) and any(
        re.match(r"^\+[-+]+\+\s*$", line) for line in text.lines[rows[-1][0] :]
    )
    if not closed:
        raise text.error("is cut off: its table does not end", len(text.lines))
    if not run:
        raise text.error("says of no language that it was simulated", rows[-1][0])
    number, cells = run[-1]
    if cells[1].lower() != "pass":
        raise text.error(
            f"the simulation of {cells[0]} ended with {cells[1]}",
            number,
            allowed="Pass",
            remedy="read the co-simulation's log; the RTL does not do what the C++ does",
        )
    least, _, most, interval_min, _, interval = (
        text.count(cell, number) for cell in cells[2 : 2 + _NUMBERS]
    )
    name = text.path.stem
    counts = {
        Quantity.LATENCY_MIN_CYCLES: least,
        Quantity.LATENCY_CYCLES: most,
        Quantity.INTERVAL_CYCLES: interval,
    }
    return VendorReport(
        kind=ReportKind.COSIM,
        path=text.path,
        source=Source.RTL_SIMULATION,
        tool="",
        top=name.removesuffix(_SUFFIX) if name.endswith(_SUFFIX) else None,
        part=None,
        clock_period_ns=None,
        total=layer_cost("total", cells[0], counts, Source.RTL_SIMULATION, text.path.name),
        interval_min_cycles=interval_min,
    )
