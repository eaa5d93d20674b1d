"""From stable particles to the muons, jets and missing momentum of CMS, in simple terms.

Muons: pT > 3 GeV, |eta| < 2.4, found with 97 %, pT resolution 1.3 % (CMS, arXiv:1804.04528, for
muons of 20 to 100 GeV; loose identification). Pions and kaons that decay into a muon before the
calorimeter (1.29 m) are muons too, with the quality of a kinked track (``KINK_QUALITY``).

Jets: anti-kT, R = 0.4, pT > 20 GeV as the extraction tool of the open data asks for (of corrected
jets), |eta| < 4.7, of every visible particle: muons are not taken
out. Charged particles of pile-up collisions are, within the tracker (charged hadron subtraction).
The loose identification of 2015 for particle-flow jets. Resolutions of particles: tracks 2 %,
photons and electrons 3 %/sqrt(E) + 1 %, neutral hadrons 110 %/sqrt(E) + 7 % (in quadrature; CMS,
arXiv:1706.04965, figures 5 to 8, rounded). No response or pile-up offset is corrected.

Missing momentum: minus the sum of the visible momenta of the hard collision, smeared by 3.3 GeV on
each axis for each pile-up collision, in quadrature (CMS, arXiv:1411.0511).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.events.cms_objects_processes import MUON_ETA_MAX, SEMIMUONIC, WHERE, Particles
from trigger.events.object_batch import MOST_JETS, MOST_MUONS, ObjectBatch
from trigger.events.optional import library
from trigger.processes import silent

MUON_PT_MIN = 3.0
MUON_EFFICIENCY = 0.97
MUON_RESOLUTION = 0.013
CALORIMETER_RADIUS_M = 1.29
KINK_QUALITY = 0.5
"""Share of decays in flight that pass reconstruction and loose identification: an assumption."""

JET_RADIUS = 0.4
JET_PT_MIN = 20.0
JET_ETA_MAX = 4.7
TRACKER_ETA_MAX = 2.5
CALORIMETER_ETA_MAX = 5.0
TRACK_PT_MIN = 0.3
MET_PER_COLLISION_GEV = 3.3

MUON_MASS = 0.10566
_INVISIBLE = (12, 14, 16)
_MASS = {211: 0.13957, 321: 0.49368}
_LIFETIME_M = {211: 7.805, 321: 3.711}
_TO_MUON = {211: 1.0, 321: 0.6356}
"""Masses in GeV, c tau, and branching fractions into a muon and a neutrino (PDG)."""

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Particles that are, or may become, muons: k rows."""

    momentum: Floats
    """(k, 3) pT in GeV, eta, phi."""
    charge: Floats
    """+1 or -1."""
    chance: Floats
    """That it is found as a muon."""
    mass: Floats
    """GeV, of what becomes a muon in flight; 0 for a muon."""

    def some(self, chosen: Flags | npt.NDArray[np.int64]) -> Candidates:
        """Return a part of them."""
        columns = (self.momentum, self.charge, self.chance, self.mass)
        return Candidates(*(column[chosen] for column in columns))

    @classmethod
    def together(cls, parts: Sequence[Candidates]) -> Candidates:
        """Return all of several."""
        return cls(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("momentum", "charge", "chance", "mass")
            )
        )


def directions(particles: Particles) -> Floats:
    """Return pT, eta and phi, shape (k, 3)."""
    px, py, pz = particles[:, 2], particles[:, 3], particles[:, 4]
    pt = np.maximum(np.hypot(px, py), 1e-9)
    return np.stack([pt, np.arcsinh(pz / pt), np.arctan2(py, px)], axis=1)


def candidates(particles: Particles) -> Candidates:
    """Return all particles as candidates; only muons, charged pions and charged kaons within the
    detector have a chance."""
    momentum = directions(particles)
    code = np.abs(particles[:, 0])
    possible = (momentum[:, 0] > MUON_PT_MIN) & (np.abs(momentum[:, 1]) < MUON_ETA_MAX)
    muon = possible & (code == 13)
    chance = np.where(muon, MUON_EFFICIENCY, 0.0)
    mass = np.zeros(len(particles))
    for hadron, to_muon in _TO_MUON.items():
        flying = possible & (code == hadron)
        path = CALORIMETER_RADIUS_M * _MASS[hadron] / (momentum[:, 0] * _LIFETIME_M[hadron])
        chance = np.where(flying, KINK_QUALITY * to_muon * -np.expm1(-path), chance)
        mass = np.where(flying, _MASS[hadron], mass)
    return Candidates(momentum, np.sign(particles[:, 1]), chance, mass)


