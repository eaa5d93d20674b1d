"""The vendor reports of one firmware project: which of them are there, and of this firmware."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from trigger.budget import Quantity, Source
from trigger.errors import VendorReportError
from trigger.vendor.readers import read_report
from trigger.vendor.report import ReportKind, VendorReport, name_layers, same_clock

SOLUTION_PATTERNS = (
    "*/*/syn/report/{top}_csynth.rpt",
    "*/*/syn/report/{top}_csynth.xml",
    "*/*/syn/report/csynth.xml",
    "*/*/syn/report/csynth.rpt",
    "*/*/sim/report/*_cosim.rpt",
    "*/*/impl/**/*util*.rpt",
    "*/*/impl/**/*timing*.rpt",
)
"""Where the tools leave reports, below the project: ``<top>_prj/solution1/...``. The reports of the
top function's parts lie there too, and are left alone."""
COPY_PATTERNS = ("*synth*.rpt", "*csynth*.xml", "*cosim*.rpt", "*util*.rpt", "*timing*.rpt")
"""Reports that hls4ml's scripts, or a person, put into the project's folder or ``report(s)/``."""
COPY_FOLDERS = ("", "report", "reports")
_NO_REPORTS = ("design_size", "hierarch")

PREFERRED = (ReportKind.CSYNTH, ReportKind.CSYNTH_XML, ReportKind.CSYNTH_SUMMARY)
"""Forms of one report, the one that says most first."""


@dataclass(frozen=True, slots=True)
class Firmware:
    """What a report must be of."""

    top: str
    part: str
    clock_period_ns: float
    layers: Mapping[str, str] = field(default_factory=dict)
    """Layer name by the configuration that names its function: ``{"config2": "conv1"}``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", MappingProxyType(dict(self.layers)))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A report that is there and is not used."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class FoundReports:
    """The reports of a project that are of its firmware, as the steps come, and the others."""

    reports: tuple[VendorReport, ...] = ()
    refused: tuple[Refusal, ...] = ()


def find_reports(folder: Path, firmware: Firmware) -> FoundReports:
    """Read every vendor report in a project folder.

    A report that is damaged, or of another top function, part or clock, is refused and not used.
    """
    reports: list[VendorReport] = []
    refused: list[Refusal] = []
    for path in report_files(folder, firmware.top):
        try:
            report = read_report(path)
        except VendorReportError as error:
            refused.append(Refusal(path, str(error)))
            continue
        differences = list(_differences(report, firmware))
        if differences:
            reason = f"{path}: is of other firmware: " + "; ".join(differences)
            refused.append(Refusal(path, reason))
        else:
            reports.append(name_layers(report, firmware.layers))
    kept: dict[object, VendorReport] = {}
    for report in sorted(reports, key=_order):
        same = (report.source, report.kind is ReportKind.TIMING)
        other = kept.setdefault(same, report)
        if other.kind is report.kind and _numbers(other) != _numbers(report):
            reason = f"{report.path}: says something else than {other.path}, which is used"
            refused.append(Refusal(report.path, reason))
    stages = list(Source)
    found = sorted(kept.values(), key=lambda report: stages.index(report.source))
    return FoundReports(tuple(found), tuple(refused))


def report_files(folder: Path, top: str) -> tuple[Path, ...]:
    """Return the files in a project folder that should be vendor reports of the top function."""
    return tuple(sorted(set(_candidates(folder, top))))


def _candidates(folder: Path, top: str) -> Iterator[Path]:
    for pattern in SOLUTION_PATTERNS:
        yield from _files(folder, pattern.format(top=top))
    for name in COPY_FOLDERS:
        for pattern in COPY_PATTERNS:
            yield from _files(folder / name, pattern)


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    for path in folder.glob(pattern):
        if path.is_file() and not any(word in path.name for word in _NO_REPORTS):
            yield path


def _differences(report: VendorReport, firmware: Firmware) -> Iterator[str]:
    if report.top is not None and report.top != firmware.top:
        yield f"top function {report.top}, not {firmware.top}"
    if report.part is not None and not _same_part(report.part, firmware.part):
        yield f"part {report.part}, not {firmware.part}"
    clock = report.clock_period_ns
    if clock is not None and not same_clock(clock, firmware.clock_period_ns):
        yield f"clock {clock:g} ns, not {firmware.clock_period_ns:g} ns"


def _same_part(one: str, other: str) -> bool:
    """Tell whether two spellings name one part; Vivado leaves out ``xc``, dashes or the grade."""
    first, second = (
        re.sub(r"[^a-z0-9]", "", part.lower().removeprefix("xc")) for part in (one, other)
    )
    return first.startswith(second) or second.startswith(first)


def _order(report: VendorReport) -> tuple[int, str]:
    kind = PREFERRED.index(report.kind) if report.kind in PREFERRED else 0
    return kind, str(report.path)


def _numbers(report: VendorReport) -> list[float | None]:
    figures = [report.total.figure(quantity) for quantity in Quantity]
    return [None if figure is None else figure.value for figure in figures]
