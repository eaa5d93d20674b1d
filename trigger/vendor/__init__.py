"""Reports of the vendor's tools as costs, and the tools themselves."""

from trigger.vendor.find import Firmware, FoundReports, Refusal, find_reports, report_files
from trigger.vendor.hls4ml_form import from_hls4ml, report_of, to_hls4ml
from trigger.vendor.limits import Danger, Finding, find_dangers
from trigger.vendor.readers import READERS, read_report
from trigger.vendor.report import ReportKind, Slack, VendorReport, name_layers

__all__ = [
    "READERS",
    "Danger",
    "Finding",
    "Firmware",
    "FoundReports",
    "Refusal",
    "ReportKind",
    "Slack",
    "VendorReport",
    "find_dangers",
    "find_reports",
    "from_hls4ml",
    "name_layers",
    "read_report",
    "report_files",
    "report_of",
    "to_hls4ml",
]
