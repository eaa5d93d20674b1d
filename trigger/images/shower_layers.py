"""Shower layers: calorimeter cells as an image of three planes, or as one vector.

Each cell is digitised: counts = min(2^count_bits - 1, floor(energy / step_mev)); sums of cells are
sums of counts, cut at the same number. A pixel is

    raw = min(raw_max, floor(value * 2^fractional / scale)),

where the value is the number of counts, or its logarithmic code (``logarithm``). Energy beside the
cells (overflow) is not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.errors import ImageError
from trigger.events.showers import ShowerBatch
from trigger.events.showers_calorimeter import LAYERS
from trigger.images.contract import WHERE, Encoding, InputContract
from trigger.images.encoder import Encoder, Pixels
from trigger.images.logarithm import code_table

PLANES_SHAPE = (12, 12, 3)
MOST_COUNT_BITS = 20
SCALE_QUANTILE = 0.99
"""Share of events whose highest pixel ``fit_scale`` keeps at 1.0 or below, for linear values."""

_BLOCK_EVENTS = 512
_STRIPS = LAYERS[0].shape[1]
_PLANE_STRIPS = _STRIPS // PLANES_SHAPE[1]


@dataclass(frozen=True, slots=True)
class ShowerContract(InputContract):
    """Cells of a shower; the scale is in counts, or in steps of the logarithmic code.

    Raises:
        ImageError: a shape that is not the encoding's, or a digitiser that cannot be.
    """

    step_mev: int = 16
    """Energy of one count of a cell's digitiser."""
    count_bits: int = 14
    """Of the digitiser."""
    mantissa_bits: int | None = None
    """Of the logarithmic code; None keeps counts as they are."""
    summed_strips: int = 1
    """Neighbouring strips of layer 0 that shower_cells adds up; shower_planes takes eight."""

    def __post_init__(self) -> None:
        InputContract.__post_init__(self)
        for name, low, high in (("step_mev", 1, 1 << 16), ("count_bits", 1, MOST_COUNT_BITS)):
            if not low <= getattr(self, name) <= high:
                raise ImageError(
                    f"{name} is {getattr(self, name)}", where=WHERE, allowed=f"{low} to {high}"
                )
        bits = self.mantissa_bits
        if bits is not None and not 0 <= bits < self.count_bits:
            raise ImageError(
                f"mantissa_bits is {bits}", where=WHERE, allowed=f"0 to {self.count_bits - 1}"
            )
        strips = self.summed_strips
        if strips < 1 or _STRIPS % strips or (strips > 1 and self._is_planes):
            raise ImageError(
                f"summed_strips is {strips}",
                where=WHERE,
                allowed=f"1 for shower_planes, a divisor of {_STRIPS} for shower_cells",
            )
        if self.shape != self._whole_shape:
            raise ImageError(
                f"shape is {list(self.shape)}", where=WHERE, allowed=f"{list(self._whole_shape)}"
            )

    @property
    def _is_planes(self) -> bool:
        return self.encoding is Encoding.SHOWER_PLANES

    @property
    def _whole_shape(self) -> tuple[int, ...]:
        if self._is_planes:
            return PLANES_SHAPE
        return (LAYERS[0].cells // self.summed_strips + LAYERS[1].cells + LAYERS[2].cells,)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(12 phi, 12 eta, 3 layers), or (cells,)."""
        return self.shape

    @property
    def highest_value(self) -> int:
        """What a full digitiser gives."""
        counts = (1 << self.count_bits) - 1
        return counts if self.mantissa_bits is None else int(_codes(self)[counts])


def encode(batch: ShowerBatch, contract: ShowerContract) -> Pixels:
    """Return the pixels of all showers as raw integers, shape (n, *contract.input_shape)."""
    pixel = contract.format
    counts = np.arange(1 << contract.count_bits)
    values = counts if contract.mantissa_bits is None else _codes(contract)
    raw = (values << pixel.fractional) // contract.fitted_scale
    table = np.minimum(raw, pixel.raw_max).astype(np.min_scalar_type(pixel.raw_max))
    images = np.empty((len(batch), *contract.input_shape), table.dtype)
    for start in range(0, len(batch), _BLOCK_EVENTS):
        block = batch.between(start, start + _BLOCK_EVENTS)
        images[start : start + _BLOCK_EVENTS] = table[_counts(block, contract)]
    return images


def fit_scale(batch: ShowerBatch, contract: ShowerContract) -> int:
    """Return the scale of a data set.

    For linear values the smallest number of counts that the highest pixel of SCALE_QUANTILE of the
    events does not exceed; for logarithmic codes the power of two above a full digitiser's code,
    whatever the events.

    Raises:
        ImageError: no shower leaves a count.
    """
    if contract.mantissa_bits is not None:
        return 1 << contract.highest_value.bit_length()
    blocks = range(0, len(batch), _BLOCK_EVENTS)
    highest = [
        _counts(batch.between(start, start + _BLOCK_EVENTS), contract)
        .reshape(-1, int(np.prod(contract.shape)))
        .max(axis=1)
        for start in blocks
    ]
    values = np.sort(np.concatenate(highest)) if highest else np.empty(0, np.int64)
    if not len(values) or not values[-1]:
        raise ImageError(
            "no cell has a count",
            where="fit of the scale",
            remedy="give training events with energy, or a smaller step_mev",
        )
    return max(1, int(values[min(len(values), int(np.ceil(SCALE_QUANTILE * len(values)))) - 1]))


def _counts(batch: ShowerBatch, contract: ShowerContract) -> npt.NDArray[np.int64]:
    """Return the counts of all pixels, shape (n, *contract.shape)."""
    most = (1 << contract.count_bits) - 1
    cells = []
    for energy in (batch.layer_0, batch.layer_1, batch.layer_2):
        # float64 holds the quotient of a float32 well enough never to reach the next count
        steps = np.floor(energy.astype(np.float64) / contract.step_mev)
        cells.append(np.minimum(steps, most).astype(np.int64))
    n = len(batch)
    strips, middle, back = cells
    if contract.encoding is Encoding.SHOWER_CELLS:
        sums = strips.reshape(n, -1, contract.summed_strips).sum(axis=2)
        return np.concatenate(
            [np.minimum(sums, most), middle.reshape(n, -1), back.reshape(n, -1)], axis=1
        )
    sums = strips.reshape(n, LAYERS[0].shape[0], PLANES_SHAPE[1], _PLANE_STRIPS).sum(axis=3)
    # wide cells stand in each place of the finer grid that they cover
    front = np.repeat(np.minimum(sums, most), PLANES_SHAPE[0] // LAYERS[0].shape[0], axis=1)
    return np.stack(
        [front, middle, np.repeat(back, PLANES_SHAPE[1] // LAYERS[2].shape[1], axis=2)], axis=3
    )


def _codes(contract: ShowerContract) -> npt.NDArray[np.int64]:
    assert contract.mantissa_bits is not None
    return code_table(contract.count_bits, contract.mantissa_bits)


ENCODER = Encoder(ShowerContract, ShowerBatch, encode, fit_scale)
"""Both layouts."""
