"""The figures of trigger physics."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from trigger.report.drawing import MUTED, PAPER, SERIES, STROKES, Drawing, render
from trigger.report.record import EnginePhysics, Physics
from trigger.report.wording import word_number, word_percent


def roc_drawing(physics: Physics, name: str = "roc") -> Drawing:
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
    title = f"ROC curves, {physics.signal} against {physics.background}"
    axes = "Background acceptance on a logarithmic axis against signal efficiency."
    if physics.input_rate_khz is not None:
        axes = axes.replace("acceptance", "acceptance and rate")
    description = f"{axes} {'; '.join(words)}."
    return Drawing(name, title, description, render(name, title, description, 4.6, draw))


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


def scores_drawing(physics: Physics, name: str = "scores") -> Drawing:
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
            axes.set_ylabel(physics.unit)
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
    return Drawing(name, title, description, render(name, title, description, height, draw))


def turn_on_drawing(physics: Physics, name: str = "turn-on") -> Drawing:
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
    return Drawing(name, title, description, render(name, title, description, 3.2, draw))
