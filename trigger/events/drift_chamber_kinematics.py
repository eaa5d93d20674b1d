"""Four-momenta of e+e- -> pi+ pi- l+ l- at the psi(2S): decays, phase space, radiation.

Arrays of momenta are (n, 4): E, px, py, pz in GeV. The four particles are pi+, pi-, l+, l-.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import numpy as np

from trigger.events.kinematics import (
    Floats,
    boost,
    decay_momentum,
    direction,
    isotropic,
    on_shell,
)

PION_MASS_GEV = 0.13957
ELECTRON_MASS_GEV = 0.000511
MUON_MASS_GEV = 0.105658
JPSI_MASS_GEV = 3.0969
PSI2S_MASS_GEV = 3.6861

BEAM_MOMENTUM_GEV = (0.0405, 0.0, 0.0)
"""Momentum of the e+e- system: the beams of BEPCII cross at 22 mrad. The momenta of an
event that lost nothing to radiation add up to it."""

BEAM_ENERGY_SPREAD_GEV = 0.00095
"""Standard deviation of the energy of one beam."""

INNER_RADIATION_LENGTHS = 0.015
"""Beam pipe and inner wall of the chamber, perpendicular to them."""

_ALPHA = 1 / 137.036
_NOVIKOV_SHIFMAN_KAPPA = 0.186
_CONTINUUM_SCALE_GEV = 2.0
"""Hardness of final-state radiation off the muons of the continuum: a typical mass of the pair."""


class Reaction(Enum):
    """What the collision made; the value is the class name in design files."""

    JPSI_EE = "ee"
    """psi(2S) -> pi+ pi- J/psi, J/psi -> e+ e-."""
    JPSI_MUMU = "mm"
    """psi(2S) -> pi+ pi- J/psi, J/psi -> mu+ mu-."""
    CONTINUUM = "cont"
    """e+ e- -> pi+ pi- mu+ mu- without a resonance."""

    @property
    def lepton_mass_gev(self) -> float:
        return ELECTRON_MASS_GEV if self is Reaction.JPSI_EE else MUON_MASS_GEV

    @property
    def masses_gev(self) -> Floats:
        """Masses of pi+, pi-, l+, l-, shape (4,)."""
        return np.array([PION_MASS_GEV] * 2 + [self.lepton_mass_gev] * 2)


def final_state(
    reaction: Reaction, events: int, radiation: bool, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return momenta of pi+, pi-, l+, l- in the laboratory, (n, 4, 3) GeV each.

    Returns:
        The momenta at production, which are the truth, and those behind the inner wall, where
        electrons have lost bremsstrahlung.
    """
    lepton_mass = reaction.lepton_mass_gev
    if reaction is Reaction.CONTINUUM:
        particles = _four_body_phase_space(reaction.masses_gev, events, rng)
        scale = _CONTINUUM_SCALE_GEV
    else:
        particles = _dipion_transition(lepton_mass, events, rng)
        scale = JPSI_MASS_GEV
    if radiation:
        for lepton in (2, 3):
            particles[lepton] = _final_state_radiation(particles[lepton], lepton_mass, scale, rng)
    spread = rng.normal(0, BEAM_ENERGY_SPREAD_GEV, (events, 2))
    total = np.tile(BEAM_MOMENTUM_GEV, (events, 1))
    total[:, 2] = spread[:, 0] - spread[:, 1]
    velocity = total / np.sqrt(PSI2S_MASS_GEV**2 + (total**2).sum(axis=1))[:, None]
    truth = np.stack([boost(p, velocity)[:, 1:] for p in particles], axis=1)
    tracked = truth.copy()
    if radiation and reaction is Reaction.JPSI_EE:
        for lepton in (2, 3):
            tracked[:, lepton] *= _bremsstrahlung_share(truth[:, lepton], rng)[:, None]
    return truth, tracked


def _dipion_transition(lepton_mass: float, events: int, rng: np.random.Generator) -> list[Floats]:
    """psi(2S) -> pi pi J/psi -> pi pi l l in the psi(2S) frame.

    The dipion mass follows the S-wave amplitude of Novikov and Shifman, Z. Phys. C 8 (1981) 43,
    m^2 - kappa dm^2 (1 + 2 mpi^2 / m^2), with kappa as measured by BES (Phys. Rev. D 62, 032002).
    The J/psi keeps the polarisation of the psi(2S): its leptons follow 1 + cos^2 theta.
    """
    gap = PSI2S_MASS_GEV - JPSI_MASS_GEV

    def density(mass: Floats) -> Floats:
        amplitude = mass**2 - _NOVIKOV_SHIFMAN_KAPPA * gap**2 * (1 + 2 * PION_MASS_GEV**2 / mass**2)
        space = decay_momentum(PSI2S_MASS_GEV, mass, JPSI_MASS_GEV) * decay_momentum(
            mass, PION_MASS_GEV, PION_MASS_GEV
        )
        return np.asarray(space * amplitude**2)

    grid = density(np.linspace(2 * PION_MASS_GEV, gap, 2001))
    mass = _accept_reject(density, 2 * PION_MASS_GEV, gap, 1.01 * grid.max(), events, rng)
    recoil = decay_momentum(PSI2S_MASS_GEV, mass, JPSI_MASS_GEV)
    dipion = isotropic(events, rng) * recoil[:, None]
    pion = isotropic(events, rng) * decay_momentum(mass, PION_MASS_GEV, PION_MASS_GEV)[:, None]
    cosine = _accept_reject(lambda c: 1 + c * c, -1, 1, 2.0, events, rng)
    lepton = direction(cosine, rng) * decay_momentum(JPSI_MASS_GEV, lepton_mass, lepton_mass)
    dipion_velocity = dipion / np.sqrt(recoil**2 + mass**2)[:, None]
    jpsi_velocity = -dipion / np.sqrt(recoil**2 + JPSI_MASS_GEV**2)[:, None]
    return [
        *(boost(on_shell(sign * pion, PION_MASS_GEV), dipion_velocity) for sign in (1, -1)),
        *(boost(on_shell(sign * lepton, lepton_mass), jpsi_velocity) for sign in (1, -1)),
    ]


