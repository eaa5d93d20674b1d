"""Hit maps: drift-chamber events as images of the wires' midpoints, in four encodings.

With H hits and S the sum of their charges in ADC counts (noise left out unless the contract keeps
it), the pixel of each hit gets 1 (binary), S (total), S / H (average) or its own charge (per_hit).
Pixels are raw integers and every step is integer arithmetic, as in firmware:

    raw = min(raw_max, floor(value * 2^fractional / scale)).

Where hits share a pixel, the first three encodings write the same number twice and per_hit keeps
the largest. An event without hits is an image of zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from trigger.errors import ImageError
from trigger.events.hit_batch import HitBatch
from trigger.events.wires import FIRST_WIRE, LAYER_OF_WIRE, MIDPOINT_UM, twist_rad
from trigger.images.contract import WHERE, Encoding, InputContract
from trigger.images.encoder import Encoder, Pixels


@dataclass(frozen=True, slots=True)
class HitMapContract(InputContract):
    """A hit map; the scale is in ADC counts, 1 for binary."""

    half_width_mm: int = 800
    """The image covers -half_width..half_width in x and y; hits outside are not drawn."""
    keep_noise: bool = False
    """Draw and count noise hits too. Without them the images profit from knowledge of the truth
    that no detector has."""
    stereo_views: bool = False
    """Three channels in place of one: hits of axial layers, and of stereo layers that are twisted
    forwards and backwards. The views see a track shifted by an angle that grows with its z, each to
    its own side; drawn together they do not tell which hit is shifted."""

    def __post_init__(self) -> None:
        InputContract.__post_init__(self)
        if len(self.shape) != 2:
            raise ImageError(f"shape is {list(self.shape)}", where=WHERE, allowed="[rows, columns]")
        if self.encoding is Encoding.BINARY and self.scale not in (None, 1):
            raise ImageError(f"scale is {self.scale} for binary images", where=WHERE, allowed="1")
        if self.half_width_mm < 1:
            raise ImageError(
                f"half_width_mm is {self.half_width_mm}", where=WHERE, allowed="1 or more"
            )

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(rows, columns, views)."""
        return (*self.shape, _VIEWS if self.stereo_views else 1)

    def warnings(self) -> tuple[str, ...]:
        if self.keep_noise:
            return ()
        return (
            "Hits that belong to no track were left out by their truth label, which a detector "
            "does not have; set input.keep_noise for images with all hits.",
        )


SCALE_QUANTILE: Mapping[Encoding, float] = MappingProxyType(
    {
        Encoding.BINARY: 1.0,
        Encoding.TOTAL: 0.99,
        Encoding.AVERAGE: 0.99,
        Encoding.PER_HIT: 0.65,
    }
)
"""Share of pixel values that ``fit_scale`` keeps at 1.0 or below, unless told otherwise.

Charges of single hits have a long tail that says little about the particle, so every third hit may
saturate. Chosen for e+e- against mu+mu- by AUC, on 48 x 48 pixels of 8 bits (5,000 generated events
a class; the network, of 8 epochs on 17,000 events, averages its pixels and was trained once):

    quantile   mean lit pixel   best sum of any function of a pixel   small network
    0.50       0.908            0.909                                 0.814
    0.65       0.872            0.918                                 0.826
    0.80       0.796            0.931                                 0.791
    0.99       0.653            0.932                                 -

A higher quantile keeps a little more information, a lower one makes it easier to find."""

_VIEWS = 3
_VIEW_OF_WIRE = np.sign(twist_rad()).astype(np.int64)[LAYER_OF_WIRE] % _VIEWS
"""By flat wire index: 0 parallel to the axis, 1 and 2 twisted forwards and backwards."""

_BLOCK_EVENTS = 256  # events that go through at a time, so that the work stays in the cache


@dataclass(frozen=True, slots=True)
class _Hits:
    """The hits of a block of events that are drawn or counted."""

    events: int
    event: npt.NDArray[np.int64]
    """(h,) position of each hit's event in the block."""
    charge: npt.NDArray[np.int64]
    """(h,) ADC counts."""

    @property
    def number(self) -> npt.NDArray[np.int64]:
        """(events,) H."""
        return np.bincount(self.event, minlength=self.events)

    @property
    def total(self) -> npt.NDArray[np.int64]:
        """(events,) S; exact, for float64 holds sums below 2^53."""
        return np.bincount(self.event, self.charge, self.events).astype(np.int64)


def encode(batch: HitBatch, contract: HitMapContract) -> Pixels:
    """Return the images of all events as raw integers, shape (n, *contract.input_shape)."""
    values = PIXEL_VALUES[contract.encoding]
    rows, columns, views = contract.input_shape
    pixel_of_wire = _pixel_of_wire(rows, columns, views, contract.half_width_mm)
    size = rows * columns * views
    dtype = np.min_scalar_type(contract.format.raw_max)
    images = np.empty((len(batch), size), dtype)
    for start in range(0, len(batch), _BLOCK_EVENTS):
        stop = min(start + _BLOCK_EVENTS, len(batch))
        first, last = batch.offsets[start], batch.offsets[stop]
        hits, kept = _hits(batch, start, stop, contract.keep_noise)
        wire = FIRST_WIRE[batch.layer[first:last]] + batch.wire[first:last]
        pixel = pixel_of_wire[wire[kept]] + hits.event * (size + 1)
        # one more pixel per image takes the hits outside the window
        canvas = np.zeros((stop - start) * (size + 1), dtype)
        raw = np.minimum(values(hits, contract), contract.format.raw_max).astype(dtype)
        if contract.encoding is Encoding.PER_HIT:
            np.maximum.at(canvas, pixel, raw)
        else:
            canvas[pixel] = raw
        images[start:stop] = canvas.reshape(-1, size + 1)[:, :size]
    return images.reshape(len(batch), *contract.input_shape)


