"""Numbers of a hit as files write them -> columns of a HitBatch, or the first hit that is wrong."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trigger.events.hit_batch import NOISE_TRACK, PARTICLES, TIME_TICK_NS
from trigger.events.wires import CELLS, LAYERS, STEREO

POSITION_TOLERANCE_MM = 0.01
"""Wire positions in files are rounded (three decimals in CSV) and the geometry is known to 0.0005
mm; wires are 10 mm apart, so a larger difference means another chamber or a damaged line."""

TIME_TOLERANCE_TICKS = 0.02
"""Three decimals of a ns are 0.005 ticks."""

Floats = npt.NDArray[np.float64]


class BadHit(NamedTuple):
    """The first hit that cannot be right."""

    hit: int
    came: str
    expected: str


class Digits(NamedTuple):
    """Columns of hits, as HitBatch holds them."""

    layer: npt.NDArray[np.uint8]
    wire: npt.NDArray[np.uint16]
    time_ticks: npt.NDArray[np.int32]
    charge_adc: npt.NDArray[np.int32]
    track: npt.NDArray[np.int8]


def check_hits(
    layer: Floats, wire: Floats, stereo: Floats, time_ns: Floats, charge: Floats, track: Floats
) -> Digits | BadHit:
    """Return the columns of h hits from their numbers as written, shape (h,) each.

    A track outside 0..3 is noise.
    """
    bad = _first(~_whole_between(layer, 0, len(LAYERS) - 1))
    if bad is not None:
        return BadHit(bad, f"layer {layer[bad]:g}", f"a whole number 0..{len(LAYERS) - 1}")
    rows = layer.astype(np.int64)
    bad = _first(~_whole_between(wire, 0, CELLS[rows] - 1))
    if bad is not None:
        last = CELLS[rows[bad]] - 1
        return BadHit(bad, f"wire {wire[bad]:g}", f"a whole number 0..{last} in layer {rows[bad]}")
    bad = _first(np.asarray(stereo != STEREO[rows]))
    if bad is not None:
        kind = int(STEREO[rows[bad]])
        return BadHit(bad, f"stereo {stereo[bad]:g}", f"stereo {kind} in layer {rows[bad]}")
    ticks = np.rint(time_ns / TIME_TICK_NS)
    off_grid = np.asarray(np.abs(time_ns / TIME_TICK_NS - ticks) > TIME_TOLERANCE_TICKS)
    bad = _first(off_grid | ~_whole_between(ticks, 0, _INT32_MAX))
    if bad is not None:
        return BadHit(bad, f"RT {time_ns[bad]:g}", f"a multiple of {TIME_TICK_NS} ns, 0 or more")
    bad = _first(~_whole_between(charge, 0, _INT32_MAX))
    if bad is not None:
        return BadHit(bad, f"RC {charge[bad]:g}", "a whole number of ADC counts, 0 or more")
    bad = _first(np.asarray(track != np.rint(track)))
    if bad is not None:
        return BadHit(bad, f"TRK {track[bad]:g}", "a whole number")
    known = (track >= 0) & (track < PARTICLES)
    return Digits(
        rows.astype(np.uint8),
        wire.astype(np.uint16),
        ticks.astype(np.int32),
        charge.astype(np.int32),
        np.where(known, track, NOISE_TRACK).astype(np.int8),
    )


def check_positions(
    names: tuple[str, ...], given_mm: Floats, known_mm: Floats, digits: Digits
) -> BadHit | None:
    """Compare wire positions in a file with the geometry, shapes (h, len(names))."""
    off = np.asarray(~(np.abs(given_mm - known_mm) <= POSITION_TOLERANCE_MM))
    bad = _first(np.asarray(off.any(axis=1)))
    if bad is None:
        return None
    column = int(np.argmax(off[bad]))
    wire = f"wire {digits.wire[bad]} of layer {digits.layer[bad]}"
    return BadHit(
        bad,
        f"{names[column]} {given_mm[bad, column]:.6f} mm, which is not where {wire} is",
        f"{known_mm[bad, column]:.6f} within {POSITION_TOLERANCE_MM} mm, as in the geometry",
    )


_INT32_MAX = int(np.iinfo(np.int32).max)


def _whole_between(numbers: Floats, low: int, high: Any) -> npt.NDArray[np.bool_]:
    return np.asarray((numbers == np.rint(numbers)) & (numbers >= low) & (numbers <= high))


def _first(wrong: npt.NDArray[np.bool_]) -> int | None:
    return int(np.argmax(wrong)) if wrong.any() else None
