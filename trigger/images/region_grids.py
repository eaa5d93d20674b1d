"""Region grids as images: each region's 10-bit transverse energy is a pixel.

    raw = min(raw_max, floor(counts * 2^fractional / scale))

With ``ap_ufixed<10,10>`` and the scale 1, which is taken unless the design says otherwise, pixels
are the counts of 0.5 GeV as they come. Row 0 is the first region in phi, column 0 the lowest eta.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trigger.errors import ImageError
from trigger.events.region_grids import RegionBatch
from trigger.events.region_grids_generator import ETA_REGIONS, MOST_COUNTS, PHI_REGIONS
from trigger.images.contract import WHERE, InputContract
from trigger.images.encoder import Encoder, Pixels


@dataclass(frozen=True, slots=True)
class RegionContract(InputContract):
    """A region grid; the scale is in counts of 0.5 GeV, 1 unless told otherwise.

    Raises:
        ImageError: another shape than [18, 14].
    """

    def __post_init__(self) -> None:
        InputContract.__post_init__(self)
        if self.shape != (PHI_REGIONS, ETA_REGIONS):
            raise ImageError(
                f"shape is {list(self.shape)}",
                where=WHERE,
                allowed=f"[{PHI_REGIONS}, {ETA_REGIONS}]",
            )


def encode(batch: RegionBatch, contract: RegionContract) -> Pixels:
    """Return the images of all crossings as raw integers, shape (n, 18, 14, 1)."""
    pixel = contract.format
    raw = (np.arange(MOST_COUNTS + 1) << pixel.fractional) // contract.fitted_scale
    table = np.minimum(raw, pixel.raw_max).astype(np.min_scalar_type(pixel.raw_max))
    return np.asarray(table[batch.et][..., None])


def fit_scale(batch: RegionBatch, contract: RegionContract) -> int:
    """Return 1: counts are taken as they come."""
    return 1


ENCODER = Encoder(RegionContract, RegionBatch, encode, fit_scale)
