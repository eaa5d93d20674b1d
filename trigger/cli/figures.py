"""``trigger figures``: the table of figures over several trainings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options, show

MODELS = Path("models")
FAILED = 2
NOT_EXACT = 4


def figures(
    designs: Annotated[
        list[Path] | None,
        typer.Argument(help="Design files; all of models/ if none is given.", show_default=False),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the trainings and of the table.")
    ] = Path("figures"),
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each design.")] = 3,
    events_per_class: Annotated[
        int | None,
        typer.Option(min=1, help="Generate so many, in place of each design's own number."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Train again what is finished, with this version.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Train designs several times: float, QKeras and emulated figures beside published ones.

    What is finished is not made again; figures.md and figures.json are there after each training.
    Exit code 2: a training failed, the table says why; 4: engines differ that must not.
    """
    from trigger.errors import DesignError
    from trigger.flow.trainings import measure_figures

    paths = designs or sorted(MODELS.glob("*.yaml"))
    if not paths:
        raise DesignError("there is no design", where=MODELS, remedy="name design files")
    table = measure_figures(
        paths,
        output,
        seeds,
        events_per_class,
        show.ConsoleListener(),
        show.command_line(),
        fresh=fresh,
    )
    if json:
        print((output / "figures.json").read_text(), end="")
    else:
        print((output / "figures.md").read_text(), end="")
    problems = [each for system in table.systems for each in system.trainings if each.problem]
    if any(each.figures for each in problems):
        raise typer.Exit(NOT_EXACT)
    if problems:
        raise typer.Exit(FAILED)
