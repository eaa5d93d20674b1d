"""hls4ml's product classes: what a number is multiplied by (``nnet_mult.h``: nnet::product).

One-bit numbers mean -1 and 1, two-bit weights -1, 0 and 1. The products are exact, so that such a
number is the same as an ordinary one of that value.
"""

from __future__ import annotations

from enum import Enum

import numpy as np

from trigger.design import IOType
from trigger.fixed import FixedFormat, RawArray
from trigger.layers.base import Layer, expect, frozen_array
from trigger.layers.batch_normalisation import BatchNormalization
from trigger.layers.conv1d import Conv1D
from trigger.layers.conv2d import Conv2D
from trigger.layers.multiply_accumulate import MultiplyAccumulate


class Product(Enum):
    """The classes whose products are those of ordinary numbers."""

    MULT = "mult"
    WEIGHT_BINARY = "weight_binary"
    """0 stands for -1."""
    WEIGHT_TERNARY = "weight_ternary"
    """Whatever is neither 0 nor -1 stands for 1."""
    DATA_BINARY = "data_binary"
    """0 in the data stands for -1."""
    BOTH_BINARY = "both_binary"
    """Counts equal bits, and makes twice the count less the number of bits of it at the end."""

    @property
    def one_bit_data(self) -> bool:
        return self in (Product.DATA_BINARY, Product.BOTH_BINARY)


def factors(raw: RawArray, form: FixedFormat, product: Product) -> tuple[RawArray, FixedFormat]:
    """Return the raw weights that an ordinary product takes, with their format."""
    match product:
        case Product.MULT | Product.DATA_BINARY:
            return raw, form
        case Product.WEIGHT_BINARY | Product.BOTH_BINARY:
            return frozen_array(2 * raw - 1, 2), FixedFormat(2, 2)
        case Product.WEIGHT_TERNARY:
            return frozen_array(np.where(raw == -2, 1, raw), form.width), form


def signs(name: str, source: str, channels: int) -> BatchNormalization:
    """Return the layer that makes -1 and 1 of the bits that another layer reads."""
    return BatchNormalization(
        name=f"{name}_signs",
        inputs=(source,),
        result=FixedFormat(2, 2),
        scale=frozen_array([2] * channels, 3),
        scale_format=FixedFormat(3, 3),
        bias=frozen_array([-1] * channels, 2),
        bias_format=FixedFormat(2, 2),
    )


def check_signs(layer: Layer, product: Product, io_type: IOType) -> None:
    """Raise NetworkError where a layer that reads signs does not do what its C++ does on bits."""
    if isinstance(layer, (Conv1D, Conv2D)) and io_type is IOType.PARALLEL:
        padded = bool(np.any(np.asarray(layer.padding)))
        expect(not padded, layer, "bits are padded with zeros, which mean -1", "no padding")
    if product is Product.BOTH_BINARY and isinstance(layer, MultiplyAccumulate):
        most = layer.matrix.shape[0]
        form = layer.accumulator
        expect(
            form.fractional >= 0 and -(form.raw_min >> form.fractional) >= most,
            layer,
            f"{most} bits are counted in {form}",
            f"a signed accumulator up to {most}",
        )
        expect(not np.any(layer.bias), layer, "bits are counted from a bias", "no bias")
