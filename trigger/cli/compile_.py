"""``trigger compile``: a design becomes an HLS project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options, show


def compile(
    design: options.DesignFile,
    output: options.Output = options.OUTPUT,
    weights: Annotated[
        Path | None,
        typer.Option(
            help="Take trained weights from this folder, which `train --keep` or `explore` wrote; "
            "no event is read and nothing is trained.",
            show_default=False,
        ),
    ] = None,
    skip_bad: options.SkipBad = 0,
    fresh: options.Fresh = False,
    json: options.Json = False,
) -> None:
    """Write the HLS project of a design, training its model first where that is needed.

    What is illegal or too large for the vendor's front end is named with a change that helps.
    """
    from trigger.config import load_design
    from trigger.flow.pretrained import compile_kept
    from trigger.flow.steps import Flow
    from trigger.flow.workspace import Workspace
    from trigger.vendor import find_dangers

    file = load_design(design)
    workspace = Workspace(output / file.name)
    if weights is not None:
        compiled = compile_kept(file, weights, workspace.folder)
    else:
        listener = show.ConsoleListener()
        with Flow(file, workspace.folder, listener, skip_bad=skip_bad, fresh=fresh) as flow:
            compiled = flow.compiled
    dangers = find_dangers(compiled.network, file.design.target)
    if json:
        show.print_json(
            {
                "project": str(workspace.project),
                "network": str(workspace.network),
                "network_sha256": compiled.network.digest,
                "hls4ml": compiled.hls4ml_version,
                "reused": compiled.reused,
                "dangers": [str(danger) for danger in dangers],
            }
        )
    else:
        print(compiled.network)
        show.print_dangers(dangers)
        print(f"HLS project: {workspace.project}")
