"""Proton collisions at 13 TeV from Pythia 8, class by class, and pile-up collisions.

Tune CUETP8M1 (CMS, arXiv:1512.00815; ``Tune:pp = 18``) with multiple parton interactions, as the
samples of CMS of 2015 were made; cross sections and kinematics are those of leading order, with
jets from the parton shower.

    dy     q q -> gamma*/Z -> mu mu or tau tau, m > 50 GeV; taus decay into anything
    higgs  g g -> H(125) -> Z Z, each to e e, mu mu or tau tau
    jpsi   prompt J/psi -> mu mu, pT > 8 GeV, colour singlet and octet
    w      q q -> W -> mu nu, or tau nu with tau -> mu nu nu
    tt     q q, g g -> t t, which decay into anything

In ``w`` the second muon is rare: from a decay of heavy flavour or of a pion or kaon in flight. All
charmed and beautiful hadrons decay into a muon there, and an event counts with the branching
fractions below (see ``trigger.events.cms_objects_detector``).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.events.optional import library

WHERE = "CMS objects"

Particles = npt.NDArray[np.float64]
"""(k, 6) PDG code, three times the charge, px, py, pz, E in GeV; one row a stable particle."""

MUON_ETA_MAX = 2.4
HARD_ETA_MAX = 3.2
"""Hard leptons beyond this hardly end up as muons within MUON_ETA_MAX."""

JPSI_RAPIDITY_MAX = 2.6
"""The rapidity of a J/psi lies between those of its muons."""

TAU_TO_MUON = 0.1739
"""Branching fraction (Particle Data Group)."""

SEMIMUONIC: Mapping[int, float] = MappingProxyType(
    {
        411: 0.176,
        421: 0.067,
        431: 0.063,
        4122: 0.045,
        511: 0.105,
        521: 0.105,
        531: 0.105,
        5122: 0.105,
    }
)
"""Branching fractions of charmed and beautiful hadrons into a muon and anything (Particle Data
Group, rounded), by PDG code."""


class Process(Enum):
    """Classes of events; the value is the word in design files."""

    DRELL_YAN = "dy"
    HIGGS = "higgs"
    JPSI = "jpsi"
    W_JETS = "w"
    TOP_PAIRS = "tt"


def _only(mother: int, *daughters: int) -> tuple[str, ...]:
    return f"{mother}:onMode = off", f"{mother}:onIfAny = {' '.join(map(str, daughters))}"


SETTINGS: Mapping[Process, tuple[str, ...]] = MappingProxyType(
    {
        Process.DRELL_YAN: (
            "WeakSingleBoson:ffbar2gmZ = on",
            "PhaseSpace:mHatMin = 50",
            *_only(23, 13, 15),
        ),
        Process.HIGGS: (
            "HiggsSM:gg2H = on",
            "25:onMode = off",
            "25:onIfMatch = 23 23",
            *_only(23, 11, 13, 15),
        ),
        Process.JPSI: (
            "Charmonium:gg2ccbar(3S1)[3S1(1)]g = on,off",
            "Charmonium:gg2ccbar(3S1)[3S1(1)]gm = on,off",
            "Charmonium:gg2ccbar(3S1)[3S1(8)]g = on,off",
            "Charmonium:qg2ccbar(3S1)[3S1(8)]q = on,off",
            "Charmonium:qqbar2ccbar(3S1)[3S1(8)]g = on,off",
            "PhaseSpace:pTHatMin = 8",
            *_only(443, 13),
        ),
        Process.W_JETS: (
            "WeakSingleBoson:ffbar2W = on",
            *_only(24, 13, 15),
            *_only(15, 13),
            *(line for hadron in SEMIMUONIC for line in _only(hadron, 13)),
        ),
        Process.TOP_PAIRS: ("Top:gg2ttbar = on", "Top:qqbar2ttbar = on"),
    }
)

PILE_UP_SETTINGS = ("SoftQCD:nonDiffractive = on",)


def start(settings: tuple[str, ...], seed: int, hook: Any = None) -> Any:
    """Return Pythia, ready for its first event.

    Raises:
        EventError: Pythia is not installed.
    """
    pythia = library("pythia8mc", "generate", WHERE).Pythia("", False)
    common = (
        "Print:quiet = on",
        "Beams:eCM = 13000",
        "Tune:pp = 18",
        "Check:event = off",
        "Random:setSeed = on",
        f"Random:seed = {seed}",
    )
    for line in (*common, *settings):
        pythia.readString(line)
    if hook is not None:
        pythia.setUserHooksPtr(hook)
    pythia.init()
    return pythia


def early_veto(process: Process, rng: np.random.Generator) -> Any:
    """Return the hook that ends an event before its showers when no muon can come of it.

    The showers and the underlying event take most of the time. Pairs of top quarks always pass:
    any of their decays may give two muons.
    """
    pythia8 = library("pythia8mc", "generate", WHERE)

    class EarlyVeto(pythia8.UserHooks):  # type: ignore[misc, name-defined]
        def canVetoProcessLevel(self) -> bool:
            return process is not Process.TOP_PAIRS

        def doVetoProcessLevel(self, event: Any) -> bool:
            if process is Process.JPSI:  # a J/psi, or an octet state that becomes one
                return not any(
                    (abs(each.id()) == 443 or each.id() > 9_000_000)
                    and abs(each.y()) < JPSI_RAPIDITY_MAX
                    for each in event
                )
            codes = {abs(each.id()) for each in event if abs(each.eta()) < HARD_ETA_MAX}
            match process:
                case Process.W_JETS:
                    # every tau of this sample decays into a muon
                    return 13 not in codes and (15 not in codes or rng.random() > TAU_TO_MUON)
                case _:
                    return not codes & {13, 15}

    return EarlyVeto()


def stable(event: Any) -> list[Any]:
    """Return the particles that reach the detector, as Pythia's own objects."""
    return [particle for particle in event if particle.isFinal()]


def numbers(particles: list[Any]) -> Particles:
    """Return what the detector needs of particles."""
    rows = [
        (each.id(), each.chargeType(), each.px(), each.py(), each.pz(), each.e())
        for each in particles
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, 6)
