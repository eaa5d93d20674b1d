"""Parts of a report that each come from a study of their own, beside what the run itself found.

Of faults of the input, scores of the engines event by event, ranges, widths, the calibration behind
estimates and the device. Any of them may be missing; the whole is in `record`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from trigger.budget import Figure, Quantity
from trigger.errors import ReportError


@dataclass(frozen=True, slots=True)
class SignalChange:
    """What a changed input does to one more class of signal."""

    signal: str
    efficiency: Figure
    change: Figure
    """After less before, of the efficiency."""


@dataclass(frozen=True, slots=True)
class Variation:
    """The same events decided again with a changed input, at the same threshold."""

    name: str
    """What was changed, such as ``gain +5 %`` or ``row 3, column 5``."""
    signal_efficiency: Figure
    signal_change: Figure
    """After less before, of the efficiency."""
    background_acceptance: Figure
    background_change: Figure
    rate_khz: Figure | None = None
    """Of background; None where the crossing rate is not known."""
    size: float | None = None
    """Of the change, where it has one: 0.05 for a gain of +5 %."""
    further: tuple[SignalChange, ...] = ()
    """Of the signals after the first one, where there are several."""

    def signals(self, first: str) -> tuple[SignalChange, ...]:
        """Return what becomes of every signal, the first one, which has this name, with them."""
        return (SignalChange(first, self.signal_efficiency, self.signal_change), *self.further)


@dataclass(frozen=True, slots=True)
class SignalMap:
    """What a fault does to one more class of signal, position by position."""

    signal: str
    events: int
    moved: tuple[int | None, ...]
    """As ``CellFault.signal_moved``."""


@dataclass(frozen=True, slots=True)
class CellFault:
    """One kind of fault, at one position of the input after the other."""

    name: str
    """``dead``, ``hot`` or ``noisy``."""
    meaning: str
    """What the cell then reads."""
    signal_events: int
    background_events: int
    signal_moved: tuple[int | None, ...]
    """Signal events that pass more than without the fault, by position in the order of the input's
    numbers; None where there is no cell."""
    background_moved: tuple[int | None, ...]
    worst: tuple[Variation, ...] = ()
    """The positions that cost most efficiency, and those that add most rate."""
    further: tuple[SignalMap, ...] = ()
    """Of the signals after the first one, where there are several."""

    def __post_init__(self) -> None:
        for signal in self.signals("signal"):
            if len(signal.moved) != len(self.background_moved):
                raise ReportError(
                    f"{len(signal.moved)} positions for {signal.signal} and "
                    f"{len(self.background_moved)} for background",
                    where=f"map of {self.name} cells",
                    allowed="as many of the one as of the other",
                )

    def signals(self, first: str) -> tuple[SignalMap, ...]:
        """Return the map of every signal, the first one, which has this name, with them."""
        return (SignalMap(first, self.signal_events, self.signal_moved), *self.further)


@dataclass(frozen=True, slots=True)
class Robustness:
    """What a damaged, mis-scaled or turned input does to efficiency and rate."""

    key: str
    """SHA-256 of what it was found from: equal keys mean equal findings."""
    engine: str
    signal: str
    """The first one; further ones are named in each variation and map."""
    background: str
    threshold: int | float
    nominal: Variation
    """The input as it is, on the events of the other variations."""
    shape: tuple[int, ...]
    """Of one event's input."""
    cells: int
    """Positions that an event ever reached; the others have no cell behind them."""
    faults: tuple[CellFault, ...] = ()
    gains: tuple[Variation, ...] = ()
    orientations: tuple[Variation, ...] = ()
    left_out: tuple[str, ...] = ()
    """Sentences: what was not studied, and why."""

    def __post_init__(self) -> None:
        for fault in self.faults:
            if len(fault.signal_moved) != math.prod(self.shape):
                raise ReportError(
                    f"{len(fault.signal_moved)} positions",
                    where=f"map of {fault.name} cells",
                    allowed=f"as many as {self.shape} holds",
                )
        variations = (self.nominal, *self.gains, *self.orientations)
        worst = tuple(each for fault in self.faults for each in fault.worst)
        known = [signal.signal for signal in self.nominal.further]
        for found in (*variations, *worst, *self.faults):
            names = [signal.signal for signal in found.further]
            if names != known:
                raise ReportError(
                    f"further signals are {names}",
                    where=f"robustness, {found.name}",
                    allowed=f"{known}, as of the input as it is",
                )


