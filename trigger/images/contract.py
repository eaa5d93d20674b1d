"""InputContract: what a pixel means, agreed between detector, training and firmware.

A pixel carries raw = min(raw_max, floor(value * 2^fractional / scale)). The contract is recorded in
the model file and the report: a network is worth nothing with other pixels than its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from trigger.errors import FormatError, ImageError
from trigger.fixed import FixedFormat

MOST_FRACTIONAL_BITS = 16
"""With event sums below 2^44 every intermediate then stays within int64."""

LARGEST_SCALE = 1 << 44
MOST_BITS = 32
MOST_PIXELS = 1 << 20
"""Far beyond what a trigger reads; images of more do not fit into memory by the thousand."""


class Encoding(Enum):
    """What value the pixel of a hit gets; the value is the word in design files."""

    BINARY = "binary"
    """1 at each hit."""
    TOTAL = "total"
    """The event's sum of charges at each hit."""
    AVERAGE = "average"
    """The event's mean charge at each hit."""
    PER_HIT = "per_hit"
    """The charge of the hit; the largest one where hits share a pixel."""


@dataclass(frozen=True, slots=True)
class InputContract:
    """How events become pixels.

    Raises:
        ImageError: a size, scale, format or window that makes no image.
    """

    encoding: Encoding
    rows: int
    """Pixels along y; row 0 is the top."""
    columns: int
    """Pixels along x; column 0 is the left."""
    format: FixedFormat
    """Of a pixel: non-negative numbers, so at least ``raw_max`` 1 and no step above 1."""
    scale: int
    """ADC counts that become the value 1.0: one constant for a data set, fitted on the training
    events (``fit_scale``) and kept. 1 for binary."""
    half_width_mm: int = 800
    """The image covers -half_width..half_width in x and y; hits outside are not drawn."""
    keep_noise: bool = False
    """Draw and count noise hits too. Without them the images profit from knowledge of the truth
    that no detector has."""

    def __post_init__(self) -> None:
        if self.rows < 1 or self.columns < 1 or self.rows * self.columns > MOST_PIXELS:
            raise ImageError(
                f"images of {self.rows} x {self.columns} pixels",
                where=_WHERE,
                allowed=f"from 1 to {MOST_PIXELS:,} in all",
            )
        if not 1 <= self.scale <= LARGEST_SCALE:
            raise ImageError(
                f"scale is {self.scale}",
                where=_WHERE,
                allowed="a whole number of ADC counts, 1 or more",
                remedy="fit it on training events that have hits",
            )
        if self.encoding is Encoding.BINARY and self.scale != 1:
            raise ImageError(f"scale is {self.scale} for binary images", where=_WHERE, allowed="1")
        if self.half_width_mm < 1:
            raise ImageError(
                f"half_width_mm is {self.half_width_mm}", where=_WHERE, allowed="1 or more"
            )
        fitting = 0 <= self.format.fractional <= MOST_FRACTIONAL_BITS
        if not fitting or self.format.raw_max < 1 or self.format.width > MOST_BITS:
            raise ImageError(
                f"{self.format} cannot hold a pixel",
                where=_WHERE,
                allowed=f"0..{MOST_FRACTIONAL_BITS} fractional bits, at most {MOST_BITS} bits in "
                "all, room for one step above 0",
                remedy="take ap_ufixed<8,0> or, for binary images, ap_ufixed<1,1>",
            )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(rows, columns, 1 channel)."""
        return self.rows, self.columns, 1

    def to_dict(self) -> dict[str, str | int | bool]:
        """Return the contract as plain words and numbers, as JSON and YAML hold them."""
        return {
            "encoding": self.encoding.value,
            "rows": self.rows,
            "columns": self.columns,
            "format": str(self.format),
            "scale": self.scale,
            "half_width_mm": self.half_width_mm,
            "keep_noise": self.keep_noise,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], where: object = "input contract") -> InputContract:
        """Read what ``to_dict`` wrote; every key is needed and no other is allowed.

        Raises:
            ImageError: a key or value that is missing, unknown or of another type.
        """
        if set(plain) != set(_KINDS):
            raise ImageError(
                f"the keys are {', '.join(sorted(map(str, plain)))}",
                where=where,
                allowed=", ".join(_KINDS),
            )
        for key, kind in _KINDS.items():
            if type(plain[key]) is not kind:
                raise ImageError(
                    f"{key} is {plain[key]!r}", where=where, allowed=f"a {kind.__name__}"
                )
        try:
            encoding = Encoding(plain["encoding"])
            pixel_format = FixedFormat.parse(plain["format"])
        except (ValueError, FormatError) as error:
            words = ", ".join(member.value for member in Encoding)
            raise ImageError(
                str(error), where=where, allowed=f"encoding {words}; format as ap_ufixed<8,0>"
            ) from error
        numbers = {key: plain[key] for key in _KINDS if key not in ("encoding", "format")}
        return cls(encoding=encoding, format=pixel_format, **numbers)


_WHERE = "input contract"
_KINDS: dict[str, type] = {
    "encoding": str,
    "rows": int,
    "columns": int,
    "format": str,
    "scale": int,
    "half_width_mm": int,
    "keep_noise": bool,
}
