"""Generate calorimeter region grids of crossings at the LHC: zero bias and signals, parametrised.

A crossing holds a Poisson number of soft collisions, whose transverse energy is spread evenly over
eta and phi, pairs of jets at their measured rate, and noise. A signal is one hard process on top.
Nothing is simulated: towers and their thresholds are part of the energy density, and pulses do not
reach into the next crossing. Numbers without a source beside them are choices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from trigger.errors import EventError
from trigger.events.kinematics import Floats
from trigger.events.region_grids_processes import (
    DIJET_PB,
    HIGGS_GEV,
    INELASTIC_PB,
    Jets,
    dijet_resonance,
    dijets,
    higgs_to_four_bottoms,
    random_clusters,
    soft_bomb,
    top_pairs,
)

GENERATOR_VERSION = 1
CHUNK_EVENTS = 2000

PHI_REGIONS, ETA_REGIONS = 18, 14
_POSITIVE_EDGES = (0.0, 0.348, 0.696, 1.044, 1.392, 1.740, 2.172, 3.0)
ETA_EDGES: Floats = np.array([-e for e in _POSITIVE_EDGES[:0:-1]] + list(_POSITIVE_EDGES))
"""Borders of the regions: every fourth border of the towers of the hadron calorimeter of CMS."""

STEP_GEV = 0.5
"""Transverse energy of one count, as of the trigger towers of CMS."""
MOST_COUNTS = 1023

_SOFT_GEV_PER_AREA = 0.30
"""Transverse energy that the trigger sees of one soft collision, per unit of eta and phi. Offline,
about twice as much is found (CMS, arXiv:1607.03663): soft particles bend away, and towers below
threshold are dropped."""
_SOFT_GRAIN_GEV = 0.8
_ACTIVITY_SHAPE = 1.2
"""Soft collisions differ: their activity follows a gamma distribution of this shape, near what the
multiplicity distributions at the LHC have."""

_RESOLUTION_STOCHASTIC, _RESOLUTION_CONSTANT = 1.0, 0.06
"""Of a jet of E GeV: 1.0 / sqrt(E) and 6 %, in quadrature."""
_TRANSVERSE_GEV, _JET_WIDTH, _WIDEST = 0.5, 0.07, 0.5
"""A grain of p GeV lies 0.5 / p from the axis of its jet, plus 0.07, and not beyond 0.5."""

_NOISY_SHARE, _NOISE_GEV = 0.02, 0.6
"""Of regions in which electronics leaves energy, with an exponential spectrum."""
_HOT_PER_CROSSING, _HOT_LEAST_GEV, _HOT_POWER = 3e-4, 10.0, 1.5
"""Isolated false energy (discharges, particles in a photodetector): one region, and an integral
spectrum that falls as E^-1.5."""


_OUTLIER_PILEUP = 3.0
"""Outliers have up to this many times the mean pile-up."""


class Process(Enum):
    """What a crossing holds; the value is the class name in design files."""

    ZERO_BIAS = "zero_bias"
    SOFT_BOMB = "suep"
    TOP_PAIRS = "ttbar"
    HIGGS_FOUR_BOTTOMS = "haa4b"
    DIJET_RESONANCE = "zprime"
    OUTLIERS = "outliers"
    """No physics: any pile-up and clusters of any energy, to learn from what is not zero bias."""


@dataclass(frozen=True, slots=True)
class RegionOptions:
    """Choices of physics that change the grids.

    Raises:
        EventError: a number outside its range.
    """

    pileup: float = 50.0
    """Mean number of collisions in a crossing."""
    suep_mass_gev: float = 400.0
    suep_temperature_gev: float = 2.0
    scalar_gev: float = 40.0
    """Mass of a in h -> a a -> b b b b."""
    zprime_gev: float = 500.0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("pileup", 0, 300),
            ("suep_mass_gev", 10, 5000),
            ("suep_temperature_gev", 0.2, 20),
            ("scalar_gev", 12, HIGGS_GEV / 2),
            ("zprime_gev", 50, 5000),
        ):
            if not low <= getattr(self, name) <= high:
                raise EventError(
                    f"{name} is {getattr(self, name):g}",
                    where="options of region grids",
                    allowed=f"{low:g} to {high:g}",
                )


def generate(
    process: Process, events: int, options: RegionOptions, rng: np.random.Generator
) -> npt.NDArray[np.uint16]:
    """Return the counts of n crossings, (n, 18, 14): phi from 0 up, eta from -3 up."""
    mean = options.pileup
    if process is Process.OUTLIERS:
        collisions = rng.poisson(rng.uniform(0, _OUTLIER_PILEUP * mean, events))
    else:
        collisions = rng.poisson(mean, events)
    energy = _soft(collisions, rng)
    hard = rng.poisson(collisions * DIJET_PB / INELASTIC_PB)
    energy += _seen(dijets(np.repeat(np.arange(events), hard), rng), events, rng)
    if process in _SIGNALS:  # zero bias has none
        energy += _seen(_SIGNALS[process](events, options, rng), events, rng)
    energy += _noise(events, rng)
    counts = np.minimum(np.floor(energy / STEP_GEV), MOST_COUNTS)
    return counts.astype(np.uint16).reshape(events, PHI_REGIONS, ETA_REGIONS)


_SIGNALS: Mapping[Process, Callable[[int, RegionOptions, np.random.Generator], Jets]] = (
    MappingProxyType(
        {
            Process.SOFT_BOMB: lambda events, options, rng: soft_bomb(
                events, options.suep_mass_gev, options.suep_temperature_gev, rng
            ),
            Process.TOP_PAIRS: lambda events, options, rng: top_pairs(events, rng),
            Process.HIGGS_FOUR_BOTTOMS: lambda events, options, rng: higgs_to_four_bottoms(
                events, options.scalar_gev, rng
            ),
            Process.DIJET_RESONANCE: lambda events, options, rng: dijet_resonance(
                events, options.zprime_gev, rng
            ),
            Process.OUTLIERS: lambda events, options, rng: random_clusters(events, rng),
        }
    )
)


def _soft(collisions: npt.NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """Return the energy of soft collisions, (n, 252) GeV: a sum of exponential grains in each
    region, whose mean follows the activity of the crossing."""
    activity = rng.standard_gamma(_ACTIVITY_SHAPE * collisions) / _ACTIVITY_SHAPE
    area = np.tile(np.diff(ETA_EDGES), PHI_REGIONS) * 2 * np.pi / PHI_REGIONS
    grains = rng.poisson(activity[:, None] * area * _SOFT_GEV_PER_AREA / _SOFT_GRAIN_GEV)
    return np.asarray(rng.standard_gamma(grains) * _SOFT_GRAIN_GEV)


def _seen(jets: Jets, events: int, rng: np.random.Generator) -> Floats:
    """Return the energy that jets leave in the regions, (n, 252) GeV."""
    relative = np.hypot(_RESOLUTION_STOCHASTIC / np.sqrt(jets.pt_gev), _RESOLUTION_CONSTANT)
    seen = jets.response * jets.pt_gev
    seen = seen * np.maximum(1 + relative * rng.standard_normal(len(seen)), 0)
    jet = np.repeat(np.arange(len(seen)), jets.grains)
    share = rng.standard_exponential(len(jet))
    share /= np.bincount(jet, share, len(seen))[jet]
    momentum = np.maximum(share * jets.pt_gev[jet], 0.1)
    width = np.minimum(np.hypot(_TRANSVERSE_GEV / momentum, _JET_WIDTH), _WIDEST)
    eta = jets.eta[jet] + width * rng.standard_normal(len(jet))
    phi = jets.phi[jet] + width * rng.standard_normal(len(jet))
    column = np.searchsorted(ETA_EDGES, eta, side="right") - 1
    row = np.floor(phi / (2 * np.pi) * PHI_REGIONS).astype(np.int64) % PHI_REGIONS
    inside = (column >= 0) & (column < ETA_REGIONS)
    region = (jets.event[jet] * PHI_REGIONS + row) * ETA_REGIONS + column
    size = PHI_REGIONS * ETA_REGIONS
    energy = np.bincount(region[inside], (share * seen[jet])[inside], events * size)
    return np.asarray(energy.reshape(events, size), dtype=np.float64)


def _noise(events: int, rng: np.random.Generator) -> Floats:
    size = PHI_REGIONS * ETA_REGIONS
    energy = np.zeros(events * size)
    noisy = rng.integers(0, energy.size, rng.poisson(_NOISY_SHARE * energy.size))
    np.add.at(energy, noisy, rng.exponential(_NOISE_GEV, len(noisy)))
    hot = rng.integers(0, energy.size, rng.poisson(_HOT_PER_CROSSING * events))
    np.add.at(energy, hot, _HOT_LEAST_GEV * (1 + rng.pareto(_HOT_POWER, len(hot))))
    return energy.reshape(events, size)
