"""The answer to a budget: the cheapest design that meets it, or the nearest one that there is."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from trigger.budget import Budget, Check, Cost, Outcome, Part, Quantity, Verdict, judge
from trigger.estimate import estimate
from trigger.network import Network
from trigger.search.limits import find_limits, hardware_part
from trigger.search.settings import apply_settings
from trigger.search.solve import (
    LUTS_PER_DSP,
    Candidate,
    Point,
    Prepared,
    find_front,
    find_nearest,
    keep_front,
    prepare,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a budget gets."""

    best: Point
    """The cheapest design within the limits; without one, the nearest."""
    met: bool
    """Whether every limit of the hardware that is known is kept."""
    front: tuple[Point, ...]
    """Designs within the limits that none betters in latency and cost; () if there is none."""
    cost: Cost
    """Of the best."""
    verdict: Verdict
    """On it, without limits of quality."""
    designs: int
    """Legal designs that it was chosen from."""
    excess: float
    """Smallest factor by which all limits that it passes would have to be raised; 1 if met."""

    @property
    def binding(self) -> tuple[Check, ...]:
        """The limits that no legal design keeps together; the one that is passed most is first."""
        failed = [each for each in self.verdict.checks if each.outcome is Outcome.FAIL]
        return tuple(sorted(failed, key=lambda check: -_share(check)))

    @property
    def network(self) -> Network:
        """The best design's firmware, integer by integer."""
        return network_of(self.best)


def solve(
    candidates: Sequence[Candidate],
    budget: Budget,
    device: Part | None,
    layers: Collection[str] | None = None,
    luts_per_dsp: int = LUTS_PER_DSP,
) -> Answer:
    """Return the cheapest of all legal settings of networks that compute the same.

    Cheapest is the smallest count of LUTs, DSP blocks weighed in; of equally cheap ones the
    fastest.

    Args:
        candidates: at least one; they differ in clock or io type.
        device: the part of the budget's resources.
        layers: those whose settings may change; None is all that can.

    Raises:
        UnsupportedLayerError, EstimateError: no law covers a network.
    """
    prepared = [prepare(candidate, layers) for candidate in candidates]
    limits = [find_limits(budget, candidate.target, device) for candidate in candidates]
    front = _front(prepared, limits, luts_per_dsp)
    nearest, excess = (None, 1.0) if front else _nearest(prepared, limits, luts_per_dsp)
    best = nearest or min(front, key=lambda point: (point.luts, point.latency_ns))
    cost = estimate(network_of(best), best.candidate.target)
    for quantity, total in best.totals.items():  # the composition is the estimator's own
        figure = cost.total.figure(quantity)
        assert figure is not None
        assert abs(figure.value - total) <= 1
    return Answer(
        best,
        bool(front),
        front,
        cost,
        judge(hardware_part(budget), cost, device),
        sum(each.designs for each in prepared),
        excess,
    )


def _share(check: Check) -> float:
    assert check.value is not None  # it failed
    return check.value / check.limit if check.limit else math.inf


def network_of(point: Point) -> Network:
    return apply_settings(point.candidate.network, point.settings)


def _front(
    prepared: Sequence[Prepared],
    limits: Sequence[Mapping[Quantity, float]],
    luts_per_dsp: int,
) -> tuple[Point, ...]:
    return keep_front(
        [
            point
            for each, its in zip(prepared, limits, strict=True)
            for point in find_front(each, its, luts_per_dsp)
        ]
    )


def _nearest(
    prepared: Sequence[Prepared],
    limits: Sequence[Mapping[Quantity, float]],
    luts_per_dsp: int,
) -> tuple[Point, float]:
    found = [find_nearest(*pair, luts_per_dsp) for pair in zip(prepared, limits, strict=True)]
    return min(
        (each for each in found if each is not None), key=lambda pair: (pair[1], pair[0].luts)
    )
