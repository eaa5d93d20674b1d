"""C synthesis reports of Vivado HLS and Vitis HLS as XML: ``<top>_csynth.xml`` and ``csynth.xml``.

Only the ``csynth.xml`` of Vitis has modules: all of them, of which the direct instances in the top
function are taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from trigger.budget import LayerCost, Quantity, Source
from trigger.vendor.csynth import NEEDED, RESOURCES, Counts, function_of
from trigger.vendor.report import ReportKind, VendorReport, layer_cost
from trigger.vendor.tables import ReportText, check_version

MARK = r"^\s*<profile>"

_MODULES = "ModuleInformation/Module"
_INSTANCES = "RTLDesignHierarchy/TopModule/InstancesList/Instance"
_LATENCY = "PerformanceEstimates/SummaryOfOverallLatency/"
TIMES: Mapping[str, Quantity] = {
    "Best-caseLatency": Quantity.LATENCY_MIN_CYCLES,
    "Worst-caseLatency": Quantity.LATENCY_CYCLES,
    "Interval-max": Quantity.INTERVAL_CYCLES,
}


def read_csynth_xml(text: ReportText) -> VendorReport:
    """Read one report.

    Raises:
        VendorReportError: it is cut off, or of an unknown layout or version.
    """
    try:
        root = ElementTree.fromstring("\n".join(text.lines))
    except ElementTree.ParseError as error:
        raise text.error(f"is no whole XML: {error}", error.position[0]) from error
    version = _text(text, root, "ReportVersion/Version")
    check_version(text, version, None)
    top = _text(text, root, "UserAssignments/TopModelName")
    times = {quantity: _count(text, root, _LATENCY + tag) for tag, quantity in TIMES.items()}
    resources = _resources(text, root, "AreaEstimates/Resources")
    missing = [quantity.value for quantity in NEEDED if quantity not in resources]
    if missing:
        raise text.error(f"says nothing of {', '.join(missing)}")
    pipeline = root.findtext("PerformanceEstimates/PipelineType") or ""
    # Vivado HLS calls its DSPs DSP48E; there is no name of the tool in the report.
    tool = "Vivado HLS" if root.find("AreaEstimates/Resources/DSP48E") is not None else "Vitis HLS"
    available = _resources(text, root, "AreaEstimates/AvailableResources")
    return VendorReport(
        kind=ReportKind.CSYNTH_XML,
        path=text.path,
        source=Source.CSYNTH,
        tool=f"{tool} {version}",
        top=top,
        part=_text(text, root, "UserAssignments/Part"),
        clock_period_ns=_time(text, root, "UserAssignments/TargetClockPeriod"),
        estimated_clock_ns=_time(
            text, root, "PerformanceEstimates/SummaryOfTimingAnalysis/EstimatedClockPeriod"
        ),
        total=layer_cost("total", pipeline, {**times, **resources}, Source.CSYNTH, text.path.name),
        layers=tuple(_instances(text, root)),
        interval_min_cycles=_count(text, root, _LATENCY + "Interval-min"),
        available={quantity: each for quantity, each in available.items() if each is not None},
    )


def _instances(text: ReportText, root: Element) -> Iterator[LayerCost]:
    """Yield a row per instance in the top function whose module is described."""
    modules = {module.findtext("Name"): module for module in root.iterfind(_MODULES)}
    for instance in root.iterfind(_INSTANCES):
        module = modules.get(instance.findtext("ModuleName"))
        if module is not None:
            yield _instance(text, _text(text, instance, "InstName"), module)


def _instance(text: ReportText, name: str, module: Element) -> LayerCost:
    counts: Counts = {
        TIMES[tag]: _count(text, module, _LATENCY + tag)
        for tag in ("Best-caseLatency", "Worst-caseLatency")
    }
    interval = module.findtext(_LATENCY + "PipelineInitiationInterval") or ""
    most = interval.rpartition("~")[2].strip()  # "9 ~ 12" where it depends on the data
    counts[Quantity.INTERVAL_CYCLES] = text.count(most, 0)
    counts |= _resources(text, module, "AreaEstimates/Resources")
    kind = function_of(_text(text, module, "Name"))
    return layer_cost(name, kind, counts, Source.CSYNTH, text.path.name)


def _text(text: ReportText, root: Element, tag: str) -> str:
    found = root.findtext(tag)
    if found is None or not found.strip():
        raise text.error(f"has no {tag}: cut off, or of an unknown layout")
    return found.strip()


def _count(text: ReportText, root: Element, tag: str) -> float | None:
    return text.count(_text(text, root, tag), 0)


def _time(text: ReportText, root: Element, tag: str) -> float | None:
    return text.time_ns(_text(text, root, tag), 0)


def _resources(text: ReportText, root: Element, tag: str) -> Counts:
    found = root.find(tag)
    return {
        RESOURCES[child.tag]: text.count((child.text or "").strip(), 0)
        for child in (found if found is not None else ())
        if child.tag in RESOURCES
    }
