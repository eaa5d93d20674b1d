"""``trigger train``: the quantised model and its float twin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options, show


def train(
    design: options.DesignFile,
    output: options.Output = options.OUTPUT,
    keep: Annotated[
        Path | None,
        typer.Option(
            help="Also write the quantised model to this folder, for `compile --weights`.",
            show_default=False,
        ),
    ] = None,
    skip_bad: options.SkipBad = 0,
    fresh: options.Fresh = False,
    json: options.Json = False,
) -> None:
    """Train the float and the quantised model, or reuse those of an earlier run.

    Ctrl-C loses the current epoch only; the same command goes on from there.
    """
    from trigger.config import load_design
    from trigger.flow.pretrained import keep_weights
    from trigger.flow.steps import Flow
    from trigger.training import ModelKind

    file = load_design(design)
    listener = show.ConsoleListener()
    with Flow(file, output / file.name, listener, skip_bad=skip_bad, fresh=fresh) as flow:
        trained = flow.trained
        if keep is not None:
            kept = trained[ModelKind.QUANTISED]
            keep_weights(kept, flow.images.contract, keep, flow.images.output)
    rows = [
        (
            kind.value,
            str(len(model.history)),
            str(model.best_epoch),
            f"{model.history[model.best_epoch - 1].validation_loss:.4f}",
            _accuracy(model.history[model.best_epoch - 1].validation_accuracy),
            "/".join(
                str(sum(getattr(each, count) for each in model.zeros))
                for count in ("zeros", "weights")
            ),
        )
        for kind, model in trained.items()
    ]
    columns = ("model", "epochs", "best", "validation_loss", "validation_accuracy", "zeros")
    if json:
        show.print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        show.print_table("Trained models", columns, rows)
        print(f"Weights: {flow.workspace.training}")


def _accuracy(value: float | None) -> str:
    """Return a share as text; models that do not decide have none."""
    return "-" if value is None else f"{value:.4f}"