def heavy_flavour_chances(event: Any, muons: Sequence[Any]) -> Floats:
    """Return, for muons of an event whose heavy hadrons all decay into muons, how often each would
    be one: the branching fraction of its hadron, 1 for those of W and tau."""
    chances = []
    for muon in muons:
        mother = muon
        while abs(mother.id()) == 13 and mother.mother1() > 0:
            mother = event[mother.mother1()]
        chances.append(SEMIMUONIC.get(abs(mother.id()), 1.0))
    return np.array(chances)


def become_muons(chosen: Candidates, rng: np.random.Generator) -> Candidates:
    """Return candidates as the muons that are measured: smeared, softer after a decay in flight,
    and those below the cut left out."""
    # isotropic in the rest frame of the hadron: uniform between (m_mu / m)^2 and 1 for fast ones
    least = np.where(chosen.mass > 0, (MUON_MASS / np.maximum(chosen.mass, MUON_MASS)) ** 2, 1)
    momentum = chosen.momentum.copy()
    momentum[:, 0] *= rng.uniform(least, 1) * rng.normal(1, MUON_RESOLUTION, len(least))
    kept = momentum[:, 0] > MUON_PT_MIN
    return Candidates(momentum, chosen.charge, chosen.chance, chosen.mass).some(kept)


def visible(particles: Particles, rng: np.random.Generator, pile_up: bool) -> Particles:
    """Return what particle flow makes of stable particles: those it sees, with smeared momenta."""
    momentum, code = directions(particles), np.abs(particles[:, 0])
    eta, charged = np.abs(momentum[:, 1]), particles[:, 1] != 0
    tracked = charged & (eta < TRACKER_ETA_MAX)
    seen = ~np.isin(code, _INVISIBLE) & (eta < CALORIMETER_ETA_MAX)
    seen &= (momentum[:, 0] > TRACK_PT_MIN) | ~tracked
    if pile_up:
        seen &= ~tracked
    part, tracked, code = particles[seen].copy(), tracked[seen], code[seen]
    energy = np.maximum(part[:, 5], 0.3)
    light = np.hypot(0.03 / np.sqrt(energy), 0.01)
    hadron = np.minimum(np.hypot(1.1 / np.sqrt(energy), 0.07), 0.8)
    resolution = np.where(tracked, 0.02, np.where((code == 22) | (code == 11), light, hadron))
    resolution = np.where(code == 13, MUON_RESOLUTION, resolution)
    part[:, 2:] *= np.maximum(rng.normal(1, resolution), 0.05)[:, None]
    part[~tracked, 1] = 0  # no track: a neutral object
    return part


def missing(seen: Particles, collisions: int, rng: np.random.Generator) -> tuple[float, float]:
    """Return size and azimuth of the missing momentum, given what is seen of the hard collision."""
    spread = MET_PER_COLLISION_GEV * np.sqrt(collisions)
    x, y = rng.normal(-seen[:, 2:4].sum(axis=0), spread)
    return float(np.hypot(x, y)), float(np.arctan2(y, x))


