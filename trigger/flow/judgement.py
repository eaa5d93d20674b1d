"""A compiled design against its budget."""

from __future__ import annotations

from pathlib import Path

from trigger.budget import Figure, Verdict, judge
from trigger.config import DesignFile, load_design
from trigger.device import find
from trigger.errors import DesignError
from trigger.estimate import estimate
from trigger.flow.networks import read_network
from trigger.flow.physics import qualities
from trigger.flow.workspace import Workspace
from trigger.report import read_json


def judge_folder(file: DesignFile, folder: Path) -> Verdict:
    """Judge a compiled design; quality losses come from its last report, or are unknown.

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
    cost = estimate(network, file.design.target)
    losses: dict[str, Figure] = {}
    path = Workspace(folder).report
    if path.is_file():
        report = read_json(path)
        hashes = {digest.name: digest.sha256 for digest in report.provenance.digests}
        if report.physics is not None and hashes.get("network") == network.digest:
            losses = qualities(report.physics)
    return judge(file.budget, cost, find(file.design.target.part), losses)
