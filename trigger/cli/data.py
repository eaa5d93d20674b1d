"""``trigger data list|make|show``: event files of the formats that trigger reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options, show

app = typer.Typer(no_args_is_help=True, help="Generate event files, and look into them.")

SourceName = Annotated[str, typer.Option("--source", help="Kind of event: see `data list`.")]


@app.command(name="list")
def list_(json: options.Json = False) -> None:
    """Print the kinds of events, with their classes and the generator's options."""
    from dataclasses import fields

    from trigger.events import SOURCES

    kinds = {
        kind.value: {
            "summary": source.summary,
            "classes": list(source.classes),
            "suffixes": list(source.suffixes),
            "options": {each.name: each.default for each in fields(source.options)},
        }
        for kind, source in SOURCES.items()
    }
    if json:
        show.print_json(kinds)
        return
    for name, kind in kinds.items():
        print(f"{name}: {kind['summary']}")
        print(f"  classes: {', '.join(kind['classes'])}")
        choices = ", ".join(f"{option}={value}" for option, value in kind["options"].items())
        print(f"  options: {choices or 'none'}")


@app.command()
def make(
    output: Annotated[
        Path,
        typer.Argument(
            help="File to write; its suffix is that of the real data's format.",
            show_default=False,
        ),
    ],
    source: SourceName = "drift_chamber",
    class_name: Annotated[str, typer.Option("--class", help="Class of the source.")] = "ee",
    events: Annotated[int, typer.Option(min=1, help="How many.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal events.")] = 1,
    option: Annotated[
        list[str] | None,
        typer.Option(help="A choice of physics, name=value; may be given several times."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Generate events and write them in a format that real data come in.

    After Ctrl-C or a kill the same command goes on after the chunks that are finished.
    """
    from dataclasses import asdict

    from trigger.flow.data import make_file

    listener = show.ConsoleListener()
    made = make_file(output, source, class_name, events, seed, option or [], listener)
    if json:
        show.print_json({"path": str(output), **asdict(made)})
    else:
        print(f"{made.events:,} events: {output}")


@app.command(name="show")
def show_(
    path: Annotated[
        Path, typer.Argument(help="Event file, or folder of CSV files.", show_default=False)
    ],
    source: SourceName = "drift_chamber",
    skip_bad: options.SkipBad = 0,
    json: options.Json = False,
) -> None:
    """Read a file to its end, checking every event, and print what is in it."""
    from dataclasses import asdict

    from trigger.flow.data import inspect_file

    found = inspect_file(path, source, skip_bad)
    if json:
        show.print_json({"path": str(path), **asdict(found)})
        return
    deselected = f", {found.deselected:,} not selected" if found.deselected else ""
    print(f"{found.events:,} events, {found.skipped:,} bad ones skipped{deselected}: {path}")
    rows = [
        (name, f"{each.count:,}", *(_number(x) for x in (each.mean, each.smallest, each.largest)))
        for name, each in found.quantities.items()
    ]
    if rows:
        show.print_table("quantities", ("quantity", "values", "mean", "smallest", "largest"), rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.6g}"
