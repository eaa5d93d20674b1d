"""What a search over firmware settings found, as reports and other programs read it.

Kept as ``search/NAME_solved.json`` in the design's folder, beside the design file that was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trigger.budget import Cost, Verdict
from trigger.design import Strategy
from trigger.files import write_text
from trigger.report.codec import decode, encode
from trigger.report.files import indent_json, read_data
from trigger.report.front import FOLDER

_SCHEMA = "trigger-solved-1"
_REMEDY = "delete it, or give `trigger search` again"


@dataclass(frozen=True, slots=True)
class LayerSetting:
    """The settings of one layer."""

    layer: str
    strategy: Strategy
    reuse_factor: int
    parallelization_factor: int


@dataclass(frozen=True, slots=True)
class NarrowerFormat:
    """A format that lost bits which nothing sets."""

    layer: str
    type: str
    """``accum`` or ``result``, as in hls4ml's ``Precision``."""
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Solution:
    """A firmware with its settings, as estimated; what no law knows is None."""

    clock_period_ns: float
    latency_ns: float
    cost_luts: float
    """LUTs, DSP blocks weighed in."""
    latency_cycles: float
    interval_cycles: float
    lut: float
    dsp: float
    ff: float | None
    bram_18k: float | None
    uram: float | None
    settings: tuple[LayerSetting, ...]
    """Of every layer whose settings may change."""


@dataclass(frozen=True, slots=True)
class Solved:
    """The answer to a budget."""

    design: str
    """File of the design that was found."""
    compiled_sha256: str
    """Digest of the firmware as it was."""
    network_sha256: str
    """Digest of the firmware that was found."""
    met: bool
    """Whether every limit of the hardware that is known is kept."""
    excess: float
    """Smallest factor by which all limits that are passed would have to be raised; 1 if met."""
    binding: tuple[str, ...]
    """Limits that no legal settings keep together; the one that is passed most is first."""
    verdict: Verdict
    """On the best, without limits of quality."""
    before: Cost
    cost: Cost
    """Of the best."""
    formats: tuple[NarrowerFormat, ...]
    best: Solution
    """The cheapest within the budget; without one, the nearest."""
    front: tuple[Solution, ...]
    """All within the budget that none betters in latency and cost."""
    legal_designs: int
    events_compared: int
    """On which every output was equal before and after."""
    dangers: tuple[str, ...]
    """What the vendor's front end will not take of the best."""


def place_of(folder: Path, design: str) -> Path:
    """Return where the record of a design is kept in its folder."""
    return folder / FOLDER / f"{design}_solved.json"


def write_solved(found: Solved, path: Path) -> None:
    """Write the record, whole or not at all; raises OutputError where that is impossible."""
    write_text(path, indent_json(to_json(found)))


def to_json(found: Solved) -> dict[str, Any]:
    """Return the record as JSON data."""
    return {"schema": _SCHEMA, **encode(found, Solved, "solved")}


def read_solved(path: Path) -> Solved | None:
    """Return a record; None where there is none.

    Raises:
        ReportError: a file that is damaged, or of another kind.
    """
    if not path.exists():
        return None
    found: Solved = decode(read_data(path, _SCHEMA, _REMEDY), Solved, f"{path}: solved")
    return found
