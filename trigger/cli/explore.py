"""``trigger explore``: bits and filters per layer and sparsity, with training in the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from trigger.cli import options, show

if TYPE_CHECKING:
    from trigger.flow.exploration import Exploration
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
    objective: Annotated[
        Literal["auc", "efficiency"],
        typer.Option(help="What to have much of; efficiency is that at the trigger's rate."),
    ] = "auc",
    against: Annotated[
        Literal["cost", "latency"],
        typer.Option(help="What to have little of: LUTs and DSP blocks, or nanoseconds."),
    ] = "cost",
    loss: Annotated[
        float | None,
        typer.Option(
            help="Of AUC or efficiency against the float model, that is allowed; default: the "
            "budget's, or 0.002 of AUC, 0.02 of efficiency.",
            show_default=False,
        ),
    ] = None,
    generation: Annotated[
        int,
        typer.Option(min=1, help="Trials that are proposed together, and at most made at a time."),
    ] = 8,
    storage: Annotated[
        str | None,
        typer.Option(
            help="URL of a database; default: an SQLite file in the design's folder.",
            show_default=False,
        ),
    ] = None,
    scheduler: options.Scheduler = "",
    processes: options.Processes = 1,
    output: options.Output = options.OUTPUT,
    json: options.Json = False,
) -> None:
    """Search fewer bits and filters per layer and more zeros for the front of AUC against cost.

    Each trial starts from the design's trained weights, or where it has fewer filters from those of
    a float model with as many, and gets the cheapest (or fastest) firmware settings within the
    budget; it is judged by its emulated scores on the validation events, and given up where
    finished trials that promised to cost no more were better at the same epoch. Most trials turn a
    few knobs of the cheapest ones that lose no more than is allowed.
    Same seed, same result, wherever trials are made; workers elsewhere must see the output folder.
    Ctrl-C keeps what is finished; the same command goes on. The front is written as design files
    for `trigger run`.
    """
    from trigger.config import load_design
    from trigger.flow.exploration import Asked, explore_design
    from trigger.flow.steps import Flow
    from trigger.flow.trial import Goal
    from trigger.report.front import Against, Objective

    file = load_design(design)
    listener = show.ConsoleListener()
    goal = Goal(Objective(objective), Against(against))
    asked = Asked(trials, epochs, goal, loss, generation, storage, scheduler, processes)
    with Flow(file, output / file.name, listener) as flow:
        found = explore_design(flow, listener, asked)
    if json:
        show.print_json([_plain(trial, found) for trial in found.best])
        return
    quality = "AUC" if objective == "auc" else "efficiency"
    rows = [("as it is", *_cells(found.front.start), "")]
    for trial in found.best:
        if trial.found is not None:
            choice = ", ".join(f"{each.knob} {each.value}" for each in trial.choice)
            rows.append((str(found.folder / trial.design), *_cells(trial.found), choice))
    given_up = sum(trial.found is None for trial in found.front.trials)
    show.print_table(
        f"{quality} on the validation events against {against}: {len(found.best)} of "
        f"{len(found.front.trials)} trials that none betters, {given_up} were given up",
        ("design", quality, "cost in LUTs", "latency ns", "budget", "choice"),
        rows,
    )
    least, chosen = found.front.least, found.chosen
    if chosen is not None and chosen.found is not None and least is not None:
        enough = chosen.found.quality.value >= least
        cheapest = "cheapest" if against == "cost" else "fastest"
        said = f"the {cheapest} of those" if enough else "none does: the best"
        print(f"{quality} asked for: {least:.4f}; {said} is {found.folder / chosen.design}")


def _cells(found: Found) -> tuple[str, ...]:
    return (
        f"{found.quality.value:.4f}",
        f"{found.cost_luts:,.0f}",
        f"{found.latency_ns:,.0f}",
        "met" if found.excess <= 1 else f"x {found.excess:.3g}",
    )


def _plain(trial: Tried, found: Exploration) -> dict[str, Any]:
    assert trial.found is not None  # it is one of the best
    return {
        "design": str(found.folder / trial.design),
        "number": trial.number,
        "objective": found.front.objective.value,
        "quality": trial.found.quality.value,
        "quality_low": trial.found.quality.low,
        "quality_high": trial.found.quality.high,
        "cost_luts": trial.found.cost_luts,
        "latency_ns": trial.found.latency_ns,
        "excess": trial.found.excess,
        "choice": {each.knob: each.value for each in trial.choice},
    }