def cluster(events: Sequence[Particles]) -> list[Floats]:
    """Return the jets of each event, (jets, 3) pT, eta, phi by falling pT.

    Raises:
        EventError: FastJet is not installed.
    """
    fastjet = library("fastjet", "generate", WHERE)
    awkward = library("awkward", "generate", WHERE)
    every = np.concatenate(events)
    columns = {"px": every[:, 2], "py": every[:, 3], "pz": every[:, 4], "E": every[:, 5]}
    lengths = np.array([len(event) for event in events])
    nested = awkward.unflatten(awkward.zip(columns, with_name="Momentum4D"), lengths)
    anti_kt = fastjet.JetDefinition(fastjet.antikt_algorithm, JET_RADIUS)
    with silent(sys.stdout, 1):  # the first one prints a banner
        clusters = fastjet.ClusterSequence(nested, anti_kt)
    jets = clusters.inclusive_jets(JET_PT_MIN)
    members = clusters.constituent_index(JET_PT_MIN)
    numbers = awkward.to_numpy(awkward.num(jets))
    flat = awkward.flatten(jets)
    fields = [awkward.to_numpy(flat[name]) for name in ("px", "py", "pz", "E")]
    rows = np.stack([np.zeros(len(flat)), np.zeros(len(flat)), *fields], axis=1)
    momentum = directions(rows)
    sizes = awkward.to_numpy(awkward.flatten(awkward.num(members, axis=2)))
    starts = np.repeat(np.cumsum(lengths) - lengths, numbers)
    member = awkward.to_numpy(awkward.flatten(members, axis=None)) + np.repeat(starts, sizes)
    good = _identified(every[member], sizes, rows[:, 5], momentum[:, 1])
    found = []
    for stop, number in zip(np.cumsum(numbers), numbers, strict=True):
        these = slice(stop - number, stop)
        kept = momentum[these][good[these]]
        found.append(kept[np.argsort(-kept[:, 0], kind="stable")])
    return found


def _identified(
    members: Particles, sizes: npt.NDArray[np.int64], energy: Floats, eta: Floats
) -> Flags:
    """Loose identification of 2015: not made of one object, of photons or of neutral hadrons alone,
    with a track where there is a tracker."""
    jet = np.repeat(np.arange(len(sizes)), sizes)
    code, tracked = np.abs(members[:, 0]), members[:, 1] != 0

    def total(of: Flags, weight: Floats | None = None) -> Floats:
        given = np.ones(len(members)) if weight is None else weight
        return np.asarray(np.bincount(jet, given * of, len(sizes)), np.float64)

    share = members[:, 5] / energy[jet]
    photons = total(~tracked & ((code == 22) | (code == 11)), share)
    neutral = total(~tracked & (code != 22) & (code != 11) & (code != 13), share)
    electrons = total(tracked & (code == 11), share)
    inner = (photons < 0.99) & (neutral < 0.99) & (sizes > 1)
    with_track = (total(tracked) > 0) & (electrons < 0.99)
    eta = np.abs(eta)
    forward = (photons < 0.9) & (total(~tracked) > 10)
    kept = np.where(eta < MUON_ETA_MAX, inner & with_track, np.where(eta < 3, inner, forward))
    return np.asarray(kept & (eta < JET_ETA_MAX))


def assemble(
    muons: Sequence[Candidates], jets: Sequence[Floats], met: Sequence[tuple[float, float]]
) -> ObjectBatch:
    """Return the batch of events whose muons and jets stand in order of falling pT."""
    events = len(muons)
    muon = np.zeros((events, MOST_MUONS, 4), np.float32)
    jet = np.zeros((events, MOST_JETS, 3), np.float32)
    for event, (some_muons, some_jets) in enumerate(zip(muons, jets, strict=True)):
        hardest = np.argsort(-some_muons.momentum[:, 0], kind="stable")[:MOST_MUONS]
        muon[event, : len(hardest), :3] = some_muons.momentum[hardest]
        muon[event, : len(hardest), 3] = some_muons.charge[hardest]
        jet[event, : min(len(some_jets), MOST_JETS)] = some_jets[:MOST_JETS]
    missing_momentum = np.array(met, dtype=np.float32).reshape(-1, 2)
    return ObjectBatch(
        muon_pt=muon[..., 0],
        muon_eta=muon[..., 1],
        muon_phi=muon[..., 2],
        muon_charge=muon[..., 3].astype(np.int8),
        muons=np.count_nonzero(muon[..., 0], axis=1),
        jet_pt=jet[..., 0],
        jet_eta=jet[..., 1],
        jet_phi=jet[..., 2],
        jets=np.count_nonzero(jet[..., 0], axis=1),
        met_pt=missing_momentum[:, 0],
        met_phi=missing_momentum[:, 1],
    )
