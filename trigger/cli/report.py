"""``trigger report``: render a finished report again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options


def report(
    folder: Annotated[
        Path, typer.Argument(help="A design's folder, or a report.json.", show_default=False)
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write there; default: beside the JSON.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Write HTML and Markdown from ``report.json``, and print where they are.

    What searches and comparisons have left in the folder since is taken into the report.
    """
    from trigger.flow.alternatives import with_alternatives
    from trigger.report import read_json, render_json, write

    path = folder / "report.json" if folder.is_dir() else folder
    record = read_json(path)
    if folder.is_dir():
        record = with_alternatives(record, folder)
    if json:
        print(render_json(record), end="")
        return
    for written in write(record, output or path.parent):
        print(written)
