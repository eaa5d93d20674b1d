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
    """Estimate cycles, DSP, LUT, FF, BRAM per layer and in total, with error bands.

    Vendor reports of the same firmware that lie in the folder are shown beside the estimate, and
    what is illegal or too large for the vendor's front end is named with a change that helps.
    """
    from trigger.flow.costs import gather_costs
    from trigger.flow.networks import read_network, read_target

    network = read_network(folder)
    target = read_target(folder, network, part, clock_period, backend)
    costs = gather_costs(folder, network, target)
    if json:
        vendor = [show.cost_record(cost) for cost in costs.vendor]
        dangers = [str(danger) for danger in costs.dangers]
        left = show.cost_record(costs.after_synthesis)
        more = {
            "after_logic_synthesis": left,
            "vendor": vendor,
            "warnings": list(costs.warnings),
            "dangers": dangers,
        }
        show.print_json({**show.cost_record(costs.estimate), **more})
    else:
        for cost in costs.judged:
            show.print_cost(cost)
        show.print_totals(costs.all)
        show.print_warnings(costs.warnings)
        show.print_dangers(costs.dangers)
