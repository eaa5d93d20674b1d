"""Object images in colours: red muons, blue jets, black missing momentum on white.

The rendering of the published studies: line width 2 (mu+) and 1 (mu-) or 1.5 points at 96 dots per
inch. Here every pixel has one of the four colours, decided at its centre; the plotting library of
the original blends colours at the edges of lines and draws polygons of 125 corners, which differ
from circles by less than 0.1 pixel. Jets cover muons, missing momentum covers both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from trigger.events.object_batch import ObjectBatch
from trigger.images.encoder import Encoder, Pixels
from trigger.images.object_circles import (
    EVENT_MIRRORS,
    SUBPIXELS,
    Circles,
    ObjectImageContract,
    Whole,
    jet_circles,
    met_circles,
    muon_circles,
    no_scale,
    rings,
)

PIXELS_PER_POINT = 96 / 72
POSITIVE_POINTS, NEGATIVE_POINTS, OTHER_POINTS = 2.0, 1.0, 1.5
RED, BLUE, BLACK = (1, 0, 0), (0, 0, 1), (0, 0, 0)


@dataclass(frozen=True, slots=True)
class ObjectRgbContract(ObjectImageContract):
    """Channels: red, green, blue; full colour is 1.0."""

    half_width: float = 3.141592653589793

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (*self.shape, 3)


def encode(batch: ObjectBatch, contract: ObjectRgbContract) -> Pixels:
    """Return the images of all events as raw integers, shape (n, rows, columns, 3)."""
    full = min(contract.format.raw_max, 1 << contract.format.fractional)
    images = np.full((len(batch), *contract.input_shape), full, np.min_scalar_type(full))
    charged = np.where(batch.muon_charge > 0, POSITIVE_POINTS, NEGATIVE_POINTS)
    muon_points = charged if contract.charge else np.full_like(charged, OTHER_POINTS)
    _paint(images, muon_circles(batch, contract), _half_line(muon_points), RED, full)
    jets = jet_circles(batch, contract)
    _paint(images, jets, _half_line(np.full(jets.x.shape, OTHER_POINTS)), BLUE, full)
    if contract.met:
        met = met_circles(batch, contract)
        _paint(images, met, _half_line(np.full(met.x.shape, OTHER_POINTS)), BLACK, full)
    return images


def _half_line(points: Any) -> Whole:
    return np.asarray(np.rint(points * PIXELS_PER_POINT * SUBPIXELS / 2), np.int32)


def _paint(
    images: Pixels, circles: Circles, half_line: Whole, colour: tuple[int, int, int], full: int
) -> None:
    """Draw circles one by one, each within the box that holds it."""
    rows, columns = images.shape[1:3]
    reach = circles.radius + half_line
    for event, place in zip(*np.nonzero(circles.filled), strict=True):
        one = (slice(event, event + 1), slice(place, place + 1))
        width = int(reach[event, place]) // SUBPIXELS + 2
        column = int(circles.x[event, place]) // SUBPIXELS + columns // 2
        row = rows // 2 - int(circles.y[event, place]) // SUBPIXELS
        across = range(max(column - width, 0), max(min(column + width, columns), 0))
        down = range(max(row - width, 0), max(min(row + width, rows), 0))
        if not across or not down:
            continue
        circle = circles.some(one)
        lit = rings(circle, half_line[one], down, across, (rows, columns))[0, 0]
        box = images[event, down.start : down.stop, across.start : across.stop]
        box[lit] = np.array(colour, box.dtype) * box.dtype.type(full)


ENCODER = Encoder(ObjectRgbContract, ObjectBatch, encode, no_scale, EVENT_MIRRORS)
