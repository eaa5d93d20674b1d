"""Coefficients of the laws, with origin, support and bands: a data file and its reader."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from trigger.budget import Quantity
from trigger.errors import EstimateError
from trigger.estimate.structure import Structure

BUILTIN = Path(__file__).parent.parent / "data" / "estimator.json"
SCHEMA = 2
COVERAGE = 0.8
"""Share of held-out figures inside a band."""

OFFSETS: Mapping[Quantity, float] = MappingProxyType(
    {
        Quantity.LATENCY_MIN_CYCLES: 2.0,
        Quantity.LATENCY_CYCLES: 2.0,
        Quantity.INTERVAL_CYCLES: 1.0,
        Quantity.DSP: 4.0,
        Quantity.LUT: 50.0,
        Quantity.FF: 50.0,
        Quantity.BRAM_18K: 1.0,
        Quantity.URAM: 1.0,
    }
)
"""Bands scale figure + offset, so that small counts have a band of some units, not of a share."""


@dataclass(frozen=True, slots=True)
class Band:
    """What held-out reports did: quantiles of (reported + offset) / (estimated + offset)."""

    low: float
    high: float
    support: int
    """Reports behind it."""
    groups: int
    """Repositories that these come from."""

    def around(self, value: float, quantity: Quantity) -> tuple[float, float]:
        """Return the band of a value, never below zero, always holding the value."""
        offset = OFFSETS[quantity]
        low = max(0.0, (value + offset) * self.low - offset)
        return min(low, value), max(value, (value + offset) * self.high - offset)


@dataclass(frozen=True, slots=True)
class Remainder:
    """What logic synthesis leaves of a count of C synthesis."""

    ratio: float
    """Median of published pairs."""
    band: Band
    """Around the estimate of C synthesis times the ratio."""


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Everything that was fitted."""

    laws: Mapping[tuple[str, Quantity], Mapping[str, float]]
    """Coefficient of each term, by law and quantity."""
    layer_bands: Mapping[tuple[str, Quantity], Band]
    """By law."""
    total_bands: Mapping[tuple[str, Quantity], Band]
    """By class of design; the class ``any`` pools all."""
    logic_synthesis: Mapping[tuple[str, Quantity], Remainder]
    """By strategy."""
    moved_product_luts: float
    """LUTs of a multiplication that finds no DSP block left in the device."""
    origin: str
    """Tool, records, date: one line for reports."""

    def value(self, structure: Structure, quantity: Quantity) -> float | None:
        """Return the figure of a structure, None where a coefficient or the quantity is missing."""
        terms = structure.terms.get(quantity, {})
        if not terms:
            return structure.exact.get(quantity)
        law = self.laws.get((structure.law_of(quantity), quantity))
        if law is None:
            return None
        fitted = sum(law.get(name, 0.0) * amount for name, amount in terms.items())
        return max(0.0, structure.exact.get(quantity, 0.0) + fitted)


@functools.cache
def read_coefficients(path: Path = BUILTIN) -> Coefficients:
    """Read fitted coefficients.

    Raises:
        EstimateError: the file is missing or not of this form.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise EstimateError(f"schema {data['schema']}", where=path, allowed=f"schema {SCHEMA}")
        origin = data["origin"]
        return Coefficients(
            laws={_key(name): MappingProxyType(law) for name, law in data["laws"].items()},
            layer_bands={_key(name): Band(*band) for name, band in data["layer_bands"].items()},
            total_bands={_key(name): Band(*band) for name, band in data["total_bands"].items()},
            logic_synthesis={
                _key(name): Remainder(row["ratio"], Band(*row["band"]))
                for name, row in data["logic_synthesis"].items()
            },
            moved_product_luts=data["moved_product_luts"],
            origin=f"{path.name}: {origin['records']} csynth reports of"
            f" {origin['groups']} repositories, fitted {origin['date']}",
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EstimateError(
            f"cannot be read: {error!r}",
            where=path,
            remedy="write it again with benchmarks/fit_estimator.py",
        ) from error


def _key(name: str) -> tuple[str, Quantity]:
    law, quantity = name.rsplit(".", 1)
    return law, Quantity(quantity)
