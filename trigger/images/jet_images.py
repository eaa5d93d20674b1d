"""Jet images: the transverse momentum in pixels of a frame that turns with the jet.

Constituents are digitised, moved, turned and mirrored as ``jet_frame`` says and added up in pixels
over ``width`` x ``width`` in eta and phi; what lies outside is not drawn. With P a pixel's sum in
steps of 0.25 GeV and N the norm of the image (1, the sum of P, or the root of the sum of P^2,
rounded down),

    raw = min(raw_max, floor(P * 2^fractional / (N * scale)),

where the scale counts 2^-16 if there is a norm.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from trigger.errors import ImageError
from trigger.events.jet_batch import JetBatch
from trigger.images.contract import WHERE, InputContract
from trigger.images.encoder import Encoder, Pixels
from trigger.images.jet_frame import ANGLE_STEP, POSITION_BITS, Integers, JetAxis, in_frame

SCALE_BITS = 16
"""Of the scale of normalised images, below the point."""
SCALE_QUANTILE = 0.95
"""Share of lit pixels that ``fit_scale`` keeps at 1.0 or below.

The few hardest constituents say less than the many soft ones, which then have more bits: AUC of a
small convolution over 40 x 40 pixels of 8 bits in floating point (14,400 training jets, 3,600 test
jets, one training of 8 epochs), for scales that are 1/4, 1/10 and 1/20 of the sum: 0.9764, 0.9782,
0.9780. The quantiles 0.98, 0.95 and 0.9 give about those."""

_BLOCK_JETS = 256


class Norm(Enum):
    """What of an image becomes 1."""

    NONE = "none"
    """Nothing: pixels are momenta."""
    L1 = "l1"
    """The sum of all pixels."""
    L2 = "l2"
    """The sum of their squares."""


@dataclass(frozen=True, slots=True)
class JetImageContract(InputContract):
    """An image of a jet; the scale is in 0.25 GeV, or in 2^-16 of the norm.

    Raises:
        ImageError: a shape that is not [rows, columns], or a width of no pixels.
    """

    axis: JetAxis = JetAxis.PRINCIPAL
    norm: Norm = Norm.L1
    width: float = 1.6
    """Of the image, in eta and phi (rad)."""
    stream_rows: bool = False
    """Give the model a sequence of rows, whose pixels are channels, for convolutions along the
    rows: firmware then takes a row a cycle instead of a pixel."""

    def __post_init__(self) -> None:
        InputContract.__post_init__(self)
        if len(self.shape) != 2:
            raise ImageError(f"shape is {list(self.shape)}", where=WHERE, allowed="[rows, columns]")
        if not 0.01 <= self.width <= 6:
            raise ImageError(f"width is {self.width:g}", where=WHERE, allowed="0.01 to 6")

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(rows, columns, 1), or (rows, columns) of a stream of rows."""
        return self.shape if self.stream_rows else (*self.shape, 1)

    @property
    def half_width(self) -> int:
        """In 2^-POSITION_BITS steps."""
        return round(self.width / 2 / ANGLE_STEP) << POSITION_BITS


def encode(batch: JetBatch, contract: JetImageContract) -> Pixels:
    """Return the images of all jets as raw integers, shape (n, *contract.input_shape)."""
    pixel, scale = contract.format, contract.fitted_scale
    size = contract.shape[0] * contract.shape[1]
    images = np.zeros(len(batch) * size, np.min_scalar_type(pixel.raw_max))
    for start in range(0, len(batch), _BLOCK_JETS):
        lit, values, norm = _lit(batch.between(start, start + _BLOCK_JETS), contract)
        raw = (values << pixel.fractional) // (norm * scale)
        images[start * size + lit] = np.minimum(raw, pixel.raw_max)
    return images.reshape(len(batch), *contract.input_shape)


def fit_scale(batch: JetBatch, contract: JetImageContract) -> int:
    """Return the smallest scale at which SCALE_QUANTILE of all lit pixels are at most 1.0.

    Raises:
        ImageError: no jet has a constituent in its image.
    """
    found = []
    for start in range(0, len(batch), _BLOCK_JETS):
        _, values, norm = _lit(batch.between(start, start + _BLOCK_JETS), contract)
        found.append(-(-values // norm))  # rounded up
    return smallest_scale(found, SCALE_QUANTILE)


def smallest_scale(values: list[npt.NDArray[np.int64]], quantile: float) -> int:
    """Return the smallest number that a share of all values do not exceed.

    Raises:
        ImageError: there are none.
    """
    ordered = np.sort(np.concatenate(values)) if values else np.empty(0, np.int64)
    if not len(ordered):
        raise ImageError(
            "no jet has a constituent to draw",
            where="fit of the scale",
            remedy="give training events that have",
        )
    return max(1, int(ordered[int(np.ceil(quantile * len(ordered))) - 1]))


def _lit(jets: JetBatch, contract: JetImageContract) -> tuple[Integers, Integers, Integers]:
    """Return the flat places of the lit pixels of all jets, their values and what those are over,
    shape (k,) each."""
    rows, columns = contract.shape
    size, half = rows * columns, contract.half_width
    pt, x, y = in_frame(jets, contract.axis)
    column = (x + half) * columns // (2 * half)
    row = (half - y - 1) * rows // (2 * half)
    drawn = (pt > 0) & (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    place = row * columns + column + np.arange(len(jets))[:, None] * size
    sums = np.bincount(place[drawn], pt[drawn], len(jets) * size)
    lit = np.flatnonzero(sums)
    jet, pixels = lit // size, sums[lit].astype(np.int64)
    match contract.norm:
        case Norm.NONE:
            return lit, pixels, np.ones_like(pixels)
        case Norm.L1:
            norm = np.bincount(jet, pixels, len(jets))
        case Norm.L2:
            norm = np.floor(np.sqrt(np.bincount(jet, pixels**2, len(jets))))
    return lit, pixels << SCALE_BITS, norm[jet].astype(np.int64)


ENCODER = Encoder(JetImageContract, JetBatch, encode, fit_scale)
