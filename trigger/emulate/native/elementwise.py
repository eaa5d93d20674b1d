"""C for layers that treat every number alone: formats, ReLU, scale and bias, moves of elements.

They follow another layer within its function where they can; alone they are a loop over elements.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trigger.emulate.native.kernel import Kernel
from trigger.emulate.native.places import Offsets
from trigger.emulate.native.pointwise import append_exact
from trigger.emulate.native.steps import Chain, Term, at_least_zero, is_monotonic, requantise
from trigger.layers import (
    BatchNormalization,
    Cropping,
    Layer,
    LeakyReLU,
    Linear,
    Pointwise,
    Pooling2D,
    ReLU,
    Reshape,
    Transpose,
    Upsampling,
    ZeroPadding1D,
    ZeroPadding2D,
)


def append_layer(kernel: Kernel, chain: Chain, layer: Layer) -> None:
    """Append what a layer does to one number (to the chosen one, if it pools)."""
    match layer:
        case ReLU():
            at_least_zero(chain)
        case BatchNormalization():
            _scale(kernel, chain, layer)
        case Pooling2D():
            requantise(chain, layer.accumulator)
        case Pointwise():
            append_exact(kernel, chain, layer)
    requantise(chain, layer.result)
    kernel.known(chain, layer)


def layer_is_monotonic(chain: Chain, layer: Layer) -> bool:
    """Tell whether larger numbers stay larger (or equal) through a layer."""
    term = chain.term
    if isinstance(layer, ReLU):
        term = replace(term, low=max(term.low, 0), high=max(term.high, 0))
    return isinstance(layer, (ReLU, Linear)) and is_monotonic(term, layer.result)


def _scale(kernel: Kernel, chain: Chain, layer: BatchNormalization) -> None:
    """Append number x scale + bias of its channel, exactly."""
    source = kernel.source_format(layer)
    scale, bias = (raw.astype(object) for raw in layer.in_total_format(source))
    term = chain.term
    ends = np.concatenate([scale * end + bias for end in (term.low, term.high)])
    low, high = min(ends.tolist()), max(ends.tolist())
    largest = max(-term.low, term.high)
    room = max(-low, high, *(abs(number) for number in (*scale, *bias, *(scale * largest))))
    chain.make_room(-room, room)
    lane = chain.term.lane
    tables = [
        kernel.constants(f"{role}{kernel.number(layer)}", lane, raw.tolist())
        for role, raw in (("scale", scale), ("bias", bias))
    ]
    after = Term(lane, low, high, layer.total_format(source).fractional)
    chain.let(f"{chain.name} * {tables[0]}[c] + {tables[1]}[c]", after)


def scattered(kernel: Kernel, chain: tuple[Layer, ...]) -> Offsets:
    """Return where the head's numbers go, in the head's shape, through the moves behind it."""
    offsets = kernel.target.offsets
    shapes = kernel.network.shapes
    for layer in reversed(chain):
        match layer:
            case Reshape():
                offsets = offsets.reshape(shapes[layer.inputs[0]])
            case ZeroPadding1D():
                before, length = layer.padding[0], shapes[layer.inputs[0]][0]
                offsets = offsets[before : before + length]
            case ZeroPadding2D():
                (top, _), (left, _) = layer.padding
                height, width, _ = shapes[layer.inputs[0]]
                offsets = offsets[top : top + height, left : left + width]
    return offsets


def finish(kernel: Kernel, chain: Chain) -> None:
    """Append the cast to the head's result and the layers behind the head."""
    requantise(chain, kernel.group.head.result)
    kernel.known(chain, kernel.group.head)
    for layer in kernel.group.chain:
        append_layer(kernel, chain, layer)


def emit(kernel: Kernel) -> None:
    """Write the C function of a group that starts with such a layer, or with a move."""
    head, source = kernel.group.head, kernel.source.offsets
    moves, behind = isinstance(head, (Transpose, Cropping, Upsampling)), kernel.group.layers
    if moves:  # its results are counted: it may leave elements out, or repeat them
        source, behind = head.move(source[None])[0], kernel.group.chain
    start = kernel.source_term()
    chain = Chain(start)
    for layer in kernel.group.layers:
        append_layer(kernel, chain, layer)
    value = kernel.function("value", chain, start, kernel.target.lane)
    read = kernel.index_table("in", source, "e")
    target = kernel.index_table("out", scattered(kernel, behind), "e")
    channel = "e" if is_per_element(head) else f"e % {source.shape[-1]}"
    kernel.text += [
        kernel.signature(),
        f"  for (long e = 0; e < {source.size}; e++)",
        f"    out[{target}] = {value}(in[{read}], {channel});",
        "}",
    ]


def is_per_element(layer: Layer) -> bool:
    """Tell whether a layer has a constant for each element, not only for each channel."""
    return isinstance(layer, LeakyReLU) and layer.alpha.ndim > 1


def emit_copy(kernel: Kernel) -> None:
    """Write the C function that repeats a tensor in another lane type."""
    start = kernel.source_term()
    value = kernel.function("value", Chain(start), start, kernel.target.lane)
    source = kernel.index_table("in", kernel.source.offsets, "e")
    target = kernel.index_table("out", kernel.target.offsets, "e")
    kernel.text += [
        kernel.signature(),
        f"  for (long e = 0; e < {kernel.source.offsets.size}; e++) "
        f"out[{target}] = {value}(in[{source}], 0);",
        "}",
    ]
