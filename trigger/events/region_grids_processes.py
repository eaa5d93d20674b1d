"""What a crossing holds beside soft collisions: jets and particles of hard processes, parametrised.

Each process yields ``Jets``: transverse momenta and directions, which a calorimeter then sees. The
kinematics of decays are exact; spectra of what decays, and everything without a source beside it,
are choices.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from trigger.events.kinematics import Floats, boost, isotropic, on_shell, two_body

TOP_GEV, W_GEV, BOTTOM_GEV, HIGGS_GEV = 172.5, 80.4, 4.8, 125.0
W_TO_LEPTON = 0.326
"""Branching fraction, Particle Data Group."""

INELASTIC_PB = 8.0e10
"""Inelastic cross section at 13 TeV, as in Pythia 8; measured: 78.1 +- 2.9 mb (ATLAS,
arXiv:1606.02625)."""

_JETS_ABOVE_GEV = np.array([15, 30, 50, 80, 120, 170, 300, 470, 600, 800, 1000, 1400, 2400.0])
_JETS_PB = np.array(
    [1.246e9, 1.065e8, 1.57e7, 2.346e6, 4.073e5, 1.035e5, 6826, 552.1, 156.5, 26.28, 7.465, 0.736]
)
"""Pairs of jets by the transverse momentum of the hard scattering: Pythia 8 at 13 TeV, as CMS
quotes it for its samples of QCD jets."""

DIJET_PB = float(_JETS_PB.sum())
"""Above 15 GeV."""


@dataclass(frozen=True, slots=True)
class Jets:
    """m jets or single particles in n events."""

    event: npt.NDArray[np.int64]
    """(m,) the event of each, 0..n-1."""
    pt_gev: Floats
    eta: Floats
    phi: Floats
    response: Floats
    """(m,) mean share of the energy that the trigger's calorimeter sees."""
    grains: npt.NDArray[np.int64]
    """(m,) pieces in which each arrives."""

    @classmethod
    def concatenate(cls, parts: Iterable[Jets]) -> Jets:
        """Return the jets of all parts, which are of the same events."""
        kept = list(parts)
        names = [each.name for each in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in kept]) for name in names))


JET_RESPONSE, JET_GRAINS = 0.8, 12


def dijets(event: npt.NDArray[np.int64], rng: np.random.Generator) -> Jets:
    """Return a pair of jets for each entry of ``event``, with radiated ones beside them."""
    pairs = len(event)
    tail = np.append(_JETS_PB[::-1].cumsum()[::-1], 1e-4)
    wanted = np.log(rng.random(pairs) * tail[0] + 1e-3)
    pt = np.exp(np.interp(-wanted, -np.log(tail), np.log(_JETS_ABOVE_GEV)))
    phi = rng.uniform(-np.pi, np.pi, pairs)
    width = np.clip(2.1 - 0.35 * np.log(pt / 15), 0.7, None)
    eta = rng.normal(0, width, (2, pairs))
    opening = np.pi + rng.normal(0, 0.25, pairs)
    balance = rng.uniform(0.75, 1.0, pairs)
    hard = _jets(
        np.tile(event, 2),
        np.concatenate([pt, pt * balance]),
        eta.ravel(),
        np.concatenate([phi, phi + opening]),
    )
    more = rng.poisson(0.5, pairs)
    parent = np.repeat(np.arange(pairs), more)
    share = rng.uniform(0.1, 0.5, len(parent))
    radiated = _jets(
        event[parent],
        pt[parent] * share,
        rng.normal(0, width[parent]),
        rng.uniform(-np.pi, np.pi, len(parent)),
    )
    return Jets.concatenate([hard, radiated])


def top_pairs(events: int, rng: np.random.Generator) -> Jets:
    """Return t t-bar -> b W b W; W to quarks, e, mu or tau, of which neutrinos and muons leave
    nothing."""
    pt = rng.gamma(2.2, 55.0, events)
    phi = rng.uniform(-np.pi, np.pi, events)
    centre, apart = rng.normal(0, 0.8, events), rng.normal(0, 0.7, events)
    event = np.arange(events)
    parts = []
    for side, rapidity in ((0.0, centre + apart), (np.pi, centre - apart)):
        top = momenta(pt, rapidity, phi + side, TOP_GEV)
        bottom, w = two_body(top, BOTTOM_GEV, W_GEV, rng)
        first, second = two_body(w, 0.0, 0.0, rng)
        kind = rng.random(events)
        lepton = np.floor(3 * kind / W_TO_LEPTON).astype(int)  # 0 e, 1 mu, 2 tau, more: quarks
        parts.append(_of_momenta(event, bottom))
        quarks = lepton > 2
        parts += [_of_momenta(event[quarks], each[quarks]) for each in (first, second)]
        parts.append(_of_momenta(event[lepton == 0], first[lepton == 0], 1.0, 1))
        # a tau keeps about half of its energy visible, in one narrow jet
        parts.append(_of_momenta(event[lepton == 2], first[lepton == 2], 0.5, 3))
    return Jets.concatenate(parts)


