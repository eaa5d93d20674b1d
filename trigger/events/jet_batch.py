"""JetBatch: jets as the momenta of their constituents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from trigger.errors import EventError
from trigger.events.batch import Column, TableBatch, column

MOST_CONSTITUENTS = 200
"""A jet keeps its hardest ones."""

ROUNDING = 1e-3
"""Relative: momenta are float32, and a small transverse momentum is what large ones leave."""

LARGEST_ENERGY_GEV = 1e5
"""No collider reaches it; sums over a jet then fit float32 and integers of the encoders."""


@dataclass(frozen=True, slots=True, eq=False)
class JetBatch(TableBatch):
    """n jets; momenta are (E, px, py, pz) in GeV.

    Raises:
        EventError: besides wrong shapes and numbers that are not finite, the first jet that cannot
            be: without constituents, not sorted, not padded with zeros, with energies that are
            negative, absurd or smaller than the momentum.
    """

    WHAT: ClassVar[str] = "jet batch"

    constituents: npt.NDArray[np.float32] = column(np.float32, MOST_CONSTITUENTS, 4)
    """(n, 200, 4) by falling transverse momentum, then zeros."""
    truth: npt.NDArray[np.float32] = column(np.float32, 4)
    """(n, 4) of the top quark that made the jet; zeros for other jets."""

    def check(self) -> None:
        problems = problems_of(self.constituents, self.truth)
        if problems:
            jet, (problem, allowed) = next(iter(problems.items()))
            raise EventError(problem, where=f"{self.WHAT}, jet {jet}", allowed=allowed)

    @property
    def multiplicity(self) -> npt.NDArray[np.int64]:
        """(n,) number of constituents."""
        return np.asarray(np.count_nonzero(self.constituents[:, :, 0], axis=1))

    def amplified(self, factor: float) -> JetBatch:
        return replace(self, constituents=self.constituents * np.float32(factor))

    def quantities(self) -> dict[str, Column]:
        energy, px, py, pz = self.constituents.sum(axis=1, dtype=np.float64).T
        pt = np.hypot(px, py)
        return {
            "jet pT (GeV)": pt,
            "jet |eta|": np.abs(np.arcsinh(pz / pt)),
            "jet mass (GeV)": np.sqrt(np.maximum(energy**2 - px**2 - py**2 - pz**2, 0.0)),
            "constituents per jet": self.multiplicity,
        }


def problems_of(
    constituents: npt.NDArray[np.float32], truth: npt.NDArray[np.float32]
) -> dict[int, tuple[str, str]]:
    """Return what is wrong with jets: (problem, what is allowed) by position, in rising order."""
    found: dict[int, tuple[str, str]] = {}
    with np.errstate(invalid="ignore", over="ignore"):
        energy = constituents[:, :, 0]
        pt = np.hypot(constituents[:, :, 1], constituents[:, :, 2])
        length = np.hypot(pt, constituents[:, :, 3])
        filled = energy > 0
        checks = (
            (
                ~(np.isfinite(constituents).all(axis=(1, 2)) & np.isfinite(truth).all(axis=1)),
                "a momentum that is not finite",
                "finite numbers",
            ),
            ((energy < 0).any(axis=1), "a negative energy", "0 or more"),
            (
                (energy > LARGEST_ENERGY_GEV).any(axis=1),
                "an energy that no collider reaches",
                f"at most {LARGEST_ENERGY_GEV:g} GeV",
            ),
            (~filled[:, 0], "no constituent at the first place", "one or more, the hardest first"),
            (
                (filled[:, 1:] & ~filled[:, :-1]).any(axis=1)
                | (~filled & (length > 0)).any(axis=1),
                "constituents that zeros do not follow up to the end",
                "zeros after the last constituent",
            ),
            (
                (energy < (1 - ROUNDING) * length).any(axis=1),
                "an energy smaller than the momentum",
                "E, px, py, pz in GeV, in this order",
            ),
            (
                (pt[:, 1:] > (1 + ROUNDING) * pt[:, :-1] + ROUNDING).any(axis=1),
                "constituents that are not sorted",
                "falling transverse momentum",
            ),
        )
        for wrong, problem, allowed in checks:
            for jet in np.flatnonzero(wrong):
                found.setdefault(int(jet), (problem, allowed))
    return dict(sorted(found.items()))
