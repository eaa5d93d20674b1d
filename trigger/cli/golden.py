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

    recorded = record_golden(folder, events=events, update=update, listener=show.ConsoleListener())
    reached = recorded.reached
    if json:
        show.print_json(
            {
                "path": str(recorded.path),
                "vectors": recorded.vectors,
                "edges": reached.edges,
                "edges_met": reached.edges_met,
                "bounds": reached.bounds,
                "bounds_met": reached.bounds_met,
                "own_events": recorded.own_events,
            }
        )
        return
    print(f"{recorded.vectors} golden vectors: {recorded.path}")
    print(
        f"  edges of quantisers met: {reached.edges_met} of {reached.edges}; "
        f"layers at a proven end: {reached.bounds_met} of {reached.bounds}"
    )
    if not recorded.own_events:
        print("  the folder has no events of its own: none is among the vectors")


@app.command()
def verify(
    folder: options.Folder,
    junit: Annotated[
        Path | None, typer.Option(help="Write every comparison as a test case to this XML file.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Replay the golden vectors through emulator and C simulation; co-simulation output counts too.

    Exit code 4: an integer moved (the layer that moved first is named), or what the firmware is
    made of. Tools, cycles and resources that changed are reported.
    """
    from trigger.errors import AgreementError
    from trigger.flow.replay import cases, verify_golden

    replay = verify_golden(folder)
    if junit is not None:
        from trigger.report.junit import write_junit

        write_junit(junit, f"golden vectors of {folder.name}", cases(replay))
    if json:
        show.print_json(
            {
                "vectors": replay.vectors,
                "comparisons": [
                    {
                        "name": case.name,
                        "engine": case.group,
                        "outcome": case.outcome.value,
                        "text": case.text,
                    }
                    for case in cases(replay)
                ],
                "notes": list(replay.notes),
            }
        )
    else:
        show.print_table(
            f"{replay.vectors} golden vectors",
            ("comparison", "with", "answer"),
            [(case.name, case.group, case.outcome.value) for case in cases(replay)],
        )
        for note in replay.notes:
            print(f"  {note}")
    if replay.failures:
        raise AgreementError(
            "\n  ".join(replay.failures), where=f"{folder} against its golden vectors"
        )
