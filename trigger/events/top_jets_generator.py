"""Top-quark and QCD jets: Pythia 8, a detector, FastJet; made like the reference data set.

As arXiv:1902.09914 describes the top-tagging reference: proton collisions at 14 TeV in Pythia 8
(arXiv:2203.11601) with its default tune, without multiple interactions or pile-up; the detector of
``top_jets_detector``; anti-kT jets (FastJet, arXiv:1111.6097) with R = 0.8 of the energy-flow
objects; the hardest jet of an event, if 550 < pT < 650 GeV and |eta| < 2. A top jet comes from
t tbar with all-hadronic decays and has a top quark, and all three quarks it decays to, within 0.8
of its axis. QCD jets come from hard two-to-two scattering of light quarks and gluons and are
matched to nothing.

The reference does not tell the range of pT of the hard scattering; here it reaches from
358 to 780 GeV.

Most collisions are of no use. They are dropped where it is cheapest: before the shower if no top
decays into a cone, in the shower at a scale of 50 GeV by the hardest jet of the partons, before and
after hadronisation if no jet of partons or particles comes near to what is wanted. Each of these
cuts is wide enough to lose about one jet in a hundred.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trigger.errors import EventError
from trigger.events.jet_batch import MOST_CONSTITUENTS, JetBatch
from trigger.events.optional import library
from trigger.events.top_jets_detector import Particles, detect
from trigger.processes import silent

GENERATOR_VERSION = 1
CHUNK_JETS = 500
"""A chunk costs one start of Pythia, a fifth of a second."""

CLASSES = ("qcd", "top")
"""Label 0 and label 1 of the reference data set."""

HARD_PT = (0.65, 1.20)
"""pT of the hard scattering, as a share of the lowest and of the highest pT of a jet to keep."""
EARLY_PT, PARTONS_PT, PARTICLES_PT = (0.91, 1.14), (0.93, 1.14), (0.94, 1.05)
"""pT of the hardest jet: of partons at EARLY_SCALE_GEV, of all partons, of particles; likewise."""
EARLY_SCALE_GEV = 50.0
AXIS_MARGIN = 0.1
"""How far the detector, or hadronisation, may move the axis of a jet."""
CONE_MARGIN = 0.2
"""Added to the radius for the quarks of a top around it before the shower."""
NEIGHBOURHOOD = 2.0
"""Particles of jets this many radii from a hard one are followed through the detector."""
_EVENTS_AT_A_TIME = 64


@dataclass(frozen=True, slots=True)
class JetOptions:
    """Choices of physics.

    Raises:
        EventError: limits that hold no jet.
    """

    pt_min_gev: float = 550.0
    pt_max_gev: float = 650.0
    abs_eta_max: float = 2.0
    radius: float = 0.8
    """Of the anti-kT algorithm, and within which the quarks of a top must be."""
    energy_gev: float = 14000.0
    """Of the collision."""

    def __post_init__(self) -> None:
        if not 200 <= self.pt_min_gev < self.pt_max_gev < self.energy_gev / 4:
            raise EventError(
                f"jets of {self.pt_min_gev:g} to {self.pt_max_gev:g} GeV in collisions of "
                f"{self.energy_gev:g} GeV",
                where=_WHERE,
                allowed="200 <= pt_min_gev < pt_max_gev < energy_gev / 4",
            )
        if not (0 < self.abs_eta_max <= 2 and 0.4 <= self.radius <= 1):
            raise EventError(
                f"abs_eta_max is {self.abs_eta_max:g} and radius is {self.radius:g}",
                where=_WHERE,
                allowed="abs_eta_max at most 2, where the detector ends, and radius 0.4 to 1",
            )


_WHERE = "top jets"


class _Collision(NamedTuple):
    """What the detector needs of one collision."""

    particles: npt.NDArray[np.float64]
    """(k, 6) PDG code, charge, E, px, py, pz."""
    tops: npt.NDArray[np.float64]
    """(tops, 4, 4) E, px, py, pz of each top quark and its three quarks."""


def generate_chunk(class_name: str, index: int, seed: int, options: JetOptions) -> JetBatch:
    """Return CHUNK_JETS jets, which depend on nothing but the arguments.

    Raises:
        EventError: Pythia or FastJet is not installed.
    """
    require_libraries()
    entropy = np.random.SeedSequence([seed, CLASSES.index(class_name), index])
    rng = np.random.default_rng(entropy)
    collisions = _collisions(class_name, int(rng.integers(1, 900_000_000)), options)
    parts: list[JetBatch] = []
    while sum(map(len, parts)) < CHUNK_JETS:
        some = list(islice(collisions, _EVENTS_AT_A_TIME))
        parts.append(_jets(some, class_name, options, rng))
    return JetBatch.concatenate(parts).between(0, CHUNK_JETS)


def require_libraries() -> None:
    """Raise EventError unless all that generates jets is installed."""
    for name in ("pythia8mc", "fastjet", "awkward"):
        library(name, "generate", _WHERE)


def _collisions(class_name: str, seed: int, options: JetOptions) -> Iterator[_Collision]:
    """Yield collisions that may have a jet to keep."""
    pythia8 = library("pythia8mc", "generate", _WHERE)
    finder = _finder(pythia8, options)
    pythia = pythia8.Pythia("", False)
    for line in _settings(class_name, seed, options):
        pythia.readString(line)
    hook = _early_veto(pythia8, class_name, options)
    pythia.setUserHooksPtr(hook)
    with silent(sys.stdout, 1):  # the first jet of a process prints a banner
        pythia.init()
        pythia.next()
        finder.analyze(pythia.event)
    while True:
        if (
            pythia.next()
            and _hopeful(pythia.event, finder, PARTONS_PT, class_name, options)
            and pythia.forceHadronLevel()
            and _hopeful(pythia.event, finder, PARTICLES_PT, class_name, options)
        ):
            yield _Collision(
                _particles_near_hard_jets(pythia.event, finder, options),
                _tops(pythia.event) if class_name == "top" else np.empty((0, 4, 4)),
            )


def _hopeful(
    event: Any, finder: Any, window: tuple[float, float], class_name: str, options: JetOptions
) -> bool:
    """Find jets, and say whether one of them may turn out to be the hardest one and wanted."""
    low, high = _scaled(window, options)
    finder.analyze(event)
    if not finder.sizeJet() or not low < finder.pT(0) < high:
        return False
    axes = _axes(finder, low)
    axes = axes[np.abs(axes[:, 0]) < options.abs_eta_max + AXIS_MARGIN]
    if class_name == "qcd":
        return len(axes) > 0
    where = _eta_phi(_tops(event))
    apart = _distance(where[:, :, None], axes).max(axis=1, initial=0.0)  # (tops, axes)
    return bool((apart < options.radius + AXIS_MARGIN).any())


def _axes(finder: Any, pt_min: float) -> npt.NDArray[np.float64]:
    """Return rapidity and azimuth of the jets above ``pt_min``, the hardest first, shape (j, 2)."""
    axes = []
    for jet in range(finder.sizeJet()):
        if finder.pT(jet) <= pt_min:
            break
        axes.append((finder.y(jet), finder.phi(jet)))
    return np.array(axes).reshape(-1, 2)


def _settings(class_name: str, seed: int, options: JetOptions) -> tuple[str, ...]:
    hard = _scaled(HARD_PT, options)
    process = {
        "top": (
            "Top:gg2ttbar = on",
            "Top:qqbar2ttbar = on",
            "24:onMode = off",
            "24:onIfAny = 1 2 3 4 5",
        ),
        "qcd": ("HardQCD:all = on",),
    }[class_name]
    return (
        "Print:quiet = on",
        "Random:setSeed = on",
        f"Random:seed = {seed}",
        f"Beams:eCM = {options.energy_gev}",
        "PartonLevel:MPI = off",
        "HadronLevel:all = off",  # forced for the few events that are worth it
        f"PhaseSpace:pTHatMin = {hard[0]}",
        f"PhaseSpace:pTHatMax = {hard[1]}",
        *process,
    )


def _early_veto(pythia8: Any, class_name: str, options: JetOptions) -> Any:
    """Return the hook that stops a collision early."""
    low, high = _scaled(EARLY_PT, options)
    cone = options.radius + CONE_MARGIN
    finder = _finder(pythia8, options)

    class EarlyVeto(pythia8.UserHooks):  # type: ignore[misc]
        def canVetoProcessLevel(self) -> bool:
            return class_name == "top"

        def doVetoProcessLevel(self, process: Any) -> bool:
            where = _eta_phi(_tops(process))
            return not bool((_distance(where, where[:, :1]).max(axis=1) < cone).any())

        def canVetoPT(self) -> bool:
            return True

        def scaleVetoPT(self) -> float:
            return EARLY_SCALE_GEV

        def doVetoPT(self, stage: int, event: Any) -> bool:
            if stage > _LAST_STAGE_BEFORE_DECAYS:
                return False
            finder.analyze(event)
            return not (finder.sizeJet() and low < finder.pT(0) < high)

    return EarlyVeto()


_LAST_STAGE_BEFORE_DECAYS = 3
"""Of Pythia's numbering: later calls come from showers of resonances that decayed."""


