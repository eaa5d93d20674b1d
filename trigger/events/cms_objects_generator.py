"""CMS physics objects from generated collisions: selection, pile-up, chunks.

Two muons and a jet are asked for, as of the files of real data. Pile-up is a Poisson number of
minimum-bias collisions, drawn from a few hundred that are generated for each chunk; every use turns
one by a random azimuth and mirrors it or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from trigger.errors import EventError
from trigger.events.cms_objects_detector import (
    MUON_PT_MIN,
    Candidates,
    Floats,
    assemble,
    become_muons,
    candidates,
    cluster,
    heavy_flavour_chances,
    missing,
    visible,
)
from trigger.events.cms_objects_processes import (
    PILE_UP_SETTINGS,
    SETTINGS,
    WHERE,
    Particles,
    Process,
    early_veto,
    numbers,
    stable,
    start,
)
from trigger.events.object_batch import MOST_JETS, ObjectBatch

GENERATOR_VERSION = 1
CHUNK_EVENTS = 200
LEAST_MUONS = 2
POOL_COLLISIONS = 200
JPSI_PT_MIN = 8.0

RARE_CHANCE_MAX = 0.06
"""In ``w`` an event is kept with its chance of a second muon divided by this, or surely if that is
larger, so that one in three passes. The 5 % of events with a larger chance are those with heavy
flavour: its share of the second muons falls from a quarter to a sixth by this. KINK_QUALITY, an
assumption, moves that share as much."""

MIXTURE = "mixture"
"""A class of its own: what two muons and a jet select, without labels."""

SELECTED_PB: Mapping[Process, float] = MappingProxyType(
    {
        Process.DRELL_YAN: 990.0,
        Process.W_JETS: 77.0,
        Process.TOP_PAIRS: 63.0,
        Process.JPSI: 1800.0,
    }
)
"""Cross section times share of selected events, of what the mixture consists of: cross sections of
Pythia at leading order after the early veto (3.1 nb; 14.2 nb; 0.51 nb; 0.91 ub, of which 5.96 % go
into muons), times what this generator keeps: 60 of 188; 60 of 776, times RARE_CHANCE_MAX and 1.16
for chances above it; 40 of 322; 20 of 608. Good to a fifth."""

_CLUSTERED_TOGETHER = 20


@dataclass(frozen=True, slots=True)
class ObjectOptions:
    """Choices of physics.

    Raises:
        EventError: a number outside its range.
    """

    pile_up: float = 11.0
    """Mean number of further collisions in a crossing; 11 in CMS in 2015 at 25 ns."""
    least_jets: int = 1
    """Events with fewer jets are left out: 2 for images of exactly two."""

    def __post_init__(self) -> None:
        if not 0 <= self.pile_up <= 200:
            raise EventError(f"pile_up is {self.pile_up}", where=WHERE, allowed="0 to 200")
        if not 1 <= self.least_jets <= MOST_JETS:
            raise EventError(
                f"least_jets is {self.least_jets}", where=WHERE, allowed=f"1 to {MOST_JETS}"
            )


class _Minbias(NamedTuple):
    """What a pile-up collision leaves."""

    seen: Particles
    maybe: Candidates


class _Collision(NamedTuple):
    """A selected hard collision with its pile-up, before the jets are found."""

    seen: Particles
    muons: Candidates
    met: tuple[float, float]


CLASSES = (*(process.value for process in Process), MIXTURE)


def generate_chunk(class_name: str, index: int, seed: int, options: ObjectOptions) -> ObjectBatch:
    """Return CHUNK_EVENTS events, which depend on nothing but the arguments.

    Raises:
        EventError: Pythia or FastJet is not installed.
    """
    entropy = [seed, CLASSES.index(class_name), index]
    rng = np.random.default_rng(np.random.SeedSequence(entropy))
    pool = _pool(rng) if options.pile_up else []
    if class_name != MIXTURE:
        return _events(Process(class_name), CHUNK_EVENTS, rng, pool, options)
    rates = np.array(list(SELECTED_PB.values()))
    numbers = rng.multinomial(CHUNK_EVENTS, rates / rates.sum())
    parts = [
        _events(process, int(number), rng, pool, options)
        for process, number in zip(SELECTED_PB, numbers, strict=True)
        if number
    ]
    return ObjectBatch.concatenate(parts).select(rng.permutation(CHUNK_EVENTS))


def _events(
    process: Process,
    number: int,
    rng: np.random.Generator,
    pool: list[_Minbias],
    options: ObjectOptions,
) -> ObjectBatch:
    collisions = _collisions(process, rng, pool, options.pile_up)
    parts: list[ObjectBatch] = []
    while sum(map(len, parts)) < number:
        some = list(islice(collisions, min(number, _CLUSTERED_TOGETHER)))
        jets = cluster([each.seen for each in some])
        batch = assemble([each.muons for each in some], jets, [each.met for each in some])
        parts.append(batch.select(np.flatnonzero(batch.jets >= options.least_jets)))
    return ObjectBatch.concatenate(parts).between(0, number)


def _collisions(
    process: Process, rng: np.random.Generator, pool: list[_Minbias], pile_up: float
) -> Iterator[_Collision]:
    """Yield collisions with at least two muons."""
    seed = int(rng.integers(1, 900_000_000))
    hook = early_veto(process, rng)
    pythia = start(SETTINGS[process], seed, hook)
    while True:
        if not pythia.next():
            continue
        particles = stable(pythia.event)
        others = [
            _turned(pool[choice], rng)
            for choice in rng.integers(0, len(pool), rng.poisson(pile_up) if pool else 0)
        ]
        maybe = _candidates(process, pythia.event, particles)
        maybe = Candidates.together([maybe, *(each.maybe for each in others)])
        found = _found(process, maybe, rng)
        if np.count_nonzero(found) < LEAST_MUONS:
            continue
        muons = become_muons(maybe.some(found), rng)
        if len(muons.charge) < LEAST_MUONS or not _is_of(process, pythia.event):
            continue
        hard = visible(numbers(particles), rng, pile_up=False)
        met = missing(hard, len(others), rng)
        yield _Collision(np.concatenate([hard, *(each.seen for each in others)]), muons, met)


def _candidates(process: Process, event: Any, particles: list[Any]) -> Candidates:
    fast = [each for each in particles if each.pT() > MUON_PT_MIN]
    maybe = candidates(numbers(fast))
    if process is Process.W_JETS:
        muons = np.flatnonzero((maybe.mass == 0) & (maybe.chance > 0))
        maybe.chance[muons] *= heavy_flavour_chances(event, [fast[muon] for muon in muons])
    return maybe.some(maybe.chance > 0)


def _found(process: Process, maybe: Candidates, rng: np.random.Generator) -> Any:
    """Return which candidates are found as muons, (k,) flags; none to drop the event.

    Of a W the second muon is asked for: the event is kept in proportion to its chance, and one of
    the rare candidates at least is found then.
    """
    found = rng.random(len(maybe.chance)) < maybe.chance
    if process is not Process.W_JETS:
        return found
    rare = np.flatnonzero(maybe.chance < 0.5)
    chance = maybe.chance[rare]
    none_before = np.concatenate([[1.0], np.cumprod(1 - chance)])
    any_of_them = 1 - none_before[-1]
    prompt = np.count_nonzero(found) > np.count_nonzero(found[rare])
    if not prompt or rng.random() * RARE_CHANCE_MAX > any_of_them:
        return np.zeros(len(found), bool)
    first = rng.choice(len(rare), p=none_before[:-1] * chance / any_of_them)
    found[rare[:first]] = False
    found[rare[first]] = True
    return found


def _is_of(process: Process, event: Any) -> bool:
    """Whether the sample of CMS has such events: its J/psi have 8 GeV or more."""
    return process is not Process.JPSI or any(
        abs(each.id()) == 443 and each.pT() > JPSI_PT_MIN for each in event
    )


def _pool(rng: np.random.Generator) -> list[_Minbias]:
    """Return the pile-up collisions of a chunk."""
    pythia = start(PILE_UP_SETTINGS, int(rng.integers(1, 900_000_000)))
    pool: list[_Minbias] = []
    while len(pool) < POOL_COLLISIONS:
        if pythia.next():
            particles = numbers(stable(pythia.event))
            maybe = candidates(particles)
            seen = visible(particles, rng, pile_up=True)
            pool.append(_Minbias(seen, maybe.some(maybe.chance > 0)))
    return pool


def _turned(collision: _Minbias, rng: np.random.Generator) -> _Minbias:
    """Return a collision turned about the beam and perhaps mirrored: as likely as it was."""
    angle, side = rng.uniform(-np.pi, np.pi), rng.choice((-1.0, 1.0))
    seen, momentum = collision.seen.copy(), collision.maybe.momentum.copy()
    cosine, sine = np.cos(angle), np.sin(angle)
    seen[:, 2:4] = collision.seen[:, 2:4] @ np.array([[cosine, sine], [-sine, cosine]])
    seen[:, 4] *= side
    momentum[:, 1] *= side
    momentum[:, 2] = _wrapped(momentum[:, 2] + angle)
    maybe = collision.maybe
    return _Minbias(seen, Candidates(momentum, maybe.charge, maybe.chance, maybe.mass))


def _wrapped(phi: Floats) -> Floats:
    return np.asarray((phi + np.pi) % (2 * np.pi) - np.pi)
