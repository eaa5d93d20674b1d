"""The mass of muon pairs before and after a classifier: does it keep the Z peak?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.errors import ReportError
from trigger.rates.efficiency import COVERAGE, Efficiency, clopper_pearson, measure_efficiency

PEAK_GEV = (80.0, 100.0)
SIDE_BANDS_GEV = ((60.0, 75.0), (105.0, 120.0))


@dataclass(frozen=True, slots=True)
class PeakRatio:
    """Events per GeV in the peak over events per GeV in the side bands."""

    peak: int
    """Events in the peak."""
    sides: int
    """Events in the side bands."""
    value: float | None
    """None without events in the side bands."""
    low: float
    """Of the interval of confidence level COVERAGE."""
    high: float | None
    """None: no upper end."""


@dataclass(frozen=True, slots=True)
class PeakTest:
    """What a selection does to a peak."""

    kept: Efficiency | None
    """Of the events in the peak; None where there are none."""
    before: PeakRatio
    after: PeakRatio


def dimuon_mass(
    pt: npt.ArrayLike, eta: npt.ArrayLike, phi: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Return the mass of pairs of massless particles, (n,), in the unit of pT.

    m^2 = 2 pT1 pT2 (cosh(eta1 - eta2) - cos(phi1 - phi2)).

    Args:
        pt: (n, 2), as ``eta`` and ``phi`` (rad).
    """
    momentum, rapidity, azimuth = (np.asarray(each, np.float64) for each in (pt, eta, phi))
    opening = np.cosh(rapidity[:, 0] - rapidity[:, 1]) - np.cos(azimuth[:, 0] - azimuth[:, 1])
    # two equal directions may give -1e-16
    square = 2 * momentum[:, 0] * momentum[:, 1] * np.maximum(opening, 0)
    return np.asarray(np.sqrt(square))


def measure_peak(
    mass: npt.ArrayLike,
    kept: npt.ArrayLike,
    peak: tuple[float, float] = PEAK_GEV,
    sides: tuple[tuple[float, float], ...] = SIDE_BANDS_GEV,
    coverage: float = COVERAGE,
) -> PeakTest:
    """Return how much of a peak is kept, and how it stands out before and after.

    Args:
        mass: (events,).
        kept: (events,) booleans.
        peak: from (included) to, as each of ``sides``.

    Raises:
        ReportError: another number of decisions than of masses.
    """
    masses, chosen = np.asarray(mass, np.float64), np.asarray(kept, bool)
    if masses.shape != chosen.shape or masses.ndim != 1:
        raise ReportError(
            f"{masses.shape} masses and {chosen.shape} decisions",
            where="mass peak",
            allowed="one of each for every event",
        )
    inside = (masses >= peak[0]) & (masses < peak[1])
    beside = np.zeros_like(inside)
    for low, high in sides:
        beside |= (masses >= low) & (masses < high)
    widths = (peak[1] - peak[0], sum(high - low for low, high in sides))
    total, passed = int(inside.sum()), int((inside & chosen).sum())
    return PeakTest(
        kept=measure_efficiency(passed, total, coverage) if total else None,
        before=_ratio(total, int(beside.sum()), widths, coverage),
        after=_ratio(passed, int((beside & chosen).sum()), widths, coverage),
    )


def _ratio(peak: int, sides: int, widths: tuple[float, float], coverage: float) -> PeakRatio:
    """Return the ratio of two Poisson means: of their sum, the peak's share is binomial."""
    scale = widths[1] / widths[0]
    if not peak + sides:
        return PeakRatio(0, 0, None, 0.0, None)
    low, high = clopper_pearson(peak, peak + sides, coverage)
    return PeakRatio(
        peak,
        sides,
        scale * peak / sides if sides else None,
        scale * low / (1 - low),
        scale * high / (1 - high) if high < 1 else None,
    )
