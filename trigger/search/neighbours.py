"""Choices near those that were good: few knobs turned, and none for nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from trigger.search.knob import Choice, Knob

FEW = 5
"""Knobs that a neighbour turns, at most."""
FAR = 3
"""A neighbour turns a knob by this part of what is left to its bound, at most: near it a step that
was small before is a large one, as from 65 % of zeros to 95 %."""
DOWNWARDS = 0.85
"""How often it turns a knob towards what is cheap."""
NOTHING = 0.01
"""Share of a cost that is not worth a turn."""

Promise = Callable[[Choice], float | None]
"""Says what a choice will cost, before its evaluation; None where nobody knows."""


def draw_neighbour(
    knobs: Sequence[Knob], parents: Sequence[Choice], random: np.random.Generator
) -> Choice:
    """Return a choice that differs in few knobs from one of the parents, likely from the first."""
    ranks = 1 / np.arange(1, len(parents) + 1)
    choice = dict(parents[random.choice(len(parents), p=ranks / ranks.sum())])
    count = random.integers(1, min(FEW, len(knobs)), endpoint=True)
    for place in random.choice(len(knobs), size=count, replace=False):
        knob = knobs[place]
        value = choice[knob.name]
        way = knob.towards_cheap if random.random() < DOWNWARDS else -knob.towards_cheap
        if not knob.steps_left(value, way):
            way = -way
        far = math.ceil(knob.steps_left(value, way) / FAR)
        choice[knob.name] = value + way * knob.step * int(random.integers(1, far, endpoint=True))
    return choice


def remembered(promise: Promise) -> Promise:
    """Return a promise that is asked of each choice once, for it takes a conversion."""
    known: dict[frozenset[tuple[str, int]], float | None] = {}

    def told(choice: Choice) -> float | None:
        key = frozenset(choice.items())
        if key not in known:
            known[key] = promise(choice)
        return known[key]

    return told


def give_back(knobs: Sequence[Knob], choice: Choice, promise: Promise) -> Choice:
    """Return a choice whose idle knobs are turned away from cheap, as far as it costs nothing.

    Zeros, for one, save nothing in a layer that has to share its multipliers, and cost quality.
    """
    for knob in (each for each in knobs if each.may_idle):
        choice = _given_back(knob, choice, promise)
    return choice


def _given_back(knob: Knob, choice: Choice, promise: Promise) -> Choice:
    """Return a choice with one knob turned by as many steps as promise no other cost; of more
    steps at least as much is expected."""
    cost = promise(choice)
    if cost is None:
        return choice

    def turned(steps: int) -> Choice:
        value = choice[knob.name] - steps * knob.step * knob.towards_cheap
        return {**choice, knob.name: value}

    def is_free(steps: int) -> bool:
        other = promise(turned(steps))
        return other is not None and other - cost <= NOTHING * cost

    free, costly = 0, knob.steps_left(choice[knob.name], -knob.towards_cheap) + 1
    if costly > 1 and is_free(costly - 1):
        return turned(costly - 1)
    while costly - free > 1:
        middle = (free + costly) // 2
        free, costly = (middle, costly) if is_free(middle) else (free, middle)
    return turned(free)
