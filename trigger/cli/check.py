"""``trigger check``: a design's cost and quality against its budget."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options, show


def check(
    design: options.DesignFile,
    output: options.Output = options.OUTPUT,
    junit: Annotated[
        Path | None, typer.Option(help="Write every limit as a test case to this XML file.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Judge a compiled design: value, limit, margin, source and answer of each check.

    Each figure is of the best source that is there: implementation, logic synthesis, simulation or
    C synthesis reports in the project, or else the estimate.

    Losses of physics quality come from the design's last report; without one they are unknown.
    Exit code 3: not met, or not known to be met; a design without a budget has nothing to judge.
    """
    from trigger.config import load_design
    from trigger.flow.judgement import judge_folder

    file = load_design(design)
    judgement = judge_folder(file, output / file.name)
    verdict, costs = judgement.verdict, judgement.costs
    if junit is not None:
        from trigger.report.junit import verdict_cases, write_junit

        write_junit(junit, f"budget of {file.name}", verdict_cases(file.name, verdict))
    if json:
        show.print_json({**show.verdict_record(verdict), "warnings": list(costs.warnings)})
    else:
        show.print_verdict(verdict)
        show.print_totals(costs.all)
        show.print_warnings(costs.warnings)
    show.exit_by(verdict)
