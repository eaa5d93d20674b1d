"""Random networks and random events: small shapes, hostile formats, every layer.

``Pick`` is any source of integers between two bounds, so that the same generator serves
hypothesis, which shrinks what it finds, and a plain seed, which runs thousands.
"""

from __future__ import annotations

import numpy as np

from tests.emulate.random_cells import CELL_MAKERS
from tests.emulate.random_layers import MAKERS, Known, Pick, draw_format
from trigger.fixed import FixedFormat, RawArray
from trigger.layers import Input, Layer
from trigger.network import Network


def picker(seed: int) -> Pick:
    """Return the source of integers that a seed stands for."""
    rng = np.random.default_rng(seed)
    return lambda low, high: int(rng.integers(low, high, endpoint=True))


def draw_network(pick: Pick) -> Network:
    """Return a network of one or two inputs, one to seven layers, and up to three outputs."""
    known = [_draw_input(pick, "x")]
    if pick(0, 4) == 0:
        known.append(_draw_input(pick, "y"))
    for number in range(pick(1, 7)):
        if pick(0, 5) == 0:  # a branch: go on from an earlier tensor
            known.append(known.pop(pick(0, len(known) - 1)))
        makers = [maker for ranks, maker in (*MAKERS, *CELL_MAKERS) if len(known[-1][1]) in ranks]
        if not makers:  # such as a scalar, which no layer goes on from
            break
        maker = makers[pick(0, len(makers) - 1)]
        layer = maker(pick, f"{maker.__name__}_{number}", known)
        if layer is not None:
            shapes = {other.name: shape for other, shape in known}
            known.append((layer, layer.shape(*(shapes[name] for name in layer.inputs))))
    layers = _in_order([layer for layer, _ in known])
    read = {name for layer in layers for name in layer.inputs}
    ends = [layer.name for layer in layers if layer.name not in read]
    if len(layers) > 2 and pick(0, 3) == 0:
        ends.append(layers[pick(1, len(layers) - 2)].name)
    return Network(tuple(layers), tuple(dict.fromkeys(ends)))


def _draw_input(pick: Pick, name: str) -> Known:
    rank = pick(1, 3)
    dimensions = (*(pick(1, 7) for _ in range(rank - 1)), pick(1, 4))
    form = draw_format(pick, 12 if pick(0, 5) else 40)
    if rank == 1 and pick(0, 3) == 0:  # words, for an embedding
        width = pick(1, 5)
        form = FixedFormat(width, width, signed=False)
    return Input(name=name, inputs=(), result=form, dimensions=dimensions), dimensions


def _in_order(layers: list[Layer]) -> list[Layer]:
    """Return layers such that each comes after those that it reads."""
    ordered: list[Layer] = []
    while len(ordered) < len(layers):
        done = {layer.name for layer in ordered}
        ordered += [
            layer for layer in layers if layer.name not in done and done.issuperset(layer.inputs)
        ]
    return ordered


def draw_events(pick: Pick, network: Network) -> tuple[RawArray, ...]:
    """Return events for every input: random numbers, and the ends of the range."""
    events = (1, 2, 15, 17, 40)[pick(0, 4)]
    rng = np.random.default_rng(pick(0, 2**32 - 1))
    pixels = []
    for layer in network.inputs:
        low, high = layer.result.raw_min, layer.result.raw_max
        raw = rng.integers(low, high, size=(events, *layer.dimensions), endpoint=True)
        extreme = rng.random(raw.shape) < rng.choice([0, 0.2, 1])
        pixels.append(np.where(extreme, rng.choice([low, high, 0], raw.shape), raw))
    return tuple(pixels)
