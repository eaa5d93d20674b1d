"""The figures of what was studied beside the headline."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from trigger.budget import Figure
from trigger.report.drawing import MUTED, PAPER, SERIES, Drawing, render
from trigger.report.studies import CellFault, Robustness, ScoreComparison
from trigger.report.wording import word_number, word_percent

FEWER, MORE, NO_CELL = (0.12, 0.38, 0.78), (0.78, 0.30, 0.05), (0.5, 0.5, 0.5, 0.25)
"""Colours of a change, blue down and orange up, transparent at zero: the page's own ground shows
through in either theme."""
CHANGES = LinearSegmentedColormap.from_list(
    "changes", [(0, (*FEWER, 1)), (0.5, (*FEWER, 0)), (0.5, (*MORE, 0)), (1, (*MORE, 1))]
)
EVENTS = LinearSegmentedColormap.from_list("events", [(*FEWER, 0), (*FEWER, 1)])
MOST_CHANNELS = 4
ABREAST = 2
"""Quantities whose maps stand side by side."""


def fault_drawing(found: Robustness, fault: CellFault) -> Drawing:
    """Draw the change of efficiency and of acceptance by position, a row of maps per channel."""
    signals = fault.signals(found.signal)
    shares = [_planes(found.shape, each.moved, each.events) for each in signals]
    shares.append(_planes(found.shape, fault.background_moved, fault.background_events))
    channels, rows, columns = shares[0].shape
    shown = min(channels, MOST_CHANNELS)
    titles = (
        *(f"efficiency, {each.signal}" for each in signals),
        f"acceptance, {found.background}",
    )
    vector = (channels, rows) == (1, 1)

    def draw(canvas: Canvas) -> None:
        if vector:
            _draw_lines(canvas, titles, [planes[0, 0] for planes in shares])
        else:
            _draw_maps(canvas, titles, [planes[:shown] for planes in shares])

    title = f"{fault.name.capitalize()} cell at each position"
    extent = f"{columns} positions" if vector else f"Maps of {rows} by {columns} positions"
    grey = "" if vector else " Grey: no event ever reaches the position."
    spans = [f"{words} {_span(planes)}" for words, planes in zip(titles, shares, strict=True)]
    description = (
        f"{extent}: what a {fault.name} cell ({fault.meaning}) changes at the working point: "
        f"{'; '.join(spans)}.{grey}"
    )
    if channels > shown:
        description += f" The first {shown} of {channels} channels are drawn."
    name = f"map-{fault.name}"
    maps = shown * -(-len(shares) // ABREAST)
    height = 1.7 * len(shares) if vector else 0.5 + maps * min(2.6, 0.3 + 2.1 * rows / columns)
    return Drawing(name, title, description, render(name, title, description, height, draw))


def _draw_maps(
    canvas: Canvas, titles: tuple[str, ...], shares: list[npt.NDArray[np.float64]]
) -> None:
    """Draw a column of maps for each quantity, two abreast, a row for each channel."""
    channels, rows, columns = shares[0].shape
    blocks = -(-len(shares) // ABREAST)
    panels = canvas.subplots(blocks * channels, ABREAST, squeeze=False)
    by_quantity = panels.reshape(blocks, channels, ABREAST).swapaxes(1, 2).reshape(-1, channels)
    for axes in by_quantity[len(shares) :].ravel():
        axes.set_axis_off()
    for of_quantity, words, planes in zip(by_quantity, titles, shares, strict=False):
        largest = float(np.nanmax(np.abs(planes), initial=0)) or 1.0
        for channel, axes in enumerate(of_quantity):
            picture = axes.imshow(
                np.ma.masked_invalid(planes[channel]),
                cmap=CHANGES.with_extremes(bad=NO_CELL),
                vmin=-largest,
                vmax=largest,
                interpolation="none",
                aspect="equal" if rows > columns / 4 else "auto",
            )
            axes.grid(visible=False)
            axes.set_title(words if channels == 1 else f"{words}, channel {channel}")
            axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
            axes.yaxis.set_major_locator(MaxNLocator(4 if rows > columns / 3 else 2, integer=True))
        bar = canvas.colorbar(
            picture,
            ax=of_quantity,
            orientation="horizontal",
            format=FuncFormatter(lambda share, _: word_percent(share)),
            ticks=[-largest, 0, largest],
            shrink=0.8,
        )
        bar.outline.set_visible(False)
        bar.solids.set_rasterized(True)


def _draw_lines(
    canvas: Canvas, titles: tuple[str, ...], shares: list[npt.NDArray[np.float64]]
) -> None:
    """Draw each quantity against the position of a vector; gaps where nothing ever arrives."""
    panels = canvas.subplots(len(shares), 1, sharex=True)
    for index, (axes, words, share) in enumerate(zip(panels, titles, shares, strict=True)):
        axes.stairs(
            share, np.arange(len(share) + 1) - 0.5, baseline=None, color=SERIES[index % len(SERIES)]
        )
        axes.axhline(0, color=MUTED, linewidth=0.8)
        axes.set_title(words)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: word_percent(share)))
    panels[-1].set_xlabel("position")
    panels[-1].xaxis.set_major_locator(MaxNLocator(6, integer=True))


def gain_drawing(found: Robustness) -> Drawing:
    """Draw efficiency and acceptance against a shift of the gain."""
    gains = [each.size or 0.0 for each in found.gains]
    signals = zip(*(each.signals(found.signal) for each in found.gains), strict=True)
    quantities = [
        (f"efficiency, {by_gain[0].signal}", [each.efficiency for each in by_gain])
        for by_gain in signals
    ]
    acceptances = [each.background_acceptance for each in found.gains]
    quantities.append((f"acceptance, {found.background}", acceptances))

    def draw(canvas: Canvas) -> None:
        panels = canvas.subplots(len(quantities), 1, sharex=True)
        for index, (axes, (words, figures)) in enumerate(zip(panels, quantities, strict=True)):
            _draw_points(axes, gains, figures, index)
            axes.set_title(words)
            axes.set_ylim(bottom=0)
            axes.axvline(0, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        panels[-1].xaxis.set_major_formatter(
            FuncFormatter(lambda gain, _: f"{100 * gain:+g} %" if gain else "0")
        )
        panels[-1].xaxis.set_major_locator(MultipleLocator(0.05))
        panels[-1].set_xlabel("shift of the gain")

    title = "Shift of the gain"
    ends = [
        f"{found.gains[place].name}: "
        + ", ".join(
            f"{words} {word_percent(figures[place].value)}" for words, figures in quantities
        )
        for place in (0, -1)
    ]
    description = (
        "Signal efficiency and background acceptance at the threshold of the working point against "
        f"a common shift of all signals. {'; '.join(ends)}."
    )
    height = 1.2 + 1.2 * len(quantities)
    return Drawing("gain", title, description, render("gain", title, description, height, draw))


def _draw_points(axes: Axes, places: list[float], figures: list[Figure], index: int) -> None:
    axes.errorbar(
        places,
        [figure.value for figure in figures],
        yerr=[
            [figure.value - (figure.low or 0) for figure in figures],
            [(figure.high or 1) - figure.value for figure in figures],
        ],
        marker="os^D"[index % 4],
        markersize=4,
        markerfacecolor=PAPER,
        color=SERIES[index % len(SERIES)],
        linewidth=1,
    )
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: word_percent(share)))


def _planes(
    shape: tuple[int, ...], moved: tuple[int | None, ...], events: int
) -> npt.NDArray[np.float64]:
    """Return the share of events that moved as maps, (channels, rows, columns); NaN: no cell."""
    shares = np.array([np.nan if each is None else each / max(events, 1) for each in moved])
    match shape:
        case (_, _, _):
            return np.moveaxis(shares.reshape(shape), 2, 0)
        case (*most, last):
            return shares.reshape(1, -1 if most else 1, last)
        case _:
            return shares.reshape(1, 1, 1)


def _span(planes: npt.NDArray[np.float64]) -> str:
    low, high = float(np.nanmin(planes, initial=0)), float(np.nanmax(planes, initial=0))
    return f"{100 * low:+.2g} to {100 * high:+.2g} points"


def score_pair_drawing(comparison: ScoreComparison, index: int) -> Drawing:
    """Draw the scores of two engines against each other, and the histogram of their difference."""
    edges = comparison.edges
    shades = np.zeros((len(edges) - 1, len(edges) - 1))
    filled = np.log1p(comparison.counts)
    shades[comparison.right_bins, comparison.left_bins] = 0.2 + 0.8 * filled / filled.max()

    def draw(canvas: Canvas) -> None:
        scatter, residual = canvas.subplots(1, 2)
        scatter.plot([edges[0], edges[-1]], [edges[0], edges[-1]], color=MUTED, linewidth=0.6)
        scatter.imshow(
            shades,
            cmap=EVENTS,
            vmin=0,
            vmax=1,
            origin="lower",
            extent=(edges[0], edges[-1], edges[0], edges[-1]),
            interpolation="none",
        )
        for place, line in (
            (comparison.left_threshold, scatter.axvline),
            (comparison.right_threshold, scatter.axhline),
        ):
            if place is not None:
                line(place, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        scatter.set_xlim(edges[0], edges[-1])
        scatter.set_ylim(edges[0], edges[-1])
        scatter.set_aspect("equal")
        scatter.set_xlabel(f"score, {comparison.left}")
        scatter.set_ylabel(f"score, {comparison.right}")
        residual.stairs(
            comparison.residual_counts, comparison.residual_edges, color=SERIES[1], linewidth=1.5
        )
        residual.set_yscale("symlog", linthresh=1)
        residual.yaxis.set_major_formatter(FuncFormatter(lambda count, _: word_number(count)))
        residual.set_ylim(bottom=0)
        residual.set_xlabel(f"{comparison.right} less {comparison.left}")
        residual.set_title("events")
        for axis in (scatter.xaxis, scatter.yaxis, residual.xaxis):
            axis.set_major_locator(MaxNLocator(4))

    title = f"Scores, {comparison.left} and {comparison.right}"
    description = (
        f"Left: score of {comparison.right} against {comparison.left}, {comparison.events:,} "
        f"test events, darker where more lie; dashed lines mark the thresholds. Right: histogram "
        f"of the difference, mean {word_number(comparison.residual_mean)}, standard deviation "
        f"{word_number(comparison.residual_deviation)}, largest "
        f"{word_number(comparison.residual_largest)}."
    )
    name = f"score-pair-{index + 1}"
    return Drawing(name, title, description, render(name, title, description, 2.6, draw))
