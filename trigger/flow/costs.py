"""What a compiled project costs: the estimate, and each vendor report of its firmware beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from trigger.budget import (
    Budget,
    Check,
    Cost,
    Figure,
    Outcome,
    Part,
    Source,
    Verdict,
    best,
    judge,
)
from trigger.design import Target
from trigger.errors import ProjectError
from trigger.estimate import after_logic_synthesis, estimate
from trigger.flow.networks import project_folder
from trigger.flow.synthesis import outdated_reports
from trigger.network import Network
from trigger.project.folder import find_project
from trigger.project.top import read_top
from trigger.report import record
from trigger.vendor import (
    Finding,
    Firmware,
    FoundReports,
    Refusal,
    VendorReport,
    find_dangers,
    find_reports,
)


@dataclass(frozen=True, slots=True)
class Costs:
    """An estimate, and what the vendor's tools reported of the same firmware."""

    estimate: Cost
    reports: tuple[VendorReport, ...] = ()
    warnings: tuple[str, ...] = ()
    """Why reports that are there are not used, and clocks that are not met."""
    dangers: tuple[Finding, ...] = ()
    """What the vendor's front end will not take."""

    @property
    def vendor(self) -> tuple[Cost, ...]:
        """Costs of the reports that count something, as the project is built."""
        part, clock = self.estimate.part, self.estimate.clock_period_ns
        costs = (report.cost(part, clock) for report in self.reports if report.slack is None)
        return tuple(costs)

    @property
    def after_synthesis(self) -> Cost:
        """What logic synthesis is likely to leave of the estimate; shown, not judged."""
        return after_logic_synthesis(self.estimate)

    @property
    def judged(self) -> tuple[Cost, ...]:
        return (self.estimate, *self.vendor)

    @property
    def all(self) -> tuple[Cost, ...]:
        return (self.estimate, self.after_synthesis, *self.vendor)


def gather_costs(folder: Path, network: Network, target: Target) -> Costs:
    """Estimate a project and read its vendor reports.

    A report that is damaged, or of other firmware than ``target`` and the project's top function,
    is named in a warning and not used.

    Raises:
        UnsupportedLayerError, EstimateError: no law covers it.
    """
    found = _found(folder, target)
    warnings = [refusal.reason for refusal in found.refused]
    for report in found.reports:
        reached, asked = report.estimated_clock_ns, target.clock_period_ns
        if report.slack is None and reached is not None and reached > asked:
            warnings.append(
                f"{report.path}: the tool expects to reach a clock of {reached:g} ns, not the"
                f" {asked:g} ns that were asked for"
            )
    dangers = find_dangers(network, target)
    return Costs(estimate(network, target), found.reports, tuple(warnings), dangers)


def _found(folder: Path, target: Target) -> FoundReports:
    if not folder.is_dir():
        return FoundReports()
    project = project_folder(folder)
    try:
        files = find_project(project)
    except ProjectError:  # the record of a design, without its firmware
        return FoundReports()
    top = read_top(files.top)
    names = {call.types[-1]: call.layer for call in top.calls if call.types}
    firmware = Firmware(top.name, target.part, target.clock_period_ns, names)
    found = find_reports(project, firmware)
    outdated = outdated_reports(project)
    refusals = [
        Refusal(report.path, f"{report.path}: was made of earlier firmware; run `trigger synth`")
        for report in found.reports
        if report.path in outdated
    ]
    current = tuple(report for report in found.reports if report.path not in outdated)
    return FoundReports(current, (*found.refused, *refusals))


def judge_costs(
    budget: Budget,
    costs: Costs,
    device: Part | None,
    qualities: Mapping[str, Figure] = MappingProxyType({}),
) -> Verdict:
    """Judge each figure from its best source, and the clock where a timing summary is there."""
    verdict = judge(budget, best(costs.judged), device, qualities)
    likely = {
        check.name: check
        for check in judge(budget, costs.after_synthesis, device, qualities).checks
    }
    checks = (_with_synthesis(check, likely[check.name]) for check in verdict.checks)
    clocks = tuple(
        _clock_check(report, costs.estimate.clock_period_ns)
        for report in costs.reports
        if report.slack is not None
    )
    return Verdict((*clocks, *checks))


def _with_synthesis(check: Check, likely: Check) -> Check:
    """Say of an estimated resource that it is C synthesis' count, and what is likely left."""
    if check.source is not Source.ESTIMATE or likely.source is not Source.ESTIMATED_SYNTHESIS:
        return check
    band = "" if likely.low is None else f" ({likely.low:.2g} to {likely.high:.2g})"
    left = f"C synthesis' count; logic synthesis is likely to leave {likely.value:.2g}{band}"
    return replace(check, note="; ".join(part for part in (check.note, left) if part))


def _clock_check(report: VendorReport, clock_period_ns: float) -> Check:
    """Tell whether the finished firmware keeps to its clock: all times in ns rest on it."""
    slack = report.slack
    assert slack is not None
    outcomes = {True: Outcome.PASS, False: Outcome.FAIL, None: Outcome.UNKNOWN}
    shown = (("setup", slack.setup_ns), ("hold", slack.hold_ns), ("pulse width", slack.pulse_ns))
    slacks = ", ".join(f"{name} {value:g}" for name, value in shown if value is not None)
    return Check(
        name="clock_period_ns",
        value=report.estimated_clock_ns,
        limit=clock_period_ns,
        unit="ns",
        outcome=outcomes[slack.met],
        source=report.source,
        note=f"worst slacks in ns: {slacks}; read from {report.path.name}",
    )


def cost_notes(costs: Costs) -> Iterator[record.Note]:
    """Yield what a reader must know of the reports, and of what the tools will not take."""
    if not costs.vendor:
        yield record.Note(
            record.Severity.INFO,
            "vendor tools",
            "There is no vendor report of this firmware: latency and resources are estimates, with "
            "the band and the number of published reports behind each. `trigger synth` makes "
            "reports where Vitis or Vivado is installed.",
        )
    for warning in costs.warnings:
        yield record.Note(record.Severity.WARNING, "vendor report", warning)
    for danger in costs.dangers:
        yield record.Note(record.Severity.WARNING, "vendor's front end", str(danger))
