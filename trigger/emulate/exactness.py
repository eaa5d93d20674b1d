"""Where firmware computes just what QKeras computes, and where it cannot: by proof, not by kind.

QKeras computes in float32. That is exact as long as every number is a multiple of one step and no
sum reaches 2**24 steps. The firmware is exact as long as nothing is rounded and nothing leaves its
format, or where a rounding is that of the quantiser itself. Both are decided here from formats,
weights and reachable ranges (``Network.reaches``): a layer without a reason must give the integers
of QKeras wherever it reads the integers of QKeras.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

import numpy as np

from trigger.design import IOType
from trigger.fixed import FixedFormat, Overflow, RawArray, requantise
from trigger.layers import (
    BatchNormalization,
    BoundedReLU,
    Clone,
    Conv1D,
    Conv2D,
    Cropping,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    DistributedArithmetic,
    GlobalPooling,
    Input,
    Layer,
    Linear,
    MultiplyAccumulate,
    Pool,
    Pooling1D,
    Pooling2D,
    Reach,
    ReLU,
    Reshape,
    Transpose,
    Upsampling,
    ZeroPadding1D,
    ZeroPadding2D,
)
from trigger.network import Network

FLOAT32_EXACT = 2**24
"""Integers up to this magnitude, and their sums below it, are exact in float32."""


@dataclass(frozen=True, slots=True)
class Counterpart:
    """What QKeras does in the place of a firmware layer."""

    quantiser: FixedFormat | None = None
    """The format that it rounds its result to; None where it keeps all bits."""
    quantised_weights: bool = True
    """Whether it multiplies by weights of few bits; firmware cuts others."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A layer among others: what it reads and makes, whatever the pixels."""

    layer: Layer
    source: Reach
    result: Reach
    counterpart: Counterpart


def find_inexact(network: Network, counterparts: Mapping[str, Counterpart]) -> Mapping[str, str]:
    """Return why a layer may differ from QKeras on equal inputs; a layer not named may not.

    Args:
        counterparts: by firmware layer; one that hls4ml inserted keeps what it reads.
    """
    reaches = network.reaches()
    reasons: dict[str, str] = {}
    for layer in network.layers:
        if isinstance(layer, Input):
            continue
        known = counterparts.get(layer.name, Counterpart())
        place = _Place(layer, reaches[layer.inputs[0]], reaches[layer.name], known)
        law = LAWS.get(type(layer), _not_proven)
        reason = law(place)
        if reason:
            reasons[layer.name] = reason
    return MappingProxyType(reasons)


def _not_proven(place: _Place) -> str:
    kind = type(place.layer).__name__
    return f"that {kind} in {place.layer.result} equals Keras's float32 is not proven"


def _rescaled(place: _Place) -> str:
    layer = place.layer
    assert isinstance(layer, BatchNormalization)
    return (
        f"scale and bias are cut to {layer.scale_format} and {layer.bias_format}; "
        "Keras keeps all their bits"
    )


def _products(place: _Place) -> str:
    """Judge a sum of products: is it exact in the accumulator, in the result, in float32?"""
    layer, source = place.layer, place.source.format
    assert isinstance(layer, MultiplyAccumulate)
    if not place.counterpart.quantised_weights:
        return f"the weights are cut to {layer.kernel_format}; Keras keeps all their bits"
    accumulator = layer.accumulator
    product = source.fractional + _fractional(layer.kernel, layer.kernel_format)
    if accumulator.fractional < product:
        return f"each product has {product} bits below the point; {accumulator} rounds it"
    if not _holds(layer.bias, layer.bias_format, accumulator):
        return f"{accumulator} cannot hold the bias of {layer.bias_format}"
    needed = max(product, _fractional(layer.bias, layer.bias_format))
    if layer.result.fractional < needed:
        return f"a sum has {needed} bits below the point; {layer.result} rounds it"
    return _overflow(place) or _beyond_float32(place.source, layer, needed)


def _added(place: _Place) -> str:
    """Judge a graph of adders by the product that it stands for, if it is exact."""
    layer = place.layer
    assert isinstance(layer, DistributedArithmetic)
    product = layer.as_product(place.source)
    if product is None:
        return "a step of its adders rounds or overflows"
    return _products(replace(place, layer=product))


def _fractional(raw: RawArray, form: FixedFormat) -> int:
    """Return how many bits below the point constants of a format really have."""
    common = math.gcd(*map(int, raw.ravel()))
    zeros = (common & -common).bit_length() - 1
    return form.fractional - max(zeros, 0)


