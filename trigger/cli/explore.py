"""``trigger explore``: bits per layer and sparsity, searched with training in the loop."""

from __future__ import annotations

from typing import Annotated

import typer

from trigger.cli import options, show


def explore(
    design: options.DesignFile,
    trials: Annotated[
        int, typer.Option(min=1, help="Finished trials, those of earlier calls included.")
    ] = 30,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Epochs of each trial; default: the design's.", show_default=False
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            help="URL of a database; default: an SQLite file in the design's folder.",
            show_default=False,
        ),
    ] = None,
    output: options.Output = options.OUTPUT,
    json: options.Json = False,
) -> None:
    """Search fewer bits per layer and more zeros for the front of AUC against cost.

    Each trial starts from the design's trained weights and gets the cheapest firmware settings
    within the budget; AUC is that of emulated scores on the validation events. Ctrl-C keeps what is
    finished; the same command goes on. The front is written as design files for `trigger run`.
    """
    from trigger.config import load_design
    from trigger.flow.exploration import explore_design
    from trigger.flow.steps import Flow

    file = load_design(design)
    listener = show.ConsoleListener()
    with Flow(file, output / file.name, listener) as flow:
        found = explore_design(flow, listener, trials, epochs, storage)
    pairs = list(zip(found.trials, found.designs, strict=True))
    if json:
        show.print_json(
            [
                {
                    "design": str(path),
                    "auc": trial.quality,
                    "cost_luts": trial.cost,
                    "excess": trial.excess,
                    "choice": dict(trial.choice),
                    **trial.notes,
                }
                for trial, path in pairs
            ]
        )
        return
    show.print_table(
        "AUC on the validation events against cost",
        ("design", "AUC", "cost in LUTs", "latency ns", "budget", "choice"),
        [
            (
                str(path),
                f"{trial.quality:.4f}",
                f"{trial.cost:,.0f}",
                f"{trial.notes['latency_ns']:,.0f}",
                "met" if trial.excess <= 1 else f"x {trial.excess:.3g}",
                ", ".join(f"{name} {value}" for name, value in trial.choice.items()),
            )
            for trial, path in pairs
        ],
    )
