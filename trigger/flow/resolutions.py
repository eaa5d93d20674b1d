"""Figures of a regression: how near every engine's outputs come to the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.budget import Figure, Source
from trigger.flow.comparison import EMULATED, FLOAT
from trigger.rates import Quantile, measure_quantile, measure_r2
from trigger.report import record

TRUTH = "truth"

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KnownSum:
    """What the outputs of the images of one event add up to."""

    name: str
    group: int
    """Images of an event, which lie side by side."""
    total: tuple[float, ...]


def measure_regression(
    values: Mapping[str, Values],
    truth: Values,
    names: tuple[str, ...],
    unit: str,
    subject: str,
    known: KnownSum | None = None,
) -> record.Regression:
    """Return the figures of every engine on the same images.

    Args:
        values: (n, quantities) of each engine, in the unit of ``truth``.
        names: of the quantities.
    """
    note = f"{len(truth):,} test {subject}"
    rows = [
        record.EngineRegression(
            engine,
            tuple(
                _quantity(name, found[:, place], truth[:, place], note)
                for place, name in enumerate(names)
            ),
            _sum_residual(found, known),
        )
        for engine, found in values.items()
    ]
    if known is not None:  # what radiation takes away is missing from the truth's sum, too
        rows.insert(0, record.EngineRegression(TRUTH, (), _sum_residual(truth, known)))
    sum_name = known.name if known else ""
    return record.Regression(TRUTH, len(truth), unit, subject, tuple(rows), sum_name)


def _quantity(name: str, found: Values, truth: Values, note: str) -> record.QuantityResolution:
    errors = found - truth
    r2 = measure_r2(found, truth)
    return record.QuantityResolution(
        name,
        _figure(measure_quantile(np.abs(errors)), note),
        Figure(float(np.mean(errors)), Source.MEASURED, note=note),
        None if r2 is None else Figure(r2, Source.MEASURED, note=note),
    )


def _sum_residual(found: npt.NDArray[Any], known: KnownSum | None) -> Figure | None:
    if known is None:
        return None
    sums = found.reshape(-1, known.group, len(known.total)).sum(axis=1)
    distances = np.linalg.norm(sums - known.total, axis=1)
    return _figure(measure_quantile(distances, 0.5), f"{len(sums):,} test events")


def _figure(found: Quantile, note: str) -> Figure:
    return Figure(found.value, Source.MEASURED, found.low, found.high, found.coverage, note=note)


def resolution_loss(found: record.Regression) -> dict[str, Figure]:
    """Return by which share the worst resolution grows from the float model to the firmware."""
    engines = {engine.engine: engine for engine in found.engines}
    if EMULATED not in engines or FLOAT not in engines:
        return {}
    grown = [
        mine.resolution.value / reference.resolution.value - 1
        for mine, reference in zip(
            engines[EMULATED].quantities, engines[FLOAT].quantities, strict=True
        )
        if mine.resolution and reference.resolution and reference.resolution.value > 0
    ]
    if not grown:
        return {}
    note = "emulated over float, less 1, of the quantity that loses most"
    return {"resolution_loss": Figure(max(grown), Source.MEASURED, note=note)}