def binary(hits: _Hits, contract: HitMapContract) -> npt.NDArray[np.int64]:
    """Return 1 for each hit, as raw before the limit, shape (h,)."""
    return np.full(len(hits.event), 1 << contract.format.fractional)


def total(hits: _Hits, contract: HitMapContract) -> npt.NDArray[np.int64]:
    """Return S for each hit, as raw before the limit, shape (h,)."""
    raw = (hits.total << contract.format.fractional) // contract.fitted_scale
    return np.asarray(raw[hits.event])


def average(hits: _Hits, contract: HitMapContract) -> npt.NDArray[np.int64]:
    """Return S / H for each hit, as raw before the limit, shape (h,): one division, so exact."""
    number = np.maximum(hits.number, 1)  # an event without hits has no pixel to write
    raw = (hits.total << contract.format.fractional) // (number * contract.fitted_scale)
    return np.asarray(raw[hits.event])


def per_hit(hits: _Hits, contract: HitMapContract) -> npt.NDArray[np.int64]:
    """Return the charge of each hit, as raw before the limit, shape (h,)."""
    return (hits.charge << contract.format.fractional) // contract.fitted_scale


PixelValues = Callable[[_Hits, HitMapContract], npt.NDArray[np.int64]]

PIXEL_VALUES: Mapping[Encoding, PixelValues] = MappingProxyType(
    {
        Encoding.BINARY: binary,
        Encoding.TOTAL: total,
        Encoding.AVERAGE: average,
        Encoding.PER_HIT: per_hit,
    }
)
"""The value of each hit's pixel, by encoding."""


def fit_scale(batch: HitBatch, contract: HitMapContract, quantile: float | None = None) -> int:
    """Return the constant of a data set: the smallest number of ADC counts that at least
    ``quantile`` of all pixel values (over events for total and average, over hits for per_hit) do
    not exceed; SCALE_QUANTILE of the encoding by default. A quantile instead of the maximum keeps
    one outlier from taking the format's bits.

    Raises:
        ImageError: no hits at all, or a quantile outside (0, 1].
    """
    encoding = contract.encoding
    quantile = SCALE_QUANTILE[encoding] if quantile is None else quantile
    if not 0 < quantile <= 1:
        raise ImageError(f"quantile is {quantile}", where="fit of the scale", allowed="(0, 1]")
    hits, _ = _hits(batch, 0, len(batch), contract.keep_noise)
    number = hits.number
    filled = number > 0
    match encoding:
        case Encoding.BINARY:
            return 1
        case Encoding.TOTAL:
            values = np.sort(hits.total[filled])
        case Encoding.AVERAGE:
            values = np.sort(-(-hits.total[filled] // number[filled]))  # rounded up
        case _:
            values = np.sort(hits.charge)
    if not len(values):
        raise ImageError(
            "no event has a hit to draw",
            where="fit of the scale",
            remedy="give training events, or keep noise if the source names no tracks",
        )
    return max(1, int(values[min(len(values), int(np.ceil(quantile * len(values)))) - 1]))


def _hits(
    batch: HitBatch, start: int, stop: int, keep_noise: bool
) -> tuple[_Hits, npt.NDArray[np.bool_] | slice]:
    """Return the hits that count of events start..stop-1, and which of their hits those are."""
    first, last = batch.offsets[start], batch.offsets[stop]
    event = np.repeat(np.arange(stop - start), np.diff(batch.offsets[start : stop + 1]))
    charge = batch.charge_adc[first:last].astype(np.int64)
    if keep_noise:
        return _Hits(stop - start, event, charge), slice(None)
    kept = batch.track[first:last] >= 0
    return _Hits(stop - start, event[kept], charge[kept]), kept


@lru_cache(maxsize=16)
def _pixel_of_wire(
    rows: int, columns: int, views: int, half_width_mm: int
) -> npt.NDArray[np.int64]:
    """Return the flat pixel of each wire; rows * columns * views for wires outside the window."""
    half = 1000 * half_width_mm
    column = (MIDPOINT_UM[:, 0] + half) * columns // (2 * half)
    row = (half - MIDPOINT_UM[:, 1]) * rows // (2 * half)
    inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    view = _VIEW_OF_WIRE % views
    return np.where(inside, (row * columns + column) * views + view, rows * columns * views)


ENCODER = Encoder(HitMapContract, HitBatch, encode, fit_scale)
"""All four, which differ in ``PIXEL_VALUES`` alone."""
