"""``trigger prune``: what pruning would save, and lose, before anything is trained again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trigger.cli import options, show

if TYPE_CHECKING:
    from trigger.budget import Figure
    from trigger.flow.pruning import Row, Table

_FIGURES = ("lut", "dsp", "ff", "bram_18k", "latency_cycles")


def prune(
    design: options.DesignFile,
    structure: Annotated[
        list[str] | None,
        typer.Option(
            help="weight, unit or multiplier. Can be given again; default: all that differ.",
            show_default=False,
        ),
    ] = None,
    sparsity: Annotated[
        list[float] | None,
        typer.Option(
            min=0,
            max=0.999,
            help="Share of zeros. Can be given again; default: 0.25, 0.5 and 0.75.",
            show_default=False,
        ),
    ] = None,
    signed_digits: Annotated[
        list[int] | None,
        typer.Option(
            min=0,
            max=4,
            help="Signed powers of two in a weight; 0 for any. Can be given again; default: 0, 2.",
            show_default=False,
        ),
    ] = None,
    equal_constants: Annotated[
        list[int] | None,
        typer.Option(
            min=0,
            help="Different sizes of the weights that an input meets, zero aside; 0 for any. Can be"
            " given again; default: 0.",
            show_default=False,
        ),
    ] = None,
    unrolled: Annotated[
        bool,
        typer.Option(
            "--unrolled",
            help="With Strategy Resource_unrolled in place of Resource, which saves no zeros.",
        ),
    ] = False,
    designs: Annotated[
        Path | None,
        typer.Option(help="Write a design file for each line here.", show_default=False),
    ] = None,
    output: options.Output = options.OUTPUT,
    json: options.Json = False,
) -> None:
    """Predict what pruning saves of the firmware, and what it loses without retraining.

    Cost is the estimate of the firmware with the constants that would be left; AUC is measured by
    bit-exact emulation of validation events. What is missing of the run is made first.
    """
    from trigger.config import load_design
    from trigger.config.limits import read_structures
    from trigger.flow.pruning import (
        EQUAL_CONSTANTS,
        SIGNED_DIGITS,
        SPARSITIES,
        predict_prunings,
        write_designs,
    )
    from trigger.flow.steps import Flow

    file = load_design(design)
    structures = read_structures(structure or [])
    digits = SIGNED_DIGITS if signed_digits is None else [each or None for each in signed_digits]
    sizes = (
        EQUAL_CONSTANTS if equal_constants is None else [each or None for each in equal_constants]
    )
    listener = show.ConsoleListener()
    with Flow(file, output / file.name, listener) as flow:
        table = predict_prunings(
            flow,
            structures,
            SPARSITIES if sparsity is None else sparsity,
            digits,
            sizes,
            unrolled=unrolled,
            progress=listener.counter("ways to prune"),
        )
        paths = write_designs(flow, table, designs) if designs is not None else ()
    if json:
        show.print_json(_record(table))
        return
    trained = [("as trained", "", "", "", *_row(table, table.trained)[4:])] if table.trained else []
    title = "Estimated, LUTs with their 80 % band; no weight is trained again"
    if table.rows[0].auc is not None:
        title += f"; AUC and accuracy on {table.events:,} validation events"
    show.print_table(
        title,
        (
            "structure",
            "sparsity",
            "digits",
            "sizes",
            "zeros",
            "constants",
            *_FIGURES,
            "saves",
            "norm lost",
            "AUC",
            "accuracy",
        ),
        [
            *(_row(table, row) for row in table.rows),
            *trained,
        ],
    )
    if table.stored:
        print(
            f"{', '.join(table.stored)}: neither zeros nor equal constants save anything, for"
            " multipliers of the strategy Resource take stored weights, whatever these are;"
            " --unrolled shows what zeros would save with Resource_unrolled"
        )
    for path in paths:
        print(f"Design: {path}")


def _row(table: Table, row: Row) -> tuple[str, ...]:
    pruning, prediction = row.prediction.pruning, row.prediction
    saved = table.saved(row)
    return (
        pruning.structure.value,
        f"{pruning.final_sparsity:.0%}",
        "any" if pruning.signed_digits is None else str(pruning.signed_digits),
        "any" if pruning.equal_constants is None else str(pruning.equal_constants),
        f"{prediction.zeros / max(1, prediction.weights):.0%}",
        f"{prediction.constants:,}",
        *(_figure(getattr(prediction.cost.total, name), band=name == "lut") for name in _FIGURES),
        "unknown" if saved is None else f"{saved:.0%}" if round(saved, 2) else "nothing",
        "" if row is table.trained else f"{prediction.lost:.1%}",
        "" if row.auc is None else f"{row.auc.value:.4f}",
        "" if row.accuracy is None else f"{row.accuracy:.4f}",
    )


def _figure(figure: Figure | None, *, band: bool) -> str:
    if figure is None:
        return "unknown"
    if not band or figure.low is None or figure.high is None:
        return f"{figure.value:,.0f}"
    return f"{figure.value:,.0f} ({figure.low:,.0f}-{figure.high:,.0f})"


def _record(table: Table) -> dict[str, Any]:
    return {
        "rows": [_row_record(table, row) for row in table.rows],
        "as_trained": _row_record(table, table.trained) if table.trained else None,
        "events": table.events,
        "layers_whose_zeros_save_nothing": list(table.stored),
    }


def _row_record(table: Table, row: Row) -> dict[str, Any]:
    prediction, pruning = row.prediction, row.prediction.pruning
    total = prediction.cost.total
    figures: dict[str, Figure | None] = {name: getattr(total, name) for name in _FIGURES}
    return {
        "structure": pruning.structure.value,
        "final_sparsity": pruning.final_sparsity,
        "signed_digits": pruning.signed_digits,
        "equal_constants": pruning.equal_constants,
        "zeros": prediction.zeros,
        "weights": prediction.weights,
        "constants": prediction.constants,
        "source": prediction.cost.source.value,
        **{
            name: None
            if figure is None
            else {"value": figure.value, "low": figure.low, "high": figure.high}
            for name, figure in figures.items()
        },
        "cost_luts": row.luts,
        "saved": table.saved(row),
        "norm_lost": None if row is table.trained else prediction.lost,
        "auc_before_retraining": None if row.auc is None else row.auc.value,
        "accuracy_before_retraining": row.accuracy,
    }
