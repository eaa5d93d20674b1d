"""The figures of latency and resources, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, MaxNLocator

from trigger.budget import Check, Cost, Figure, LayerCost, Quantity
from trigger.report.drawing import INK, MUTED, SERIES, Drawing, render
from trigger.report.studies import DeviceRow
from trigger.report.wording import UNKNOWN, word_figure, word_number, word_percent

FAR = 2.0
"""Times the longest bar: a line further out would leave nothing to see of the bars."""

RESOURCES: dict[Quantity, str] = {
    Quantity.DSP: "DSP",
    Quantity.LUT: "LUT",
    Quantity.FF: "FF",
    Quantity.BRAM_18K: "BRAM 18K",
}


def latency_drawing(cost: Cost, limit_cycles: float | None, name: str) -> Drawing:
    """Draw the latency as a waterfall: each layer starts where the one before ends."""
    rows = (*cost.layers, cost.total)

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        start = 0.0
        for place, row in enumerate(rows):
            figure = row.latency_cycles
            base = 0.0 if row is cost.total else start
            if figure is None:
                _say(axes, UNKNOWN, base, place)
                continue
            total = row is cost.total
            axes.barh(place, figure.value, left=base, height=0.62, color=SERIES[1 if total else 0])
            end = base + figure.value
            if figure.low is not None and figure.high is not None:
                _draw_band(axes, base + figure.low, base + figure.high, place)
                end = max(end, base + figure.high)
            _say(axes, word_number(figure.value, figure.low, figure.high), end, place)
            if not total:
                start = base + figure.value
                axes.plot([start, start], [place, place + 1], color=MUTED, linewidth=0.6)
        _name_rows(axes, [row.name for row in rows])
        if limit_cycles is not None:
            axes.axvline(limit_cycles, color=INK, linewidth=1, linestyle=(0, (4, 3)))
            axes.annotate(
                f"limit {word_number(limit_cycles)}",
                (limit_cycles, 1),
                (0, 2),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                va="bottom",
            )
        axes.margins(x=0.1)
        axes.set_xlim(left=0)
        axes.set_xlabel("clock cycles")

    title = f"Latency by layer ({cost.source.value})"
    limit = "" if limit_cycles is None else f", limit {word_number(limit_cycles)} cycles"
    description = (
        f"Waterfall of the latency of {len(cost.layers)} layers, in clock cycles. "
        f"Total {word_figure(cost.total.latency_cycles)}{limit}. "
        "Where layers overlap, their sum is not the total."
    )
    height = 0.8 + 0.4 * len(rows)
    return Drawing(name, title, description, render(name, title, description, height, draw))


def resources_drawing(cost: Cost, device: DeviceRow | None, name: str) -> Drawing:
    """Draw DSP, LUT, FF and BRAM as waterfalls, a panel each, with what one SLR has of them."""
    one_slr = {} if device is None else {row.resource: row.one_slr for row in device.capacities}
    rows = (*cost.layers, cost.total)

    def draw(canvas: Canvas) -> None:
        panels = canvas.subplots(2, 2, sharey=True)
        for (quantity, title), axes in zip(RESOURCES.items(), panels.flat, strict=True):
            _draw_waterfall(axes, rows, quantity)
            axes.set_title(_fill(title, cost.total.figure(quantity), one_slr.get(quantity)))
            axes.xaxis.set_major_locator(MaxNLocator(3, integer=True))
            axes.xaxis.set_major_formatter(FuncFormatter(_short))
            end = 1.35 * max(axes.dataLim.x1, 1)  # room for the numbers
            _draw_slr(axes, one_slr.get(quantity), end, len(rows))
            _name_rows(axes, [*(row.name for row in rows), *(["one SLR"] if device else [])])

    title = f"Resources by layer ({cost.source.value})"
    words = ", ".join(
        _fill(title, cost.total.figure(quantity), one_slr.get(quantity))
        for quantity, title in RESOURCES.items()
    )
    description = (
        "Waterfalls: each layer starts where the one before ends, with its band. "
        f"In total: {words}."
    )
    if device is not None:
        description += f" A dashed line marks one of the {device.slrs} SLRs of {device.part}."
    height = 1.2 + 0.44 * len(rows)
    return Drawing(name, title, description, render(name, title, description, height, draw))


def _draw_waterfall(axes: Axes, rows: tuple[LayerCost, ...], quantity: Quantity) -> None:
    start = 0.0
    for place, row in enumerate(rows):
        figure, total = row.figure(quantity), row is rows[-1]
        base = 0.0 if total else start
        if figure is None:
            _say(axes, UNKNOWN, base, place)
            continue
        axes.barh(place, figure.value, left=base, height=0.62, color=SERIES[1 if total else 0])
        end = base + figure.value
        if figure.low is not None and figure.high is not None:
            _draw_band(axes, base + figure.low, base + figure.high, place)
            end = max(end, base + figure.high)
        _say(axes, _short(figure.value), end, place)
        if not total:
            start = base + figure.value
            axes.plot([start, start], [place, place + 1], color=MUTED, linewidth=0.6)


def _draw_slr(axes: Axes, count: float | None, end: float, place: int) -> None:
    """Mark what one SLR has; an arrow says so where the line would be far outside."""
    inside = count is not None and 0 < count <= FAR * end
    axes.set_xlim(0, max(end, 1.1 * count) if inside else end)
    if count is None:
        return
    if inside:
        axes.axvline(count, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.annotate(
        _short(count) + ("" if inside else " →"),
        (count if inside else end, place),
        (-4, 0),
        textcoords="offset points",
        ha="right",
        va="center",
    )


def _fill(title: str, figure: Figure | None, one_slr: float | None) -> str:
    """Return how many there are, and the share of one SLR."""
    if figure is None:
        return f"{title}: {UNKNOWN}"
    words = f"{title}: {_short(figure.value)}"
    return f"{words} ({word_percent(figure.value / one_slr)} of SLR)" if one_slr else words


def latency_limit_cycles(checks: tuple[Check, ...], clock_period_ns: float) -> float | None:
    """Return the tightest latency limit of a verdict in cycles, for the line in the waterfall."""
    scale = {"cycles": 1.0, "ns": 1 / clock_period_ns}
    limits = [
        check.limit * scale[check.unit]
        for check in checks
        if "latency" in check.name and check.unit in scale
    ]
    return min(limits, default=None)


def _draw_band(axes: Axes, low: float, high: float, place: int) -> None:
    axes.plot([low, high], [place, place], color=INK, linewidth=1, marker="|", markersize=5)


def _say(axes: Axes, words: str, end: float, place: int) -> None:
    """Write a number, or that it is unknown, to the right of a bar's end."""
    axes.annotate(
        words,
        (end, place),
        (4, 0),
        textcoords="offset points",
        va="center",
        color=MUTED if words == UNKNOWN else INK,
        style="italic" if words == UNKNOWN else "normal",
    )


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)


def _short(count: float, _: object = None) -> str:
    return f"{count / 1000:.3g}k" if abs(count) >= 1000 else f"{count:.3g}"
