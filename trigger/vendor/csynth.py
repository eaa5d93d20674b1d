"""C synthesis reports of Vivado HLS and Vitis HLS as text: ``<top>_csynth.rpt``.

Vivado HLS up to 2019.1 writes times as bare numbers and latencies without their time in ns; the
later versions and Vitis HLS differ in the widths of columns only. DSPs are ``DSP48E`` in Vivado.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from trigger.budget import LayerCost, Quantity, Source
from trigger.vendor.report import ReportKind, VendorReport, layer_cost
from trigger.vendor.tables import ReportText, Row, Table, tables

MARK = r"^== (Vivado|Vitis) HLS Report for '"

RESOURCES: Mapping[str, Quantity] = {
    "BRAM_18K": Quantity.BRAM_18K,
    "DSP": Quantity.DSP,
    "DSP48E": Quantity.DSP,
    "FF": Quantity.FF,
    "LUT": Quantity.LUT,
    "URAM": Quantity.URAM,
}
NEEDED = (Quantity.BRAM_18K, Quantity.DSP, Quantity.FF, Quantity.LUT)
"""Columns that every version has; URAM is missing for devices and versions without it."""

Counts = dict[Quantity, float | None]
Place = tuple[str, str, str]
"""(section, + heading, * heading) above a table."""

_TIMING = ("Performance Estimates", "Timing", "Summary")
_LATENCY = ("Performance Estimates", "Latency", "Summary")
_INSTANCES = ("Performance Estimates", "Detail", "Instance")
_UTILISATION = ("Utilization Estimates", "", "Summary")
_USED_BY_INSTANCES = ("Utilization Estimates", "Detail", "Instance")


def read_csynth(text: ReportText) -> VendorReport:
    """Read one report.

    Raises:
        VendorReportError: it is cut off, or of an unknown layout or version.
    """
    tool, _ = text.find(MARK, "tool")
    top, _ = text.find(r"^== \w+ HLS Report for '([^']+)'", "top function")
    version = text.version(r"^\* Version:\s*(\S+)")
    part, _ = text.find(r"^\* Target device:\s*(\S+)", "target device")
    places = _places(text)
    if ("Interface", "", "Summary") not in places:
        raise text.error("is cut off: it has no interface section", len(text.lines))
    target, estimated = _clock(text, _table(text, places, _TIMING))
    note = text.path.name
    times = _table(text, places, _LATENCY)
    if not times.rows:
        raise text.error("has no latency", times.line)
    used = _table(text, places, _UTILISATION)
    total = used.row("Total")
    if total is None:
        raise text.error("has no total of resources", used.line)
    available = used.row("Available")
    cycles, interval_min = _times(text, times, times.rows[-1], 0)
    return VendorReport(
        kind=ReportKind.CSYNTH,
        path=text.path,
        source=Source.CSYNTH,
        tool=f"{tool} HLS {version}",
        top=top,
        part=part,
        clock_period_ns=target,
        estimated_clock_ns=estimated,
        total=layer_cost(
            "total",
            times.rows[-1].cells[-1],
            {**cycles, **_resources(text, used, total)},
            Source.CSYNTH,
            note,
        ),
        layers=_instances(text, places, note),
        interval_min_cycles=interval_min,
        available={
            quantity: count
            for quantity, count in (_resources(text, used, available) if available else {}).items()
            if count is not None
        },
    )


def _places(text: ReportText) -> dict[Place, Table]:
    """Return every table by the headings above it; the first one counts."""
    found: dict[Place, Table] = {}
    section = plus = star = ""
    heads: list[tuple[int, Place]] = []
    for number, line in enumerate(text.lines, 1):
        if line.startswith("== "):
            section, plus, star = line[3:].strip(), "", ""
        elif match := re.match(r"^\s*\+ ([A-Z]\w*)", line):
            plus, star = match[1], ""
        elif match := re.match(r"^\s*\* ([A-Z][\w ]*?):\s*$", line):
            star = match[1]
        heads.append((number, (section, plus, star)))
    for table in tables(text.lines):
        if not table.closed:
            raise text.error("is cut off inside a table", len(text.lines))
        found.setdefault(heads[table.line - 1][1], table)
    return found


def _table(text: ReportText, places: Mapping[Place, Table], place: Place) -> Table:
    table = places.get(place)
    if table is None:
        name = " / ".join(part for part in place if part)
        raise text.error(f"has no table {name}: cut off, or of an unknown layout", len(text.lines))
    return table


def _clock(text: ReportText, table: Table) -> tuple[float | None, float | None]:
    """Return target and estimated clock period in ns."""
    if table.columns[:3] != ("Clock", "Target", "Estimated") or not table.rows:
        raise text.error(f"has a timing table of unknown layout: {table.title}", table.line)
    row = table.rows[0]
    _, target, estimated, *_ = text.cells(table, row)
    return text.time_ns(target, row.line), text.time_ns(estimated, row.line)


def _times(text: ReportText, table: Table, row: Row, names: int) -> tuple[Counts, float | None]:
    """Return times and smallest interval of a row, whose first ``names`` cells are no numbers."""
    known = {
        ("min", "max", "min", "max", "min", "max", "Type"): (0, 1, 4, 5),
        ("min", "max", "min", "max", "Type"): (0, 1, 2, 3),
    }
    columns = table.columns[names:]
    if columns not in known or "Latency" not in table.title or "Interval" not in table.title:
        raise text.error(f"has latencies in an unknown layout: {table.title}", table.line)
    cells = text.cells(table, row)[names:]
    least, most, interval_min, interval = (
        text.count(cells[index], row.line) for index in known[columns]
    )
    counts: Counts = {
        Quantity.LATENCY_MIN_CYCLES: least,
        Quantity.LATENCY_CYCLES: most,
        Quantity.INTERVAL_CYCLES: interval,
    }
    return counts, interval_min


def _resources(text: ReportText, table: Table, row: Row) -> Counts:
    columns = {
        RESOURCES[name]: index for index, name in enumerate(table.columns) if name in RESOURCES
    }
    missing = [quantity.value for quantity in NEEDED if quantity not in columns]
    if missing:
        raise text.error(f"has no column for {', '.join(missing)}: {table.title}", table.line)
    cells = text.cells(table, row)
    return {quantity: text.count(cells[at], row.line) for quantity, at in columns.items()}


def _instances(text: ReportText, places: Mapping[Place, Table], note: str) -> tuple[LayerCost, ...]:
    """Return a row per instance with its times, its resources, or both."""
    rows: dict[str, tuple[str, Counts]] = {}
    if times := places.get(_INSTANCES):
        for row in times.rows:
            counts, _ = _times(text, times, row, 2)
            rows[row.cells[0]] = (row.cells[1], counts)
    if used := places.get(_USED_BY_INSTANCES):
        for row in used.rows:
            if row.cells[0] != "Total":
                resources = _resources(text, used, row)
                module, counts = rows.get(row.cells[0], (row.cells[1], {}))
                rows[row.cells[0]] = (module, {**counts, **resources})
    return tuple(
        layer_cost(name, function_of(module), counts, Source.CSYNTH, note)
        for name, (module, counts) in rows.items()
    )


def function_of(module: str) -> str:
    """Return hls4ml's function behind a module's name: ``dense_latency`` of
    ``dense_latency_ap_fixed_16_6_5_3_0_ap_fixed_16_6_5_3_0_config2_s``."""
    return re.split(r"_(?:ap_u?fixed|ap_u?int|array|config\d)", module)[0]
