"""``trigger emulate``: scores of a firmware project on given pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options, show


def emulate(
    folder: options.Folder,
    pixels: Annotated[
        Path,
        typer.Argument(
            help="NumPy file (.npy) of (events, *shape): raw integers, or real numbers.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the raw scores to this .npy file.")
    ] = None,
    scheduler: options.Scheduler = "",
    processes: options.Processes = 1,
    json: options.Json = False,
) -> None:
    """Emulate the firmware bit by bit and print what its scores look like.

    With --output, files larger than memory go through a part at a time, here or on a Dask cluster;
    after Ctrl-C the same command goes on after the parts that are finished.
    """
    import time

    import numpy as np

    from trigger.errors import OutputError
    from trigger.flow.networks import count_outside, read_array, read_network
    from trigger.flow.streaming import engine_of, stream_scores
    from trigger.scaleout import spread

    if output is None and (scheduler or processes > 1):
        raise OutputError(
            "parts are not wanted",
            where="--scheduler, --processes",
            allowed="with --output, which the scores of the parts go to",
        )
    network = read_network(folder)
    images = read_array(pixels)
    choice = engine_of(network.to_json())
    begun = time.monotonic()
    if output is None:
        scores = choice.run(images)
        columns = tuple(scores[name] for name in network.outputs)
    else:
        counter = show.ConsoleListener().counter("events")
        with spread(scheduler, processes) as where:
            columns = (stream_scores(network, pixels, output, counter, where),)
    seconds = time.monotonic() - begun
    door = network.inputs[0].result
    outside = count_outside(images, door)
    rows = []
    for name, raw in zip(network.outputs, columns, strict=True):
        form = network[name].result
        step = float(form.step)
        rows.append(
            {
                "output": name,
                "format": str(form),
                "events": len(raw),
                "raw_min": int(raw.min()) if raw.size else None,
                "raw_max": int(raw.max()) if raw.size else None,
                "mean": float(np.mean(raw, dtype=np.float64)) * step if raw.size else None,
            }
        )
    if json:
        show.print_json(
            {
                "outputs": rows,
                "engine": choice.name,
                "reason": choice.reason,
                "pixels_outside": outside,
                "seconds": round(seconds, 4),
                "network_sha256": network.digest,
            }
        )
        return
    show.print_table(
        f"{len(images):,} events in {seconds:.2f} s, {choice.name} engine",
        tuple(rows[0]),
        [tuple(str(cell) for cell in row.values()) for row in rows],
    )
    if choice.reason:
        print(f"  {choice.reason}")
    if outside:
        share = f"{outside:,} of {images.size:,} values"
        print(f"  warning: {share} lie outside {door}; such numbers {door.overflow.value}")
    if output is not None:
        print(f"Raw scores: {output}")
