"""The figures, drawn by matplotlib as SVG whose colours follow the page's light or dark theme."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from trigger.budget import Check, Cost, LayerCost, Quantity
from trigger.report.record import EnginePhysics, Physics
from trigger.report.wording import UNKNOWN, word_figure, word_number, word_percent

WIDTH_IN = 4.8
"""Narrow enough that the text stays legible on a phone, where the page scales it to the width."""

INK, MUTED, RULE, PAPER = "#010203", "#010204", "#010205", "#010206"
SERIES = ("#010207", "#010208", "#010209", "#01020a")
THEME: dict[str, str] = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    RULE: "var(--rule)",
    PAPER: "var(--paper)",
    **{colour: f"var(--series-{index})" for index, colour in enumerate(SERIES, 1)},
}
"""Colours that stand in for the page's own while matplotlib draws."""

STROKES: tuple[tuple[str, float], ...] = (("-", 3.2), ("--", 2.2), ("-", 1.1), (":", 2.0))
"""Line style and width by series: curves that lie on each other can all be seen."""

RESOURCES: dict[Quantity, str] = {
    Quantity.DSP: "DSP",
    Quantity.LUT: "LUT",
    Quantity.FF: "FF",
    Quantity.BRAM_18K: "BRAM 18K",
}

STYLE: dict[str, object] = {
    "svg.fonttype": "none",  # real text: small, selectable, in the page's font
    "svg.hashsalt": "trigger",  # the same report gives the same bytes
    "text.parse_math": False,  # a $ in a name is a $
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": INK,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "figure.facecolor": "none",
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure with the words that stand for it where it cannot be seen."""

    name: str
    title: str
    description: str
    svg: str


def roc_drawing(physics: Physics) -> Drawing:
    """Draw signal efficiency against background acceptance, with the working points."""
    floor = 0.5 / max(physics.background_events, 1)

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for index, engine in enumerate(physics.engines):
            _draw_engine(axes, engine, index, floor)
        axes.axhline(physics.asked_acceptance, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.annotate(
            f"asked: {word_percent(physics.asked_acceptance)}",
            (0.0, physics.asked_acceptance),
            (3, 3),
            textcoords="offset points",
            color=MUTED,
        )
        axes.set_yscale("log")
        axes.set_ylim(floor, 1.05)
        axes.set_xlim(0, 1.005)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: word_percent(share)))
        axes.yaxis.set_major_locator(LogLocator(numticks=12))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: word_percent(share)))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(f"signal efficiency ({physics.signal})")
        axes.set_ylabel(f"background acceptance ({physics.background})")
        axes.legend(loc="lower right", handlelength=2.6)
        if (full := physics.input_rate_khz) is not None:
            rates = axes.secondary_yaxis(
                "right", functions=(lambda share: share * full, lambda khz: khz / full)
            )
            rates.yaxis.set_major_formatter(FuncFormatter(lambda khz, _: word_number(khz)))
            rates.yaxis.set_minor_formatter(NullFormatter())
            rates.set_ylabel("rate (kHz)")

    words = [
        f"{engine.engine}: AUC {word_number(engine.auc.value, engine.auc.low, engine.auc.high)}"
        for engine in physics.engines
        if engine.auc is not None
    ]
    title = "ROC curves"
    axes = "Background acceptance on a logarithmic axis against signal efficiency."
    if physics.input_rate_khz is not None:
        axes = axes.replace("acceptance", "acceptance and rate")
    description = f"{axes} {'; '.join(words)}."
    return Drawing("roc", title, description, _render("roc", title, description, 4.6, draw))


def _draw_engine(axes: Axes, engine: EnginePhysics, index: int, floor: float) -> None:
    style, width = STROKES[index % len(STROKES)]
    colour = SERIES[index % len(SERIES)]
    if engine.roc is not None:
        axes.plot(
            engine.roc.signal_efficiency,
            [max(share, floor / 2) for share in engine.roc.background_acceptance],
            linestyle=style,
            linewidth=width,
            color=colour,
            label=engine.engine,
        )
    signal, background = engine.signal_efficiency, engine.background_acceptance
    if signal is None or background is None or background.value <= 0:
        return
    reach = None
    if signal.low is not None and signal.high is not None:
        reach = [[signal.value - signal.low], [signal.high - signal.value]]
    axes.errorbar(
        signal.value,
        background.value,
        xerr=reach,
        marker="os^D"[index % 4],
        markersize=5,
        markerfacecolor=PAPER,
        color=colour,
        capsize=2,
        linewidth=1,
    )


def scores_drawing(physics: Physics) -> Drawing:
    """Draw the score histograms of every class, one panel per engine."""
    engines = list(dict.fromkeys(histogram.engine for histogram in physics.histograms))
    classes = list(dict.fromkeys(histogram.class_name for histogram in physics.histograms))
    thresholds = {engine.engine: engine.threshold for engine in physics.engines}

    def draw(canvas: Canvas) -> None:
        panels = canvas.subplots(len(engines), 1, squeeze=False)[:, 0]
        for engine, axes in zip(engines, panels, strict=True):
            for histogram in physics.histograms:
                if histogram.engine != engine:
                    continue
                index = classes.index(histogram.class_name)
                axes.stairs(
                    histogram.counts,
                    histogram.edges,
                    color=SERIES[index % len(SERIES)],
                    linestyle=("-", "--", ":", "-.")[index % 4],
                    linewidth=1.5,
                    label=histogram.class_name,
                )
            if (threshold := thresholds.get(engine)) is not None:
                axes.axvline(threshold, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
                axes.annotate(
                    "threshold",
                    (threshold, 1),
                    (3, -9),
                    xycoords=("data", "axes fraction"),
                    textcoords="offset points",
                    color=MUTED,
                )
            axes.set_title(engine)
            axes.set_ylabel("events")
            axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        panels[0].legend(
            loc="lower right", bbox_to_anchor=(1, 1), ncols=len(classes), borderaxespad=0
        )
        panels[-1].set_xlabel("score, in the engine's own numbers")

    title = "Scores by class"
    description = (
        f"Score histograms of {', '.join(classes)}, one panel each for {', '.join(engines)}; "
        "a dashed line marks the threshold of the working point."
    )
    height = 0.4 + 1.4 * len(engines)
    return Drawing(
        "scores", title, description, _render("scores", title, description, height, draw)
    )


def turn_on_drawing(physics: Physics) -> Drawing:
    """Draw the efficiency at the working point in bins of a quantity of the event."""
    first = physics.turn_ons[0]

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for index, curve in enumerate(physics.turn_ons):
            known = [
                (low, high, share)
                for low, high, share in zip(
                    curve.edges, curve.edges[1:], curve.efficiencies, strict=False
                )
                if share is not None
            ]
            axes.errorbar(
                [(low + high) / 2 for low, high, _ in known],
                [share.value for *_, share in known],
                xerr=[(high - low) / 2 for low, high, _ in known],
                yerr=[
                    [share.value - (share.low or 0) for *_, share in known],
                    [(share.high or 1) - share.value for *_, share in known],
                ],
                fmt="os^D"[index % 4],
                markersize=4,
                markerfacecolor=PAPER,
                color=SERIES[index % len(SERIES)],
                linewidth=1,
                label=curve.engine,
            )
        axes.set_ylim(0, 1.05)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: word_percent(share)))
        axes.set_xlabel(first.variable)
        axes.set_ylabel(f"efficiency ({first.class_name})")
        axes.legend(loc="lower right")

    title = "Turn-on"
    description = (
        f"Efficiency of {first.class_name} at the working point in bins of the {first.variable}, "
        f"for {', '.join(curve.engine for curve in physics.turn_ons)}."
    )
    return Drawing("turn-on", title, description, _render("turn-on", title, description, 3.2, draw))


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
    return Drawing(name, title, description, _render(name, title, description, height, draw))


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
    return Drawing(name, title, description, _render(name, title, description, height, draw))


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


def _render(
    name: str, title: str, description: str, height_in: float, draw: Callable[[Canvas], None]
) -> str:
    """Return a figure as an ``svg`` element for the middle of a page."""
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        canvas = Canvas(figsize=(WIDTH_IN, height_in), layout="constrained")
        draw(canvas)
        buffer = io.StringIO()
        canvas.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.DOTALL)
    head, body = text.split(">", 1)
    view = re.search(r'viewBox="[^"]*"', head)
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    body = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{name}-\1"', body)
    body = re.sub(r"'DejaVu Sans'[^;\"]*", "var(--font)", body)
    for stand_in, colour in THEME.items():
        body = body.replace(stand_in, colour)
    return (
        f'<svg {view.group() if view else ""} role="img" '
        f'aria-labelledby="{name}-title {name}-words">'
        f'<title id="{name}-title">{_escape(title)}</title>'
        f'<desc id="{name}-words">{_escape(description)}</desc>{body.strip()}'
    )


def _escape(text: str) -> str:
    return html.escape(text, quote=False)
