"""C for activations: each an exact function of one number, before its cast to the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from trigger.design import IOType
from trigger.emulate.native.arithmetic import (
    INTEGERS,
    add,
    align,
    fork,
    index_of,
    into_table,
    lookup,
    plus,
    staircase,
    times,
)
from trigger.emulate.native.kernel import Kernel
from trigger.emulate.native.steps import (
    Chain,
    at_least_zero,
    at_most_zero,
    clip,
    overflow_to,
    wrap_to,
    zero_outside,
)
from trigger.fixed import requantise
from trigger.layers import (
    ELU,
    SELU,
    BatchNormalizationTanh,
    BinaryTanh,
    BoundedReLU,
    HardSigmoid,
    HardTanh,
    LeakyReLU,
    Pointwise,
    TableActivation,
    TernaryTanh,
    ThresholdedReLU,
)
from trigger.layers.pointwise import C_INT, raw_of
from trigger.layers.table_activation import SPANS


def append_exact(kernel: Kernel, chain: Chain, layer: Pointwise) -> None:
    """Append what ``layer.exact`` does to one number."""
    POINTWISE[type(layer)](kernel, chain, layer)


def _leaky(kernel: Kernel, chain: Chain, layer: LeakyReLU) -> None:
    """max(x, 0) + alpha x min(x, 0)."""
    name = f"alpha{kernel.number(layer)}"
    alphas, below = layer.alpha.ravel().tolist(), fork(chain)
    at_most_zero(below)
    times(below, alphas, layer.alpha_format.fractional, f"{kernel.name}_{name}")
    if len(alphas) > 1:
        kernel.constants(name, below.term.lane, alphas)
    at_least_zero(chain)
    _add_branches(chain, below)


def _add_branches(above: Chain, below: Chain) -> None:
    """Append the sum of two parts of a function, one of which is zero."""
    fractional = max(above.term.fractional, below.term.fractional)
    align(above, fractional)
    align(below, fractional)
    low = min(above.term.low, below.term.low, 0)
    high = max(above.term.high, below.term.high, 0)
    add(above, below)
    above.term = above.term.within(low, high)


def _elu(kernel: Kernel, chain: Chain, layer: ELU) -> None:
    """A line from zero on, a table below; its index is compared without a sign."""
    below, mask = fork(chain), fork(chain)
    at_most_zero(below)
    size = layer.table.size
    index_of(below, size, -8)
    if below.term.low < 0 and not (isinstance(layer, SELU) and layer.io_type is IOType.PARALLEL):
        wrap_to(below, C_INT.width, False)
    into_table(below, size)
    entries = (layer.table.astype(object) * layer.alpha).tolist()
    lookup(kernel, below, f"table{kernel.number(layer)}", entries)
    fractional = layer.table_format.fractional + layer.alpha_format.fractional
    below.term = replace(below.term, fractional=fractional)
    if mask.term.high >= 0:
        below.make_room(below.term.low, below.term.high, INTEGERS)
        lane = below.term.lane
        after = replace(below.term, low=min(below.term.low, 0), high=max(below.term.high, 0))
        zero = mask.term.lane.literal(0)
        sign = f"__builtin_convertvector({mask.name} < {zero}, {below.c_type(lane)})"
        below.let(f"{below.name} & {sign}", after)
    at_least_zero(chain)
    times(chain, [layer.positive_scale], layer.positive_format.fractional)
    _add_branches(chain, below)


def _table(kernel: Kernel, chain: Chain, layer: TableActivation) -> None:
    span, size = SPANS[layer.function], layer.table.size
    index_of(chain, size, span, offset=span // 2 * size // span)
    into_table(chain, size)
    lookup(kernel, chain, f"table{kernel.number(layer)}", layer.table.tolist())
    chain.term = replace(chain.term, fractional=layer.table_format.fractional)


def _bounded(kernel: Kernel, chain: Chain, layer: BoundedReLU) -> None:
    align(chain, max(chain.term.fractional, 0))
    clip(chain, 0, layer.maximum << chain.term.fractional)


def _thresholded(kernel: Kernel, chain: Chain, layer: ThresholdedReLU) -> None:
    first = layer.last_zero(kernel.source_format(layer)) + 1
    if first > chain.term.low:
        high = chain.term.high
        chain.make_room(chain.term.low, high + 1)
        zero_outside(chain, min(first, high + 1), high)


def _hard_sigmoid(kernel: Kernel, chain: Chain, layer: HardSigmoid) -> None:
    times(chain, [layer.slope], layer.slope_format.fractional)
    align(chain, max(chain.term.fractional, layer.shift_format.fractional, 0))
    fractional = chain.term.fractional
    plus(chain, layer.shift << fractional - layer.shift_format.fractional)
    clip(chain, 0, 1 << fractional)


def _hard_tanh(kernel: Kernel, chain: Chain, layer: HardTanh) -> None:
    _hard_sigmoid(kernel, chain, layer)
    times(chain, [2], 0)
    plus(chain, -(1 << chain.term.fractional))


def _binary_tanh(kernel: Kernel, chain: Chain, layer: BinaryTanh) -> None:
    staircase(chain, layer.below, ((0, layer.zero - layer.below), (1, 1 - layer.zero)))


def _ternary_tanh(kernel: Kernel, chain: Chain, layer: TernaryTanh) -> None:
    source = kernel.source_format(layer)
    if layer.io_type is IOType.PARALLEL:
        times(chain, [2], 0)
        overflow_to(chain, source)
    staircase(chain, -1, ((raw_of(-1, source) + 1, 1), (raw_of(1, source) + 1, 1)))


def _normalised_tanh(kernel: Kernel, chain: Chain, layer: BatchNormalizationTanh) -> None:
    source = kernel.source_format(layer)
    high = requantise(layer.high, layer.threshold_format, source).astype(object)
    if not layer.low.size:
        _thresholds(kernel, chain, layer, 0, (high,))
        return
    low = requantise(layer.low, layer.threshold_format, source).astype(object)
    # a low threshold above the high one is never asked
    _thresholds(kernel, chain, layer, -1, (np.minimum(low, high) + 1, high + 1))


def _thresholds(
    kernel: Kernel, chain: Chain, layer: Pointwise, start: int, rows: tuple[Any, ...]
) -> None:
    """Append a step up at each of the thresholds of channel ``c``."""
    chain.make_room(chain.term.low, chain.term.high + 1)
    term, steps = chain.term, []
    for role, row in enumerate(rows):
        places = np.clip(row, -term.lane.exact, term.lane.exact).tolist()
        name = f"threshold{kernel.number(layer)}_{role}"
        steps.append((f"{kernel.constants(name, term.lane, places)}[c]", 1))
    staircase(chain, start, steps)


POINTWISE: dict[type[Pointwise], Callable[[Kernel, Chain, Any], None]] = {
    BoundedReLU: _bounded,
    LeakyReLU: _leaky,
    ThresholdedReLU: _thresholded,
    ELU: _elu,
    SELU: _elu,
    TableActivation: _table,
    HardSigmoid: _hard_sigmoid,
    HardTanh: _hard_tanh,
    BinaryTanh: _binary_tanh,
    TernaryTanh: _ternary_tanh,
    BatchNormalizationTanh: _normalised_tanh,
}
"""How each activation is written."""
