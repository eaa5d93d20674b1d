"""What a design has to beat, and by how much it does: every rival, and what may be claimed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from trigger.budget import Figure, Outcome
from trigger.errors import ReportError


class RivalKind(Enum):
    """How a firmware for the task came to its numbers."""

    FLOAT = "float model"
    """No firmware: what all others are made from, or held against."""
    CONVERTED = "float model, converted"
    """With types that hls4ml chooses, or one type for all, without training."""
    TRAINED = "one width, trained"
    """The design's model with one width for every quantiser, dense, trained as the design is."""
    FOUND = "trial"
    """One of `trigger explore` that is as good as the design on validation events, and cheaper."""
    DESIGN = "this design"


OURS = (RivalKind.FOUND, RivalKind.DESIGN)
"""What is held against the others."""


class Settings(Enum):
    """Which firmware settings a firmware has."""

    DEFAULT = "default"
    """The Latency strategy and one reuse factor everywhere; of the design, its own."""
    SOLVED = "solved"
    """The cheapest within the design's budget."""
    ONE_FACTOR = "one reuse factor"
    """The cheapest within the design's budget that has one strategy and reuse factor for all."""


@dataclass(frozen=True, slots=True)
class Firmware:
    """What a firmware costs, as estimated; what no law knows is None."""

    latency_ns: float | None
    lut: float | None
    dsp: float | None
    ff: float | None
    cost_luts: float | None
    """LUTs, DSP blocks weighed in."""
    fits: bool | None
    """Whether it keeps every limit of the hardware; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Rival:
    """One way to do the task."""

    name: str
    kind: RivalKind
    auc: Figure
    """Of the signal against the background, on the test events."""
    default: Firmware | None
    """With default settings; None of what is no firmware."""
    front: tuple[Firmware, ...] = ()
    """All that none betters in latency and cost within the budget, the fastest first."""
    excess: float | None = None
    """Smallest factor by which the budget would have to be raised; 1 if it is met."""
    width: int | None = None
    """Of one that has one for all."""
    training_seconds: float | None = None
    solving_seconds: float | None = None
    one_factor: Firmware | None = None
    """With one strategy and reuse factor; None where none meets the budget, or none was sought."""

    @property
    def solved(self) -> Firmware | None:
        """The cheapest within the budget; None where there is none."""
        known = [each for each in self.front if each.cost_luts is not None]
        return min(known, key=lambda each: each.cost_luts or 0.0, default=None)

    def with_settings(self, settings: Settings) -> Firmware | None:
        match settings:
            case Settings.DEFAULT:
                return self.default
            case Settings.SOLVED:
                return self.solved
            case Settings.ONE_FACTOR:
                return self.one_factor


@dataclass(frozen=True, slots=True)
class Claim:
    """By what factor a firmware is cheaper than a rival, and on what condition."""

    against: str
    """The rival; "" where there is none to compare with."""
    settings: Settings
    """Its own."""
    rival_settings: Settings
    factor: float | None
    """Cost of the rival over its own; None where one is not known."""
    asked: float
    """The factor that is wanted."""
    auc_difference: float | None
    """Its own, less that of the rival."""
    tolerance: float
    """AUC that it may be worse by and still count as equal."""
    latency_ns: float | None
    rival_latency_ns: float | None
    note: str = ""
    of: str = RivalKind.DESIGN.value
    """The firmware."""

    @property
    def equal(self) -> bool:
        """Whether its AUC is not below that of the rival by more than the tolerance."""
        return self.auc_difference is not None and self.auc_difference >= -self.tolerance

    @property
    def outcome(self) -> Outcome:
        """Whether the factor is reached at equal AUC."""
        if self.factor is None:
            return Outcome.UNKNOWN
        return Outcome.PASS if self.equal and self.factor >= self.asked else Outcome.FAIL


SettingsPair = tuple[Settings, Settings]
"""Of a firmware, and of the rival that it is held against."""

PAIRS: tuple[SettingsPair, ...] = (
    (Settings.DEFAULT, Settings.DEFAULT),
    (Settings.SOLVED, Settings.SOLVED),
    (Settings.SOLVED, Settings.DEFAULT),
    (Settings.SOLVED, Settings.ONE_FACTOR),
)
"""The conditions of a comparison, as tables have them side by side."""


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """What may be claimed of a firmware against a rival, under each condition."""

    of: str
    against: str
    """The rival; "" where there is none to compare with."""
    asked: float
    auc_difference: float | None
    claims: tuple[Claim | None, ...]
    """In the order of ``PAIRS``; None where nothing is claimed."""


def align_claims(claims: Sequence[Claim]) -> Iterator[ClaimRow]:
    """Yield the claims of each firmware against each rival together, in order."""
    rows: dict[tuple[str, str, float], dict[SettingsPair, Claim]] = {}
    for claim in claims:
        row = rows.setdefault((claim.of, claim.against, claim.asked), {})
        row[claim.settings, claim.rival_settings] = claim
    for (of, against, asked), row in rows.items():
        difference = next(iter(row.values())).auc_difference
        yield ClaimRow(of, against, asked, difference, tuple(map(row.get, PAIRS)))


@dataclass(frozen=True, slots=True)
class Race:
    """The fastest settings of a firmware and of a rival within the same resources."""

    against: str
    luts: float
    """LUTs, DSP blocks weighed in: the least that both can do with within the budget."""
    latency_ns: float
    rival_latency_ns: float
    of: str = RivalKind.DESIGN.value
    """The firmware."""


@dataclass(frozen=True, slots=True)
class Baselines:
    """All rivals of a design, and what may be claimed."""

    design: str
    network_sha256: str
    """Digest of the firmware that is compared."""
    luts_per_dsp: int
    rivals: tuple[Rival, ...]
    """The design is the last."""
    claims: tuple[Claim, ...]
    races: tuple[Race, ...]

    def __post_init__(self) -> None:
        if not self.rivals or self.rivals[-1].kind is not RivalKind.DESIGN:
            raise ReportError(
                "the last rival is not the design",
                where=f"baselines of {self.design}",
                allowed=f"one of the kind {RivalKind.DESIGN.value!r}, after all others",
            )
