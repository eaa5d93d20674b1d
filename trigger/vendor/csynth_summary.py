"""The summary that Vitis HLS writes of all modules: ``csynth.rpt``.

It says neither the clock nor the smallest latency. Its numbers of resources leave out what is 0.
"""

from __future__ import annotations

import re

from trigger.budget import LayerCost, Quantity, Source
from trigger.vendor.csynth import function_of
from trigger.vendor.report import ReportKind, VendorReport, layer_cost
from trigger.vendor.tables import ReportText, Row, Table, tables

MARK = r"^== Synthesis Summary Report of '"

COLUMNS = {
    "(cycles)": Quantity.LATENCY_CYCLES,
    "Interval": Quantity.INTERVAL_CYCLES,
    "BRAM": Quantity.BRAM_18K,
    "DSP": Quantity.DSP,
    "FF": Quantity.FF,
    "LUT": Quantity.LUT,
    "URAM": Quantity.URAM,
}
_MODULE = re.compile(r"^(\s*)\+ (\S+?)\*?$")
"""``+`` marks a module and its depth, ``*`` a dataflow; ``o`` marks loops, which are no rows."""


def read_csynth_summary(text: ReportText) -> VendorReport:
    """Read one report; see the module's text.

    Raises:
        VendorReportError: it is cut off, or of an unknown layout or version.
    """
    top, begin = text.find(MARK + "([^']+)'", "top function")
    version = text.version(r"^\s*\* Version:\s*(\S+)")
    part, _ = text.find(r"^\s*\* Target device:\s*(\S+)", "target device")
    table = next((table for table in tables(text.lines) if "Modules" in table.title), None)
    if table is None:
        raise text.error("has no table of modules: cut off, or of an unknown layout", begin)
    behind = text.lines[table.rows[-1].line :] if table.rows else ()
    if not table.closed or not any(line.startswith("== ") for line in behind):
        raise text.error("is cut off", len(text.lines))
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise text.error(f"has no column for {', '.join(missing)}: {table.title}", table.line)
    modules = [
        (len(match[1]), match[2], row)
        for row in table.rows
        if (match := _MODULE.match(_name(text, row)))
    ]
    if not modules or modules[0][1] != top:
        raise text.error(f"does not begin with the top function {top}", table.line)
    depths = sorted({depth for depth, _, _ in modules})
    return VendorReport(
        kind=ReportKind.CSYNTH_SUMMARY,
        path=text.path,
        source=Source.CSYNTH,
        tool=f"Vitis HLS {version}",
        top=top,
        part=part,
        clock_period_ns=None,
        total=_row(text, table, "total", modules[0][2]),
        layers=tuple(
            _row(text, table, name, row) for depth, name, row in modules[1:] if depth == depths[1]
        ),
    )


def _name(text: ReportText, row: Row) -> str:
    """Return the first cell of a row with the blanks that say its depth."""
    return text.lines[row.line - 1].strip().split("|")[1].rstrip()


def _row(text: ReportText, table: Table, name: str, row: Row) -> LayerCost:
    counts = {
        quantity: text.count(text.cells(table, row)[table.columns.index(column)], row.line)
        for column, quantity in COLUMNS.items()
    }
    return layer_cost(name, function_of(name), counts, Source.CSYNTH, text.path.name)
