"""Every kind of vendor report with its reader; a report is known by a line of its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from trigger.vendor import (
    cosim,
    csynth,
    csynth_summary,
    csynth_xml,
    timing,
    utilisation,
)
from trigger.vendor.report import ReportKind, VendorReport
from trigger.vendor.tables import ReportText, read_text

READERS: Mapping[ReportKind, tuple[str, Callable[[ReportText], VendorReport]]] = MappingProxyType(
    {
        ReportKind.CSYNTH: (csynth.MARK, csynth.read_csynth),
        ReportKind.CSYNTH_XML: (csynth_xml.MARK, csynth_xml.read_csynth_xml),
        ReportKind.CSYNTH_SUMMARY: (csynth_summary.MARK, csynth_summary.read_csynth_summary),
        ReportKind.COSIM: (cosim.MARK, cosim.read_cosim),
        ReportKind.UTILISATION: (utilisation.MARK, utilisation.read_utilisation),
        ReportKind.TIMING: (timing.MARK, timing.read_timing),
    }
)
"""By kind: the pattern of a line that only this kind has, and the reader."""


def read_report(path: Path | str) -> VendorReport:
    """Read a report of any kind.

    Raises:
        VendorReportError: it is of no known kind, layout or version, or cut off.
    """
    text = read_text(Path(path))
    for mark, reader in READERS.values():
        if text.search(mark):
            return reader(text)
    raise text.error(
        "is no report that is understood",
        allowed=", ".join(kind.value for kind in READERS),
        remedy="name a report of Vivado HLS, Vitis HLS or Vivado",
    )
