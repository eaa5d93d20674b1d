"""From particles to energy-flow objects: a detector after the public Delphes card of ATLAS.

Efficiencies, resolutions, granularity and thresholds are those of ``delphes_card_ATLAS.tcl``; the
energy flow follows the rules of Delphes' ``SimpleCalorimeter`` (arXiv:1307.6346), all towers of
many events at a time. What is simpler than there: particles come from the origin, particles that
live long have decayed before, and beyond |eta| = 2.958 there is no calorimeter (jets end at 2.8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

RADIUS_M = 1.15
HALF_LENGTH_M = 3.51
FIELD_T = 2.0
"""Solenoid: momenta bend in a cylinder of this size."""

ELECTRON, MUON, PHOTON = 11, 13, 22
INVISIBLE = (12, 14, 16)


class Particles(NamedTuple):
    """k stable particles of several events; those of one event are neighbours."""

    event: Integers
    """(k,) rising from 0."""
    pdg: Integers
    """(k,) code of the Particle Data Group."""
    charge: Floats
    """(k,) in units of e."""
    momentum: Floats
    """(k, 4) E, px, py, pz in GeV."""


class Objects(NamedTuple):
    """m energy-flow objects (tracks and neutral towers), sorted by event."""

    event: Integers
    momentum: Floats
    """(m, 4) E, px, py, pz in GeV; tracks and towers have no mass."""


@dataclass(frozen=True, slots=True)
class Calorimeter:
    """One of the two calorimeters."""

    eta_edges: Floats
    """Edges of the towers, rising."""
    phi_cells: int
    energy_min_gev: float
    terms: tuple[tuple[float, float, float, float], ...]
    """(up to |eta|, constant, stochastic, noise): sigma^2 = c^2 E^2 + s^2 E + n^2, E in GeV."""
    electromagnetic: bool

    def sigma(self, eta: Floats, energy: Floats) -> Floats:
        """Return the resolution in GeV of towers at ``eta``, shapes (t,)."""
        limits = np.array([term[0] for term in self.terms])
        region = np.minimum(np.searchsorted(limits, np.abs(eta)), len(limits) - 1)
        constant, stochastic, noise = np.array([term[1:] for term in self.terms])[region].T
        return np.asarray(
            np.sqrt(constant**2 * energy**2 + stochastic**2 * energy + noise**2), np.float64
        )

    def takes(self, pdg: Integers) -> npt.NDArray[np.bool_]:
        """Return which particles leave their energy here; muons leave none anywhere."""
        shower = (pdg == ELECTRON) | (pdg == PHOTON)
        return np.asarray(shower if self.electromagnetic else ~shower & (pdg != MUON))


SIGNIFICANCE_MIN = 2.0
"""Standard deviations that a tower, or its excess over the tracks, must have."""

ECAL = Calorimeter(
    eta_edges=np.array([0.0174 * edge for edge in range(-170, 171)]),
    phi_cells=360,
    energy_min_gev=0.5,
    terms=((3.2, 0.0017, 0.101, 0.0),),
    electromagnetic=True,
)
HCAL = Calorimeter(
    eta_edges=np.array([-3.2, *(edge / 10 for edge in range(-25, 27)), 3.3]),
    phi_cells=36,
    energy_min_gev=1.0,
    terms=((1.7, 0.0302, 0.5205, 1.59), (3.2, 0.05, 0.706, 0.0)),
    electromagnetic=False,
)

_TRACKER_ETA = (0.5, 1.5, 2.5)
_EFFICIENCY = {  # kind: (|eta| <= 1.5, |eta| <= 2.5) x (pT up to 1, up to 100, above) GeV
    "hadron": ((0.70, 0.95, 0.95), (0.60, 0.85, 0.85)),
    "electron": ((0.73, 0.95, 0.99), (0.50, 0.83, 0.90)),
    "muon": ((0.75, 0.99, 0.99), (0.70, 0.98, 0.98)),
}
_RESOLUTION = {  # kind: (constant, slope per GeV) of sigma(pT) / pT in each region of _TRACKER_ETA
    "hadron": ((0.06, 1.3e-3), (0.10, 1.7e-3), (0.25, 3.1e-3)),
    "electron": ((0.03, 1.3e-3), (0.05, 1.7e-3), (0.15, 3.1e-3)),
    "muon": ((0.01, 1.0e-4), (0.015, 1.5e-4), (0.025, 3.5e-4)),
}
_KINDS = tuple(_EFFICIENCY)
_EFFICIENCIES = np.array([_EFFICIENCY[kind] for kind in _KINDS])
_RESOLUTIONS = np.array([_RESOLUTION[kind] for kind in _KINDS])


def detect(particles: Particles, rng: np.random.Generator) -> Objects:
    """Return what the energy flow reconstructs of the particles."""
    visible = ~np.isin(np.abs(particles.pdg), INVISIBLE)
    event, pdg = particles.event[visible], np.abs(particles.pdg[visible])
    charge, momentum = particles.charge[visible], particles.momentum[visible]
    energy, px, py, pz = momentum.T
    pt = np.maximum(np.hypot(px, py), 1e-6)
    eta = np.arcsinh(pz / pt)
    phi = np.arctan2(py, px)
    eta_exit, phi_exit = propagate(pt, eta, phi, charge)

    found, resolution = track(pdg, charge, pt, eta, rng)
    scale = np.ones(len(pt))  # of each track's momentum against the truth
    scale[found] = log_normal(np.ones(int(found.sum())), resolution[found], rng)
    neutral = []
    for calorimeter in (ECAL, HCAL):
        reached = np.flatnonzero(
            calorimeter.takes(pdg)
            & (np.abs(eta_exit) < min(calorimeter.eta_edges[-1], -calorimeter.eta_edges[0]))
        )
        towers = _flow(
            calorimeter,
            event[reached],
            eta_exit[reached],
            phi_exit[reached],
            energy[reached],
            np.where(found, energy * scale, 0.0)[reached],
            resolution[reached],
            rng,
        )
        scale[reached] *= towers.track_scale
        neutral.append(towers.excess)
    pt_track, eta_track, phi_track = pt[found] * scale[found], eta[found], phi[found]
    objects = Objects(
        np.concatenate([event[found], *(part.event for part in neutral)]),
        np.concatenate(
            [_massless(pt_track, eta_track, phi_track), *(part.momentum for part in neutral)]
        ),
    )
    order = np.argsort(objects.event, kind="stable")
    return Objects(objects.event[order], objects.momentum[order])


def propagate(pt: Floats, eta: Floats, phi: Floats, charge: Floats) -> tuple[Floats, Floats]:
    """Return eta and phi of where particles from the origin leave the solenoid, (k,) each.

    A charge moves on a helix of radius pT / 0.3 q B; ``turn`` is the azimuth that its direction
    has gained at the exit, through the barrel or through an end plate, whichever comes first.
    """
    curved = charge != 0
    radius = pt / (0.2998 * FIELD_T * np.where(curved, np.abs(charge), 1.0))
    slope = np.maximum(np.abs(np.sinh(eta)), 1e-9)
    to_end = HALF_LENGTH_M / slope / radius
    to_barrel = np.where(
        2 * radius > RADIUS_M, 2 * np.arcsin(np.minimum(RADIUS_M / (2 * radius), 1.0)), np.inf
    )
    turn = np.minimum(to_end, to_barrel)
    chord = 2 * radius * np.sin(turn / 2)  # negative after more than a whole turn
    distance = np.maximum(np.abs(chord), 1e-6)
    eta_exit = np.arcsinh(np.sign(eta) * slope * radius * turn / distance)
    phi_exit = _wrapped(phi - np.sign(charge) * turn / 2 + np.where(chord < 0, np.pi, 0.0))
    return np.where(curved, eta_exit, eta), np.where(curved, phi_exit, phi)


def track(
    pdg: Integers, charge: Floats, pt: Floats, eta: Floats, rng: np.random.Generator
) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Return which particles leave a track, and the relative resolution of its pT, shapes (k,)."""
    kind = np.where(pdg == ELECTRON, 1, np.where(pdg == MUON, 2, 0))
    region = np.minimum(np.searchsorted(_TRACKER_ETA, np.abs(eta)), 2)
    efficiency = _EFFICIENCIES[kind, np.maximum(region - 1, 0), np.searchsorted([1.0, 100.0], pt)]
    inside = (charge != 0) & (np.abs(eta) <= _TRACKER_ETA[-1]) & (pt > 0.1)
    constant, slope = _RESOLUTIONS[kind, region].T
    return inside & (rng.random(len(pt)) < efficiency), np.hypot(constant, slope * pt)


