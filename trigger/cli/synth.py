"""``trigger synth``: the vendor's tools, where they are installed."""

from __future__ import annotations

from typing import Annotated

import typer

from trigger.cli import options, show


def synth(
    folder: options.Folder,
    cosim: Annotated[bool, typer.Option("--cosim", help="Simulate the RTL too.")] = False,
    vsynth: Annotated[bool, typer.Option("--vsynth", help="Run logic synthesis too.")] = False,
    backend: Annotated[
        str | None, typer.Option(help="Vitis or Vivado; default: the project's.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run finished steps again.")] = False,
    json: options.Json = False,
) -> None:
    """Synthesise a project with Vitis or Vivado, and show its reports beside the estimate.

    C synthesis first, then what is asked for. Steps that are finished for the same firmware are not
    run again; Ctrl-C ends the tool and all that it started. Logs stay in the project's folder.
    """
    from trigger.flow.costs import gather_costs
    from trigger.flow.networks import read_network, read_target
    from trigger.flow.synthesis import synthesise
    from trigger.vendor.tools import Step

    network = read_network(folder)
    target = read_target(folder, network, None, None, backend)
    asked = [step for step, wanted in ((Step.COSIM, cosim), (Step.VSYNTH, vsynth)) if wanted]
    listener = show.ConsoleListener()
    results = synthesise(folder, target.backend, asked, listener, fresh=fresh)
    costs = gather_costs(folder, network, target)
    if json:
        steps = [
            {
                "step": result.step.value,
                "seconds": result.seconds,
                "reused": result.reused,
                "log": str(result.log),
                "reports": [str(path) for path in result.reports],
            }
            for result in results
        ]
        vendor = [show.cost_record(cost) for cost in costs.vendor]
        show.print_json({"steps": steps, "vendor": vendor, "warnings": list(costs.warnings)})
    else:
        for cost in costs.vendor:
            show.print_cost(cost)
        show.print_totals(costs.all)
        show.print_warnings(costs.warnings)
