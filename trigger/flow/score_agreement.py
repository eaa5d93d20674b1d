"""The scores of two engines event by event: where they lie, how they differ, what they decide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.config import DesignFile
from trigger.flow.comparison import CSIM, EMULATED, FLOAT, QKERAS
from trigger.flow.physics import Pair, scores_of
from trigger.flow.simulation import Simulated
from trigger.network import Network
from trigger.report import Physics, studies

BINS = 48
RESIDUAL_BINS = 41
"""Odd, so that a bin holds the events that do not differ, and its neighbours the smallest steps."""
FIRST = 10
"""Events whose decision changes that are listed."""

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One engine's scores of the test events, large for signal."""

    name: str
    values: Scores
    """(n,) real numbers."""
    passed: npt.NDArray[np.bool_] | None
    """(n,) at the working point of the engine; None where it has none."""
    threshold: float | None
    """The same in real numbers."""


def compare_engines(
    file: DesignFile, events: int, network: Network, simulated: Simulated, found: Physics
) -> tuple[studies.ScoreComparison, ...]:
    """Return the emulator's scores beside those of every other engine, on so many test events.

    Each engine decides at its own threshold of the working point; C simulation at the emulator's.
    """
    asked = Pair.of(file).ask(simulated.labels[:events])
    form = network[network.outputs[0]].result
    rows = {row.engine: row for row in found.engines}

    def scored(name: str, outputs: npt.NDArray, engine: str, raw: bool) -> Scored:
        own = scores_of(outputs[:events].reshape(events, -1), asked)
        threshold = rows[engine].threshold if engine in rows else None
        values, cut = (form.values(own), form.values) if raw else (own, float)
        passed = None if threshold is None else own >= threshold
        return Scored(name, values, passed, None if threshold is None else float(cut(threshold)))

    ours = scored(EMULATED, simulated.emulated, EMULATED, True)
    others = (
        scored(FLOAT, simulated.float_twin, FLOAT, False),
        scored(QKERAS, simulated.qkeras, QKERAS, False),
        scored(CSIM, simulated.csim, EMULATED, True),
    )
    return tuple(compare_scores(other, ours, asked.labels, asked.classes) for other in others)


def compare_scores(
    left: Scored, right: Scored, labels: npt.NDArray[np.int64], classes: tuple[str, ...]
) -> studies.ScoreComparison:
    """Return how the scores of two engines compare, right less left."""
    both = np.concatenate([left.values, right.values])
    edges = np.histogram_bin_edges(both, BINS)
    grid = np.histogram2d(left.values, right.values, (edges, edges))[0].astype(np.int64)
    left_bins, right_bins = np.nonzero(grid)
    residual = right.values - left.values
    largest = float(np.max(np.abs(residual)))
    reach = largest or float(edges[1] - edges[0])
    counts, residual_edges = np.histogram(residual, RESIDUAL_BINS, (-reach, reach))
    decisions, first = _decisions(left, right, labels, classes)
    return studies.ScoreComparison(
        left=left.name,
        right=right.name,
        events=len(residual),
        edges=tuple(edges.tolist()),
        left_bins=tuple(left_bins.tolist()),
        right_bins=tuple(right_bins.tolist()),
        counts=tuple(grid[left_bins, right_bins].tolist()),
        residual_edges=tuple(residual_edges.tolist()),
        residual_counts=tuple(counts.tolist()),
        residual_mean=float(residual.mean()),
        residual_deviation=float(residual.std()),
        residual_largest=largest,
        different=int(np.count_nonzero(residual)),
        left_threshold=left.threshold,
        right_threshold=right.threshold,
        decisions=decisions,
        first=first,
    )


def _decisions(
    left: Scored, right: Scored, labels: npt.NDArray[np.int64], classes: tuple[str, ...]
) -> tuple[tuple[studies.DecisionCount, ...], tuple[studies.ChangedDecision, ...]]:
    """Return, by class, the events that one engine alone accepts, and the first of them."""
    if left.passed is None or right.passed is None:
        return (), ()
    left_only, right_only = left.passed & ~right.passed, right.passed & ~left.passed
    counts = tuple(
        studies.DecisionCount(
            name, int(here.sum()), int(np.sum(left_only & here)), int(np.sum(right_only & here))
        )
        for label, name in enumerate(classes)
        for here in (labels == label,)
    )
    changed = np.flatnonzero(left_only | right_only)[:FIRST]
    first = tuple(
        studies.ChangedDecision(
            int(event),
            classes[labels[event]],
            float(left.values[event]),
            float(right.values[event]),
        )
        for event in changed
    )
    return counts, first
