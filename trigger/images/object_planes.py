"""Object images as planes of one bit: mu+, mu-, jets and missing momentum, one channel each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.errors import ImageError
from trigger.events.object_batch import ObjectBatch
from trigger.images.contract import WHERE
from trigger.images.encoder import Encoder, Pixels
from trigger.images.object_circles import (
    EVENT_MIRRORS,
    SUBPIXELS,
    ObjectImageContract,
    jet_circles,
    met_circles,
    muon_circles,
    no_scale,
    rings,
)

_BLOCK_PIXELS = 1 << 14  # of the events that go through at a time: the work stays in the cache


@dataclass(frozen=True, slots=True)
class ObjectPlanesContract(ObjectImageContract):
    """Channels: mu+ and mu- (or all muons, without ``charge``), jets, missing momentum (if drawn).

    A pixel on an outline is 1.0, in whatever format.
    """

    line_width_px: float = 1.0

    def __post_init__(self) -> None:
        ObjectImageContract.__post_init__(self)
        if not 1 / SUBPIXELS <= self.line_width_px <= 16:
            raise ImageError(
                f"line_width_px is {self.line_width_px}", where=WHERE, allowed="1/16 to 16"
            )

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (*self.shape, 1 + self.charge + 1 + self.met)


def encode(batch: ObjectBatch, contract: ObjectPlanesContract) -> Pixels:
    """Return the planes of all events as raw integers, shape (n, rows, columns, planes)."""
    one = min(contract.format.raw_max, 1 << contract.format.fractional)
    dtype = np.min_scalar_type(contract.format.raw_max)
    planes = np.zeros((len(batch), *contract.input_shape), dtype)
    block = max(1, _BLOCK_PIXELS // (contract.shape[0] * contract.shape[1]))
    for start in range(0, len(batch), block):
        part = batch.between(start, start + block)
        planes[start : start + len(part)] = _draw(part, contract) * dtype.type(one)
    return planes


def _draw(batch: ObjectBatch, contract: ObjectPlanesContract) -> Pixels:
    rows, columns = contract.shape
    half_line = round(contract.line_width_px * SUBPIXELS / 2)
    groups = [muon_circles(batch, contract), jet_circles(batch, contract)]
    if contract.met:
        groups.append(met_circles(batch, contract))
    drawn = []
    for circles in groups:
        lit = rings(circles, half_line, range(rows), range(columns), (rows, columns))
        if circles is groups[0] and contract.charge:
            positive = batch.muon_charge[..., None, None] > 0
            drawn += [(lit & positive).any(axis=1), (lit & ~positive).any(axis=1)]
        else:
            drawn.append(lit.any(axis=1))
    return np.stack(drawn, axis=-1)


ENCODER = Encoder(ObjectPlanesContract, ObjectBatch, encode, no_scale, EVENT_MIRRORS)
