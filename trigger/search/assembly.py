"""Whole designs out of the settings of their layers, without those that others better.

In a stream the latency is that of the slowest layer and a share of the tail: the layers that begin
when the stream before them has ended. Where the tail is longer than the slowest layer, the law
counts only what is beyond it, and so falls there; to either side it grows with both. So the layers
of the tail are put together apart from the others, and of them only designs are compared that lie
to the same side whatever the others do, or whose tails are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.budget import Quantity
from trigger.search.composition import (
    Column,
    Composition,
    Rows,
    Top,
    column,
    combine,
    least,
    nothing,
)
from trigger.search.pareto import nondominated_within
from trigger.search.settings import Setting

_ROWS_AT_A_TIME = 1 << 17


@dataclass(frozen=True, slots=True)
class Choice:
    """The settings of one layer, with what each costs under one composition."""

    name: str
    settings: tuple[Setting | None, ...]
    rows: Rows


@dataclass(frozen=True, slots=True)
class _Partial:
    """Designs of some of the layers."""

    rows: Rows
    chosen: npt.NDArray[np.intp]
    """(designs, layers of the whole): which setting each layer has."""

    def take(self, places: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> _Partial:
        return _Partial(self.rows[places], self.chosen[places])

    def with_all_of(self, other: _Partial) -> _Partial:
        """Return every one of these with every one of designs of other layers."""
        picked = self.chosen[:, None, :] + other.chosen[None, :, :]
        return _Partial(combine(self.rows, other.rows), picked.reshape(-1, picked.shape[2]))


_Keys = Callable[[Rows], Rows]
_Groups = Callable[[Rows, float], npt.NDArray[np.float64]]
"""From partial designs, and the longest tail that can still be added, to groups within which one
design may better another."""


def assemble(
    composition: Composition,
    choices: Sequence[Choice],
    limits: Mapping[Quantity, float],
    tracked: frozenset[Quantity],
    luts_per_dsp: int | None,
) -> tuple[Rows, npt.NDArray[np.intp]]:
    """Return the whole designs that may lie on the front, with each layer's choice.

    Designs that pass the limit of a tracked quantity, or of the latency, are left out.

    Args:
        luts_per_dsp: None where the cost does not matter.
    """
    known = [np.nan_to_num(choice.rows, nan=0.0) for choice in choices]
    watched = {
        quantity: limit
        for quantity, limit in limits.items()
        if quantity in tracked or quantity is Quantity.LATENCY_CYCLES
    }

    def keys(rows: Rows) -> Rows:
        wanted = composition.keys(rows, tracked)
        if luts_per_dsp is None:
            return wanted
        luts = column(rows, Column.LUT) + luts_per_dsp * column(rows, Column.DSP)
        return np.concatenate([luts[:, None], wanted], axis=1)

    def inside(rows: Rows, rest: Rows) -> npt.NDArray[np.bool_]:
        totals = composition.lower_totals(combine(rows, rest))
        kept = np.ones(len(rows), dtype=bool)
        for quantity, limit in watched.items():
            kept &= totals[quantity] <= limit
        return kept

    stream = composition.top is Top.STREAM
    tails = [n for n, rows in enumerate(known) if stream and column(rows, Column.TAIL).any()]
    others = [n for n in range(len(known)) if n not in tails]
    least_tail = least([known[number] for number in tails])[:1]
    body = _grow(known, others, keys, inside, least_tail, _all_together)
    if not tails or len(body.rows) == 0:
        return _whole(composition, body, watched)
    slowest = np.unique(column(body.rows, Column.SLOWEST))

    def sides(rows: Rows, longest: float) -> npt.NDArray[np.float64]:
        """Tell apart tails that stay shorter than any other layer, are longer, or either."""
        tail = column(rows, Column.TAIL)
        groups = np.where(tail + longest < slowest[0], -1.0, tail)
        return np.where(tail >= slowest[-1], -2.0, groups)

    fastest = body.rows.min(axis=0, keepdims=True)
    tail = _grow(known, tails, keys, inside, fastest, sides)
    passed = np.searchsorted(slowest, column(tail.rows, Column.TAIL), side="right")
    tail = tail.take(nondominated_within(passed.astype(float), keys(tail.rows)))
    parts = []
    size = max(1, _ROWS_AT_A_TIME // max(1, len(tail.rows)))
    for start in range(0, len(body.rows), size):
        some = body.take(np.arange(start, min(start + size, len(body.rows))))
        parts.append(_whole(composition, some.with_all_of(tail), watched))
    rows, chosen = (np.concatenate(each) for each in zip(*parts, strict=True))
    return rows, chosen


def _all_together(rows: Rows, longest: float) -> npt.NDArray[np.float64]:
    return np.zeros(len(rows))


def _grow(
    known: Sequence[Rows],
    layers: Sequence[int],
    keys: _Keys,
    inside: Callable[[Rows, Rows], npt.NDArray[np.bool_]],
    others: Rows,
    groups: _Groups,
) -> _Partial:
    """Return the designs of some layers that none of the same group betters.

    Args:
        known: of every layer of the whole.
        layers: those that are put together.
        others: what the other layers take at least, one row.
    """
    # layers without a choice first: they cost no work
    order = sorted(layers, key=lambda number: len(known[number]))
    rest = least([known[number] for number in order])
    designs = _Partial(nothing(), np.zeros((1, len(known)), dtype=np.intp))

    def keep(some: _Partial, longest: float) -> _Partial:
        its = groups(some.rows, longest)
        return some.take(nondominated_within(its, keys(some.rows)))

    for step, number in enumerate(order):
        options = known[number]
        chosen = np.zeros((len(options), len(known)), dtype=np.intp)
        chosen[:, number] = np.arange(len(options))
        longest = sum(float(column(known[later], Column.TAIL).max()) for later in order[step + 1 :])
        bound = combine(rest[step + 1 : step + 2], others)
        size = max(1, _ROWS_AT_A_TIME // len(options))
        parts = []
        for start in range(0, len(designs.rows), size):
            some = designs.take(np.arange(start, min(start + size, len(designs.rows))))
            grown = some.with_all_of(_Partial(options, chosen))
            parts.append(keep(grown.take(inside(grown.rows, bound)), longest))
        designs = _Partial(
            np.concatenate([part.rows for part in parts]),
            np.concatenate([part.chosen for part in parts]),
        )
        designs = keep(designs, longest)
        if len(designs.rows) == 0:
            break
    return designs


def _whole(
    composition: Composition, designs: _Partial, limits: Mapping[Quantity, float]
) -> tuple[Rows, npt.NDArray[np.intp]]:
    """Return the designs that are whole and within limits."""
    totals = composition.totals(designs.rows)
    kept = column(designs.rows, Column.MISSING) == 0
    for quantity, limit in limits.items():
        kept &= totals[quantity] <= limit
    return designs.rows[kept], designs.chosen[kept]
