"""``trigger patterns``: stimulus and response of a test bench as text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options, show


def patterns(
    folder: options.Folder,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the files of a test bench.")
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(help="A .npy or pattern file of inputs; default: the golden vectors."),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(help="A pattern file of outputs that a test bench gave.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Write events for a test bench with what must come out, or compare what did.

    Inputs and outputs are hexadecimal words, an event a block; tb_data/ holds the same as hls4ml's
    own test bench reads it. Exit code 4: with --compare, a word differs.
    """
    from trigger.errors import AgreementError, ProjectError
    from trigger.flow.patterns import compare_response, write_testbench

    if output is None and compare is None:
        raise ProjectError("nothing to do", where="patterns", remedy="give --output or --compare")
    record: dict[str, object] = {}
    if output is not None:
        record |= {"events": write_testbench(folder, output, events), "folder": str(output)}
    agreement = None if compare is None else compare_response(folder, compare, events)
    if agreement is not None:
        record |= {"words": agreement.elements, "mismatches": agreement.mismatches}
    if json:
        show.print_json(record)
    else:
        print(", ".join(f"{name} {value}" for name, value in record.items()))
    if agreement is not None and agreement.first is not None:
        raise AgreementError(str(agreement.first), where="emulator against test bench")
