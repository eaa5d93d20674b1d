"""``trigger search``: the cheapest firmware settings of a compiled design that meet a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from trigger.cli import options, show

if TYPE_CHECKING:
    from trigger.flow.search import Found
    from trigger.search import Point


def search(
    design: options.DesignFile,
    budget: Annotated[
        list[str] | None,
        typer.Option(
            help="A limit in place of the design's: latency_ns=800, interval_bx=1, "
            "per_slr.lut=0.3; without a number it is taken away. Can be given again.",
            metavar="LIMIT=NUMBER",
            show_default=False,
        ),
    ] = None,
    clock: Annotated[
        list[float] | None,
        typer.Option(
            help="A clock period in ns to choose from. Can be given again; default: the design's.",
            show_default=False,
        ),
    ] = None,
    io_type: Annotated[
        list[str] | None,
        typer.Option(
            help="io_stream or io_parallel, to choose from. Can be given again; default: the "
            "design's.",
            show_default=False,
        ),
    ] = None,
    output: options.Output = options.OUTPUT,
    json: options.Json = False,
) -> None:
    """Find the cheapest reuse factors, strategies, parallelisation and formats within a budget.

    Nothing is trained: every integer that leaves the firmware stays. The answer is exact under the
    estimator: no setting that hls4ml takes is cheaper. Cost is LUTs, a DSP block counting as 55.
    The design that is found is written as a design file, for `trigger run`.
    Exit code 3: no settings meet the budget; then those are given that come nearest.
    """
    from trigger.config import load_design
    from trigger.config.limits import change_budget, read_io_types
    from trigger.flow.alternatives import refresh_report
    from trigger.flow.search import search_folder
    from trigger.report.solved import to_json

    file = load_design(design)
    limits = change_budget(file.budget, budget or [])
    io_types = read_io_types(io_type or [])
    folder = output / file.name
    found = search_folder(file, folder, limits, clocks_ns=clock or (), io_types=io_types)
    refresh_report(folder)
    if json:
        show.print_json(to_json(found.record()))
    else:
        _print(found)
    show.exit_by(found.answer.verdict)


def _print(found: Found) -> None:
    answer, before = found.answer, found.before
    if found.changes:
        show.print_table(
            "Formats without bits that nothing sets",
            ("layer", "type", "before", "after"),
            [(each.layer, each.role, str(each.before), str(each.after)) for each in found.changes],
        )
    pairs = {
        name: (getattr(before.total, name), getattr(answer.cost.total, name))
        for name in show.QUANTITIES
    }
    show.print_table(
        "Estimate before and after",
        ("", "before", "after"),
        [
            (name, *("unknown" if it is None else f"{it.value:,.0f}" for it in pair))
            for name, pair in pairs.items()
        ],
    )
    show.print_table(
        f"The {'front within the budget' if answer.met else 'nearest design'}",
        ("latency ns", "cost in LUTs", "LUT", "DSP", "FF", "settings"),
        [_row(point) for point in answer.front or (answer.best,)],
    )
    show.print_verdict(answer.verdict)
    if not answer.met:
        limits = ", ".join(check.name for check in answer.binding)
        print(
            f"No settings meet the budget: {limits} would have to be raised, all limits by a"
            f" factor of {answer.excess:.4g} for the nearest design"
        )
    show.print_dangers(found.dangers)
    print(f"{answer.designs:,} legal designs; every output equal on {found.compared:,} events")
    print(f"Design: {found.design}")


def _row(point: Point) -> tuple[str, ...]:
    known = {quantity.value: total for quantity, total in point.totals.items()}
    totals = (known.get(name) for name in ("lut", "dsp", "ff"))
    return (
        f"{point.latency_ns:,.1f}",
        f"{point.luts:,.0f}",
        *("unknown" if total is None else f"{total:,.0f}" for total in totals),
        ", ".join(f"{layer} {setting}" for layer, setting in point.settings.items()),
    )
