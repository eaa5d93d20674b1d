"""``trigger diff``: what changed between two designs, projects or reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options, show

BITS_MOVED, FIGURES_MOVED = 4, 3

Side = Annotated[
    Path,
    typer.Argument(
        help="A design's folder, an HLS project, a network.json or a report.json.",
        show_default=False,
    ),
]


def diff(before: Side, after: Side, json: options.Json = False) -> None:
    """Say what changed in inputs, layers, formats, weights, tables, decisions, cost and physics.

    Exit code 0: nothing. 4: something that can move an integer, or what a pixel means. 3: every
    integer is the same, and costs, verdict or physics figures are not.
    """
    from trigger.flow.difference import find_difference

    difference = find_difference(before, after)
    if json:
        show.print_json(
            {
                "moves_bits": difference.moves_bits,
                "vectors": difference.vectors,
                "scores_moved": difference.scores_moved,
                "decisions_moved": difference.decisions_moved,
                "changes": [
                    {
                        "aspect": change.aspect.value,
                        "where": change.where,
                        "before": change.before,
                        "after": change.after,
                        "moves_bits": change.moves_bits,
                    }
                    for change in difference.changes
                ],
            }
        )
    else:
        for change in difference.changes:
            print(f"{change.aspect.value:9}{change.where}: {change.before} -> {change.after}")
        if not difference.changes:
            print("Nothing changed.")
        if difference.vectors is not None and not difference.scores_moved:
            print(f"The same scores on {difference.vectors:,} vectors.")
    if difference.changes:
        raise typer.Exit(BITS_MOVED if difference.moves_bits else FIGURES_MOVED)
