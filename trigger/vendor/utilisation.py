"""Vivado's ``report_utilization``, after logic synthesis or after placing and routing.

7-series devices count ``Slice`` LUTs and registers, UltraScale and later ``CLB`` ones. A block RAM
tile is two BRAM_18K. Devices of several dies have a last table with a column per SLR.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trigger.budget import LayerCost, Quantity, Source
from trigger.vendor.report import ReportKind, VendorReport, layer_cost
from trigger.vendor.tables import ReportText, Row, Table, tables

MARK = r"^\| Command\s*: report_utilization"

ROWS: dict[Quantity, tuple[str, ...]] = {
    Quantity.LUT: ("Slice LUTs", "CLB LUTs"),
    Quantity.FF: ("Slice Registers", "CLB Registers"),
    Quantity.BRAM_18K: ("Block RAM Tile",),
    Quantity.DSP: ("DSPs",),
    Quantity.URAM: ("URAM",),
}
"""Names of the rows; only devices that have URAMs name them."""
TILE = 2
"""BRAM_18K in a block RAM tile."""

STATES: dict[str, Source] = {
    "synthesized": Source.SYNTHESIS,
    "optimized": Source.SYNTHESIS,
    "fully placed": Source.IMPLEMENTATION,
    "placed": Source.IMPLEMENTATION,
    "routed": Source.IMPLEMENTATION,
    "fully routed": Source.IMPLEMENTATION,
    "physopt placed": Source.IMPLEMENTATION,
    "physopt postplace": Source.IMPLEMENTATION,
    "physopt postroute": Source.IMPLEMENTATION,
}
"""How far the design had come, by ``Design State``."""

_HEADING = re.compile(r"^(\d+(?:\.\d+)?)\. ?(.+?)\s*$|^(\d+\.\d+) (.+?)\s*$")
_SLR = re.compile(r"^SLR\d+$")


def read_utilisation(text: ReportText) -> VendorReport:
    """Read one report.

    Raises:
        VendorReportError: it is cut off, or of an unknown layout, version or design state.
    """
    version = text.version(r"^\| Tool Version\s*:\s*Vivado v\.(\S+)")
    top, _ = text.find(r"^\| Design\s*:\s*(\S+)", "design")
    part, _ = text.find(r"^\| Device\s*:\s*(\S+)", "device")
    state, line = text.find(r"^\| Design State\s*:\s*(.+)", "design state")
    source = STATES.get(state.lower())
    if source is None:
        raise text.error(f"is of an unknown design state {state!r}", line, ", ".join(STATES))
    _expect_whole(text)
    found = [table for table in tables(text.lines) if table.columns]
    sites = [table for table in found if table.columns[:2] == ("Site Type", "Used")]
    used: dict[Quantity, float | None] = {}
    available: dict[Quantity, float] = {}
    for quantity in ROWS:
        place = _row(sites, quantity)
        if place is None:
            if quantity is Quantity.URAM:
                continue
            raise text.error(f"has no row {' or '.join(ROWS[quantity])}: of an unknown layout")
        table, row = place
        scale = TILE if quantity is Quantity.BRAM_18K else 1
        cells = dict(zip(table.columns, text.cells(table, row), strict=True))
        count = text.count(cells["Used"], row.line)
        used[quantity] = None if count is None else scale * count
        whole = text.count(cells.get("Available", ""), row.line)
        if whole is not None:
            available[quantity] = scale * whole
    return VendorReport(
        kind=ReportKind.UTILISATION,
        path=text.path,
        source=source,
        tool=f"Vivado {version}",
        top=top,
        part=part,
        clock_period_ns=None,
        total=layer_cost("total", state, used, source, text.path.name),
        layers=tuple(_slrs(text, found, source)),
        available=available,
    )


def _row(sites: list[Table], quantity: Quantity) -> tuple[Table, Row] | None:
    for table in sites:
        for row in table.rows:
            if row.cells[0].rstrip("*") in ROWS[quantity]:
                return table, row
    return None


def _slrs(text: ReportText, found: list[Table], source: Source) -> Iterator[LayerCost]:
    """Yield a row per SLR, where the report has them."""
    for table in found:
        for column, name in enumerate(table.columns):
            if table.columns[0] != "Site Type" or not _SLR.match(name):
                continue
            counts: dict[Quantity, float | None] = {}
            for quantity in ROWS:
                place = _row([table], quantity)
                if place is not None:
                    count = text.count(text.cells(*place)[column], place[1].line)
                    scale = TILE if quantity is Quantity.BRAM_18K else 1
                    counts[quantity] = None if count is None else scale * count
            yield layer_cost(name, "SLR", counts, source, text.path.name)


def _expect_whole(text: ReportText) -> None:
    """Raise VendorReportError unless each section of the table of contents is there."""
    headings = [
        line.strip() for line in text.lines if _HEADING.match(line) and not line.startswith("|")
    ]
    missing = [heading for heading in headings if headings.count(heading) < 2]
    if not headings or missing:
        what = f"section {missing[0]!r} is missing" if missing else "there is no section"
        raise text.error(f"is cut off: {what}", len(text.lines))
    begin = max(number for number, line in enumerate(text.lines) if line.strip() == headings[-1])
    last = list(tables(text.lines[begin:]))
    if not last or not last[-1].closed:
        raise text.error(f"is cut off in section {headings[-1]!r}", len(text.lines))
