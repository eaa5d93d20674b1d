"""Circles of physics objects: muons, jets and missing momentum as outlines in the (eta, phi) plane.

An object stands at (0.4 eta, 0.4 phi), missing momentum at (0, 0.4 phi), and is drawn as a circle
of radius alpha ln(pT / GeV), alpha = 0.25 for muons and 0.1 for the others; a dot below 1 GeV.

Here everything is whole numbers in SUBPIXELS of a pixel, digitised as a trigger would: positions
are rounded, pT counts in steps of PT_STEP_GEV (down, at most PT_STEPS_MAX) and a table gives the
radius. A pixel is lit where its centre is within half a line width of the circle; both sides of
that comparison are squares of integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trigger.errors import ImageError
from trigger.events.object_batch import MOST_JETS, ObjectBatch
from trigger.images.contract import WHERE, InputContract
from trigger.images.encoder import Mirror

POSITION_FACTOR = 0.4
MUON_ALPHA = 0.25
JET_ALPHA = 0.1
SUBPIXELS = 16
PT_STEP_GEV = 0.5
PT_STEPS_MAX = 2047
"""Jets have 11 bits of 0.5 GeV in the global trigger of CMS."""

EVENT_MIRRORS = (Mirror.FLIP_X, Mirror.FLIP_Y)
"""Collisions of equal beams prefer neither sign of eta, and no azimuth."""

Whole = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class ObjectImageContract(InputContract):
    """An image of circles."""

    half_width: float = 2.2
    """The image covers -half_width..half_width of 0.4 eta; pixels are square."""
    jets: int = 4
    """Jets that are drawn: the first ones."""
    exactly: bool = False
    """Refuse events with fewer jets, as data sets with a constant number of jets have none."""
    charge: bool = True
    """Tell muons of either charge apart."""
    met: bool = True
    """Draw the missing momentum."""

    def __post_init__(self) -> None:
        InputContract.__post_init__(self)
        if len(self.shape) != 2:
            raise ImageError(f"shape is {list(self.shape)}", where=WHERE, allowed="[rows, columns]")
        if self.scale not in (None, 1):
            raise ImageError(f"scale is {self.scale} for outlines", where=WHERE, allowed="1")
        if not 0 < self.half_width <= 100:
            raise ImageError(
                f"half_width is {self.half_width}", where=WHERE, allowed="above 0, up to 100"
            )
        if not 0 <= self.jets <= MOST_JETS:
            raise ImageError(f"jets is {self.jets}", where=WHERE, allowed=f"0 to {MOST_JETS}")

    @property
    def subpixels_per_unit(self) -> float:
        """Subpixels in 1 of 0.4 eta."""
        return self.shape[1] * SUBPIXELS / (2 * self.half_width)


class Circles(NamedTuple):
    """k places for circles in each of n events, in subpixels from the centre of the image."""

    x: Whole
    """(n, k) to the right."""
    y: Whole
    """(n, k) upwards."""
    radius: Whole
    """(n, k)."""
    filled: npt.NDArray[np.bool_]
    """(n, k) which places hold one."""

    def some(self, chosen: tuple[slice, slice]) -> Circles:
        """Return a part of the events and places."""
        return Circles(self.x[chosen], self.y[chosen], self.radius[chosen], self.filled[chosen])


def no_scale(batch: ObjectBatch, contract: InputContract) -> int:
    """Return the scale of outlines, 1: a lit pixel is the value 1.0."""
    return 1


def muon_circles(batch: ObjectBatch, contract: ObjectImageContract) -> Circles:
    """Return the circles of all muons of the batch."""
    return _circles(
        contract, MUON_ALPHA, batch.muon_pt, batch.muon_eta, batch.muon_phi, batch.muon_filled
    )


def jet_circles(batch: ObjectBatch, contract: ObjectImageContract) -> Circles:
    """Return the circles of the first jets.

    Raises:
        ImageError: an event has fewer jets than the contract asks for.
    """
    few = np.flatnonzero(batch.jets < contract.jets)
    if contract.exactly and len(few):
        raise ImageError(
            f"event {few[0]} has {batch.jets[few[0]]} jets",
            where="object image",
            allowed=f"{contract.jets} or more, since input.exactly is set",
            remedy="take events that have them (least_jets of the generator), or unset it",
        )
    some = (slice(None), slice(contract.jets))
    pt, eta, phi = batch.jet_pt[some], batch.jet_eta[some], batch.jet_phi[some]
    return _circles(contract, JET_ALPHA, pt, eta, phi, batch.jet_filled[some])


def met_circles(batch: ObjectBatch, contract: ObjectImageContract) -> Circles:
    """Return the circle of the missing momentum, at eta 0."""
    pt, phi = batch.met_pt[:, None], batch.met_phi[:, None]
    return _circles(contract, JET_ALPHA, pt, np.zeros_like(pt), phi, np.ones_like(pt, dtype=bool))


def rings(
    circles: Circles, half_line: int | Whole, rows: range, columns: range, shape: tuple[int, int]
) -> npt.NDArray[np.bool_]:
    """Return which pixels of a part of the image are on the outlines, (n, k, rows, columns).

    Args:
        half_line: half of the line width in subpixels, for all or (n, k).
        shape: of the whole image.
    """
    x = ((2 * np.arange(columns.start, columns.stop) + 1 - shape[1]) * SUBPIXELS) // 2
    y = ((shape[0] - 1 - 2 * np.arange(rows.start, rows.stop)) * SUBPIXELS) // 2
    dx = x.astype(np.int32) - circles.x[..., None]
    dy = y.astype(np.int32) - circles.y[..., None]
    squares = (dy * dy)[..., :, None] + (dx * dx)[..., None, :]
    inner = np.maximum(circles.radius - half_line, 0)
    outer = circles.radius + half_line
    low, high = inner * inner, np.where(circles.filled, outer * outer, -1)
    # as unsigned numbers, one comparison holds both: what is below ``low`` becomes huge
    squares -= low[..., None, None].astype(np.int32)
    span = np.where(circles.filled, high - low, 0).astype(np.uint32)
    lit: npt.NDArray[np.bool_] = squares.view(np.uint32) <= span[..., None, None]
    return lit & circles.filled[..., None, None]


def _circles(
    contract: ObjectImageContract,
    alpha: float,
    pt: npt.NDArray[np.float32],
    eta: npt.NDArray[np.float32],
    phi: npt.NDArray[np.float32],
    filled: npt.NDArray[np.bool_],
) -> Circles:
    unit = POSITION_FACTOR * contract.subpixels_per_unit
    steps = np.minimum(pt / np.float32(PT_STEP_GEV), PT_STEPS_MAX).astype(np.int64)
    return Circles(
        np.rint(eta * unit).astype(np.int32),
        np.rint(phi * unit).astype(np.int32),
        _radii(alpha * contract.subpixels_per_unit)[steps],
        filled,
    )


@lru_cache(maxsize=32)
def _radii(alpha_subpixels: float) -> Whole:
    """Return the radius of each number of pT steps, in subpixels."""
    pt = np.maximum(np.arange(PT_STEPS_MAX + 1) * PT_STEP_GEV, 1)
    return np.asarray(np.rint(alpha_subpixels * np.log(pt)), np.int32)