@dataclass(frozen=True, slots=True)
class ChangedDecision:
    """An event that one engine accepts at the working point and the other does not."""

    event: int
    """Number among the test events."""
    class_name: str
    left_score: float
    right_score: float


@dataclass(frozen=True, slots=True)
class DecisionCount:
    """Events of one class by what two engines decide."""

    class_name: str
    events: int
    left_only: int
    """Accepted by the left engine alone."""
    right_only: int


@dataclass(frozen=True, slots=True)
class ScoreComparison:
    """The scores of two engines on the same events."""

    left: str
    right: str
    events: int
    edges: tuple[float, ...]
    """Of the bins of either score, in real numbers; one more than bins."""
    left_bins: tuple[int, ...]
    """With ``right_bins`` and ``counts``: bins that hold events, and how many."""
    right_bins: tuple[int, ...]
    counts: tuple[int, ...]
    residual_edges: tuple[float, ...]
    """Of the bins of right less left."""
    residual_counts: tuple[int, ...]
    residual_mean: float
    residual_deviation: float
    """Standard deviation."""
    residual_largest: float
    """Of the sizes."""
    different: int
    """Events whose scores are not equal."""
    left_threshold: float | None = None
    """At the working point, each engine its own; in real numbers."""
    right_threshold: float | None = None
    decisions: tuple[DecisionCount, ...] = ()
    first: tuple[ChangedDecision, ...] = ()

    def __post_init__(self) -> None:
        filled = {len(self.left_bins), len(self.right_bins), len(self.counts)}
        if len(filled) != 1 or len(self.residual_edges) != len(self.residual_counts) + 1:
            raise ReportError(
                "bins and counts do not go together",
                where=f"scores of {self.left} and {self.right}",
                allowed="a count for every bin, one edge more than bins",
            )


@dataclass(frozen=True, slots=True)
class RangeRow:
    """One format of one layer: what can arrive, what did, and whether it holds it."""

    layer: str
    role: str
    """``result``, ``accumulator`` or a layer's own word."""
    format: str
    low: int
    """Proven for every input; in steps of the format, as ``high`` and what was observed."""
    high: int
    spare_bits: int
    """Negative: bits that are missing."""
    answer: str
    observed_events: int | None = None
    """None: not observed."""
    observed_low: int | None = None
    observed_high: int | None = None
    overflows: int | None = None
    """Numbers of these events that the overflow rule changed."""


@dataclass(frozen=True, slots=True)
class Widths:
    """How many bits the numbers of one tensor need, and how many of them are 0."""

    layer: str
    role: str
    """``kernel`` and the like for weights, ``result`` for what a layer gives."""
    format: str
    width: int
    """Bits of the format."""
    by_bits: tuple[int, ...]
    """Numbers that need 0, 1, 2 ... bits (0 bits: always 0)."""
    zero_share: float
    """Of all weights; of a result over all events."""
    events: int | None = None
    """Behind a result; None for weights."""
    map_shape: tuple[int, int] = (0, 0)
    """Rows and columns of the maps; (0, 0) where there is none."""
    bits: tuple[int, ...] = ()
    """Bits by place; of a result the most of all channels."""
    zero_shares: tuple[float, ...] = ()
    """Share of zeros by place, over events and channels; () for weights."""

    def __post_init__(self) -> None:
        if not self.by_bits:
            raise ReportError(
                "no number is counted",
                where=f"widths of {self.layer}, {self.role}",
                allowed="numbers that need 0, 1, 2 ... bits",
            )
        places = self.map_shape[0] * self.map_shape[1]
        if len(self.bits) != places or len(self.zero_shares) not in (0, places):
            raise ReportError(
                f"{len(self.bits)} widths and {len(self.zero_shares)} shares",
                where=f"widths of {self.layer}, {self.role}",
                allowed=f"one for each of {places} places",
            )


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """What held-out reports did around one law that the estimate used."""

    law: str
    layers: tuple[str, ...]
    """That it was used for; empty for the total."""
    quantity: Quantity
    low: float | None
    """Reported over estimated at the lower end of the band; None: no report shows it."""
    high: float | None
    reports: int
    repositories: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """The reports that an estimate rests on."""

    origin: str
    coverage: float
    """Share of held-out reports inside a band."""
    rows: tuple[CalibrationRow, ...]


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many of a resource there are; None where it is not known."""

    resource: Quantity
    device: float | None
    one_slr: float | None
    """In the smallest die."""


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """The FPGA that the design is for."""

    part: str
    slrs: int
    capacities: tuple[Capacity, ...]
