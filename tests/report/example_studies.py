"""The made-up studies of the example report."""

from __future__ import annotations

from dataclasses import replace

from trigger.budget import Figure, Outcome, Quantity, Source
from trigger.rates import measure_change, measure_efficiency
from trigger.report.record import Previous, PreviousCheck
from trigger.report.studies import (
    Calibration,
    CalibrationRow,
    Capacity,
    CellFault,
    ChangedDecision,
    DecisionCount,
    DeviceRow,
    RangeRow,
    Robustness,
    ScoreComparison,
    SignalChange,
    SignalMap,
    Variation,
    Widths,
)

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


def with_signals(found: Robustness, *signals: str) -> Robustness:
    """Return the same with further signals, of which each loses less than the one before."""

    def changed(variation: Variation) -> Variation:
        further = tuple(
            SignalChange(name, *others(variation, factor)) for factor, name in enumerate(signals, 2)
        )
        return replace(variation, further=further)

    def others(variation: Variation, factor: int) -> tuple[Figure, Figure]:
        moved = round(500 * variation.signal_change.value / factor)
        share, change = measure_efficiency(200 + moved, 500), counted(moved)
        return shown(share), shown(change)

    def also(fault: CellFault) -> CellFault:
        maps = tuple(
            SignalMap(name, 400, tuple(count and count // factor for count in fault.signal_moved))
            for factor, name in enumerate(signals, 2)
        )
        return replace(fault, worst=tuple(map(changed, fault.worst)), further=maps)

    return replace(
        found,
        nominal=changed(found.nominal),
        faults=tuple(map(also, found.faults)),
        gains=tuple(map(changed, found.gains)),
        orientations=tuple(map(changed, found.orientations)),
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


def build_comparisons() -> tuple[ScoreComparison, ...]:
    """Return a comparison that differs and one that does not."""
    names = ("μ⁺μ⁻", "e⁺e⁻")
    edges, middle = (-2.0, -1.0, 0.0, 1.0, 2.0), (-0.75, -0.25, 0.25, 0.75)
    return (
        ScoreComparison(
            *("float", "emulated", 10, edges, (0, 1, 1, 3), (0, 0, 1, 3), (4, 1, 3, 2)),
            *(middle, (1, 8, 1), 0.01, 0.2, 0.6, 7, 0.2, 0.5),
            tuple(DecisionCount(name, 5, 1, 0) for name in names),
            (ChangedDecision(3, names[0], 0.3, 0.1), ChangedDecision(8, names[1], 0.4, 0.2)),
        ),
        ScoreComparison(
            *("C simulation", "emulated", 10, edges, (1,), (1,), (10,), middle, (0, 10, 0)),
            *(0.0, 0.0, 0.0, 0, 0.5, 0.5),
            tuple(DecisionCount(name, 5, 0, 0) for name in names),
        ),
    )


def build_ranges() -> tuple[RangeRow, ...]:
    return (
        RangeRow("conv1", "accumulator", "ap_fixed<19,7>", -900, 700, 3, "cannot overflow"),
        RangeRow("conv1", "result", "ap_fixed<9,7>", -900, 700, -2, "can wrap", 50, -300, 280, 4),
        RangeRow("relu1", "result", "ap_ufixed<6,2>", 0, 90, -1, "can saturate"),
    )


def build_widths() -> tuple[Widths, ...]:
    return (
        Widths(
            *("conv1", "kernel", "ap_fixed<3,1>", 3, (2, 0, 3, 1), 2 / 6, None),
            *((2, 3), (0, 2, 2, 3, 0, 2)),
        ),
        Widths(
            *("relu1", "result", "ap_ufixed<2,2>", 2, (1, 1, 2), 0.4, 50),
            *((2, 2), (0, 1, 2, 2), (1.0, 0.5, 0.1, 0.0)),
        ),
        Widths("dense1", "kernel", "ap_fixed<6,1>", 6, (0, 0, 0, 20_000), 0.0),
    )


def build_calibration() -> Calibration:
    lut, dsp = Quantity.LUT, Quantity.DSP
    rows = (
        CalibrationRow("conv io_parallel Latency", (), lut, 0.8, 1.5, 5, 1),
        CalibrationRow("conv io_parallel Latency", (), dsp, 1.0, 1.0, 5, 1),
        CalibrationRow("relu_parallel", ("relu1", "relu2"), lut, None, None, 0, 0),
    )
    return Calibration("estimate/vitis.json: 12 reports", 0.8, rows)


def build_device() -> DeviceRow:
    capacities = (
        Capacity(Quantity.LUT, 1_728_000, 432_000),
        Capacity(Quantity.DSP, 12_288, 3_072),
        Capacity(Quantity.BRAM_18K, None, None),
    )
    return DeviceRow("xcvu13p", 4, capacities)


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
    return Figure(
        share.value, Source.MEASURED, share.low, share.high, share.coverage, note="500 events"
    )
