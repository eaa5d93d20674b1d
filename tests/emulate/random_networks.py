"""Random networks and random events: small shapes, hostile formats.

``Pick`` is any source of integers between two bounds, so that the same generator serves
hypothesis, which shrinks what it finds, and a plain seed, which runs thousands.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from trigger.design import IOType, Strategy
from trigger.fixed import FixedFormat, Overflow, RawArray, Rounding
from trigger.layers import (
    BatchNormalization,
    Conv1D,
    Conv2D,
    Dense,
    Input,
    Layer,
    Linear,
    Pool,
    Pooling2D,
    ReLU,
    Reshape,
    Shape,
    ZeroPadding2D,
)
from trigger.network import Network

Pick = Callable[[int, int], int]
"""Return an integer between two bounds, both included."""


def draw_network(pick: Pick) -> Network:
    """Return a network of one to six layers."""
    rank = pick(1, 3)
    dimensions = (*(pick(1, 7) for _ in range(rank - 1)), pick(1, 4))
    layers: list[Layer] = [
        Input(name="x", inputs=(), result=draw_format(pick, 12), dimensions=dimensions)
    ]
    shape = dimensions
    for number in range(pick(1, 6)):
        makers = [maker for ranks, maker in _MAKERS if len(shape) in ranks]
        maker = makers[pick(0, len(makers) - 1)]
        # mostly the last layer, sometimes an earlier one of the same rank: branches
        source = layers[-1]
        layer = maker(pick, f"{maker.__name__.strip('_')}_{number}", source, shape)
        layers.append(layer)
        shape = layer.shape(shape)
    outputs = [layers[-1].name]
    if len(layers) > 2 and pick(0, 3) == 0:
        outputs.append(layers[pick(1, len(layers) - 2)].name)
    return Network(tuple(layers), tuple(outputs))


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


def draw_format(pick: Pick, widest: int) -> FixedFormat:
    """Return any format: integer bits may be negative or more than the width."""
    width = pick(1, widest)
    modes = pick(0, 2)  # the common ones half of the time
    rounding = tuple(Rounding)[pick(0, 6)] if modes else Rounding.TRN
    overflow = tuple(Overflow)[pick(0, 3)] if modes else Overflow.WRAP
    return FixedFormat(width, pick(-3, width + 3), bool(pick(0, 1)), rounding, overflow)


def _draw_result(pick: Pick, source: FixedFormat) -> FixedFormat:
    if pick(0, 3) == 0:
        return draw_format(pick, (8, 20, 40)[pick(0, 2)])
    width = pick(2, 18)
    modes = draw_format(pick, 8)
    integer = max(source.integer, -2) + pick(-3, 3)
    return FixedFormat(width, integer, modes.signed, modes.rounding, modes.overflow)


def _draw_accumulator(pick: Pick, product: FixedFormat, count: int) -> FixedFormat:
    """Return one of: wide enough, narrow, saturating, anything."""
    modes = draw_format(pick, 8)
    wide = FixedFormat.for_sum(product, count + 1)
    match pick(0, 3):
        case 0:
            return wide
        case 1:  # fewer bits on either side
            integer = wide.integer - pick(0, 4)
            width = max(1, integer + product.fractional + pick(-5, 2))
            return FixedFormat(width, integer, True, modes.rounding, modes.overflow)
        case 2:
            return FixedFormat(wide.width, wide.integer, True, modes.rounding, modes.overflow)
    return draw_format(pick, 36)


def _draw_weights(pick: Pick, shape: Shape, form: FixedFormat) -> RawArray:
    rng = np.random.default_rng(pick(0, 2**32 - 1))
    raw = rng.integers(form.raw_min, form.raw_max, size=shape, endpoint=True)
    zeros = rng.random(shape) < (0, 0.5, 0.9)[pick(0, 2)]
    return np.where(zeros, 0, raw)


def _draw_sum(pick: Pick, source: Layer, shape: Shape) -> dict:
    """Return the fields that dense and convolution layers share; kernel of ``shape``."""
    kernel_format = draw_format(pick, 9).grid
    bias_format = draw_format(pick, 12).grid
    product = FixedFormat.for_product(source.result, kernel_format)
    elements = int(np.prod(shape[:-1]))
    accumulator = _draw_accumulator(pick, product, elements)
    return {
        "inputs": (source.name,),
        "result": accumulator if pick(0, 1) else _draw_result(pick, accumulator),
        "kernel": _draw_weights(pick, shape, kernel_format),
        "kernel_format": kernel_format,
        "bias": _draw_weights(pick, shape[-1:], bias_format),
        "bias_format": bias_format,
        "accumulator": accumulator,
        "strategy": (Strategy.LATENCY, Strategy.RESOURCE)[pick(0, 1)],
        "reuse_factor": pick(1, 4),
    }


def dense(pick: Pick, name: str, source: Layer, shape: Shape) -> Layer:
    return Dense(name=name, **_draw_sum(pick, source, (*shape, pick(1, 9))))


def conv1d(pick: Pick, name: str, source: Layer, shape: Shape) -> Layer:
    padding = (pick(0, 1), pick(0, 2))
    width = pick(1, min(3, shape[0] + sum(padding)))
    return Conv1D(
        name=name,
        **_draw_sum(pick, source, (width, shape[1], pick(1, 5))),
        stride=pick(1, 2),
        padding=padding,
        parallelization_factor=1,
    )


def conv2d(pick: Pick, name: str, source: Layer, shape: Shape) -> Layer:
    padding = ((pick(0, 1), pick(0, 1)), (pick(0, 2), pick(0, 1)))
    size = tuple(pick(1, min(3, n + sum(pad))) for n, pad in zip(shape, padding, strict=False))
    return Conv2D(
        name=name,
        **_draw_sum(pick, source, (*size, shape[2], pick(1, 5))),
        stride=(pick(1, 2), pick(1, 2)),
        padding=padding,
        parallelization_factor=1,
    )


def pooling2d(pick: Pick, name: str, source: Layer, shape: Shape) -> Layer:
    size = tuple(pick(1, min(3, length)) for length in shape[:2])
    stride = size if pick(0, 1) else (pick(1, 3), pick(1, 3))
    padded = pick(0, 3) == 0
    padding = tuple((pick(0, n - 1), pick(0, n - 1)) if padded else (0, 0) for n in size)
    return Pooling2D(
        name=name,
        inputs=(source.name,),
        result=_draw_result(pick, source.result) if pick(0, 1) else source.result,
        pool=tuple(Pool)[pick(0, 1)],
        size=size,
        stride=stride,
        padding=padding,
        count_padding=bool(pick(0, 1)),
        accumulator=_draw_accumulator(pick, source.result, 4),
        io_type=tuple(IOType)[pick(0, 1)],
    )


def zero_padding2d(pick: Pick, name: str, source: Layer, shape: Shape) -> Layer:
    padding = ((pick(0, 2), pick(0, 1)), (pick(0, 1), pick(0, 1)))
    result = _draw_result(pick, source.result) if pick(0, 1) else source.result
    return ZeroPadding2D(name=name, inputs=(source.name,), result=result, padding=padding)


def batch_normalization(pick: Pick, name: str, source: Layer, shape: Shape) -> Layer:
    scale_format, bias_format = draw_format(pick, 9).grid, draw_format(pick, 12).grid
    return BatchNormalization(
        name=name,
        inputs=(source.name,),
        result=_draw_result(pick, source.result),
        scale=_draw_weights(pick, shape[-1:], scale_format),
        scale_format=scale_format,
        bias=_draw_weights(pick, shape[-1:], bias_format),
        bias_format=bias_format,
    )


def linear(pick: Pick, name: str, source: Layer, shape: Shape) -> Layer:
    return Linear(name=name, inputs=(source.name,), result=_draw_result(pick, source.result))


def relu(pick: Pick, name: str, source: Layer, shape: Shape) -> Layer:
    return ReLU(name=name, inputs=(source.name,), result=_draw_result(pick, source.result))


def reshape(pick: Pick, name: str, source: Layer, shape: Shape) -> Layer:
    count = int(np.prod(shape))
    first = next(d for d in (pick(1, 4), 2, 1) if count % d == 0)
    options = [(count,), (first, count // first), (1, first, count // first)]
    result = source.result if pick(0, 1) else _draw_result(pick, source.result)
    chosen = options[pick(0, 2)]
    return Reshape(name=name, inputs=(source.name,), result=result, dimensions=chosen)


_MAKERS = (
    ((1,), dense),
    ((2,), conv1d),
    ((3,), conv2d),
    ((3,), conv2d),
    ((3,), pooling2d),
    ((3,), pooling2d),
    ((3,), zero_padding2d),
    ((1, 2, 3), batch_normalization),
    ((1, 2, 3), linear),
    ((1, 2, 3), relu),
    ((1, 2, 3), relu),
    ((1, 2, 3), reshape),
)
