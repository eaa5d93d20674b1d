"""What a search over training knobs tried: every finished trial, and the start to be bettered.

Kept as ``search/front.json`` in the design's folder, from which reports and plots are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from trigger.budget import Figure
from trigger.files import write_text
from trigger.report.codec import decode, encode
from trigger.report.files import indent_json, read_data

FOLDER, FRONT, WEIGHTS = "search", "front.json", "weights"
_SCHEMA = "trigger-front-1"


class Objective(Enum):
    """What a trial should have much of, on the validation events."""

    AUC = "auc"
    EFFICIENCY = "efficiency"
    """Of the signal, at the working point of the design's trigger."""


class Against(Enum):
    """What a trial should have little of."""

    COST = "cost"
    """LUTs, DSP blocks weighed in."""
    LATENCY = "latency"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The value of one knob."""

    knob: str
    value: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a firmware is worth, with the settings that the search of hardware knobs gave it."""

    quality: Figure
    """The objective, of emulated scores of the validation events."""
    cost_luts: float
    """LUTs, DSP blocks weighed in, as estimated."""
    latency_ns: float
    """As estimated."""
    excess: float
    """Smallest factor by which the limits that it passes would have to be raised; 1 if none is."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A finished trial."""

    number: int
    """Counted from 0, in the order in which trials were proposed."""
    choice: tuple[Chosen, ...]
    found: Found | None
    """None of one that was given up."""
    given_up: str = ""
    """Why; empty of one that was not."""
    on_front: bool = False
    """Whether it keeps the budget (or none does) and no other one betters it."""
    design: str = ""
    """Design file of one on the front, beside the record."""


@dataclass(frozen=True, slots=True)
class Front:
    """A search over training knobs, as far as it has come."""

    design: str
    objective: Objective
    against: Against
    start: Found
    """The design as it is, with its trained weights."""
    trials: tuple[Tried, ...]
    """By number; finished ones only."""
    network_sha256: str = ""
    """Digest of the firmware of the design as it is."""
    least: float | None = None
    """Quality that was asked for: that of the float model less the loss that is allowed."""


def weights_of(design: str) -> Path:
    """Return where the weights of a trial's design file are kept, beside the record."""
    return Path(WEIGHTS) / Path(design).stem


def write_front(front: Front, folder: Path) -> Path:
    """Write ``front.json``, whole or not at all; raises OutputError where that is impossible."""
    data = {"schema": _SCHEMA, **encode(front, Front, "front")}
    path = folder / FRONT
    write_text(path, indent_json(data))
    return path


def read_front(folder: Path) -> Front | None:
    """Return the record in a folder; None where there is none.

    Raises:
        ReportError: a file that is damaged, or of another kind.
    """
    path = folder / FRONT
    if not path.exists():
        return None
    front: Front = decode(read_data(path, _SCHEMA, _REMEDY), Front, f"{path}: front")
    return front


_REMEDY = "delete it; `trigger explore` writes it again from its database"
