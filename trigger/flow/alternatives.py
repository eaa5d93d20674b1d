"""What searches and comparisons have left in a design's folder, for its report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from trigger.budget import Quantity
from trigger.config import DesignFile, load_design
from trigger.device import find
from trigger.errors import TriggerError
from trigger.flow.comparison import EMULATED
from trigger.flow.workspace import Workspace
from trigger.report import Report, read_json, write
from trigger.report.alternatives import Alternative, AlternativeKind, Alternatives, Sample
from trigger.report.baselines import read_baselines
from trigger.report.front import FOLDER, Front, Objective, read_front
from trigger.report.rivals import Baselines, Firmware, Rival, RivalKind
from trigger.report.solved import place_of, read_solved
from trigger.search import LUTS_PER_DSP
from trigger.search.limits import SLACK, find_limits
from trigger.search.pareto import nondominated

KINDS = {
    RivalKind.CONVERTED: AlternativeKind.CONVERTED,
    RivalKind.TRAINED: AlternativeKind.ONE_WIDTH,
    RivalKind.FOUND: AlternativeKind.TRIAL,
    RivalKind.DESIGN: AlternativeKind.DESIGN,
}
OTHER_FIRMWARE = "The baselines were of other firmware than this report, and are left out."
OTHER_START = "The trials began with other firmware than this report's, and are left out."
OTHER_OBJECTIVE = "Trials were compared by efficiency; baselines, which have an AUC, are not drawn."


def refresh_report(folder: Path) -> Report | None:
    """Put what is there into the report of a folder and write it; None where there is no report.

    Raises:
        ReportError: a report, or a record beside it, that cannot be read.
        OutputError: the folder cannot be written.
    """
    workspace = Workspace(folder)
    if not workspace.report.is_file():
        return None
    report = with_alternatives(read_json(workspace.report), folder)
    write(report, folder)
    return report


def with_alternatives(report: Report, folder: Path, file: DesignFile | None = None) -> Report:
    """Return a report with what searches and comparisons have left in its folder.

    Args:
        file: the design, for its limits; None reads the folder's own, if there is one.

    Raises:
        ReportError: a record that cannot be read.
    """
    return replace(report, alternatives=gather_alternatives(report, folder, file))


def gather_alternatives(
    report: Report, folder: Path, file: DesignFile | None = None
) -> Alternatives | None:
    """Return all firmware that is known for the task; None where the design is alone."""
    network = next(
        (each.sha256 for each in report.provenance.digests if each.name == "network"), ""
    )
    baselines, front, words = read_baselines(folder), read_front(folder / FOLDER), []
    if baselines is not None and baselines.network_sha256 != network:
        words.append(OTHER_FIRMWARE)
        baselines = None
    if front is not None and front.network_sha256 != network:
        words.append(OTHER_START)
        front = None
    by_auc = front is None or front.objective is Objective.AUC
    if baselines is not None and not by_auc:
        words.append(OTHER_OBJECTIVE)
    rows = [*_of_search(report, folder, network)] if by_auc else []
    rows += _of_baselines(baselines) if baselines is not None and by_auc else []
    rows += _of_trials(front) if front is not None else []
    if not rows:
        return None
    if baselines is not None:
        words += _word_times(baselines)
    latency_ns, lut = _limits(folder, file)
    return Alternatives(
        "AUC" if by_auc else "efficiency",
        LUTS_PER_DSP,
        tuple(_with_front(rows)),
        baselines.claims if baselines else (),
        baselines.races if baselines else (),
        latency_ns,
        lut,
        tuple(words),
    )


def _of_search(report: Report, folder: Path, network: str) -> Iterator[Alternative]:
    """Yield the design with the settings that `trigger search` found; its integers are the same."""
    auc = next(
        (
            each.auc
            for each in (report.physics.engines if report.physics else ())
            if each.engine == EMULATED
        ),
        None,
    )
    found = read_solved(place_of(folder, report.design))
    if auc is None or found is None or found.compiled_sha256 != network:
        return
    for point in found.front:
        yield Alternative(
            "other settings, searched",
            AlternativeKind.SETTINGS,
            auc,
            Sample.TEST,
            point.cost_luts,
            point.latency_ns,
            True,
        )


def _of_trials(front: Front) -> Iterator[Alternative]:
    found = {"this design, solved": front.start}
    found |= {f"trial {each.number}": each.found for each in front.trials if each.found is not None}
    for name, each in found.items():
        yield Alternative(
            name,
            AlternativeKind.DESIGN if each is front.start else AlternativeKind.TRIAL,
            each.quality,
            Sample.VALIDATION,
            each.cost_luts,
            each.latency_ns,
            each.excess <= 1,
        )


def _of_baselines(found: Baselines) -> Iterator[Alternative]:
    for rival in found.rivals:
        if rival.kind is not RivalKind.FLOAT:
            yield from _of_rival(rival)


def _of_rival(rival: Rival) -> Iterator[Alternative]:
    def row(name: str, firmware: Firmware) -> Alternative:
        return Alternative(
            name,
            KINDS[rival.kind],
            rival.auc,
            Sample.TEST,
            firmware.cost_luts,
            firmware.latency_ns,
            firmware.fits,
        )

    if rival.default is not None:
        yield row(rival.name, rival.default)
    if rival.solved is not None:
        yield row(f"{rival.name}, solved", rival.solved)
    if rival.kind is RivalKind.DESIGN:
        for firmware in rival.front:
            if firmware != rival.solved:
                settings = row("other settings", firmware)
                yield replace(settings, kind=AlternativeKind.SETTINGS)


def _with_front(rows: Sequence[Alternative]) -> Iterator[Alternative]:
    """Yield the rows, those on the front of quality against cost marked, for each sample."""
    on_front: set[int] = set()
    for sample in Sample:
        places = [
            place
            for place, row in enumerate(rows)
            if row.sample is sample and row.fits and row.cost_luts is not None
        ]
        points = [(rows[place].cost_luts, -rows[place].quality.value) for place in places]
        kept = nondominated(np.array(points, dtype=np.float64).reshape(-1, 2))
        on_front.update(places[each] for each in kept)
    for place, row in enumerate(rows):
        yield replace(row, on_front=place in on_front)


def _word_times(found: Baselines) -> Iterator[str]:
    *_, design = found.rivals
    if design.solving_seconds is not None:
        yield f"The design's settings were found in {design.solving_seconds:.1f} s."
    trainings = [
        each.training_seconds for each in found.rivals if each.training_seconds is not None
    ]
    if trainings:
        yield f"Trainings with one width for all ({len(trainings)}): {sum(trainings):,.0f} s."


def _limits(folder: Path, file: DesignFile | None) -> tuple[float | None, float | None]:
    """Return the limits of latency in ns and of LUTs; None where there is none."""
    path = Workspace(folder).design
    if file is None and path.is_file():
        with suppress(TriggerError):  # a design file of an earlier version still has a report
            file = load_design(path)
    if file is None:
        return None, None
    target = file.design.target
    limits = find_limits(file.budget, target, find(target.part))
    cycles = limits.get(Quantity.LATENCY_CYCLES)
    return (
        None if cycles is None else cycles / SLACK * target.clock_period_ns,
        limits.get(Quantity.LUT),
    )
