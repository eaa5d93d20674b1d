"""``trigger estimate``: latency and resources without a vendor tool."""

from __future__ import annotations

from typing import Annotated

import typer

from trigger.cli import options, show


def estimate(
    folder: options.Folder,
    part: Annotated[str | None, typer.Option(help="FPGA part; default: the project's.")] = None,
    clock_period: Annotated[
        float | None, typer.Option(help="Clock period in ns; default: the project's.")
    ] = None,
    backend: Annotated[
        str | None, typer.Option(help="Vitis or Vivado; default: the project's.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Estimate cycles, DSP, LUT, FF, BRAM per layer and in total, with error bands."""
    import trigger
    from trigger.flow.networks import read_network, read_target

    network = read_network(folder)
    cost = trigger.estimate(network, read_target(folder, network, part, clock_period, backend))
    if json:
        show.print_json(show.cost_record(cost))
    else:
        show.print_cost(cost)