def log_normal(mean: Floats, sigma: Floats, rng: np.random.Generator) -> Floats:
    """Draw positive numbers of the given mean and standard deviation; 0 where the mean is 0."""
    width = np.sqrt(np.log1p((sigma / np.maximum(mean, 1e-9)) ** 2))
    drawn = mean * np.exp(width * rng.standard_normal(len(mean)) - width**2 / 2)
    return np.where(mean > 0, drawn, 0.0)


class _Flow(NamedTuple):
    excess: Objects
    """Towers above what tracks explain."""
    track_scale: Floats
    """(k,) by which the momentum of each particle's track is corrected."""


def _flow(
    calorimeter: Calorimeter,
    event: Integers,
    eta: Floats,
    phi: Floats,
    energy: Floats,
    track_energy: Floats,
    resolution: Floats,
    rng: np.random.Generator,
) -> _Flow:
    """Fill the towers with k particles and compare each with its tracks.

    An excess above the thresholds becomes a neutral object, spread over its tower; otherwise the
    tracks take the mean of both measurements, weighted by their errors. ``track_energy`` is 0 for
    particles without a track.
    """
    edges, cells = calorimeter.eta_edges, calorimeter.phi_cells
    row = np.searchsorted(edges, eta) - 1
    cell = np.floor((phi + np.pi) * cells / (2 * np.pi)).astype(np.int64) % cells
    key, tower = np.unique((event * len(edges) + row) * cells + cell, return_inverse=True)
    towers = len(key)
    row, cell = key // cells % len(edges), key % cells

    truth = np.bincount(tower, energy, towers).astype(np.float64)
    centre = (edges[row] + edges[row + 1]) / 2
    measured = log_normal(truth, calorimeter.sigma(centre, truth), rng)
    sigma = calorimeter.sigma(centre, measured)
    lost = (measured < calorimeter.energy_min_gev) | (measured < SIGNIFICANCE_MIN * sigma)
    measured[lost] = 0.0
    charged = np.bincount(tower, track_energy, towers)
    charged_variance = np.bincount(tower, (resolution * track_energy) ** 2, towers)

    excess = np.maximum(measured - charged, 0.0)
    kept = (excess > calorimeter.energy_min_gev) & (
        excess > SIGNIFICANCE_MIN * np.sqrt(charged_variance + sigma**2)
    )
    corrected = ~kept & (charged > 0)
    weight_track = 1 / np.maximum(charged_variance[corrected], 1e-12)
    weight_tower = np.where(sigma[corrected] > 0, 1 / np.maximum(sigma[corrected] ** 2, 1e-12), 0.0)
    best = weight_track * charged[corrected] + weight_tower * measured[corrected]
    scale = np.ones(towers)
    scale[corrected] = best / (weight_track + weight_tower) / charged[corrected]

    row, cell = row[kept], cell[kept]
    eta_seen = edges[row] + (edges[row + 1] - edges[row]) * rng.random(len(row))
    phi_seen = (cell + rng.random(len(row))) * (2 * np.pi / cells) - np.pi
    momentum = _massless(excess[kept] / np.cosh(eta_seen), eta_seen, phi_seen)
    return _Flow(Objects(key[kept] // (cells * len(edges)), momentum), scale[tower])


def _massless(pt: Floats, eta: Floats, phi: Floats) -> Floats:
    """Return E, px, py, pz, shape (k, 4)."""
    return np.stack(
        [pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], axis=1
    )


def _wrapped(phi: Floats) -> Floats:
    """Return angles within -pi..pi."""
    return np.asarray((phi + np.pi) % (2 * np.pi) - np.pi)
