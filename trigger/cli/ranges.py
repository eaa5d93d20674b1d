"""``trigger ranges``: where numbers can overflow, by proof, and where they do on data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options, show


def ranges(
    folder: options.Folder,
    pixels: Annotated[
        Path | None,
        typer.Option(help="NumPy file (.npy) of events: ranges and overflows that they reach."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Print for every format the proven range of what arrives, spare bits, and overflows.

    The ranges hold for every input that the input format can carry. Negative spare bits are bits
    that are missing; an accumulator is asked about its last sum and every partial one.
    """
    from trigger.emulate.overflow import find_ranges
    from trigger.flow.networks import read_network, read_pixels

    network = read_network(folder)
    images = [] if pixels is None else [read_pixels(pixels, network)]
    rows = [
        {
            "layer": row.layer,
            "role": row.demand.role,
            "format": str(row.demand.format),
            "low": row.demand.low,
            "high": row.demand.high,
            "spare_bits": row.demand.spare_bits,
            "answer": row.answer,
            **(
                {
                    "observed_low": row.observed.low,
                    "observed_high": row.observed.high,
                    "observed_overflows": row.observed.overflows,
                }
                if row.observed
                else {}
            ),
        }
        for row in find_ranges(network, *images)
    ]
    if json:
        show.print_json(rows)
        return
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    show.print_table(
        "Raw ranges, in steps of each format",
        columns,
        [tuple(str(row.get(name, "")) for name in columns) for row in rows],
    )
