"""The made-up studies of the example report."""

from __future__ import annotations

from trigger.budget import Figure, Outcome, Source
from trigger.rates import measure_change, measure_efficiency
from trigger.report.studies import CellFault, Previous, PreviousCheck, Robustness, Variation

SHAPE = (5, 6, 1)


def build_robustness() -> Robustness:
    """Return maps of 5 by 6 cells, the corner without one."""
    return Robustness(
        key="0" * 64,
        engine="native",
        signal="e⁺e⁻",
        background="μ⁺μ⁻",
        threshold=19,
        nominal=vary("as designed", 0, 0, 0.0),
        shape=SHAPE,
        cells=29,
        faults=(
            CellFault(
                "dead",
                "reads 0",
                500,
                500,
                (None, *(-(place % 7) for place in range(29))),
                (None, *(place % 3 - 1 for place in range(29))),
                (vary("row 1, column 0", -6, -1), vary("row 0, column 3", -2, 1)),
            ),
            CellFault("hot", "always reads 255, the most", 500, 500, 30 * (0,), 30 * (0,)),
        ),
        gains=tuple(
            vary(f"gain {percent:+g} %", 5 * percent, 3 * percent, percent / 100)
            for percent in (-10, -5, 0, 5, 10)
        ),
        orientations=(vary("turned by 180°", 2, -1),),
        left_out=("No map of noisy cells: it would take too long.",),
    )


def build_previous() -> Previous:
    """Return a version that was slower, kept its interval, and was limited in flip-flops."""
    estimate = Source.ESTIMATE
    return Previous(
        "2026-10-02T08:00:00+00:00",
        "ab" * 32,
        (
            PreviousCheck("latency_ns", 300.0, Outcome.PASS, estimate),
            PreviousCheck("interval_cycles", 8.0, Outcome.PASS, Source.CSYNTH),
            PreviousCheck("per_slr.lut", 0.2134, Outcome.PASS, estimate),
            PreviousCheck("per_slr.ff", 0.1, Outcome.PASS, estimate),
            PreviousCheck("device.uram", None, Outcome.UNKNOWN, None),
            PreviousCheck("auc_loss", 0.0012, Outcome.PASS, Source.MEASURED),
        ),
    )


def vary(name: str, signal: int, background: int, size: float | None = None) -> Variation:
    """Return what moved so many of 500 events of each class."""
    (efficiency, change), (acceptance, other) = (
        (shown(measure_efficiency(passed + moved, 500)), shown(counted(moved)))
        for passed, moved in ((400, signal), (50, background))
    )
    rate = Figure(31_050 * acceptance.value, Source.MEASURED, 0, 31_050, 0.95)
    return Variation(name, efficiency, change, acceptance, other, rate, size)


def counted(moved: int):
    return measure_change(max(moved, 0), max(-moved, 0), 500)


def shown(share) -> Figure:
    return Figure(share.value, Source.MEASURED, share.low, share.high, share.coverage)
