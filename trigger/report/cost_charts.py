"""The figures of latency and resources, layer by layer."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, MaxNLocator

from trigger.budget import Check, Cost, LayerCost, Quantity
from trigger.report.drawing import INK, MUTED, SERIES, Drawing, render
from trigger.report.wording import UNKNOWN, word_figure, word_number

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
        _name_rows(axes, rows)
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


def resources_drawing(cost: Cost, name: str) -> Drawing:
    """Draw DSP, LUT, FF and BRAM of every layer, a panel each."""

    def draw(canvas: Canvas) -> None:
        panels = canvas.subplots(2, 2, sharey=True)
        for (quantity, title), axes in zip(RESOURCES.items(), panels.flat, strict=True):
            for place, row in enumerate(cost.layers):
                figure = row.figure(quantity)
                if figure is None:
                    _say(axes, UNKNOWN, 0, place)
                    continue
                axes.barh(place, figure.value, height=0.62, color=SERIES[0])
                end = figure.value
                if figure.low is not None and figure.high is not None:
                    _draw_band(axes, figure.low, figure.high, place)
                    end = max(end, figure.high)
                _say(axes, _short(figure.value), end, place)
            total = cost.total.figure(quantity)
            words = UNKNOWN if total is None else word_number(total.value)
            axes.set_title(f"{title}: {words}")
            axes.xaxis.set_major_locator(MaxNLocator(3, integer=True))
            axes.xaxis.set_major_formatter(FuncFormatter(_short))
            axes.set_xlim(0, 1.35 * max(axes.dataLim.x1, 1))  # room for the numbers
            _name_rows(axes, cost.layers)

    title = f"Resources by layer ({cost.source.value})"
    words = ", ".join(
        f"{title} {'unknown' if figure is None else word_number(figure.value)}"
        for quantity, title in RESOURCES.items()
        for figure in (cost.total.figure(quantity),)
    )
    description = f"Bars for every layer with their bands. In total: {words}."
    height = 1.2 + 0.44 * len(cost.layers)
    return Drawing(name, title, description, render(name, title, description, height, draw))


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


def _name_rows(axes: Axes, rows: tuple[LayerCost, ...]) -> None:
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)


def _short(count: float, _: object = None) -> str:
    return f"{count / 1000:.3g}k" if abs(count) >= 1000 else f"{count:.3g}"