def _beyond_float32(source: Reach, layer: MultiplyAccumulate, fractional: int) -> str:
    """Bound every partial sum, in any order, in steps of 2**-fractional."""
    largest = max(abs(source.raw_min), abs(source.raw_max))
    product = source.format.fractional + layer.kernel_format.fractional
    sums = np.abs(layer.matrix.astype(object)).sum(axis=0) * largest * Fraction(2) ** -product
    step = Fraction(2) ** -layer.bias_format.fractional
    most = max(sums + np.abs(layer.bias.astype(object)) * step) * Fraction(2) ** fractional
    if most <= FLOAT32_EXACT:
        return ""
    bits = int(most).bit_length()
    return f"a sum may need {bits} bits; float32, which Keras computes in, has 24"


def _holds(raw: RawArray, form: FixedFormat, target: FixedFormat) -> bool:
    """Tell whether a format holds numbers of another without a change."""
    inside = requantise(raw, form, target)
    back = FixedFormat(target.width + form.width + 64, target.integer + form.integer + 32)
    return bool(np.all(requantise(inside, target, back) == requantise(raw, form, back)))


def _overflow(place: _Place) -> str:
    """Return which number may leave which format on its way through a layer."""
    for demand in place.result.demands:
        if demand.overflows:
            step = float(demand.format.step)
            wraps = demand.format.overflow is Overflow.WRAP
            return (
                f"numbers from {demand.low * step:g} to {demand.high * step:g} enter "
                f"{demand.format} ({demand.role}), which {'wraps' if wraps else 'clips'} them"
            )
    return ""


def _kept(place: _Place) -> str:
    """Judge a layer that only moves numbers, or cuts them at its own bounds."""
    return _rounded(place, place.source.format.fractional) or _overflow(place)


def _rounded(place: _Place, fractional: int) -> str:
    if place.layer.result.fractional >= fractional:
        return ""
    return f"numbers have {fractional} bits below the point; {place.layer.result} rounds them"


def _quantised(place: _Place) -> str:
    """Judge relu and linear: their result's rounding is that of the quantiser, or there is none."""
    quantiser, result = place.counterpart.quantiser, place.layer.result
    if quantiser is None:
        return _kept(place)
    if result == quantiser:
        return ""
    return f"QKeras rounds to {quantiser}, the firmware to {result}"


def _pooled(place: _Place) -> str:
    layer = place.layer
    assert isinstance(layer, Pooling2D | Pooling1D | GlobalPooling)
    if isinstance(layer, GlobalPooling):
        window = layer.window(int(np.prod(place.source.low.shape[:-1])))
        size: tuple[int, ...] = (1, window.size[1])
    else:
        window = layer if isinstance(layer, Pooling2D) else layer.row
        size = place.source.low.shape[:2] if window is layer else (1, place.source.low.shape[0])
    padded = bool(np.any(np.asarray(window.padding)))
    source, accumulator = place.source.format, layer.accumulator
    if layer.pool is Pool.MAX:
        if padded and not source.signed:
            return "a window's padding counts as half of the range; Keras leaves it out"
        rounded = _rounded(place, source.fractional)
        if accumulator.fractional < source.fractional:
            rounded = f"{accumulator} rounds numbers with {source.fractional} bits below the point"
        return rounded or _overflow(place)
    if padded and (layer.io_type is IOType.STREAM or window.count_padding):
        return "padding counts in a mean; Keras leaves it out"
    counts = {int(count) for count in np.unique(window.cells_counted(size))}
    divisor = max(counts)
    if any(count & (count - 1) for count in counts):
        return f"a mean of {divisor} numbers is cut to {accumulator}; Keras keeps all its bits"
    needed = source.fractional + divisor.bit_length() - 1
    for form in (accumulator, layer.result):
        if form.fractional < needed:
            return (
                f"a mean of {divisor} numbers has {needed} bits below the point, which {form} "
                "cuts; Keras keeps them"
            )
    return _overflow(place)


LAWS: Mapping[type[Layer], Callable[[_Place], str]] = MappingProxyType(
    {
        **dict.fromkeys((Dense, Conv1D, Conv2D, DepthwiseConv1D, DepthwiseConv2D), _products),
        **dict.fromkeys((ReLU, Linear), _quantised),
        **dict.fromkeys((Pooling1D, Pooling2D, GlobalPooling), _pooled),
        **dict.fromkeys(
            (
                BoundedReLU,
                Clone,
                Cropping,
                Reshape,
                Transpose,
                Upsampling,
                ZeroPadding1D,
                ZeroPadding2D,
            ),
            _kept,
        ),
        BatchNormalization: _rescaled,
        DistributedArithmetic: _added,
    }
)
"""How each kind is judged; for any other no proof is known, and every difference is expected."""