def higgs_to_four_bottoms(events: int, scalar_gev: float, rng: np.random.Generator) -> Jets:
    """Return h -> a a -> b b b b, of a light scalar a."""
    higgs = momenta(
        rng.gamma(1.3, 30.0, events),
        rng.normal(0, 1.8, events),
        rng.uniform(-np.pi, np.pi, events),
        HIGGS_GEV,
    )
    event = np.arange(events)
    scalars = two_body(higgs, scalar_gev, scalar_gev, rng)
    return Jets.concatenate(
        _of_momenta(event, quark)
        for scalar in scalars
        for quark in two_body(scalar, BOTTOM_GEV, BOTTOM_GEV, rng)
    )


def soft_bomb(
    events: int, mass_gev: float, temperature_gev: float, rng: np.random.Generator
) -> Jets:
    """Return a soft unclustered energy pattern: a heavy mediator that decays to many hadrons of a
    hidden sector, with thermal momenta and no direction (S. Knapen, S. Pagan Griso, M. Papucci, D.
    J. Robinson, JHEP 08 (2017) 076, arXiv:1612.00850). Their masses are the temperature."""
    # momentum of exp(-E / T): gamma of shape 3 for the massless, and thinned out for the massive
    tried = rng.gamma(3.0, temperature_gev, 60_000)
    energy = np.hypot(tried, temperature_gev)
    kept = rng.random(len(tried)) < np.exp((tried - energy) / temperature_gev)
    spectrum, mean_energy = tried[kept], energy[kept].mean()
    number = rng.poisson(mass_gev / mean_energy, events)
    event = np.repeat(np.arange(events), number)
    momentum = isotropic(len(event), rng) * rng.choice(spectrum, len(event))[:, None]
    mediator = momenta(
        rng.gamma(1.3, 40.0, events),
        rng.normal(0, 1.2, events),
        rng.uniform(-np.pi, np.pi, events),
        mass_gev,
    )
    velocity = mediator[event, 1:] / mediator[event, :1]
    return _of_momenta(event, boost(on_shell(momentum, temperature_gev), velocity), 0.6, 2)


def dijet_resonance(events: int, mass_gev: float, rng: np.random.Generator) -> Jets:
    """Return a resonance that decays to two quarks."""
    parent = momenta(
        rng.gamma(1.3, 40.0, events),
        rng.normal(0, 0.9, events),
        rng.uniform(-np.pi, np.pi, events),
        mass_gev,
    )
    event = np.arange(events)
    return Jets.concatenate(_of_momenta(event, quark) for quark in two_body(parent, 0.0, 0.0, rng))


def random_clusters(events: int, rng: np.random.Generator) -> Jets:
    """Return up to twelve clusters of 5 to 500 GeV, uniform in ln(pT), eta and phi."""
    event = np.repeat(np.arange(events), rng.integers(0, 13, events))
    return _jets(
        event,
        np.exp(rng.uniform(np.log(5), np.log(500), len(event))),
        rng.uniform(-3, 3, len(event)),
        rng.uniform(-np.pi, np.pi, len(event)),
    )


def momenta(pt_gev: Floats, rapidity: Floats, phi: Floats, mass_gev: float) -> Floats:
    """Return four-momenta, (n, 4) GeV."""
    transverse = np.hypot(pt_gev, mass_gev)
    return np.stack(
        [
            transverse * np.cosh(rapidity),
            pt_gev * np.cos(phi),
            pt_gev * np.sin(phi),
            transverse * np.sinh(rapidity),
        ],
        axis=1,
    )


def _of_momenta(
    event: npt.NDArray[np.int64],
    momentum: Floats,
    response: float = JET_RESPONSE,
    grains: int = JET_GRAINS,
) -> Jets:
    pt = np.maximum(np.hypot(momentum[:, 1], momentum[:, 2]), 1e-6)
    eta = np.arcsinh(momentum[:, 3] / pt)
    phi = np.arctan2(momentum[:, 2], momentum[:, 1])
    return _jets(event, pt, eta, phi, response, grains)


def _jets(
    event: npt.NDArray[np.int64],
    pt: Floats,
    eta: Floats,
    phi: Floats,
    response: float = JET_RESPONSE,
    grains: int = JET_GRAINS,
) -> Jets:
    number = len(event)
    return Jets(event, pt, eta, phi, np.full(number, response), np.full(number, grains))
