"""The best legal hardware settings of a network under a budget, exactly.

The estimator composes over layers (``composition``), so partial designs are built up layer by
layer, and one that another betters in all that matters is never completed (``assembly``). A
quantity that is limited matters only if the designs that are found without it pass its limit: then
the search is done again with it. What remains at the end is the whole front of latency against
cost, and no setting that hls4ml takes gives a point below it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.budget import Cost, Quantity
from trigger.design import IOType, Strategy, Target
from trigger.errors import EstimateError
from trigger.estimate.coefficients import Coefficients, read_coefficients
from trigger.estimate.context import context_for
from trigger.estimate.describe import describe
from trigger.estimate.descriptor import LayerDescriptor
from trigger.network import Network
from trigger.search.assembly import Choice, assemble
from trigger.search.composition import (
    COLUMNS,
    RESOURCES,
    Column,
    Composition,
    Top,
    column,
    compose,
)
from trigger.search.pareto import nondominated
from trigger.search.settings import (
    Setting,
    find_knobs,
    legal_settings,
    taken_settings,
    with_setting,
)

LUTS_PER_DSP = 55
"""LUTs that a DSP block counts for in a cost of both: Sun et al. (HGQ, arXiv:2405.00645) find that
effective bit operations of unrolled hls4ml networks come near LUT + 55 DSP after place and route.
A convention, not a price."""


_MUST_BE_KNOWN = (Column.WAIT, Column.LUT, Column.DSP)
_NEEDED = [COLUMNS.index(name) for name in _MUST_BE_KNOWN]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network as hls4ml makes it for a target: its formats, layers and io type are given."""

    network: Network
    target: Target


@dataclass(frozen=True, slots=True)
class Point:
    """One design of the front."""

    candidate: Candidate
    settings: Mapping[str, Setting]
    """Of every layer whose settings may change."""
    totals: Mapping[Quantity, float]
    """As the estimator gives them; what no law knows is missing."""
    luts: float
    """LUTs, and DSP blocks as LUTs."""

    @property
    def latency_ns(self) -> float:
        return self.totals[Quantity.LATENCY_CYCLES] * self.candidate.target.clock_period_ns


