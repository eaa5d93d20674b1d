"""Accumulators and results without a bit that nothing sets, and with the same numbers.

Proven for every input from the reachable ranges (``Network.reaches``) and from the low bits that
are always zero. What a format may lose, and why no number changes:

- High bits that no sum reaches. Where a sum wraps, numbers are counted modulo the range: partial
  sums may leave the smaller one, the last sum does not.
- Low bits that are zero in every product and in every bias: nothing is rounded that was not.
- Rounding and saturation that never happen; without them an adder is an adder.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from trigger.fixed import FixedFormat, Overflow, RawArray, Rounding, requantise
from trigger.layers import (
    GlobalPooling,
    Layer,
    Linear,
    MultiplyAccumulate,
    Pooling1D,
    Pooling2D,
    ReLU,
    Reshape,
)
from trigger.layers.multiply_accumulate import bias_in_accumulator
from trigger.layers.reach import Demand, widest
from trigger.network import Network

NARROWEST = 2
"""Bits that a format keeps at least: to hls4ml numbers of one bit mean -1 and 1."""

_ACCUMULATING = (MultiplyAccumulate, Pooling1D, Pooling2D, GlobalPooling)
_ALL = 1 << 15
"""Zero low bits of a number that is zero."""
_READERS = (ReLU, Linear, MultiplyAccumulate)
"""Layers to which a number is the same in any format; to others its format means something."""


@dataclass(frozen=True, slots=True)
class Change:
    """One format that became narrower."""

    layer: str
    role: str
    """``accum`` or ``result``, as in hls4ml's ``Precision``."""
    before: FixedFormat
    after: FixedFormat


def shrink_formats(network: Network, names: Collection[str] | None = None) -> Network:
    """Return the network with the narrowest accumulators and results that keep every number.

    Args:
        names: layers whose formats may change; None is all.

    What leaves the firmware keeps its format: somebody reads it. So do results that something
    other than a layer of ``_READERS`` reads.
    """
    names = {layer.name for layer in network.layers} if names is None else names
    network = _without_idle_rules(network, names)
    reaches, zeros = network.reaches(), zero_low_bits(network)
    layers: list[Layer] = []
    for layer in network.layers:
        if isinstance(layer, _ACCUMULATING) and layer.name in names:
            demands = {each.role: each for each in widest(reaches[layer.name].demands)}
            low_bits = zeros[layer.name]
            total = _narrowed(demands["accumulator"], low_bits.accumulator)
            layer = replace(layer, accumulator=total)
            if _may_change_result(network, layer):
                layer = replace(layer, result=_narrowed(demands["result"], low_bits.result))
        layers.append(layer)
    return Network(tuple(layers), network.outputs)


def find_changes(before: Network, after: Network) -> tuple[Change, ...]:
    """Return the formats in which two networks of the same layers differ."""
    changes = []
    for old, new in zip(before.layers, after.layers, strict=True):
        if (
            isinstance(old, _ACCUMULATING)
            and isinstance(new, _ACCUMULATING)
            and old.accumulator != new.accumulator
        ):
            changes.append(Change(old.name, "accum", old.accumulator, new.accumulator))
        if old.result != new.result:
            changes.append(Change(old.name, "result", old.result, new.result))
    return tuple(changes)


@dataclass(frozen=True, slots=True)
class LowBits:
    """Low bits that are zero in every number that a layer can make."""

    accumulator: int
    result: int


def zero_low_bits(network: Network) -> Mapping[str, LowBits]:
    """Return how many low bits are zero in every number of each layer, by name.

    Of layers that it knows nothing of it says 0.
    """
    reaches, found = network.reaches(), dict[str, LowBits]()
    for layer in network.layers:
        before = min((found[name].result for name in layer.inputs), default=0)
        demands = {each.role: each for each in widest(reaches[layer.name].demands)}
        match layer:
            case MultiplyAccumulate():
                (source,) = network.input_formats(layer)
                total = _zeros_of_sum(layer, source, before)
                total = _unless_clipped(total, demands["accumulator"])
                result = _zeros_after_cast(total, layer.accumulator, layer.result)
            case ReLU() | Linear() | Reshape():
                (source,) = network.input_formats(layer)
                total, result = 0, _zeros_after_cast(before, source, layer.result)
            case _:
                total, result = 0, 0
        if "result" in demands:
            result = _unless_clipped(result, demands["result"])
        found[layer.name] = LowBits(total, result)
    return found


