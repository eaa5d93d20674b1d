"""What held-out reports say of the estimator: errors, bands, and what logic synthesis leaves."""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from trigger.budget import Quantity
from trigger.estimate import compose
from trigger.estimate.coefficients import OFFSETS, Band, Coefficients, Remainder
from trigger.estimate.context import Context
from trigger.estimate.descriptor import LayerDescriptor
from trigger.estimate.laws import layer_structure
from trigger.estimate.logic_synthesis import (
    REDUCED,
    STRATEGIES,
    moved_products,
    remaining,
    strategy_of,
)
from trigger.estimate.records import Record

Laws = dict[tuple[str, Quantity], dict[str, float]]
JUDGED = (
    Quantity.LATENCY_MIN_CYCLES,
    Quantity.LATENCY_CYCLES,
    Quantity.INTERVAL_CYCLES,
    Quantity.LUT,
    Quantity.FF,
    Quantity.DSP,
    Quantity.BRAM_18K,
)
BAND_QUANTILES = (0.07, 0.93)
KINSHIP = 3.0
WIDENING = 0.5
"""Chosen so that four in five bands hold in cross-validation, by record and by repository."""
NO_BAND = Band(0.4, 2.5, 0, 0)
MOVED_PRODUCT_LUTS = 60.0
"""A multiplication by a constant from LUTs, where no report shows one that was moved."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One held-out figure."""

    record: Record
    name: str
    """Law of a layer, or class of a whole design."""
    quantity: Quantity
    actual: float
    estimated: float


def judge_totals(records: Sequence[Record], fitted: Coefficients) -> list[Judged]:
    judged = []
    for record in records:
        totals = estimate_totals(record.layers, record.context, fitted)
        kind = compose.design_class(record.layers, record.context)
        for quantity in JUDGED:
            value = totals.get(quantity)
            if record.logic_synthesis and quantity not in compose.TIMES:
                continue
            if value is not None and quantity in record.reported:
                judged.append(Judged(record, kind, quantity, record.reported[quantity], value))
    return judged


@dataclass(frozen=True, slots=True)
class Synthesised:
    """A design with figures of logic synthesis, beside the held-out estimate of C synthesis."""

    record: Record
    counted: Mapping[Quantity, float]

    @property
    def strategy(self) -> str:
        return strategy_of(compose.design_class(self.record.layers, self.record.context))


def estimate_synthesised(records: Sequence[Record], fitted: Coefficients) -> list[Synthesised]:
    found = []
    for record in records:
        if record.synthesised:
            totals = estimate_totals(record.layers, record.context, fitted)
            counted = {name: amount for name, amount in totals.items() if amount is not None}
            found.append(Synthesised(record, counted))
    return found


