"""What is studied of a run, or of a network alone, beside the headline figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from trigger.budget import Quantity
from trigger.config import DesignFile
from trigger.design import Target
from trigger.device import find
from trigger.errors import DeviceError, EstimateError, UnsupportedLayerError
from trigger.estimate import find_calibration
from trigger.estimate.coefficients import COVERAGE, read_coefficients
from trigger.fixed import RawArray
from trigger.flow.faults import study_faults
from trigger.flow.figures import Figures
from trigger.flow.samples import Images
from trigger.flow.score_agreement import compare_engines
from trigger.flow.simulation import Simulated
from trigger.flow.widths import measure_widths, range_rows, run_layers
from trigger.flow.workspace import Workspace
from trigger.network import Network
from trigger.report import Note, Report, Severity, studies

SHOWN = (
    Quantity.LATENCY_CYCLES,
    Quantity.INTERVAL_CYCLES,
    Quantity.DSP,
    Quantity.LUT,
    Quantity.FF,
    Quantity.BRAM_18K,
)
"""Of the calibration."""
OTHER_TASK = (
    "Faults of the input, and scores event by event, are studied where whole images are told apart "
    "by a score; this task is another."
)
NO_THRESHOLD = (
    "Faults of the input were not tried: it takes a threshold at the working point and a network "
    "of one input."
)


@dataclass(frozen=True, slots=True)
class Studies:
    """Parts of the report, named as there."""

    ranges: tuple[studies.RangeRow, ...]
    widths: tuple[studies.Widths, ...]
    calibration: studies.Calibration | None
    device: studies.DeviceRow | None
    comparisons: tuple[studies.ScoreComparison, ...] = ()
    robustness: studies.Robustness | None = None
    left_out: str = ""
    """Sentence: what was not studied of a run, and why."""

    @property
    def summary(self) -> str:
        """What to say of it in a line."""
        overflowing = sum(row.answer != "cannot overflow" for row in self.ranges)
        words = f"{overflowing} of {len(self.ranges)} formats can overflow"
        if self.robustness is None:
            return words
        return f"{words}, faults at {self.robustness.cells:,} cells"

    def added_to(self, report: Report) -> Report:
        """Return the report with these parts, and a note of what is left out."""
        notes = report.notes
        if self.left_out:
            notes += (Note(Severity.INFO, "robustness", self.left_out),)
        return replace(
            report,
            notes=notes,
            ranges=self.ranges,
            widths=self.widths,
            calibration=self.calibration,
            device=self.device,
            comparisons=self.comparisons,
            robustness=self.robustness,
        )


def study(
    file: DesignFile,
    images: Images,
    network: Network,
    simulated: Simulated,
    found: Figures,
    workspace: Workspace,
    progress: Callable[[int, int], None],
) -> Studies:
    """Return what is studied of a run, on its test events.

    Scores are compared, and faults tried, where whole images are told apart.
    """
    test = images.sample.take(images.split.test).pixels_raw
    alone = study_network(network, file.design.target, test)
    if not found.physics or file.task.unit != file.task.subject:
        return replace(alone, left_out=OTHER_TASK)
    robustness = study_faults(file, images, network, found.physics, workspace, progress)
    return replace(
        alone,
        comparisons=compare_engines(
            file, len(images.split.test), network, simulated, found.physics[0]
        ),
        robustness=robustness,
        left_out=NO_THRESHOLD if robustness is None else "",
    )


def study_network(
    network: Network, target: Target | None, pixels: RawArray | None = None
) -> Studies:
    """Return what is studied of a network alone, and of its results where there are events.

    Args:
        target: for what it is built; None where that is not known.
    """
    several = len(network.inputs) > 1
    results = None if pixels is None or several else run_layers(network, pixels)
    return Studies(
        ranges=range_rows(network, results),
        widths=measure_widths(network, results),
        calibration=None if target is None else _calibration(network, target),
        device=None if target is None else _device(target.part),
    )


def _calibration(network: Network, target: Target) -> studies.Calibration | None:
    """Return what stands behind the estimate; None where there is no estimate."""
    try:
        bands = find_calibration(network, target)
    except (UnsupportedLayerError, EstimateError):
        return None
    rows = tuple(
        studies.CalibrationRow(
            law=row.law,
            layers=row.layers,
            quantity=row.quantity,
            low=row.band.low if row.band else None,
            high=row.band.high if row.band else None,
            reports=row.band.support if row.band else 0,
            repositories=row.band.groups if row.band else 0,
        )
        for row in bands
        if row.quantity in SHOWN
    )
    return studies.Calibration(read_coefficients().origin, COVERAGE, rows)


def _device(part: str) -> studies.DeviceRow | None:
    try:
        device = find(part)
    except DeviceError:
        return None
    resources = [each for each in Quantity if not each.value.endswith("_cycles")]
    return studies.DeviceRow(
        device.part,
        device.slrs,
        tuple(
            studies.Capacity(
                each, device.capacity(each.value), device.capacity(each.value, per_slr=True)
            )
            for each in resources
        ),
    )