def _without_idle_rules(network: Network, names: Collection[str]) -> Network:
    """Return the network whose accumulators do not saturate or round where it never happens."""
    reaches, layers = network.reaches(), list[Layer]()
    for layer in network.layers:
        if isinstance(layer, _ACCUMULATING) and layer.name in names:
            demands = {each.role: each for each in widest(reaches[layer.name].demands)}
            form = layer.accumulator
            exact = isinstance(layer, MultiplyAccumulate) and _is_exact(
                layer, network.input_formats(layer)[0]
            )
            if exact:
                form = replace(form, rounding=Rounding.TRN)
            if not demands["accumulator"].overflows and (exact or not _has_bias(layer)):
                form = replace(form, overflow=Overflow.WRAP)
            result = layer.result
            if not demands["result"].overflows and _may_change_result(network, layer):
                result = replace(result, overflow=Overflow.WRAP)
            layer = replace(layer, accumulator=form, result=result)
        layers.append(layer)
    return Network(tuple(layers), network.outputs)


def _has_bias(layer: Layer) -> bool:
    return isinstance(layer, MultiplyAccumulate) and bool(np.any(layer.bias))


def _is_exact(layer: MultiplyAccumulate, source: FixedFormat) -> bool:
    """Tell whether every product and every bias is in the accumulator what it was before."""
    form = layer.accumulator
    if form.fractional < source.fractional + layer.kernel_format.fractional:
        return False
    wide = form.integer + abs(layer.bias_format.integer) + form.width
    unlimited = FixedFormat(wide + form.fractional, wide)
    same = requantise(layer.bias, layer.bias_format, unlimited) == bias_in_accumulator(layer)
    lost = form.fractional - layer.bias_format.fractional
    whole = lost >= 0 or _zeros_of(layer.bias) >= -lost
    return whole and bool(np.all(same))


def _zeros_of(raw: RawArray) -> int:
    """Return how many low bits are zero in all of some integers; many if all are zero."""
    together = int(np.bitwise_or.reduce(raw.astype(object).ravel(), initial=0))
    return _ALL if together == 0 else (together & -together).bit_length() - 1


def _zeros_of_sum(layer: MultiplyAccumulate, source: FixedFormat, before: int) -> int:
    if not _is_exact(layer, source):
        return 0
    shift = layer.accumulator.fractional - source.fractional - layer.kernel_format.fractional
    products = before + _zeros_of(layer.kernel) + shift
    return min(products, _zeros_of(bias_in_accumulator(layer)), layer.accumulator.width - 1)


def _zeros_after_cast(zeros: int, source: FixedFormat, target: FixedFormat) -> int:
    """Return the zero low bits of numbers in another format; 0 where the cast may round."""
    return max(0, min(zeros + target.fractional - source.fractional, target.width - 1))


def _unless_clipped(zeros: int, demand: Demand) -> int:
    """Return the zero low bits of numbers that may saturate: the largest is all ones."""
    clipped = demand.overflows and demand.format.overflow is not Overflow.WRAP
    return 0 if clipped else zeros


def _narrowed(demand: Demand, zeros: int) -> FixedFormat:
    """Return the narrowest format for what arrives at one; the same where it overflows."""
    form = demand.format
    fractional = form.fractional - zeros
    if demand.overflows:
        shorter = replace(form, width=form.width - zeros)
    else:
        low, high = demand.low >> zeros, demand.high >> zeros
        needed = FixedFormat.for_range(low, high, fractional)
        shorter = replace(form, width=needed.width, integer=needed.integer, signed=needed.signed)
        if Demand(demand.role, low, high, shorter).overflows:  # SAT_SYM spares the least number
            shorter = replace(shorter, width=shorter.width + 1, integer=shorter.integer + 1)
    if shorter.width < NARROWEST:
        shorter = replace(shorter, width=NARROWEST, integer=NARROWEST - shorter.fractional)
    return shorter if shorter.width < form.width else form


def _may_change_result(network: Network, layer: Layer) -> bool:
    """Tell whether all that reads a result takes the same numbers in another format."""
    readers = [other for other in network.layers if layer.name in other.inputs]
    return layer.name not in network.outputs and all(
        isinstance(reader, _READERS) for reader in readers
    )