def estimate_totals(
    layers: Sequence[LayerDescriptor], context: Context, fitted: Coefficients
) -> dict[Quantity, float | None]:
    """Return the unrounded totals."""
    structures = [layer_structure(layer, context, fitted) for layer in layers]
    values = [
        {quantity: fitted.value(found, quantity) if found else None for quantity in Quantity}
        for found in structures
    ]
    top = compose.structure(layers, values, context)
    return {quantity: fitted.value(top, quantity) for quantity in Quantity}


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What coefficients that were fitted without a repository say of it."""

    layers: list[Judged]
    totals: list[Judged]
    synthesised: list[Synthesised]

    def without(self, group: str) -> HeldOut:
        return HeldOut(
            [case for case in self.layers if case.record.group != group],
            [case for case in self.totals if case.record.group != group],
            [case for case in self.synthesised if case.record.group != group],
        )


def bare(laws: Laws) -> Coefficients:
    """Return coefficients without what held-out reports teach."""
    return Coefficients(laws, {}, {}, {}, MOVED_PRODUCT_LUTS, "being fitted")


def with_bands(laws: Laws, held_out: HeldOut, origin: str = "") -> Coefficients:
    """Return coefficients with the bands, and the law of logic synthesis, of held-out designs."""
    return Coefficients(
        laws,
        bands(held_out.layers),
        bands(held_out.totals),
        *logic_synthesis(held_out.synthesised),
        origin,
    )


def bands(judged: Sequence[Judged]) -> dict[tuple[str, Quantity], Band]:
    """Return the band of each law or class, and of all together (``any``).

    Conformal by repository: whoever asks has a repository that is not among these, so each of
    them weighs the same, however many records it has. A few repositories do not show the tails of
    an unknown one: all other laws or classes are taken in with the weight of ``KINSHIP``
    repositories, quantiles are taken further out than the coverage asks for, and the band widens
    by ``WIDENING`` over the number of repositories.
    """
    by_quantity: dict[Quantity, list[Judged]] = collections.defaultdict(list)
    for case in judged:
        by_quantity[case.quantity].append(case)
    found = {}
    for quantity, cases in by_quantity.items():
        found["any", quantity] = _band(cases, ())
        for name in {case.name for case in cases}:
            own = [case for case in cases if case.name == name]
            found[name, quantity] = _band(own, [case for case in cases if case.name != name])
    return found


def _band(own: Sequence[Judged], others: Sequence[Judged]) -> Band:
    offset = OFFSETS[own[0].quantity]
    ratios = np.log(
        [(case.actual + offset) / (case.estimated + offset) for case in (*own, *others)]
    )
    sizes = collections.Counter(case.record.group for case in own)
    other_sizes = collections.Counter(case.record.group for case in others)
    weights = np.array(
        [1 / sizes[case.record.group] for case in own]
        + [KINSHIP / len(other_sizes) / other_sizes[case.record.group] for case in others]
    )
    wider = 1 + WIDENING / len(sizes)
    low, high = (_quantile(ratios, weights, share) * wider for share in BAND_QUANTILES)
    return Band(float(np.exp(min(low, 0.0))), float(np.exp(max(high, 0.0))), len(own), len(sizes))


def _quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) - weights[order] / 2
    return float(np.interp(share * weights.sum(), reached, values[order]))


def logic_synthesis(
    cases: Sequence[Synthesised],
) -> tuple[dict[tuple[str, Quantity], Remainder], float]:
    """Return what logic synthesis leaves, by strategy, and LUTs of a multiplication without DSP.

    Ratios are medians of pairs of reports; bands are those of the whole way from the estimate.
    """
    pairs = [case for case in cases if not case.record.logic_synthesis]
    full = [case for case in pairs if not _moved(case)]
    ratios = {
        (strategy, quantity): _ratio(full, strategy, quantity)
        for strategy in STRATEGIES
        for quantity in REDUCED
    }
    moved = [
        (case.record.synthesised[Quantity.LUT] - case.record.reported[Quantity.LUT] * ratio)
        / _moved(case)
        for case in pairs
        if _moved(case)
        and (ratio := ratios[case.strategy, Quantity.LUT]) is not None
        and {Quantity.LUT, Quantity.DSP} <= case.record.synthesised.keys()
    ]
    laws = {key: Remainder(ratio, NO_BAND) for key, ratio in ratios.items() if ratio is not None}
    luts = float(f"{np.median(moved):.3g}") if moved else MOVED_PRODUCT_LUTS
    fitted = replace(bare({}), logic_synthesis=laws, moved_product_luts=luts)
    judged = [
        Judged(case.record, case.strategy, quantity, case.record.synthesised[quantity], value)
        for case in cases
        for quantity, value in remaining(
            case.counted, case.strategy, case.record.context.part or "", fitted
        ).items()
        if quantity in case.record.synthesised
    ]
    found = bands(judged)
    return {key: replace(law, band=found.get(key, NO_BAND)) for key, law in laws.items()}, luts


def _moved(case: Synthesised) -> float:
    dsps = case.record.reported.get(Quantity.DSP, 0.0)
    return moved_products(dsps, case.record.context.part or "")


def _ratio(cases: Sequence[Synthesised], strategy: str, quantity: Quantity) -> float | None:
    """Return the median of synthesised over reported, each repository weighing the same."""
    pairs = [
        (case.record.synthesised[quantity] / case.record.reported[quantity], case.record.group)
        for case in cases
        if case.strategy == strategy
        and quantity in case.record.synthesised
        and case.record.reported.get(quantity, 0) > 0
    ]
    if not pairs:
        return None
    sizes = collections.Counter(group for _, group in pairs)
    ratios = np.array([ratio for ratio, _ in pairs])
    weights = np.array([1 / sizes[group] for _, group in pairs])
    return float(f"{_quantile(ratios, weights, 0.5):.3g}")
