"""What a report says: one frozen object, filled elsewhere, from which every form is rendered.

Everything is plain data (numbers, text, tuples, records), so that it equals itself after a trip
through JSON. A number that is not known is None, never 0. Here are the whole and what every run
finds; what takes a study of its own is in `studies`, other firmware for the task in `alternatives`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from trigger.budget import Cost, Figure, Outcome, Source, Verdict
from trigger.errors import ReportError
from trigger.report import studies
from trigger.report.alternatives import Alternatives


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first place where two engines differ."""

    event: int
    layer: str
    element: tuple[int, ...]
    """Index into the layer's output, such as (row, column, channel)."""
    left_raw: int | float
    """Raw integer in ``format``; a float where an engine left the grid of the format."""
    right_raw: int | float
    format: str


@dataclass(frozen=True, slots=True)
class LayerAgreement:
    """Two engines compared on the output of one layer."""

    layer: str
    events: int
    elements: int
    """Numbers compared, over all events."""
    mismatches: int
    first: Mismatch | None = None
    note: str = ""
    """Where and why the conversion is not exact; "" where it is."""

    def __post_init__(self) -> None:
        _check_counts(f"agreement of layer {self.layer}", self.elements, self.mismatches)
        if self.mismatches and self.first is None:
            raise ReportError(
                f"{self.mismatches} mismatches and no first one",
                where=f"agreement of layer {self.layer}",
                allowed="the first mismatch where there is any",
            )


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two engines compared on the same events, in total and layer by layer."""

    left: str
    """Engine, such as ``emulated``; the left raw value of a mismatch is its."""
    right: str
    events: int
    elements: int
    mismatches: int
    """Numbers that differ, over all layers and events."""
    layers: tuple[LayerAgreement, ...] = ()
    first: Mismatch | None = None
    exact_expected: bool = True
    """False where the two are known not to be bit-exact; ``note`` says why."""
    note: str = ""

    def __post_init__(self) -> None:
        where = f"agreement of {self.left} and {self.right}"
        _check_counts(where, self.elements, self.mismatches)
        if self.mismatches and self.first is None:
            raise ReportError(
                f"{self.mismatches} mismatches and no first one",
                where=where,
                allowed="the first mismatch where there is any",
            )


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer of the network; a format that the layer does not have is None."""

    name: str
    kind: str
    output_shape: tuple[int, ...]
    input_format: str | None
    weight_format: str | None
    accumulator_format: str | None
    result_format: str | None
    weights: int
    """Of the kernels: what multiplies the input; biases and tables are not counted."""
    zeros: int
    """Of these, those that are 0."""
    multiplications: int
    """Of one event, zero weights included."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value, as text."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Image:
    """Pixels as the hardware sees them: raw integers (floats in a mean image)."""

    shape: tuple[int, int, int]
    """(height, width, channels)."""
    pixels: tuple[int | float, ...]
    """Row by row, the channels of a pixel side by side."""
    caption: str = ""

    def __post_init__(self) -> None:
        height, width, channels = self.shape
        if len(self.pixels) != height * width * channels:
            raise ReportError(
                f"{len(self.pixels)} pixels",
                where="image",
                allowed=f"as many as {self.shape} holds",
            )


@dataclass(frozen=True, slots=True)
class ClassImages:
    """What the events of one class look like."""

    name: str
    events: int
    """Behind the mean image."""
    mean: Image
    examples: tuple[Image, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A ROC curve as points, the strictest threshold first; both tuples are equally long."""

    signal_efficiency: tuple[float, ...]
    background_acceptance: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.signal_efficiency) != len(self.background_acceptance):
            raise ReportError(
                f"{len(self.signal_efficiency)} signal efficiencies and "
                f"{len(self.background_acceptance)} background acceptances",
                where="ROC curve",
                allowed="as many of the one as of the other",
            )


@dataclass(frozen=True, slots=True)
class EnginePhysics:
    """How well the scores of one engine tell the classes apart."""

    engine: str
    """Such as ``float``, ``QKeras``, ``emulated``."""
    auc: Figure | None
    accuracy: Figure | None
    signal_efficiency: Figure | None
    """At the working point."""
    background_acceptance: Figure | None
    """That the working point reaches; ties may keep it below what was asked."""
    threshold: int | float | None
    """Lowest score that passes at the working point, in the engine's own numbers."""
    roc: Curve | None = None
    rate_khz: Figure | None = None
    """Of accepted background at the working point; None where the crossing rate is not known."""
    next_threshold: int | float | None = None
    """The next lower score; with it more background passes than asked. None: there is none."""
    next_acceptance: Figure | None = None
    """Background acceptance with ``next_threshold``."""
    next_rate_khz: Figure | None = None
    rejection: Figure | None = None
    """1 / background acceptance at ``Physics.rejection_efficiency``; None if no event passes."""
    auc_bootstrap: Figure | None = None
    """The area again, with the interval of resampled events."""
    confusion: tuple[tuple[int, ...], ...] = ()
    """Events of each class (outer) taken for each class (inner), in the order of the labels."""


@dataclass(frozen=True, slots=True)
class TurnOn:
    """The efficiency of one class at the working point, in bins of a quantity of the event."""

    engine: str
    class_name: str
    variable: str
    """With its unit."""
    edges: tuple[float, ...]
    """One more than bins."""
    efficiencies: tuple[Figure | None, ...]
    """None where no event lies."""


