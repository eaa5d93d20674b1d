"""ObjectBatch: muons, jets and missing momentum of collisions, as a global trigger sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from trigger.errors import EventError
from trigger.events.batch import Column, TableBatch, column

MOST_MUONS = 4
MOST_JETS = 6
"""The first of each that an event keeps; Level-1 global triggers see 8 and 12 at most."""

LARGEST_ETA = 10.0
LARGEST_PHI = 3.1416
"""pi is a little larger in float32 than it is."""


@dataclass(frozen=True, slots=True, eq=False)
class ObjectBatch(TableBatch):
    """n collisions; pT in GeV, phi in rad from -pi to pi.

    The first ``muons`` (``jets``) places of an event are filled, in the order of the source, which
    is that of falling pT; the others hold 0.
    """

    WHAT: ClassVar[str] = "object batch"

    muon_pt: npt.NDArray[np.float32] = column(np.float32, MOST_MUONS)
    muon_eta: npt.NDArray[np.float32] = column(np.float32, MOST_MUONS)
    muon_phi: npt.NDArray[np.float32] = column(np.float32, MOST_MUONS)
    muon_charge: npt.NDArray[np.int8] = column(np.int8, MOST_MUONS)
    """+1 or -1."""
    muons: npt.NDArray[np.uint8] = column(np.uint8)
    jet_pt: npt.NDArray[np.float32] = column(np.float32, MOST_JETS)
    jet_eta: npt.NDArray[np.float32] = column(np.float32, MOST_JETS)
    jet_phi: npt.NDArray[np.float32] = column(np.float32, MOST_JETS)
    jets: npt.NDArray[np.uint8] = column(np.uint8)
    met_pt: npt.NDArray[np.float32] = column(np.float32)
    """Size of the missing transverse momentum."""
    met_phi: npt.NDArray[np.float32] = column(np.float32)

    @property
    def muon_filled(self) -> npt.NDArray[np.bool_]:
        """(n, MOST_MUONS) which places hold a muon."""
        return np.asarray(np.arange(MOST_MUONS) < self.muons[:, None])

    @property
    def jet_filled(self) -> npt.NDArray[np.bool_]:
        """(n, MOST_JETS) which places hold a jet."""
        return np.asarray(np.arange(MOST_JETS) < self.jets[:, None])

    def check(self) -> None:
        for name, most in (("muons", MOST_MUONS), ("jets", MOST_JETS)):
            if np.any(getattr(self, name) > most):
                raise self._wrong(f"{name} is above {most}", f"0..{most}")
        for kind, filled in (("muon", self.muon_filled), ("jet", self.jet_filled)):
            for name in [each for each in self.columns() if each.startswith(f"{kind}_")]:
                if np.any(getattr(self, name)[~filled]):
                    raise self._wrong(f"{name} is not 0 where there is no {kind}", "0")
            if np.any(getattr(self, f"{kind}_pt")[filled] <= 0):
                raise self._wrong(f"{kind}_pt is not above 0", "GeV, above 0")
            if np.any(np.abs(getattr(self, f"{kind}_eta")) > LARGEST_ETA):
                raise self._wrong(f"{kind}_eta is beyond {LARGEST_ETA:g}", "pseudorapidities")
        if np.any(np.abs(self.muon_charge[self.muon_filled]) != 1):
            raise self._wrong("muon_charge is neither +1 nor -1", "+1, -1")
        if np.any(self.met_pt < 0):
            raise self._wrong("met_pt is below 0", "GeV, 0 or more")
        for name in ("muon_phi", "jet_phi", "met_phi"):
            if np.any(np.abs(getattr(self, name)) > LARGEST_PHI):
                raise self._wrong(f"{name} is beyond pi", "rad, -pi to pi")

    def _wrong(self, problem: str, allowed: str) -> EventError:
        return EventError(problem, where=self.WHAT, allowed=allowed)

    def amplified(self, factor: float) -> ObjectBatch:
        """Return the same events with every transverse momentum times ``factor``."""
        momenta = {name: getattr(self, name) for name in ("muon_pt", "jet_pt", "met_pt")}
        return replace(self, **{name: pt * np.float32(factor) for name, pt in momenta.items()})

    def quantities(self) -> dict[str, Column]:
        return {
            "muons": self.muons,
            "muon pT (GeV)": self.muon_pt[self.muon_filled],
            "muon eta": self.muon_eta[self.muon_filled],
            "jets": self.jets,
            "jet pT (GeV)": self.jet_pt[self.jet_filled],
            "jet eta": self.jet_eta[self.jet_filled],
            "missing pT (GeV)": self.met_pt,
        }
