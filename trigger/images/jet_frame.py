"""Constituents of jets as whole steps of a Level-1 trigger, in a frame of their own jet.

Digitised as the particle candidates of CMS' Phase-2 Level-1 trigger are (CMS-TDR-021): pT in steps
of 0.25 GeV, rounded down; eta and phi in steps of pi / 720, rounded to the nearest, so that 1,440
steps make a turn. What follows is integer arithmetic; the only square roots and quotients, of the
axis' direction, are rounded to twelve bits.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trigger.events.jet_batch import JetBatch

Integers = npt.NDArray[np.int64]

PT_STEP_GEV = 0.25
TURN = 1440
"""Steps of azimuth in a turn."""
ANGLE_STEP = 2 * np.pi / TURN
"""Of phi in rad, and of eta."""

CENTRE_BITS = 4
"""Bits below the step with which the centre is known."""
AXIS_BITS = 12
"""Bits below the point of cosine and sine."""
SUBJET_STEPS = 46
"""Radius of a subjet, 0.2."""


class JetAxis(Enum):
    """What stands in the centre of a jet's frame, and what stands upright."""

    NONE = "none"
    """The mean position weighted with pT; nothing is turned."""
    PRINCIPAL = "principal"
    """The mean position; the axis along which the jet is longest. The hardest half is on the right
    and on top."""
    SUBJET = "subjet"
    """The hardest subjet; the second one is below it, and the harder half on the right."""


class Constituents(NamedTuple):
    """n jets with up to m constituents, by falling pT; what is not there has pT 0."""

    pt: Integers
    """(n, m) in PT_STEP_GEV."""
    x: Integers
    """(n, m) to the right: eta, until the jet is turned."""
    y: Integers
    """(n, m) upwards: phi, until the jet is turned."""


POSITION_BITS = CENTRE_BITS + AXIS_BITS
"""Bits below the step of positions in a frame."""


def digitise(jets: JetBatch) -> Constituents:
    """Return constituents in steps; eta and phi (-720..719) run from the hardest one."""
    constituents = jets.constituents
    most = max(1, int(jets.multiplicity.max(initial=1)))
    px, py, pz = np.moveaxis(constituents[:, :most, 1:].astype(np.float64), -1, 0)
    transverse = np.hypot(px, py)
    pt = np.floor(transverse / PT_STEP_GEV).astype(np.int64)
    seen = pt > 0
    pseudorapidity = np.arcsinh(np.divide(pz, transverse, out=np.zeros_like(pz), where=seen))
    eta = np.rint(pseudorapidity / ANGLE_STEP).astype(np.int64)
    phi = np.rint(np.arctan2(py, px) / ANGLE_STEP).astype(np.int64)
    return Constituents(pt, (eta - eta[:, :1]) * seen, _around(phi - phi[:, :1]) * seen)


def in_frame(jets: JetBatch, axis: JetAxis) -> Constituents:
    """Return constituents in their jet's frame, positions in 2^-POSITION_BITS steps."""
    pt, eta, phi = digitise(jets)
    everywhere = np.ones(pt.shape, dtype=bool)
    if axis is JetAxis.SUBJET:
        first, in_first = _subjet(pt, eta, phi, everywhere)
        second, _ = _subjet(pt, eta, phi, ~in_first)
        x, y = _from(first, eta, phi)
        x, y = _turned(x, y, *_direction(first - second))
        return _flipped(pt, x, y, up=False)
    x, y = _from(_mean(pt, eta, phi, everywhere), eta, phi)
    if axis is JetAxis.PRINCIPAL:
        x, y = _turned(x, y, *_longest(pt, x, y))
        return _flipped(pt, x, y, up=True)
    return Constituents(pt, x << AXIS_BITS, y << AXIS_BITS)


def _mean(pt: Integers, x: Integers, y: Integers, where: npt.NDArray[np.bool_]) -> Integers:
    """Return the mean position weighted with pT, in 2^-CENTRE_BITS steps, shape (2, n); 0 of
    nothing. Halves are rounded away from 0, so that a mirrored jet has the mirrored mean."""
    weight = pt * where
    total = np.maximum(weight.sum(axis=1), 1)
    sums = np.stack([(weight * x).sum(axis=1), (weight * y).sum(axis=1)])
    return np.asarray(np.sign(sums) * (((np.abs(sums) << CENTRE_BITS + 1) + total) // (2 * total)))


def _from(centre: Integers, x: Integers, y: Integers) -> tuple[Integers, Integers]:
    """Return positions seen from a centre, in 2^-CENTRE_BITS steps."""
    return (x << CENTRE_BITS) - centre[0][:, None], (y << CENTRE_BITS) - centre[1][:, None]


def _subjet(
    pt: Integers, x: Integers, y: Integers, where: npt.NDArray[np.bool_]
) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Return the mean position of what is near the hardest constituent, and which those are."""
    jets = np.arange(len(pt))
    seed = np.argmax(pt * where, axis=1)
    far = (x - x[jets, seed][:, None]) ** 2 + (y - y[jets, seed][:, None]) ** 2
    inside = where & (pt > 0) & (far <= SUBJET_STEPS**2)
    centre = _mean(pt, x, y, inside)
    return centre, inside


def _direction(vector: Integers) -> tuple[Integers, Integers]:
    """Return cosine and sine of vectors (2, n), in 2^-AXIS_BITS; upwards where there is none."""
    x, y = vector.astype(np.float64)
    length = np.sqrt(x * x + y * y)
    some = length > 0
    cosine = np.divide(x, length, out=np.zeros_like(x), where=some)
    sine = np.divide(y, length, out=np.ones_like(y), where=some)
    return _rounded(cosine), _rounded(sine)


def _longest(pt: Integers, x: Integers, y: Integers) -> tuple[Integers, Integers]:
    """Return cosine and sine of the axis with the largest second moment, as ``_direction``.

    Half-angle formulas instead of an arc tangent: square roots are exact on every machine.
    """
    double_cosine = (pt * (x * x - y * y)).sum(axis=1).astype(np.float64)
    double_sine = (2 * pt * x * y).sum(axis=1).astype(np.float64)
    length = np.sqrt(double_cosine**2 + double_sine**2)
    ratio = np.divide(double_cosine, length, out=-np.ones_like(length), where=length > 0)
    side = np.where(double_sine < 0, -1.0, 1.0)
    return _rounded(np.sqrt((1 + ratio) / 2)), _rounded(side * np.sqrt((1 - ratio) / 2))


def _rounded(number: npt.NDArray[np.float64]) -> Integers:
    return np.rint(number * (1 << AXIS_BITS)).astype(np.int64)


def _turned(
    x: Integers, y: Integers, cosine: Integers, sine: Integers
) -> tuple[Integers, Integers]:
    """Return positions after a turn that brings a direction upwards, in 2^-POSITION_BITS steps."""
    along, across = cosine[:, None], sine[:, None]
    return x * across - y * along, x * along + y * across


def _flipped(pt: Integers, x: Integers, y: Integers, *, up: bool) -> Constituents:
    """Return constituents mirrored so that the harder half is on the right (and on top)."""
    x = np.where((pt * np.sign(x)).sum(axis=1) < 0, -1, 1)[:, None] * x
    if up:
        y = np.where((pt * np.sign(y)).sum(axis=1) < 0, -1, 1)[:, None] * y
    return Constituents(pt, x, y)


def _around(phi: Integers) -> Integers:
    """Return azimuths within half a turn."""
    return (phi + TURN // 2) % TURN - TURN // 2
