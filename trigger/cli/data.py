"""``trigger data make|show``: event files of the formats that trigger reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options, show

app = typer.Typer(no_args_is_help=True, help="Generate event files, and look into them.")


@app.command()
def make(
    output: Annotated[
        Path,
        typer.Argument(
            help="File to write (.dat or .dat.gz: event text), or a folder of one CSV per event.",
            show_default=False,
        ),
    ],
    source: Annotated[str, typer.Option(help="Event source.")] = "drift_chamber",
    class_name: Annotated[str, typer.Option("--class", help="Class: ee, mm or cont.")] = "ee",
    events: Annotated[int, typer.Option(min=1, help="How many.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal events.")] = 1,
    charge_ceiling: Annotated[
        bool, typer.Option(help="Cut charges at the electronics' range (unconfirmed physics).")
    ] = False,
    json: options.Json = False,
) -> None:
    """Generate events and write them in a format that real data come in."""
    from trigger.flow.data import make_file

    made = make_file(output, source, class_name, events, seed, charge_ceiling)
    if json:
        show.print_json({"events": made.events, "hits": made.hits, "path": str(output)})
    else:
        print(f"{made.events:,} events with {made.hits:,} hits: {output}")


@app.command(name="show")
def show_(
    path: Annotated[
        Path, typer.Argument(help="Event file, or folder of CSV files.", show_default=False)
    ],
    source: Annotated[str, typer.Option(help="Event source.")] = "drift_chamber",
    skip_bad: options.SkipBad = 0,
    json: options.Json = False,
) -> None:
    """Read a file to its end, checking every line, and print what is in it."""
    from trigger.flow.data import inspect_file

    found = inspect_file(path, source, skip_bad)
    rows = {
        "events": found.events,
        "bad events skipped": found.skipped,
        "hits": found.hits,
        "hits per event": round(found.hits / found.events, 2) if found.events else None,
        "noise hits": found.noise_hits,
        "mean charge (ADC counts)": round(found.charge_sum / found.hits, 2) if found.hits else None,
        "largest charge (ADC counts)": found.charge_max,
    }
    if json:
        show.print_json(rows)
    else:
        show.print_table(
            str(path), ("quantity", "value"), [(name, str(value)) for name, value in rows.items()]
        )