@dataclass(frozen=True, slots=True)
class ScoreHistogram:
    """How many scores of one class fall into each bin."""

    engine: str
    class_name: str
    edges: tuple[float, ...]
    """One more than bins, in the engine's own numbers."""
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.edges) != len(self.counts) + 1:
            raise ReportError(
                f"{len(self.edges)} edges of {len(self.counts)} bins",
                where=f"scores of {self.engine}, {self.class_name}",
                allowed="one edge more than bins",
            )


@dataclass(frozen=True, slots=True)
class Physics:
    """Signal against background, for every engine on the same events."""

    signal: str
    background: str
    signal_events: int
    background_events: int
    asked_acceptance: float
    """Background acceptance of the working point."""
    engines: tuple[EnginePhysics, ...]
    histograms: tuple[ScoreHistogram, ...] = ()
    classes: tuple[str, ...] = ()
    """In the order of the labels."""
    input_rate_khz: float | None = None
    """Rate of background events before the trigger."""
    asked_rate_khz: float | None = None
    """Of the working point, if it was given as a rate."""
    rejection_efficiency: float | None = None
    """Signal efficiency at which ``rejection`` is read."""
    turn_ons: tuple[TurnOn, ...] = ()
    unit: str = "events"
    """What is counted, in the plural: events, tracks, lit pixels."""


@dataclass(frozen=True, slots=True)
class QuantityResolution:
    """How near one output comes to the quantity that it stands for."""

    name: str
    resolution: Figure | None
    """68.27 % of all errors are smaller, in ``Regression.unit``."""
    bias: Figure | None
    """Mean of output less truth."""
    r2: Figure | None
    """Share of the truth's variance that is explained."""


@dataclass(frozen=True, slots=True)
class EngineRegression:
    """The outputs of one engine against the truth."""

    engine: str
    quantities: tuple[QuantityResolution, ...]
    sum_residual: Figure | None = None
    """Median distance between the sum over an event and what it must be; None if none is known."""


@dataclass(frozen=True, slots=True)
class Regression:
    """Quantities that a model gives, for every engine on the same images."""

    truth: str
    """What the outputs are compared with."""
    images: int
    unit: str
    """Of the quantities; "" where they have none."""
    subject: str
    """What an image shows, in the plural: tracks, events."""
    engines: tuple[EngineRegression, ...]
    sum_name: str = ""
    """What ``sum_residual`` is of; "" for nothing."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What went in, by its hash."""

    name: str
    """What was hashed, such as ``design``, ``data``, ``weights``, ``project``."""
    sha256: str


@dataclass(frozen=True, slots=True)
class ToolVersion:
    """A program or library with its version."""

    name: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is needed to make this again; nothing in it names a machine."""

    command: str
    date: str
    """ISO 8601, with its zone."""
    seed: int | None
    digests: tuple[Digest, ...]
    tools: tuple[ToolVersion, ...]


@dataclass(frozen=True, slots=True)
class PreviousCheck:
    """One line of an earlier verdict."""

    name: str
    value: float | None
    outcome: Outcome
    source: Source | None


@dataclass(frozen=True, slots=True)
class Previous:
    """The version before this one."""

    date: str
    network: str
    """SHA-256 of its network; "" where it is not known."""
    checks: tuple[PreviousCheck, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the run and how long it took."""

    name: str
    seconds: float | None


class Severity(Enum):
    """How much a note matters."""

    INFO = "note"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a reader must know, such as what could not be done here and why."""

    severity: Severity
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one run of a design has found."""

    design: str
    verdict: Verdict
    agreement: Agreement | None
    """The headline, emulated against C simulation; None where no C simulation was run."""
    costs: tuple[Cost, ...]
    """The estimate, and vendor reports beside it; the first one is shown first."""
    provenance: Provenance
    further_agreements: tuple[Agreement, ...] = ()
    physics: Physics | None = None
    layers: tuple[LayerRow, ...] = ()
    input_contract: tuple[Entry, ...] = ()
    classes: tuple[ClassImages, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[Note, ...] = ()
    robustness: studies.Robustness | None = None
    comparisons: tuple[studies.ScoreComparison, ...] = ()
    """Scores of the emulator and of each other engine."""
    ranges: tuple[studies.RangeRow, ...] = ()
    widths: tuple[studies.Widths, ...] = ()
    calibration: studies.Calibration | None = None
    """Of the estimate among ``costs``."""
    device: studies.DeviceRow | None = None
    previous: Previous | None = None
    """The version before; None where there was none."""
    further_physics: tuple[Physics, ...] = ()
    """Further signals against the same background."""
    regression: Regression | None = None
    output_contract: tuple[Entry, ...] = ()
    """What a number that the model gives means; () for scores."""
    alternatives: Alternatives | None = None
    """What searches and comparisons have left; None where there was none."""


def _check_counts(where: str, elements: int, mismatches: int) -> None:
    if not 0 <= mismatches <= elements:
        raise ReportError(
            f"{mismatches} mismatches among {elements} numbers",
            where=where,
            allowed="0 <= mismatches <= numbers compared",
        )
