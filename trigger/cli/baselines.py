"""``trigger baselines``: what a design has to beat, on the same events, by the same estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from trigger.cli import options, show

if TYPE_CHECKING:
    from trigger.report.rivals import Baselines, Claim, ClaimRow, Firmware, Rival


def baselines(
    design: options.DesignFile,
    width: Annotated[
        list[int] | None,
        typer.Option(
            min=2,
            help="Bits of every number of the float model. Can be given again.",
            show_default=False,
        ),
    ] = None,
    train: Annotated[
        bool,
        typer.Option(
            "--train",
            help="Train the design's model with one width for all: 8, 6, 4 and 3 bits, each as "
            "long as the design's own quantised model.",
        ),
    ] = False,
    trained_width: Annotated[
        list[int] | None,
        typer.Option(
            min=2,
            help="Bits of every quantiser in place of those of --train. Can be given again.",
            show_default=False,
        ),
    ] = None,
    reuse_factor: Annotated[
        int, typer.Option(min=1, help="Reuse factor of all but the design.")
    ] = 1,
    output: options.Output = options.OUTPUT,
    json: options.Json = False,
) -> None:
    """Compare the design with hls4ml's own conversions of its float model, and with one width.

    After `trigger explore`, its trials that are as good as the design on validation events, and
    cheaper, are held against them, too.
    AUC on the test events by bit-exact emulation; cost by the same estimate, as LUTs, a DSP block
    counting as 55, with default settings and with the cheapest within the design's budget.
    What is missing of the run is made first; trainings are kept and go on where they stopped.
    """
    from trigger.config import load_design
    from trigger.flow.baselines import TRAINED_WIDTHS, WIDTHS, measure_baselines
    from trigger.flow.steps import Flow
    from trigger.report.baselines import to_json

    file = load_design(design)
    listener = show.ConsoleListener()
    trained = trained_width or (TRAINED_WIDTHS if train else ())
    with Flow(file, output / file.name, listener) as flow:
        found = measure_baselines(flow, listener, width or WIDTHS, trained, reuse_factor)
    if json:
        show.print_json(to_json(found))
    else:
        _print(found)


def _print(found: Baselines) -> None:
    from trigger.report.rivals import align_claims

    show.print_table(
        f"AUC on {found.rivals[0].auc.note}, the estimate with default settings, and with the "
        "cheapest within the budget",
        (
            *("", "AUC", "latency ns", "LUT", "DSP", "FF", "cost in LUTs"),
            *("solved: latency ns", "cost in LUTs"),
        ),
        [_row(rival) for rival in found.rivals],
    )
    show.print_table(
        "Times cheaper than a rival, at an AUC that is not smaller by more than the tolerance",
        (
            *("what", "against", "AUC difference", "asked"),
            *("default settings", "solved", "solved: default", "solved: one reuse factor"),
        ),
        [_claims(row) for row in align_claims(found.claims)],
    )
    for note in dict.fromkeys(claim.note for claim in found.claims if claim.note):
        print(f"  {note}")
    if not any(rival.kind.value == "one width, trained" for rival in found.rivals):
        print("One width for all was not trained, so nothing is claimed against it: give --train")
    if found.races:
        show.print_table(
            "Latency within equal resources, the least that both can do with in the budget",
            ("what", "against", "cost in LUTs", "latency ns", "the rival's"),
            [
                (
                    race.of,
                    race.against,
                    *map(_number, (race.luts, race.latency_ns, race.rival_latency_ns)),
                )
                for race in found.races
            ],
        )
    _print_times(found)


def _print_times(found: Baselines) -> None:
    *_, design = found.rivals
    print(f"The design's settings were found in {design.solving_seconds:.1f} s", end="")
    trainings = [
        each.training_seconds for each in found.rivals if each.training_seconds is not None
    ]
    print(f"; trainings ({len(trainings)}) took {sum(trainings):,.0f} s" if trainings else "")


def _row(rival: Rival) -> tuple[str, ...]:
    solved = rival.solved
    over = f"{rival.excess:.3g} x the budget" if solved is None and rival.excess else ""
    return (
        rival.name,
        f"{rival.auc.value:.4f}",
        *map(_number, _values(rival.default)),
        over if solved is None else _number(solved.latency_ns),
        "" if solved is None else _number(solved.cost_luts),
    )


def _values(firmware: Firmware | None) -> tuple[float | None, ...]:
    if firmware is None:
        return (None,) * 5
    return (firmware.latency_ns, firmware.lut, firmware.dsp, firmware.ff, firmware.cost_luts)


def _claims(row: ClaimRow) -> tuple[str, ...]:
    return (
        row.of,
        row.against or "one width, trained",
        "unknown" if row.auc_difference is None else f"{row.auc_difference:+.4f}",
        f"{row.asked:g}",
        *map(_times, row.claims),
    )


def _times(claim: Claim | None) -> str:
    if claim is None:
        return ""
    if claim.factor is None:
        return "unknown"
    return f"{claim.factor:.2f} {show.MARKS[claim.outcome.value]}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
