"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DesignFile = Annotated[Path, typer.Argument(help="Design file (YAML).", show_default=False)]
Folder = Annotated[
    Path,
    typer.Argument(
        help="A design's folder, or any HLS project written by hls4ml.", show_default=False
    ),
]
Output = Annotated[
    Path, typer.Option("--output", "-o", help="Folder that holds one folder per design.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Forget what earlier runs made.")]
SkipBad = Annotated[
    int, typer.Option("--skip-bad", min=0, help="Bad events that are tolerated in each file.")
]
Scheduler = Annotated[
    str,
    typer.Option(
        help="Where parts are worked on: a running Dask scheduler (tcp://host:8786), or a batch "
        "system of Dask-Jobqueue and a number of jobs (slurm:8). Empty: here.",
        show_default=False,
    ),
]
Processes = Annotated[
    int, typer.Option(min=1, help="Processes on this machine, each of which uses all its cores.")
]
OUTPUT = Path("hls_projects")
