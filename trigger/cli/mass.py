"""``trigger mass``: the dimuon mass in unlabelled events, before and after the firmware."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options, show


def mass(
    folder: Annotated[Path, typer.Argument(help="A compiled design's folder.", show_default=False)],
    events: Annotated[
        list[Path],
        typer.Argument(
            help="ROOT files of CMS objects; labels are not needed.", show_default=False
        ),
    ],
    class_name: Annotated[
        str, typer.Option("--class", help="The class that the Z peak belongs to.")
    ] = "dy",
    skip_bad: options.SkipBad = 0,
    json: options.Json = False,
) -> None:
    """Classify events by the firmware and print what becomes of the Z peak.

    Real data have no labels, but the mass of two muons, which no network gets to see as such, tells
    which of them come from a Z: a classifier that works keeps the peak and drops what is beside it.
    """
    from dataclasses import asdict

    from trigger.flow.mass import measure_masses

    found = measure_masses(folder, events, class_name, show.ConsoleListener(), skip_bad)
    if json:
        show.print_json(asdict(found))
        return
    print(
        f"{found.events:,} events; {found.deselected:,} with fewer than two muons or no jet and "
        f"{found.skipped:,} bad ones left out"
    )
    names = tuple(found.spectra)
    bins = zip(found.edges_gev[:-1], found.edges_gev[1:], *found.spectra.values(), strict=True)
    rows = [
        (f"{low}-{high}", str(sum(counts)), *map(str, counts))
        for low, high, *counts in bins
        if sum(counts)
    ]
    show.print_table("events by dimuon mass", ("GeV", "all", *names), rows)
    peak = found.peak
    if peak.kept is None:
        print("No event lies in the Z peak, 80 to 100 GeV.")
    else:
        print(
            f"Z peak, 80 to 100 GeV: {peak.kept.value:.1%} ({peak.kept.low:.1%} to "
            f"{peak.kept.high:.1%}) of {peak.kept.total:,} events are taken for {found.signal}"
        )
    for word, ratio in (("before", peak.before), ("after", peak.after)):
        value = "unknown" if ratio.value is None else f"{ratio.value:.3g}"
        high = "any" if ratio.high is None else f"{ratio.high:.3g}"
        print(
            f"  peak over side bands, per GeV, {word}: {value} ({ratio.low:.3g} to {high}), "
            f"{ratio.peak:,} and {ratio.sides:,} events"
        )
