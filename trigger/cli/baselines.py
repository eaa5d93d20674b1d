"""``trigger baselines``: what a design has to beat, on the same events, by the same estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trigger.cli import options, show

if TYPE_CHECKING:
    from trigger.flow.baselines import Rival


def baselines(
    design: options.DesignFile,
    width: Annotated[
        list[int] | None,
        typer.Option(
            min=2, help="Bits of every number in the scan. Can be given again.", show_default=False
        ),
    ] = None,
    reuse_factor: Annotated[
        int, typer.Option(min=1, help="Reuse factor of hls4ml's conversions.")
    ] = 1,
    output: options.Output = options.OUTPUT,
    json: options.Json = False,
) -> None:
    """Compare the design with hls4ml's own conversions of its float model.

    AUC on the test events by bit-exact emulation; cost by the same estimate, as LUTs, a DSP block
    counting as 55. What is missing of the run is made first.
    """
    from trigger.config import load_design
    from trigger.flow.baselines import WIDTHS, measure_rivals
    from trigger.flow.steps import Flow

    file = load_design(design)
    with Flow(file, output / file.name, show.ConsoleListener()) as flow:
        rivals = measure_rivals(flow, tuple(width or WIDTHS), reuse_factor)
    if json:
        show.print_json([_record(rival) for rival in rivals])
        return
    ours = rivals[-1].luts
    show.print_table(
        f"AUC on {rivals[0].auc.note}, and the estimate of each firmware",
        ("", "AUC", "latency ns", "LUT", "DSP", "FF", "cost in LUTs", "times the last"),
        [_row(rival, ours) for rival in rivals],
    )


def _row(rival: Rival, ours: float | None) -> tuple[str, ...]:
    share = rival.luts / ours if rival.luts is not None and ours else None
    return (
        rival.name,
        f"{rival.auc.value:.4f}",
        *("" if value is None else f"{value:,.0f}" for value in _values(rival).values()),
        "" if share is None else f"{share:.2f}",
    )


def _values(rival: Rival) -> dict[str, float | None]:
    """Return the numbers of a firmware, None where they are not known."""
    total = rival.cost.total if rival.cost else None
    known = {name: getattr(total, name, None) for name in ("latency_cycles", "lut", "dsp", "ff")}
    values = {name: None if figure is None else figure.value for name, figure in known.items()}
    cycles = values.pop("latency_cycles")
    clock = rival.cost.clock_period_ns if rival.cost else 0.0
    latency = None if cycles is None else cycles * clock
    return {"latency_ns": latency, **values, "cost_luts": rival.luts}


def _record(rival: Rival) -> dict[str, Any]:
    auc = {"auc": rival.auc.value, "auc_low": rival.auc.low, "auc_high": rival.auc.high}
    return {"name": rival.name, **auc, **_values(rival)}
