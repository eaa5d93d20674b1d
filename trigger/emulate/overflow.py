"""Where numbers can leave their formats, by proof, and where they do on a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from trigger.emulate.reference import BLOCK_EVENTS, run
from trigger.fixed import FixedFormat, Overflow, RawArray, Rounding
from trigger.layers import Input, Layer, Recurrent, Tensor
from trigger.layers.reach import Demand, unchanged_range
from trigger.network import Network


@dataclass(frozen=True, slots=True)
class Observed:
    """What a data set did at one format."""

    low: int
    """Smallest raw number that arrived, before the overflow rule; in steps of the format."""
    high: int
    overflows: int
    """Numbers that the overflow rule changed."""
    elements: int


@dataclass(frozen=True, slots=True)
class RangeRow:
    """One format of one layer: what can arrive, what did, and what it holds."""

    layer: str
    demand: Demand
    observed: Observed | None
    """None without a data set."""

    @property
    def answer(self) -> str:
        """Whether numbers can overflow here, and what the rule then does."""
        if not self.demand.overflows:
            return "cannot overflow"
        wraps = self.demand.format.overflow is Overflow.WRAP
        return "can wrap" if wraps else "can saturate"


def find_ranges(network: Network, *pixels: RawArray) -> tuple[RangeRow, ...]:
    """Return every format that a number enters, in execution order, with its proven range.

    Args:
        pixels: a data set, one raw array per input; without it nothing is observed.

    Raises:
        NetworkError: pixels that the inputs do not take.
    """
    reaches = network.reaches()
    rows = []
    for layer in network.layers:
        for demand in reaches[layer.name].demands:
            rows.append(RangeRow(layer.name, demand, None))
    if not pixels:
        return tuple(rows)
    demands = {(row.layer, row.demand.role): row.demand for row in rows}
    found: dict[tuple[str, str], list[Observed]] = {}
    for start in range(0, len(pixels[0]), BLOCK_EVENTS):
        block = [array[start : start + BLOCK_EVENTS] for array in pixels]
        names = tuple(layer.name for layer in network.layers)
        tensors = {
            name: Tensor(raw, network[name].result)
            for name, raw in run(network, *block, layers=names).items()
        }
        for layer in network.layers:
            for role in () if isinstance(layer, Input) else _roles(layer):
                key = (layer.name, role)
                if key in demands:
                    inputs = tuple(tensors[name] for name in layer.inputs)
                    found.setdefault(key, []).append(_observe(layer, demands[key], inputs))
    return tuple(
        replace(row, observed=_together(found.get((row.layer, row.demand.role)))) for row in rows
    )


def observe_ranges(network: Network, results: Mapping[str, RawArray]) -> tuple[RangeRow, ...]:
    """Return every format with its proven range, and what known results tell of it at little cost.

    Where overflow is possible it is counted; a result that cannot overflow is its own witness; an
    accumulator that cannot overflow is not observed.

    Args:
        results: of every layer on the same events, raw.
    """
    tensors = {name: Tensor(raw, network[name].result) for name, raw in results.items()}
    rows = []
    for row in find_ranges(network):
        layer, demand, seen = network[row.layer], row.demand, None
        if demand.overflows and demand.role in _roles(layer):
            seen = _observe(layer, demand, tuple(tensors[name] for name in layer.inputs))
        elif not demand.overflows and demand.role == "result":
            raw = results[layer.name]
            seen = Observed(int(raw.min()), int(raw.max()), 0, int(raw.size))
        rows.append(replace(row, observed=seen))
    return tuple(rows)


def _roles(layer: Layer) -> tuple[str, ...]:
    """Return the formats of a layer that a widened copy of it can be asked about.

    None of a recurrent layer: its next step would start from numbers that overflowed nowhere.
    """
    if isinstance(layer, Recurrent):
        return ()
    has = {field.name for field in fields(layer)}
    return ("accumulator", "result") if "accumulator" in has else ("result",)


def _observe(layer: Layer, demand: Demand, inputs: tuple[Tensor, ...]) -> Observed:
    """Run a copy of the layer whose format is so wide that nothing overflows there.

    It is no wider than the proven range asks for, so that integers stay within 63 bits.
    """
    form = demand.format
    needed = FixedFormat.for_range(min(demand.low, -1), demand.high, form.fractional)
    more = max(needed.width - form.width, 0) + 1
    wide = replace(form, width=form.width + more, integer=form.integer + more, signed=True)
    changes = {demand.role: wide}
    if demand.role == "accumulator":  # then the result must not lose what the accumulator holds
        changes["result"] = replace(wide, rounding=Rounding.TRN, overflow=Overflow.WRAP)
    raw = replace(layer, **changes).evaluate(*inputs)
    low, high = unchanged_range(form)
    outside = int(np.count_nonzero((raw < low) | (raw > high)))
    return Observed(int(raw.min()), int(raw.max()), outside, int(raw.size))


def _together(parts: list[Observed] | None) -> Observed | None:
    if not parts:
        return None
    return Observed(
        min(part.low for part in parts),
        max(part.high for part in parts),
        sum(part.overflows for part in parts),
        sum(part.elements for part in parts),
    )
