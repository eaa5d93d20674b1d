"""``trigger explore``: bits per layer and sparsity, searched with training in the loop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trigger.cli import options, show

if TYPE_CHECKING:
    from trigger.report.front import Found, Tried


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
    if json:
        show.print_json([_plain(trial, found.folder) for trial in found.best])
        return
    show.print_table(
        "AUC on the validation events against cost",
        ("design", "AUC", "cost in LUTs", "latency ns", "budget", "choice"),
        [
            ("as it is", *_cells(found.front.start), ""),
            *(
                (
                    str(found.folder / trial.design),
                    *_cells(trial.found),
                    ", ".join(f"{each.knob} {each.value}" for each in trial.choice),
                )
                for trial in found.best
                if trial.found is not None
            ),
        ],
    )


def _cells(found: Found) -> tuple[str, ...]:
    return (
        f"{found.quality.value:.4f}",
        f"{found.cost_luts:,.0f}",
        f"{found.latency_ns:,.0f}",
        "met" if found.excess <= 1 else f"x {found.excess:.3g}",
    )


def _plain(trial: Tried, folder: Path) -> dict[str, Any]:
    assert trial.found is not None  # it is one of the best
    return {
        "design": str(folder / trial.design),
        "auc": trial.found.quality.value,
        "auc_low": trial.found.quality.low,
        "auc_high": trial.found.quality.high,
        "cost_luts": trial.found.cost_luts,
        "latency_ns": trial.found.latency_ns,
        "excess": trial.found.excess,
        "choice": {each.knob: each.value for each in trial.choice},
    }
