"""Objects as a table: the integers that a Level-1 global trigger gets, one row an object.

Rows: the first muons, the first jets, the missing momentum; empty places are zeros. Columns: pT,
eta, phi, and four flags: mu+, mu-, jet, missing momentum. Digits as in the global trigger of CMS
(muons: eta 0.010875, phi 2 pi / 576; jets and missing momentum four times coarser; pT 0.5 GeV, 11
bits), angles of all kinds in units of the muons'.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.errors import ImageError
from trigger.events.object_batch import MOST_JETS, MOST_MUONS, ObjectBatch
from trigger.images.contract import WHERE, InputContract
from trigger.images.encoder import Encoder, Pixels
from trigger.images.object_circles import PT_STEP_GEV, PT_STEPS_MAX

ETA_STEP = 0.010875
PHI_STEP = 2 * np.pi / 576
COARSE = 4
"""Steps of a muon in one of a jet."""

FEATURES = ("pt", "eta", "phi", "mu_plus", "mu_minus", "jet", "met")
FULL_SCALE = 512
"""Units of the value 1.0: 256 GeV, |eta| 5.6, 320 degrees; a flag is 1.0."""

LOG_PT_UNITS = 48
"""Units of a doubling of pT, where its logarithm is taken: from a table, rounded."""


@dataclass(frozen=True, slots=True)
class ObjectSetContract(InputContract):
    """A table of objects; ``shape`` is [objects, features].

    Raises:
        ImageError: a shape that does not count them.
    """

    muons: int = 2
    jets: int = 4
    met: bool = True
    log_pt: bool = True
    """Give the logarithm of pT instead of pT."""

    def __post_init__(self) -> None:
        InputContract.__post_init__(self)
        for name, most in (("muons", MOST_MUONS), ("jets", MOST_JETS)):
            number = getattr(self, name)
            if not 0 <= number <= most:
                raise ImageError(f"{name} is {number}", where=WHERE, allowed=f"0 to {most}")
        counted = (self.muons + self.jets + self.met, len(FEATURES))
        if self.shape != counted:
            raise ImageError(
                f"shape is {list(self.shape)}",
                where=WHERE,
                allowed=f"{list(counted)}: the objects, and {', '.join(FEATURES)}",
            )
        if not self.format.signed:
            raise ImageError(
                f"{self.format} holds no negative angle", where=WHERE, allowed="ap_fixed<11,2>"
            )

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self.shape


def encode(batch: ObjectBatch, contract: ObjectSetContract) -> Pixels:
    """Return the tables of all events as raw integers, shape (n, objects, features)."""
    some = slice(contract.muons)
    charge = batch.muon_charge[:, some]
    rows = [
        _rows(
            *(batch.muon_pt[:, some], batch.muon_eta[:, some], batch.muon_phi[:, some], 1),
            {"mu_plus": charge > 0, "mu_minus": charge < 0},
            contract,
        )
    ]
    some = slice(contract.jets)
    filled = batch.jet_filled[:, some]
    jets = (batch.jet_pt[:, some], batch.jet_eta[:, some], batch.jet_phi[:, some], COARSE)
    rows.append(_rows(*jets, {"jet": filled}, contract))
    if contract.met:
        pt, phi = batch.met_pt[:, None], batch.met_phi[:, None]
        there = np.ones_like(pt, dtype=bool)
        rows.append(_rows(pt, np.zeros_like(pt), phi, COARSE, {"met": there}, contract))
    units = np.concatenate(rows, axis=1)
    raw = (units << contract.format.fractional) // contract.fitted_scale
    limited = np.clip(raw, contract.format.raw_min, contract.format.raw_max)
    pixels: Pixels = limited.astype(np.min_scalar_type(contract.format.raw_min))
    return pixels


def full_scale(batch: ObjectBatch, contract: ObjectSetContract) -> int:
    """Return the scale: FULL_SCALE, whatever the events."""
    return FULL_SCALE


def _rows(
    pt: npt.NDArray[np.float32],
    eta: npt.NDArray[np.float32],
    phi: npt.NDArray[np.float32],
    coarse: int,
    flags: dict[str, npt.NDArray[np.bool_]],
    contract: ObjectSetContract,
) -> npt.NDArray[np.int64]:
    """Return one kind of object in whole units, (n, k, features)."""
    steps = np.minimum(pt / np.float32(PT_STEP_GEV), PT_STEPS_MAX).astype(np.int64)
    if contract.log_pt:
        steps = np.rint(LOG_PT_UNITS * np.log2(np.maximum(steps, 1))).astype(np.int64)
    angles = [
        coarse * np.rint(angle / (step * coarse)).astype(np.int64)
        for angle, step in ((eta, ETA_STEP), (phi, PHI_STEP))
    ]
    told = {name: FULL_SCALE * flag.astype(np.int64) for name, flag in flags.items()}
    nothing = np.zeros_like(steps)
    return np.stack([steps, *angles, *(told.get(name, nothing) for name in FEATURES[3:])], axis=-1)


ENCODER = Encoder(ObjectSetContract, ObjectBatch, encode, full_scale)