def weigh_luts(cost: Cost) -> float | None:
    """Return the LUTs, a DSP block counting as ``LUTS_PER_DSP``; None where one is unknown."""
    lut, dsp = cost.total.lut, cost.total.dsp
    return None if lut is None or dsp is None else lut.value + LUTS_PER_DSP * dsp.value


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the settings of each layer cost, under every form of the top function."""

    candidate: Candidate
    forms: tuple[tuple[Composition, tuple[Choice, ...]], ...]

    @property
    def designs(self) -> int:
        """How many whole designs the settings make."""
        return sum(math.prod(len(each.settings) for each in choices) for _, choices in self.forms)


def prepare(
    candidate: Candidate,
    layers: Collection[str] | None = None,
    coefficients: Coefficients | None = None,
) -> Prepared:
    """Estimate every legal setting of every layer.

    Args:
        layers: those whose settings may change; None is all of ``find_knobs``.

    Raises:
        UnsupportedLayerError, EstimateError: no law covers the network, or not its latency, LUT
            or DSP.
    """
    fitted = coefficients or read_coefficients()
    return Prepared(candidate, tuple(_forms(candidate, layers, fitted)))


def find_front(
    prepared: Prepared, limits: Mapping[Quantity, float], luts_per_dsp: int = LUTS_PER_DSP
) -> tuple[Point, ...]:
    """Return the designs within limits that no legal one betters in both latency and cost.

    Of designs with equal latency and cost one is returned. Sorted by latency.

    Args:
        limits: largest value of quantities that are limited.
        luts_per_dsp: LUTs that one DSP block counts for.
    """
    return keep_front(
        [
            point
            for composition, choices in prepared.forms
            for point in _solve(prepared.candidate, composition, choices, limits, luts_per_dsp)
        ]
    )


def keep_front(points: Sequence[Point]) -> tuple[Point, ...]:
    """Return the points that no other one betters in latency (ns) and cost, by latency."""
    figures = np.array([(point.latency_ns, point.luts) for point in points]).reshape(-1, 2)
    kept = [points[place] for place in nondominated(figures)]
    return tuple(sorted(kept, key=lambda point: (point.latency_ns, point.luts)))


def _forms(
    candidate: Candidate, names: Collection[str] | None, coefficients: Coefficients
) -> Iterator[tuple[Composition, tuple[Choice, ...]]]:
    """Yield every form of the top function with the settings of each layer that go with it."""
    network, target = candidate.network, candidate.target
    layers = describe(network, target.io_type)
    context = context_for(target, layers)
    tops = (
        (Top.STREAM,) if target.io_type is IOType.STREAM else (Top.PIPELINE, Top.LOOPS, Top.STORED)
    )
    settings = _settings(network, layers, target, names)
    for top in tops:
        composition = compose(top, layers, context, coefficients)
        choices = [
            _choice(composition, layer, number, settings.get(layer.name))
            for number, layer in enumerate(layers)
        ]
        if all(choice is not None for choice in choices):
            yield composition, tuple(choice for choice in choices if choice is not None)


def _settings(
    network: Network,
    layers: Sequence[LayerDescriptor],
    target: Target,
    names: Collection[str] | None,
) -> dict[str, tuple[tuple[Setting, ...], ...]]:
    described = {layer.name: layer for layer in layers}
    found = {}
    for layer in find_knobs(network):
        if names is not None and layer.name not in names:
            continue
        pixels = math.prod(network.shapes[layer.name][:-1])
        stats = described[layer.name].weights
        assert stats is not None
        legal = tuple(legal_settings(layer, pixels, target.io_type, stats))
        found[layer.name] = taken_settings(legal, network, layer, target)
    return found


def _choice(
    composition: Composition,
    layer: LayerDescriptor,
    number: int,
    settings: tuple[tuple[Setting, ...], ...] | None,
) -> Choice | None:
    """Return what a layer costs with each of its settings; None where none goes with the form.

    Raises:
        EstimateError: no law gives its latency, LUT or DSP.
    """
    pairs: list[tuple[Setting | None, npt.NDArray[np.float64]]] = []
    without_law: set[tuple[Strategy, bool]] = set()
    for group in ((None,),) if settings is None else settings:
        before: npt.NDArray[np.float64] | None = None
        for setting in group:
            changed = layer if setting is None else with_setting(layer, setting)
            law = setting and (setting.strategy, setting.reuse_factor > 1)  # these name a law
            row = None if law in without_law else composition.describe(changed, number)
            if row is None or (before is not None and np.array_equal(row, before)):
                break
            pairs.append((setting, row))
            before = row
            if law and np.isnan(row[_NEEDED]).any():
                without_law.add(law)
    if not pairs:
        return None
    rows = np.stack([row for _, row in pairs])
    gaps = np.isnan(rows)
    for name in _MUST_BE_KNOWN:
        if column(gaps, name).all():
            raise EstimateError(
                f"no law gives the {name.value} of a {layer.kind.value} layer",
                where=layer.name,
                allowed="layers whose cost is known",
                remedy="leave it out of the design that is searched",
            )
    # what one setting does not tell and another does, is not chosen; what none tells, is unknown
    open_ = gaps.all(axis=0)
    told: npt.NDArray[np.bool_] = ~np.any(gaps & ~open_, axis=1)
    return Choice(
        layer.name,
        tuple(setting for (setting, _), known in zip(pairs, told, strict=True) if known),
        rows[told],
    )


def _solve(
    candidate: Candidate,
    composition: Composition,
    choices: tuple[Choice, ...],
    limits: Mapping[Quantity, float],
    luts_per_dsp: int,
) -> Iterator[Point]:
    """Yield the front of one form of the top function."""
    unknown = _unknown(choices)
    known = {quantity: limit for quantity, limit in limits.items() if quantity not in unknown}
    tracked = frozenset({Quantity.INTERVAL_CYCLES} & known.keys())
    while True:
        rows, chosen = assemble(composition, choices, known, tracked, luts_per_dsp)
        if len(rows) == 0:
            return
        totals = composition.totals(rows)
        luts = totals[Quantity.LUT] + luts_per_dsp * totals[Quantity.DSP]
        late = totals[Quantity.LATENCY_CYCLES]
        front = nondominated(np.stack([late, luts], axis=1))
        passed = {
            quantity
            for quantity, limit in known.items()
            if quantity is not Quantity.LATENCY_CYCLES and (totals[quantity][front] > limit).any()
        }
        if not passed:
            break
        tracked |= passed
    for place in front:
        yield _point(candidate, choices, chosen[place], totals, place, luts_per_dsp)


def _point(
    candidate: Candidate,
    choices: tuple[Choice, ...],
    chosen: npt.NDArray[np.intp],
    totals: Mapping[Quantity, npt.NDArray[np.float64]],
    place: int,
    luts_per_dsp: int,
) -> Point:
    """Return a whole design, by its place in ``totals``."""
    picked = zip(choices, chosen, strict=True)
    settings = {each.name: each.settings[option] for each, option in picked}
    unknown = _unknown(choices)
    its = {name: float(amounts[place]) for name, amounts in totals.items() if name not in unknown}
    return Point(
        candidate,
        {name: setting for name, setting in settings.items() if setting is not None},
        its,
        its[Quantity.LUT] + luts_per_dsp * its[Quantity.DSP],
    )


def _unknown(choices: Sequence[Choice]) -> frozenset[Quantity]:
    """Return the quantities that no law gives for one of the layers."""
    return frozenset(
        quantity
        for quantity in RESOURCES
        if any(np.isnan(column(each.rows, Column(quantity.value))).any() for each in choices)
    )


def find_nearest(
    prepared: Prepared, limits: Mapping[Quantity, float], luts_per_dsp: int = LUTS_PER_DSP
) -> tuple[Point, float] | None:
    """Return a design that passes its limits by the smallest factor there is, and that factor.

    The factor is the largest of total / limit; where nothing is allowed it is 1 + total. None if
    no form of the top function goes with the layers.
    """
    found: list[tuple[float, float, Point]] = []
    for composition, choices in prepared.forms:
        unknown = _unknown(choices)
        known = {name: limit for name, limit in limits.items() if name not in unknown}
        tracked: frozenset[Quantity] = frozenset()
        while True:
            rows, chosen = assemble(composition, choices, {}, tracked, None)
            if len(rows) == 0:
                break
            totals = composition.totals(rows)
            excess = {name: _excess(totals[name], limit) for name, limit in known.items()}
            seen = [excess[name] for name in (*tracked, Quantity.LATENCY_CYCLES) if name in excess]
            luts = totals[Quantity.LUT] + luts_per_dsp * totals[Quantity.DSP]
            all_of_them = np.max([*excess.values(), np.ones(len(rows))], axis=0)
            by_seen = np.max([*seen, np.ones(len(rows))], axis=0)
            place = int(np.lexsort([luts, all_of_them, by_seen])[0])
            if all_of_them[place] <= by_seen[place]:
                point = _point(
                    prepared.candidate, choices, chosen[place], totals, place, luts_per_dsp
                )
                found.append((float(all_of_them[place]), point.luts, point))
                break
            tracked |= {max(excess, key=lambda name: excess[name][place])}
    if not found:
        return None
    factor, _, point = min(found, key=lambda each: each[:2])
    return point, factor


def _excess(totals: npt.NDArray[np.float64], limit: float) -> npt.NDArray[np.float64]:
    return totals / limit if limit > 0 else 1.0 + totals
