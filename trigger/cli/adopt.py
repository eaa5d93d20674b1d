"""``trigger adopt``: somebody's frozen firmware gets a Network, an emulator, vectors, a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options, show


def adopt(
    project: Annotated[
        Path, typer.Argument(help="An HLS project that hls4ml wrote.", show_default=False)
    ],
    name: Annotated[
        str, typer.Option(help="Name of the folder that it gets; default: the project's.")
    ] = "",
    output: options.Output = options.OUTPUT,
    events: Annotated[int, typer.Option(min=1, help="Random events to compare.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the random events.")] = 1,
    without_csim: Annotated[
        bool,
        typer.Option(
            "--without-csim",
            help="Do not compile and run the firmware's own C++: nothing is proven.",
        ),
    ] = False,
    json: options.Json = False,
) -> None:
    """Read a firmware project from its text, prove the emulator on it, and write a report.

    Exit code 4: emulation and the project's own C++ differ.
    """
    from trigger.errors import OutputError
    from trigger.flow.adoption import adopt as take
    from trigger.flow.steps import require_exact

    if name and Path(name).name != name:
        raise OutputError(f"the name is {name!r}", where="--name", allowed="a name, not a path")
    folder = output / (name or project.resolve().name)
    counter = show.ConsoleListener().counter("events")
    report = take(
        project, folder, events, seed, show.command_line(), counter, with_csim=not without_csim
    )
    if json:
        from trigger.report import render_json

        print(render_json(report), end="")
    else:
        for cost in report.costs:
            show.print_cost(cost)
        for note in report.notes:
            print(f"{note.severity.value}: {note.subject}: {note.text}")
        if report.agreement is not None:
            show.print_agreement(report.agreement)
        print(f"Report: {folder / 'report.html'}")
    require_exact(report)
