"""``trigger run``: every step, from events to the report."""

from __future__ import annotations

from typing import Annotated

import typer

from trigger.cli import options, show


def run(
    design: options.DesignFile,
    output: options.Output = options.OUTPUT,
    events: Annotated[
        int, typer.Option(min=1, help="Events that go through every engine, at least.")
    ] = 10_000,
    skip_bad: options.SkipBad = 0,
    fresh: options.Fresh = False,
    json: options.Json = False,
) -> None:
    """Run all steps: events, images, training, firmware, emulation, estimate, report.

    What an earlier run finished is reused where nothing that it depends on has changed. Exit code
    3: the budget is not met; 4: emulation and C simulation differ, or QKeras where it must not.
    """
    from trigger.config import load_design
    from trigger.flow.steps import Flow, require_exact

    file = load_design(design)
    with Flow(
        file,
        output / file.name,
        show.ConsoleListener(),
        command=show.command_line(),
        skip_bad=skip_bad,
        fresh=fresh,
        simulated_events=events,
    ) as flow:
        report = flow.report
    if json:
        from trigger.report import render_json

        print(render_json(report), end="")
    else:
        show.print_cost(report.costs[0])
        show.print_totals(report.costs)
        print()
        show.print_verdict(report.verdict)
        print()
        show.print_agreement(report.agreement)
        print(f"Firmware: {flow.workspace.project}")
        print(f"Report:   {flow.workspace.page}")
    require_exact(report)
    show.exit_by(report.verdict)
