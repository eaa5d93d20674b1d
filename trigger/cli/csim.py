"""``trigger csim``: build and run the C simulation, and hold the emulator against it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options, show


def csim(
    folder: options.Folder,
    pixels: Annotated[
        Path | None,
        typer.Option(help="NumPy file (.npy) of raw integers or real numbers; else random ones."),
    ] = None,
    events: Annotated[
        int, typer.Option(min=1, help="Random events after the test patterns.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the random events.")] = 1,
    json: options.Json = False,
) -> None:
    """Compile the firmware with g++, run it, and compare every layer with the emulator.

    Exit code 4: they differ.
    """
    from trigger.errors import AgreementError
    from trigger.flow.networks import compare_with_csim

    listener = show.ConsoleListener()
    agreement = compare_with_csim(folder, pixels, events, seed, listener.counter("events"))
    if json:
        show.print_json(
            {
                "events": agreement.events,
                "elements": agreement.elements,
                "mismatches": agreement.mismatches,
                "first": str(agreement.first) if agreement.first else None,
                "layers": [
                    {"layer": row.layer, "elements": row.elements, "mismatches": row.mismatches}
                    for row in agreement.layers
                ],
            }
        )
    else:
        show.print_table(
            f"Emulator against C simulation, {agreement.events:,} events",
            ("layer", "integers", "mismatches"),
            [(row.layer, f"{row.elements:,}", f"{row.mismatches:,}") for row in agreement.layers],
        )
    if agreement.mismatches:
        raise AgreementError(str(agreement.first), where=f"{folder}: first difference")
