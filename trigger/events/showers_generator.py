"""Generate showers of e+, gamma and pi+ in the calorimeter of the CaloGAN data set, parametrised.

Electrons are one electromagnetic cascade from the front face on, photons two behind the point of
conversion. A pion ionises until it interacts; its cascade has an electromagnetic part, in a few
sub-cascades, and a hadronic one, part of which stays invisible. No particle is followed: real
showers fluctuate in more ways. Numbers without a source beside them are choices.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from trigger.errors import EventError
from trigger.events.showers_calorimeter import (
    ATOMIC_NUMBER,
    CELLS,
    LAYERS,
    PION_LENGTH_MM,
    RADIATION_LENGTH_MM,
    Floats,
)
from trigger.events.showers_cascades import Energies, electromagnetic, hadronic, track

GENERATOR_VERSION = 1
CHUNK_EVENTS = 1000

MOST_ENERGY_GEV = 1000.0

_SPOTS = 93 * float(np.log(ATOMIC_NUMBER))
_SPOTS_POWER = 0.876
"""Of an electromagnetic cascade of E GeV: 93 ln(Z) E^0.876 spots (hep-ex/0001020, A.1.4)."""

_HADRONIC_GRAIN_GEV, _TRACK_GRAIN_GEV = 0.15, 0.002
_PI0_SCALE_GEV, _PI0_POWER = 1.3, 0.82
"""Mean electromagnetic share 1 - (E / 1.3 GeV)^(0.82 - 1) in lead (R. Wigmans, Calorimetry)."""

_INVISIBLE, _INVISIBLE_SPREAD = 0.38, 0.10
"""Of the hadronic part in lead, taken up by nuclei (Wigmans: 30 to 40 %)."""

_PI0_TRANSVERSE_GEV = 0.3
"""Momentum across the axis that a neutral pion gets, per component."""

_LEAST_MEV = 0.01
"""Cells with less stay empty: single electrons of this energy do not leave the lead."""

_LATER_PI0 = 0.35
"""Share of electromagnetic sub-cascades that begin at a later interaction than the first."""


class Particle(Enum):
    """What enters the calorimeter; the value is the class name and the name of the real file."""

    POSITRON = "eplus"
    PHOTON = "gamma"
    PION = "piplus"


@dataclass(frozen=True, slots=True)
class ShowerOptions:
    """Choices of physics that change the showers.

    Raises:
        EventError: energies that are no range, or material that is negative.
    """

    lowest_energy_gev: float = 1.0
    highest_energy_gev: float = 100.0
    """Energies are uniform between the two."""
    material_in_front_x0: float = 0.0
    """Radiation lengths of inert material in front of the calorimeter, whose energy is lost. The
    real data set has none; a trigger has one to three."""

    def __post_init__(self) -> None:
        low, high = self.lowest_energy_gev, self.highest_energy_gev
        if not 0.1 <= low < high <= MOST_ENERGY_GEV:
            raise EventError(
                f"energies from {low:g} to {high:g} GeV",
                where="options of showers",
                allowed=f"a range within 0.1 to {MOST_ENERGY_GEV:g} GeV",
            )
        if not 0 <= self.material_in_front_x0 <= 10:
            raise EventError(
                f"material_in_front_x0 is {self.material_in_front_x0:g}",
                where="options of showers",
                allowed="0 to 10 radiation lengths",
            )


@dataclass(frozen=True, slots=True)
class Showers:
    """Energies of n showers."""

    layers: list[npt.NDArray[np.float32]]
    """MeV in the cells of each layer, (n, *layer.shape)."""
    overflow: npt.NDArray[np.float32]
    """(n, 3) MeV beside each layer."""
    energy_gev: npt.NDArray[np.float32]
    """(n,) of the particle."""


def generate(
    particle: Particle, events: int, options: ShowerOptions, rng: np.random.Generator
) -> Showers:
    """Return showers of one kind of particle."""
    energy = rng.uniform(options.lowest_energy_gev, options.highest_energy_gev, events)
    front_mm = -options.material_in_front_x0 * RADIATION_LENGTH_MM
    deposit = _DEPOSITS[particle](energy, front_mm, rng)
    deposit_mev = 1000 * deposit
    deposit_mev[deposit_mev < _LEAST_MEV] = 0
    layers, begin = [], 0
    for layer in LAYERS:
        cells = deposit_mev[:, begin : begin + layer.cells]
        layers.append(cells.reshape(-1, *layer.shape))
        begin += layer.cells
    overflow = deposit_mev[:, CELLS : CELLS + len(LAYERS)]
    return Showers(layers, overflow, energy.astype(np.float32))


def _positron(energy_gev: Floats, front_mm: float, rng: np.random.Generator) -> Energies:
    start, straight = np.full(len(energy_gev), front_mm), np.zeros((len(energy_gev), 2))
    means = electromagnetic(energy_gev, start, straight, rng)
    return _fluctuated(means, energy_gev, _spots(energy_gev), rng)


def _photon(energy_gev: Floats, front_mm: float, rng: np.random.Generator) -> Energies:
    """A pair after 9/7 radiation lengths on average; the share of each lepton is uniform, which it
    nearly is above some GeV (B. Rossi, High-Energy Particles)."""
    events = len(energy_gev)
    start = front_mm + rng.exponential(9 / 7 * RADIATION_LENGTH_MM, events)
    share = rng.uniform(0.01, 0.99, events)
    straight = np.zeros((events, 2))
    means = electromagnetic(energy_gev * share, start, straight, rng)
    means += electromagnetic(energy_gev * (1 - share), start, straight, rng)
    return _fluctuated(means, energy_gev, _spots(energy_gev), rng)


def _pion(energy_gev: Floats, front_mm: float, rng: np.random.Generator) -> Energies:
    events = len(energy_gev)
    # in material of high atomic number a radiation length is a thirtieth of an interaction length
    start = front_mm + rng.exponential(PION_LENGTH_MM, events)
    ionised = track(start)
    energies = _fluctuated(
        ionised, ionised.sum(axis=1), ionised.sum(axis=1) / _TRACK_GRAIN_GEV, rng
    )
    mean_share = 1 - np.maximum(energy_gev / _PI0_SCALE_GEV, 1.1) ** (_PI0_POWER - 1)
    narrow = 2.0 + np.log(np.maximum(energy_gev, 1.0))
    share = rng.beta(narrow * mean_share, narrow * (1 - mean_share))

    number = np.maximum(rng.poisson(0.5 + 0.4 * np.log(np.maximum(energy_gev, 1.0))), 1)
    parent = np.repeat(np.arange(events), number)
    part = rng.exponential(1.0, len(parent))
    part /= np.bincount(parent, part)[parent]
    neutral = np.maximum((share * energy_gev)[parent] * part, 0.02)
    begin = start[parent] + rng.exponential(9 / 7 * RADIATION_LENGTH_MM, len(parent))
    later = rng.random(len(parent)) < _LATER_PI0
    begin += later * rng.exponential(PION_LENGTH_MM, len(parent))
    slope = rng.normal(0, _PI0_TRANSVERSE_GEV, (len(parent), 2)) / neutral[:, None]
    cascades = electromagnetic(neutral, begin, np.clip(slope, -1, 1), rng)
    first = np.concatenate([[0], np.cumsum(number)[:-1]])
    means = np.add.reduceat(cascades, first, axis=0)
    total = np.add.reduceat(neutral, first)
    energies += _fluctuated(means, total, _spots(total), rng)

    visible = 1 - np.clip(rng.normal(_INVISIBLE, _INVISIBLE_SPREAD, events), 0, 1)
    rest = np.maximum((1 - share) * energy_gev * visible, 0.02)
    energies += _fluctuated(hadronic(rest, start), rest, rest / _HADRONIC_GRAIN_GEV, rng)
    return energies


_DEPOSITS = {Particle.POSITRON: _positron, Particle.PHOTON: _photon, Particle.PION: _pion}


def _spots(energy_gev: Floats) -> Floats:
    return np.asarray(_SPOTS * energy_gev**_SPOTS_POWER)


def _fluctuated(
    means: Energies, energy_gev: Floats, spots: Floats, rng: np.random.Generator
) -> Energies:
    """Return energies that fluctuate about their means as if so many equal spots had been thrown,
    but without steps, and with their sum kept: a Dirichlet distribution."""
    per_gev = (spots / np.maximum(energy_gev, 1e-9)).astype(np.float32)[:, None]
    thrown = rng.standard_gamma(means * per_gev, dtype=np.float32)
    total = np.maximum(thrown.sum(axis=1, keepdims=True), np.float32(1e-30))
    return np.asarray(thrown / total * means.sum(axis=1, keepdims=True))
