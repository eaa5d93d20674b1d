"""The figure of alternatives: quality against cost and against latency, with the front."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from trigger.report.alternatives import Alternative, AlternativeKind, Alternatives
from trigger.report.drawing import INK, MUTED, PAPER, SERIES, Drawing, render
from trigger.report.wording import word_number

MARKERS: dict[AlternativeKind, tuple[str, float, str]] = {
    AlternativeKind.SETTINGS: (".", 3.5, SERIES[0]),
    AlternativeKind.DESIGN: ("s", 6.5, SERIES[0]),
    AlternativeKind.TRIAL: ("o", 5.5, SERIES[1]),
    AlternativeKind.CONVERTED: ("^", 5.5, SERIES[2]),
    AlternativeKind.ONE_WIDTH: ("D", 5.0, SERIES[3]),
}
"""Shape, size and colour; the first are drawn below the others."""
FAR = 0.02
"""Below the best quality by more than this, a point is drawn at the lower edge: it would leave
nothing to see of the others."""

Read = Callable[[Alternative], float | None]


def alternatives_drawing(found: Alternatives) -> Drawing:
    """Draw quality against cost, and below it against latency."""
    best = max(row.quality.value for row in found.rows)
    worst = min(row.quality.value for row in found.rows)
    floor = max(worst, best - FAR)
    margin = max(0.08 * (best - floor), 1e-4)
    reads: tuple[tuple[str, Read, float | None, str], ...] = (
        (
            f"cost (LUT + {found.luts_per_dsp} DSP)",
            lambda row: row.cost_luts,
            found.lut_limit,
            "limit of LUTs",
        ),
        ("latency (ns)", lambda row: row.latency_ns, found.latency_limit_ns, "limit"),
    )

    def draw(canvas: Canvas) -> None:
        panels = canvas.subplots(2, 1, sharey=True)
        for axes, (words, read, limit, name) in zip(panels, reads, strict=True):
            _draw_points(axes, found.rows, read, floor)
            axes.set_xscale("log")
            _draw_limit(axes, limit, name)
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter(FuncFormatter(_short))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_xlabel(words)
            axes.set_ylabel(found.quality)
            axes.yaxis.set_major_locator(MaxNLocator(5))
        _name_markers(panels[0], found.rows)
        _draw_front(panels[0], found.rows)
        panels[0].set_ylim(floor - margin, best + margin)
        canvas.legend(
            *panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=2, fontsize=8.5
        )

    title = f"{found.quality} against cost and latency"
    description = (
        f"{found.quality} of {len(found.rows)} firmware designs against their cost and, below, "
        "their latency, both on logarithmic axes. Filled: within the budget. At the "
        f"lower edge: worse still. Lines join the front. {_word_front(found)}{_word_limits(found)}"
    )
    name = "alternatives"
    return Drawing(name, title, description, render(name, title, description, 6.2, draw))


def _draw_points(axes: Axes, rows: Iterable[Alternative], read: Read, floor: float) -> None:
    order = list(MARKERS)
    for row in sorted(rows, key=lambda each: order.index(each.kind)):
        place = read(row)
        if place is None or place <= 0:
            continue
        shape, size, colour = MARKERS[row.kind]
        low = row.quality.value < floor
        axes.plot(
            place,
            max(row.quality.value, floor),
            marker="v" if low else shape,
            markersize=size,
            markerfacecolor=colour if row.fits else PAPER,
            markeredgecolor=colour,
            linestyle="none",
        )


def _name_markers(axes: Axes, rows: Iterable[Alternative]) -> None:
    """Draw what the legend shows: nothing, with a marker and a word."""
    kinds = {row.kind for row in rows}
    named = [(*marker, kind.value) for kind, marker in MARKERS.items() if kind in kinds]
    for shape, size, colour, words in named:
        axes.plot([], [], shape, markersize=size, color=colour, label=words)
    if not all(row.fits for row in rows):
        axes.plot(
            *([], [], "o"),
            markersize=5.5,
            markerfacecolor=PAPER,
            markeredgecolor=MUTED,
            label="not within the budget",
        )


def _draw_front(axes: Axes, rows: Iterable[Alternative]) -> None:
    """Join the front of each sample by steps: what is cheaper is worse."""
    front = [row for row in rows if row.on_front and row.cost_luts is not None]
    for sample in {row.sample: None for row in front}:
        own = sorted(
            (row.cost_luts or 0.0, row.quality.value) for row in front if row.sample is sample
        )
        axes.plot(
            [cost for cost, _ in own],
            [quality for _, quality in own],
            drawstyle="steps-post",
            color=MUTED,
            linewidth=1,
            zorder=1,
            label=f"front, {sample.value} events",
        )


def _draw_limit(axes: Axes, limit: float | None, name: str) -> None:
    if limit is None:
        return
    axes.axvline(limit, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.annotate(
        f"{name} {_short(limit)}",
        (limit, 1),
        (0, 2),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right",
        va="bottom",
    )


def _word_front(found: Alternatives) -> str:
    points = [
        f"{row.name}: {word_number(row.quality.value)} at {word_number(row.cost_luts)} LUT"
        for row in found.rows
        if row.on_front
    ]
    return f"On the front: {'; '.join(points)}. " if points else "No front: nothing fits. "


def _word_limits(found: Alternatives) -> str:
    limits = []
    if found.lut_limit is not None:
        limits.append(f"{word_number(found.lut_limit)} LUT")
    if found.latency_limit_ns is not None:
        limits.append(f"{word_number(found.latency_limit_ns)} ns")
    return f"Dashed lines: the limits, {' and '.join(limits)}." if limits else ""


def _short(count: float, _: object = None) -> str:
    power = math.floor(math.log10(count)) // 3 if count >= 1000 else 0
    return f"{count / 1000**power:.3g}{('', 'k', 'M', 'G')[min(power, 3)]}"
