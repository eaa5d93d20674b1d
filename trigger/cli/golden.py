"""``trigger golden record|verify``: regression tests for the C simulation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options, show

app = typer.Typer(no_args_is_help=True, help="Record test vectors of a firmware, and replay them.")


@app.command()
def record(
    folder: options.Folder,
    events: Annotated[
        Path | None,
        typer.Option(help="NumPy file (.npy) of events to record as well: raw or real numbers."),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Replace vectors that differ; the run fails still.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Write golden/ with inputs, outputs and every layer's integers, as C simulation has them."""
    from trigger.flow.regression import record_golden

    recorded = record_golden(folder, events=events, update=update)
    if json:
        show.print_json({"path": str(recorded.path), "vectors": recorded.vectors})
    else:
        print(f"{recorded.vectors} golden vectors: {recorded.path}")


@app.command()
def verify(folder: options.Folder, json: options.Json = False) -> None:
    """Replay the golden vectors through emulator and C simulation.

    Exit code 4: an integer moved; the layer that moved first is named.
    """
    from trigger.errors import AgreementError
    from trigger.flow.regression import verify_golden

    replay = verify_golden(folder)
    sides = (replay.emulated, replay.csim)
    if json:
        show.print_json(
            {
                "vectors": replay.vectors,
                "comparisons": [
                    {
                        "engine": side.left,
                        "elements": side.elements,
                        "mismatches": side.mismatches,
                        "first": str(side.first) if side.first else None,
                    }
                    for side in sides
                ],
            }
        )
    else:
        show.print_table(
            f"{replay.vectors} golden vectors",
            ("engine", "integers", "mismatches"),
            [(side.left, f"{side.elements:,}", f"{side.mismatches:,}") for side in sides],
        )
    for side in sides:
        if side.first is not None:
            raise AgreementError(str(side.first), where=f"{side.left} against the golden vectors")