def _four_body_phase_space(masses: Floats, events: int, rng: np.random.Generator) -> list[Floats]:
    """Flat four-body phase space at rest: two intermediate masses weighted by the break-up momenta
    (Raubold and Lynch; F. James, CERN 68-15)."""
    free = PSI2S_MASS_GEV - masses.sum()
    chosen: list[Floats] = []
    ceiling = _phase_space_ceiling(masses)
    while sum(map(len, chosen)) < events:
        split = np.sort(rng.random((4 * events + 100, 2)), axis=1)
        pair = masses[:2].sum() + split[:, 0] * free
        triple = masses[:3].sum() + split[:, 1] * free
        weight = _phase_space_weight(masses, pair, triple)
        kept = rng.random(len(weight)) * ceiling < weight
        chosen.append(np.stack([pair, triple], axis=1)[kept])
    pair, triple = np.concatenate(chosen)[:events].T
    momentum = isotropic(events, rng) * decay_momentum(pair, masses[0], masses[1])[:, None]
    particles = [on_shell(momentum, masses[0]), on_shell(-momentum, masses[1])]
    whole = np.full(events, PSI2S_MASS_GEV)
    for inner, outer, mass in ((pair, triple, masses[2]), (triple, whole, masses[3])):
        size = decay_momentum(outer, inner, mass)
        momentum = isotropic(events, rng) * size[:, None]
        velocity = momentum / np.sqrt(size**2 + inner**2)[:, None]
        particles = [boost(p, velocity) for p in particles] + [on_shell(-momentum, mass)]
    return particles


def _phase_space_weight(masses: Floats, pair: Floats, triple: Floats) -> Floats:
    return np.asarray(
        decay_momentum(pair, masses[0], masses[1])
        * decay_momentum(triple, pair, masses[2])
        * decay_momentum(PSI2S_MASS_GEV, triple, masses[3])
    )


def _phase_space_ceiling(masses: Floats) -> float:
    """Return a bound of the weight, from a grid over both intermediate masses."""
    low, high = np.triu_indices(200)
    free = (PSI2S_MASS_GEV - masses.sum()) / 199
    pair, triple = masses[:2].sum() + low * free, masses[:3].sum() + high * free
    return 1.01 * float(_phase_space_weight(masses, pair, triple).max())


def _final_state_radiation(
    momenta: Floats, mass: float, scale: float, rng: np.random.Generator
) -> Floats:
    """Take collinear photons off one lepton, leading logarithm: the energy share x of the photons
    follows x^(beta - 1) (1 - x + x^2 / 2) with beta = alpha / pi (ln(Q^2 / m^2) - 1)."""
    beta = _ALPHA / np.pi * (np.log(scale**2 / mass**2) - 1)
    share = rng.random(len(momenta)) ** (1 / beta)
    share = np.where(rng.random(len(momenta)) < 1 - share + share**2 / 2, share, 0.0)
    return on_shell(momenta[:, 1:] * (1 - share)[:, None], mass)


def _bremsstrahlung_share(momenta: Floats, rng: np.random.Generator) -> Floats:
    """Return the share of momentum an electron keeps behind the inner wall (Bethe and Heitler:
    -ln(share) follows a gamma distribution of shape t / ln 2 after t radiation lengths)."""
    sine = np.hypot(momenta[:, 0], momenta[:, 1]) / np.sqrt((momenta**2).sum(axis=1))
    thickness = INNER_RADIATION_LENGTHS / np.maximum(sine, 0.2)
    return np.asarray(np.maximum(np.exp(-rng.gamma(thickness / np.log(2), 1.0)), 0.02))


def _accept_reject(
    density: Callable[[Floats], Floats],
    low: float,
    high: float,
    ceiling: float,
    events: int,
    rng: np.random.Generator,
) -> Floats:
    """Return numbers of a density that stays below ``ceiling`` on [low, high]."""
    chosen: list[Floats] = []
    while sum(map(len, chosen)) < events:
        value = rng.uniform(low, high, 2 * events + 100)
        chosen.append(value[rng.random(len(value)) * ceiling < density(value)])
    return np.concatenate(chosen)[:events]
