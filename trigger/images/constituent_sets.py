"""Constituent sets: the hardest constituents of a jet as rows of features.

Features of a constituent, in this order, all in steps of ``jet_frame`` and signed:

    pT                    floor(P * 2^fractional / (N * scale)), at most raw_max,
    delta eta, delta phi  floor(steps * 2^fractional / 2^angle_bits), within the format,

with P its transverse momentum, or the logarithmic code of that, and N either 1 or the sum of P over
the whole jet. Rows that a jet does not fill are zeros.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.errors import ImageError
from trigger.events.jet_batch import MOST_CONSTITUENTS, JetBatch
from trigger.images.contract import WHERE, InputContract
from trigger.images.encoder import Encoder, Pixels
from trigger.images.jet_frame import POSITION_BITS, JetAxis, digitise, in_frame
from trigger.images.jet_images import SCALE_BITS, Norm, smallest_scale
from trigger.images.logarithm import code_table

PT_BITS = 16
"""Of the digitiser of pT, where its code is looked up."""
FEATURES = 3
"""pT, delta eta, delta phi."""
SCALE_QUANTILE = 0.995
"""Share of constituents whose pT ``fit_scale`` keeps at 1.0 or below."""

_BLOCK_JETS = 256


@dataclass(frozen=True, slots=True)
class ConstituentSetContract(InputContract):
    """A set of constituents; the scale is in 0.25 GeV, in 2^-16 of the norm, or in steps of the
    logarithmic code.

    Raises:
        ImageError: a shape that is not [constituents, 3], a norm or a format that cannot be.
    """

    axis: JetAxis = JetAxis.NONE
    norm: Norm = Norm.L1
    angle_bits: int = 8
    """Binary logarithm of the steps (of pi / 720) that are an angle of 1.0."""
    mantissa_bits: int | None = None
    """Of the logarithmic code; None keeps momenta linear."""

    def __post_init__(self) -> None:
        InputContract.__post_init__(self)
        if len(self.shape) != 2 or self.shape[0] > MOST_CONSTITUENTS or self.shape[1] != FEATURES:
            raise ImageError(
                f"shape is {list(self.shape)}",
                where=WHERE,
                allowed=f"[constituents up to {MOST_CONSTITUENTS}, {FEATURES} features]",
            )
        if not self.format.signed:
            raise ImageError(
                f"format is {self.format}", where=WHERE, allowed="a signed one, for angles"
            )
        if not 0 <= self.angle_bits <= 10:
            raise ImageError(f"angle_bits is {self.angle_bits}", where=WHERE, allowed="0 to 10")
        bits = self.mantissa_bits
        if bits is not None and not 0 <= bits < PT_BITS:
            raise ImageError(f"mantissa_bits is {bits}", where=WHERE, allowed=f"0 to {PT_BITS - 1}")
        if self.norm is Norm.L2 or (self.norm is Norm.L1 and bits is not None):
            raise ImageError(
                f"norm is {self.norm.value}",
                where=WHERE,
                allowed="l1 or none; none of a logarithmic code",
            )

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(constituents, features)."""
        return self.shape


def encode(batch: JetBatch, contract: ConstituentSetContract) -> Pixels:
    """Return the features of all jets as raw integers, shape (n, constituents, 3)."""
    pixel = contract.format
    shift = POSITION_BITS + contract.angle_bits - pixel.fractional
    features = np.zeros((len(batch), *contract.shape), np.min_scalar_type(pixel.raw_min))
    for start in range(0, len(batch), _BLOCK_JETS):
        jets = batch.between(start, start + _BLOCK_JETS)
        pt, x, y = in_frame(jets, contract.axis)
        share, norm = _shares(pt, contract)
        kept = min(contract.shape[0], pt.shape[1])
        raw = np.stack(
            [
                (share << pixel.fractional) // (norm * contract.fitted_scale)[:, None],
                x >> shift,
                y >> shift,
            ],
            axis=2,
        )[:, :kept]
        raw = np.clip(raw, pixel.raw_min, pixel.raw_max) * (pt[:, :kept, None] > 0)
        features[start : start + _BLOCK_JETS, :kept] = raw
    return features


def fit_scale(batch: JetBatch, contract: ConstituentSetContract) -> int:
    """Return the smallest scale at which SCALE_QUANTILE of the constituents are at most 1.0; for
    logarithmic codes the power of two above the largest one, whatever the jets.

    Raises:
        ImageError: no jet has a constituent of one step.
    """
    if contract.mantissa_bits is not None:
        return 1 << int(code_table(PT_BITS, contract.mantissa_bits)[-1]).bit_length()
    found = []
    for start in range(0, len(batch), _BLOCK_JETS):
        pt = digitise(batch.between(start, start + _BLOCK_JETS)).pt
        share, norm = _shares(pt, contract)
        hardest = slice(contract.shape[0])
        rounded_up = -(-share // norm[:, None])
        found.append(rounded_up[:, hardest][pt[:, hardest] > 0])
    return smallest_scale(found, SCALE_QUANTILE)


def _shares(
    pt: npt.NDArray[np.int64], contract: ConstituentSetContract
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return momenta and the norm they are over, shapes (n, m) and (n,)."""
    if contract.mantissa_bits is not None:
        table = code_table(PT_BITS, contract.mantissa_bits)
        return table[np.minimum(pt, len(table) - 1)], np.ones(len(pt), np.int64)
    if contract.norm is Norm.NONE:
        return pt, np.ones(len(pt), np.int64)
    return pt << SCALE_BITS, np.maximum(pt.sum(axis=1), 1)


ENCODER = Encoder(ConstituentSetContract, JetBatch, encode, fit_scale)