def _finder(pythia8: Any, options: JetOptions) -> Any:
    """Return Pythia's own anti-kT finder, which needs no copy of the event into Python."""
    anti_kt, any_pt, visible, own_mass = -1, 0.0, 2, 2
    return pythia8.SlowJet(
        anti_kt, options.radius, any_pt, options.abs_eta_max + 2, visible, own_mass
    )


def _particles_near_hard_jets(
    event: Any, finder: Any, options: JetOptions
) -> npt.NDArray[np.float64]:
    """Return the particles of all jets in the NEIGHBOURHOOD of a hard one, shape (k, 6)."""
    axes = _axes(finder, 0.0)
    hard = _axes(finder, _scaled(PARTICLES_PT, options)[0])
    near = (_distance(axes[:, None], hard) < NEIGHBOURHOOD * options.radius).any(axis=1)
    members = (finder.constituents(int(jet)) for jet in np.flatnonzero(near))
    found = map(event.__getitem__, chain.from_iterable(members))
    return np.array([(p.id(), p.charge(), p.e(), p.px(), p.py(), p.pz()) for p in found])


def _tops(event: Any) -> npt.NDArray[np.float64]:
    """Return (E, px, py, pz) of each top quark, as it decays, and of its three quarks."""
    found = []
    for first in range(min(event.size(), _HARD_PROCESS_ENDS)):
        if abs(event[first].id()) != 6:
            continue
        top = event[event[first].iBotCopyId()]
        family = [top]
        for daughter in map(event.__getitem__, top.daughterList()):
            if abs(daughter.id()) == 24:
                boson = event[daughter.iBotCopyId()]
                family += map(event.__getitem__, boson.daughterList())
            else:
                family.append(daughter)
        found.append([(p.e(), p.px(), p.py(), p.pz()) for p in family[:4]])
    return np.array(found)


