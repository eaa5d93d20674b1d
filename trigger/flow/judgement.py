"""A compiled design against its budget."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trigger.budget import Figure, Verdict
from trigger.config import DesignFile, load_design
from trigger.device import find
from trigger.errors import DesignError
from trigger.flow.costs import Costs, gather_costs, judge_costs
from trigger.flow.figures import Figures
from trigger.flow.networks import read_network
from trigger.flow.workspace import Workspace
from trigger.report import read_json


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, with what was judged."""

    verdict: Verdict
    costs: Costs


def judge_folder(file: DesignFile, folder: Path) -> Judgement:
    """Judge a compiled design, each figure from the best source that is there.

    Quality losses come from the design's last report, or are unknown.

    Raises:
        DesignError: the folder's firmware was compiled from another model, target or knobs.
        ProjectError: the design has not been compiled.
    """
    network = read_network(folder)
    compiled = Workspace(folder).design
    if compiled.is_file() and load_design(compiled).design.digest != file.design.digest:
        raise DesignError(
            "the compiled firmware is of another model, target or knobs",
            where=file.source,
            allowed=f"what {compiled} says",
            remedy="run `trigger compile` first",
        )
    costs = gather_costs(folder, network, file.design.target)
    losses: dict[str, Figure] = {}
    path = Workspace(folder).report
    if path.is_file():
        report = read_json(path)
        hashes = {digest.name: digest.sha256 for digest in report.provenance.digests}
        if hashes.get("network") == network.digest:
            losses = Figures.of(report).losses
    device = find(file.design.target.part)
    return Judgement(judge_costs(file.budget, costs, device, losses), costs)
