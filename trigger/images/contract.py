"""InputContract: what a pixel means, agreed between detector, training and firmware.

A pixel carries raw = min(raw_max, floor(value * 2^fractional / scale)). The contract is recorded
beside the firmware and in the report: a network is worth nothing with other pixels than its own.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from trigger.errors import ImageError
from trigger.fixed import FixedFormat

MOST_FRACTIONAL_BITS = 16
"""With event sums below 2^44 every intermediate then stays within int64."""

LARGEST_SCALE = 1 << 44
MOST_BITS = 32
MOST_PIXELS = 1 << 20
"""Far beyond what a trigger reads; images of more do not fit into memory by the thousand."""

WHERE = "input contract"


class Encoding(Enum):
    """How events become numbers; the value is the word in design files."""

    BINARY = "binary"
    """Hit map: 1 at each hit."""
    TOTAL = "total"
    """Hit map: the event's sum of charges at each hit."""
    AVERAGE = "average"
    """Hit map: the event's mean charge at each hit."""
    PER_HIT = "per_hit"
    """Hit map: the charge of the hit; the largest one where hits share a pixel."""
    JET_IMAGE = "jet_image"
    """Jet: transverse momentum in pixels around its axis."""
    CONSTITUENTS = "constituents"
    """Jet: its hardest constituents, as rows of momentum and direction."""
    SHOWER_PLANES = "shower_planes"
    """Calorimeter shower: its layers as three planes of 12 x 12 cells."""
    SHOWER_CELLS = "shower_cells"
    """Calorimeter shower: all cells as one vector."""
    REGION_GRID = "region_grid"
    """Transverse energies of calorimeter regions."""
    OBJECT_PLANES = "object_planes"
    """Circles of muons, jets and missing momentum, one channel of bits for each kind."""
    OBJECT_RGB = "object_rgb"
    """The same circles in colours on white."""
    OBJECT_SET = "object_set"
    """A table of muons, jets and missing momentum in the digits of a global trigger."""


@dataclass(frozen=True, slots=True)
class InputContract:
    """How events become pixels; each kind of encoding adds its own choices.

    The fields are the keys of the design's ``input`` section and of the recorded contract.

    Raises:
        ImageError: a shape, scale or format that makes no image.
    """

    encoding: Encoding
    shape: tuple[int, ...]
    """[rows, columns] of an image: row 0 is the top, column 0 the left."""
    format: FixedFormat
    """Of a pixel: it must hold raw 1, and have no step above 1."""
    scale: int | None = None
    """Whole units of the value 1.0: one constant for a data set. None: to be fitted on the training
    events, and kept then."""

    def __post_init__(self) -> None:
        self._check_shape()
        if self.scale is not None and not 1 <= self.scale <= LARGEST_SCALE:
            raise ImageError(
                f"scale is {self.scale}",
                where=WHERE,
                allowed="a whole number of units, 1 or more",
                remedy="fit it on training events that have hits",
            )
        fitting = 0 <= self.format.fractional <= MOST_FRACTIONAL_BITS
        if not fitting or self.format.raw_max < 1 or self.format.width > MOST_BITS:
            raise ImageError(
                f"{self.format} cannot hold a pixel",
                where=WHERE,
                allowed=f"0..{MOST_FRACTIONAL_BITS} fractional bits, at most {MOST_BITS} bits in "
                "all, room for one step above 0",
                remedy="take ap_ufixed<8,0> or, for binary images, ap_ufixed<1,1>",
            )

    def _check_shape(self) -> None:
        pixels = 1
        for length in self.shape:
            pixels *= max(length, 0)
        if not 1 <= len(self.shape) <= 3:
            raise ImageError(
                f"shape is {list(self.shape)}", where=WHERE, allowed="one to three lengths"
            )
        if not 1 <= pixels <= MOST_PIXELS:
            raise ImageError(
                f"images of {' x '.join(map(str, self.shape))} pixels",
                where=WHERE,
                allowed=f"from 1 to {MOST_PIXELS:,} in all",
            )

    @property
    def input_shape(self) -> tuple[int, ...]:
        """What the model gets: (rows, columns, channels), or (candidates, features)."""
        return (*self.shape, 1)

    @property
    def fitted_scale(self) -> int:
        """The scale.

        Raises:
            ImageError: it was not fitted yet.
        """
        if self.scale is None:
            raise ImageError(
                "the scale is not known",
                where=WHERE,
                remedy="fit it on training events, or give it in the design",
            )
        return self.scale

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of figures that rest on these pixels must be warned of."""
        return ()

    def to_dict(self) -> dict[str, Any]:
        """Return the contract as plain words and numbers, as JSON and YAML hold them."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, FixedFormat):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
