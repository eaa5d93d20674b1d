"""hls4ml's product classes: what a number is multiplied by (``nnet_mult.h``: nnet::product).

One-bit weights mean -1 and 1, two-bit ones -1, 0 and 1. The products are exact, so that such a
weight is the same as an ordinary one of that value.
"""

from __future__ import annotations

from enum import Enum

import numpy as np

from trigger.fixed import FixedFormat, RawArray
from trigger.layers.base import frozen_array


class Product(Enum):
    """The classes whose products are ordinary ones."""

    MULT = "mult"
    WEIGHT_BINARY = "weight_binary"
    """0 stands for -1."""
    WEIGHT_TERNARY = "weight_ternary"
    """Whatever is neither 0 nor -1 stands for 1."""


def factors(
    raw: RawArray, form: FixedFormat, product: Product
) -> tuple[RawArray, FixedFormat]:
    """Return the raw weights that an ordinary product takes, with their format."""
    match product:
        case Product.MULT:
            return raw, form
        case Product.WEIGHT_BINARY:
            return frozen_array(2 * raw - 1, 2), FixedFormat(2, 2)
        case Product.WEIGHT_TERNARY:
            return frozen_array(np.where(raw == -2, 1, raw), form.width), form