_HARD_PROCESS_ENDS = 7
"""Entries of an event: itself, two protons, two partons in, two out."""


def _jets(
    collisions: list[_Collision], class_name: str, options: JetOptions, rng: np.random.Generator
) -> JetBatch:
    """Return the jets to keep of some collisions."""
    rows = np.concatenate([collision.particles for collision in collisions])
    event = np.repeat(
        np.arange(len(collisions)), [len(collision.particles) for collision in collisions]
    )
    objects = detect(Particles(event, rows[:, 0].astype(np.int64), rows[:, 1], rows[:, 2:]), rng)
    ends = np.searchsorted(objects.event, np.arange(len(collisions) + 1))
    hardest = _hardest_jets(objects.momentum, ends, options)

    constituents, truth = [], []
    for collision, members in zip(collisions, hardest, strict=True):
        if not len(members):
            continue
        jet = members.sum(axis=0)
        axis = _eta_phi(jet)
        inside = options.pt_min_gev < np.hypot(jet[1], jet[2]) < options.pt_max_gev
        if not inside or abs(axis[0]) >= options.abs_eta_max:
            continue
        top = np.zeros(4)
        if class_name == "top":
            apart = _distance(_eta_phi(collision.tops), axis).max(axis=1)
            if not (apart < options.radius).any():
                continue
            top = collision.tops[np.argmin(apart), 0]
        order = np.argsort(-np.hypot(members[:, 1], members[:, 2]), kind="stable")
        padded = np.zeros((MOST_CONSTITUENTS, 4))
        kept = members[order[:MOST_CONSTITUENTS]]
        padded[: len(kept)] = kept
        constituents.append(padded)
        truth.append(top)
    return JetBatch(
        np.array(constituents, np.float32).reshape(-1, MOST_CONSTITUENTS, 4),
        np.array(truth, np.float32).reshape(-1, 4),
    )


def _hardest_jets(
    momentum: npt.NDArray[np.float64], ends: npt.NDArray[np.int64], options: JetOptions
) -> list[npt.NDArray[np.float64]]:
    """Return the constituents (E, px, py, pz) of the hardest jet of each event; none below the
    lowest pT."""
    fastjet, awkward = (
        library("fastjet", "generate", _WHERE),
        library("awkward", "generate", _WHERE),
    )
    names = ("E", "px", "py", "pz")
    columns = awkward.zip(dict(zip(names, momentum.T, strict=True)), with_name="Momentum4D")
    events = awkward.unflatten(columns, np.diff(ends))
    anti_kt = fastjet.JetDefinition(fastjet.antikt_algorithm, options.radius)
    with silent(sys.stdout, 1):
        clusters = fastjet.ClusterSequence(events, anti_kt)
    jets = clusters.inclusive_jets(options.pt_min_gev)
    pt = iter(np.hypot(awkward.flatten(jets.px), awkward.flatten(jets.py)).to_list())
    found = []
    for first, members in zip(
        ends, clusters.constituent_index(options.pt_min_gev).to_list(), strict=False
    ):
        ranked = sorted(((next(pt), inside) for inside in members), reverse=True)
        best = ranked[0][1] if ranked else []
        found.append(momentum[first + np.array(best, dtype=np.int64)])
    return found


def _scaled(shares: tuple[float, float], options: JetOptions) -> tuple[float, float]:
    return shares[0] * options.pt_min_gev, shares[1] * options.pt_max_gev


def _eta_phi(momentum: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return pseudorapidity and azimuth of (E, px, py, pz), shape (..., 2)."""
    px, py, pz = momentum[..., 1], momentum[..., 2], momentum[..., 3]
    where = np.empty((*px.shape, 2))
    where[..., 0], where[..., 1] = np.arcsinh(pz / np.hypot(px, py)), np.arctan2(py, px)
    return where


def _distance(
    some: npt.NDArray[np.float64], other: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return how far directions (eta, phi) are from each other, shape (...) of (..., 2)."""
    between = some - other
    phi = (between[..., 1] + np.pi) % (2 * np.pi) - np.pi
    return np.asarray(np.hypot(between[..., 0], phi))
