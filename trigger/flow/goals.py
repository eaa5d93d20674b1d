"""Inputs that bring every layer to its ends: what events, random numbers and patterns seldom do.

A goal is a number at the edge of a quantiser (or a step beside it), or the largest or smallest
integer that value ranges allow a layer. All goals share one search: from the vector that is nearest
to each goal, changed copies are made and run through the network. Edges that no vector met are left
out; of bounds, which may be out of reach for any pixels, the nearest vector counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trigger.emulate import choose
from trigger.fixed import RawArray
from trigger.layers import Input, Layer, Linear, ReLU
from trigger.layers.pointwise import Pointwise
from trigger.layers.reach import Reach, unchanged_range
from trigger.network import Network
from trigger.project import Vectors

ROUNDS = 16
CHILDREN = 12
"""Changed copies of the nearest vector to each goal, in each round."""
CHUNK = 256


@dataclass(frozen=True, slots=True)
class Edge:
    """A number at which a quantiser begins to do something else, or its neighbour."""

    layer: str
    tensor: str
    """What the quantiser reads."""
    raw: int

    def __str__(self) -> str:
        return f"{self.layer} reads {self.raw}"

    def distances(self, raw: RawArray) -> RawArray:
        """Return how far the nearest number of each event is away, (events,)."""
        return np.abs(raw.reshape(len(raw), -1) - self.raw).min(axis=1)


@dataclass(frozen=True, slots=True)
class Bound:
    """The largest or the smallest integer of a layer."""

    tensor: str
    highest: bool
    limit: int
    """What value ranges prove: no pixels lead beyond it."""

    def __str__(self) -> str:
        return f"{'highest' if self.highest else 'lowest'} {self.tensor}"

    def distances(self, raw: RawArray) -> RawArray:
        """Return how far each event stays from the limit, (events,)."""
        flat = raw.reshape(len(raw), -1)
        return self.limit - flat.max(axis=1) if self.highest else flat.min(axis=1) - self.limit


@dataclass(frozen=True, slots=True)
class Reached:
    """Vectors that meet goals, and how many of the goals are met."""

    vectors: Vectors
    edges: int
    edges_met: int
    bounds: int
    bounds_met: int
    """Layers brought to what is proven to be their end."""


def reach_goals(network: Network, pool: Vectors, seed: int = 0) -> Reached:
    """Search for vectors that meet the goals of every layer; the same call finds the same.

    Args:
        pool: where the search begins; its vectors are not among those returned unless they serve.
    """
    reaches = network.reaches()
    goals = [*_bounds(network, reaches), *_edges(network, reaches)]
    if not goals:  # layers that only move numbers
        return Reached(Vectors(tuple(raw[:0] for raw in pool.pixels), ()), 0, 0, 0, 0)
    search = _Search(network, goals)
    search.take(pool.pixels)
    generator = np.random.default_rng(seed)
    for _ in range(ROUNDS):
        search.take(search.children(generator))
    return search.cover()


def _bounds(network: Network, reaches: Mapping[str, Reach]) -> list[Bound]:
    return [
        Bound(layer.name, highest, reach.raw_max if highest else reach.raw_min)
        for layer in network.layers
        for reach in (reaches[layer.name],)
        for highest in (False, True)
        if not isinstance(layer, Input) and reach.raw_min < reach.raw_max
    ]


def _edges(network: Network, reaches: Mapping[str, Reach]) -> list[Edge]:
    found: dict[Edge, None] = {}
    for layer in network.layers:
        if isinstance(layer, (ReLU, Linear, Pointwise)):
            reach = reaches[layer.inputs[0]]
            for raw in edges_of(layer, reach):
                found[Edge(layer.name, layer.inputs[0], raw)] = None
    return list(found)


def edges_of(layer: Layer, source: Reach) -> list[int]:
    """Return the raw inputs around which a quantiser changes what it does, as far as reachable.

    They are zero and the ends of the result's format, with the ties of rounding there, each with
    both neighbours.
    """
    form, shift = layer.result, source.format.fractional - layer.result.fractional
    if (
        shift <= 0
        and form.raw_min <= source.raw_min << -shift
        and (source.raw_max << -shift <= form.raw_max)
    ):
        return []  # nothing is rounded, nothing overflows
    raws = set()
    for end in (*unchanged_range(form), 0):
        place = end << shift if shift >= 0 else end >> -shift
        half = 1 << (shift - 1) if shift > 0 else 0
        for tie in {place - half, place, place + half}:
            raws |= {tie - 1, tie, tie + 1}
    return sorted(raw for raw in raws if source.raw_min <= raw <= source.raw_max)


class _Search:
    """The nearest vector so far to every goal."""

    def __init__(self, network: Network, goals: list[Bound | Edge]) -> None:
        self.network, self.goals = network, goals
        self.layers = tuple(dict.fromkeys(goal.tensor for goal in goals))
        self.engine = choose(network, self.layers)
        self.best: dict[Bound | Edge, tuple[int, list[RawArray]]] = {}

    def distances(self, pixels: Sequence[RawArray]) -> RawArray:
        """Return how far each vector is from each goal, (vectors, goals)."""
        rows = []
        for start in range(0, len(pixels[0]), CHUNK):
            part = [array[start : start + CHUNK] for array in pixels]
            results = self.engine.run(*part, layers=self.layers)
            rows.append(np.stack([each.distances(results[each.tensor]) for each in self.goals], 1))
        return np.concatenate(rows)

    def take(self, pixels: Sequence[RawArray]) -> None:
        """Keep the vectors that are nearer to a goal than any before."""
        distances = self.distances(pixels)
        for goal, column in zip(self.goals, distances.T, strict=True):
            vector = int(np.argmin(column))
            if goal not in self.best or column[vector] < self.best[goal][0]:
                nearest = [array[vector].copy() for array in pixels]
                self.best[goal] = (int(column[vector]), nearest)

    def children(self, generator: np.random.Generator) -> list[RawArray]:
        """Return changed copies of the vectors that are nearest to goals not met yet."""
        parents = [pixels for distance, pixels in self.best.values() if distance]
        parents = parents or [pixels for _, pixels in self.best.values()][:1]
        return [
            np.stack(
                [
                    _changed(layer, pixels[port], generator)
                    for pixels in parents
                    for _ in range(CHILDREN)
                ]
            )
            for port, layer in enumerate(self.network.inputs)
        ]

    def cover(self) -> Reached:
        """Return few vectors that meet together all that any vector met."""
        kept = {
            tuple(raw.tobytes() for raw in pixels): pixels
            for goal, (distance, pixels) in self.best.items()
            if isinstance(goal, Bound) or not distance
        }
        pixels = [np.stack(arrays) for arrays in zip(*kept.values(), strict=True)]
        nearest = np.array(
            [0 if isinstance(goal, Edge) else self.best[goal][0] for goal in self.goals]
        )
        met = self.distances(pixels) == nearest
        chosen, origins = [], []
        still_open = met.any(axis=0)
        while still_open.any():
            vector = int(np.argmax(np.count_nonzero(met & still_open, axis=1)))
            origins.append(
                _names([self.goals[i] for i in np.flatnonzero(met[vector] & still_open)])
            )
            chosen.append(vector)
            still_open &= ~met[vector]
        edges = [not self.best[goal][0] for goal in self.goals if isinstance(goal, Edge)]
        bounds = [not self.best[goal][0] for goal in self.goals if isinstance(goal, Bound)]
        vectors = Vectors(tuple(array[chosen] for array in pixels), tuple(origins))
        return Reached(vectors, len(edges), sum(edges), len(bounds), sum(bounds))


def _names(goals: Sequence[Bound | Edge], most: int = 4) -> str:
    """Return the names of some goals, and how many more there are."""
    more = f", {len(goals) - most} more" if len(goals) > most else ""
    return ", ".join(map(str, goals[:most])) + more


def _changed(layer: Input, raw: RawArray, generator: np.random.Generator) -> RawArray:
    """Return a copy with some numbers at an end of the format, at zero or anywhere between."""
    form = layer.result
    share = generator.choice([0.005, 0.02, 0.1, 0.4])
    if raw.ndim > 1 and generator.random() < 0.5:  # neighbours, as a window of a convolution sees
        mask = np.ones(raw.shape, dtype=bool)
        for axis, length in enumerate(raw.shape[:-1]):
            start = int(generator.integers(length))
            size = int(generator.integers(1, max(2, length // 2)))
            inside = (np.arange(length) >= start) & (np.arange(length) < start + size)
            mask &= inside.reshape([-1 if each == axis else 1 for each in range(raw.ndim)])
        mask &= generator.random(raw.shape) < max(share, 0.1)
    else:
        mask = generator.random(raw.shape) < share
    mask.flat[int(generator.integers(raw.size))] = True
    ends = [form.raw_min, form.raw_max, 0]
    if generator.random() < 0.3:
        span = form.raw_max - form.raw_min
        ends = [form.raw_min + int(each * span) for each in generator.random(5)]
    picks = generator.integers(len(ends), size=raw.shape)
    return np.where(mask, np.array(ends, dtype=raw.dtype)[picks], raw)
