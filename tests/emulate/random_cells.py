"""Random recurrent layers, Einstein sums and loops over steps; see ``random_networks``."""

from __future__ import annotations

from math import prod

import numpy as np

from tests.emulate.random_layers import (
    MAKERS,
    Known,
    Maker,
    Pick,
    draw_accumulator,
    draw_format,
    draw_raw,
    one_of,
    same_or_other,
)
from trigger.design import Strategy
from trigger.fixed import FixedFormat
from trigger.layers import (
    GRU,
    LSTM,
    Einsum,
    EinsumDense,
    Input,
    Layer,
    Shape,
    Squash,
    TimeDistributed,
)


def _product(pick: Pick, which: str, shape: Shape, biases: Shape) -> dict:
    kernel, bias = draw_format(pick, 9).grid, draw_format(pick, 12).grid
    return {
        f"{which}kernel": draw_raw(pick, shape, kernel),
        f"{which}kernel_format": kernel,
        f"{which}bias": draw_raw(pick, biases, bias),
        f"{which}bias_format": bias,
    }


def _squash(pick: Pick, which: str) -> dict:
    squash, form = one_of(pick, Squash), draw_format(pick, 20)
    return {
        f"{which}activation": squash,
        f"{which}table": squash.table(one_of(pick, (7, 64, 1024)), form),
        f"{which}table_format": form,
    }


def recurrent(pick: Pick, name: str, known: list[Known]) -> Layer:
    source, (_, features) = known[-1]
    kind = one_of(pick, (LSTM, GRU))
    units = pick(1, 3)
    sums = {LSTM: 4, GRU: 3}[kind] * units
    fields = {
        **_product(pick, "", (features, sums), (sums,)),
        **_product(pick, "recurrent_", (units, sums), (sums,)),
        **_squash(pick, ""),
        **_squash(pick, "recurrent_"),
    }
    product = FixedFormat.for_product(source.result, fields["kernel_format"])
    accumulator = draw_accumulator(pick, product, features)
    if kind is GRU:
        fields["reset_first"] = bool(pick(0, 1))
    return kind(
        name=name,
        inputs=(source.name,),
        result=same_or_other(pick, accumulator),
        **fields,
        accumulator=accumulator,
        strategy=one_of(pick, (Strategy.LATENCY, Strategy.RESOURCE)),
        reuse_factor=pick(1, 4),
        recurrent_reuse_factor=pick(1, 4),
        return_sequences=bool(pick(0, 1)),
        backward=bool(pick(0, 1)),
    )


def _order(pick: Pick, axes: int) -> tuple[int, ...]:
    return tuple(np.random.default_rng(pick(0, 2**32 - 1)).permutation(axes).tolist())


def einsum_dense(pick: Pick, name: str, known: list[Known]) -> Layer:
    source, shape = known[-1]
    order = _order(pick, len(shape))
    moved = [shape[axis] for axis in order]
    first = pick(0, min(len(shape), 2))  # shared axes, then free ones, then those summed over
    second = pick(first, min(len(shape), 2))  # at most two and one more: other layers read it
    shared, free, contracted = moved[:first], moved[first:second], prod(moved[second:])
    outputs = pick(1, 4)
    sizes = (prod(shared), prod(free))
    fields = _product(pick, "", (sizes[0], contracted, outputs), (*sizes, outputs))
    product = FixedFormat.for_product(source.result, fields["kernel_format"])
    accumulator = draw_accumulator(pick, product, contracted)
    return EinsumDense(
        name=name,
        inputs=(source.name,),
        result=same_or_other(pick, accumulator),
        order=order,
        **fields,
        accumulator=accumulator,
        strategy=Strategy.LATENCY,
        reuse_factor=1,
        product_shape=(*shared, *free, outputs),
        result_order=_order(pick, second + 1),
    )


def einsum(pick: Pick, name: str, known: list[Known]) -> Layer:
    """Draw a sum of products of a tensor with itself along its last axis."""
    source, shape = known[-1]
    order = tuple(range(len(shape)))
    product = FixedFormat.for_product(source.result, source.result)
    accumulator = draw_accumulator(pick, product, shape[-1])
    shared = shape[:-2] if pick(0, 1) else ()
    free = shape[len(shared) : -1]
    return Einsum(
        name=name,
        inputs=(source.name, source.name),
        result=same_or_other(pick, accumulator),
        accumulator=accumulator,
        dimensions=(shape, shape),
        orders=(order, order),
        shared=prod(shared),
        contracted=shape[-1],
        product_shape=(*shared, prod(free), prod(free)),
        result_order=_order(pick, len(shared) + 2),
    )


def time_distributed(pick: Pick, name: str, known: list[Known]) -> Layer | None:
    """Draw one or two layers that each step passes."""
    source, (_, *step) = known[-1]
    layers = [
        (
            Input(name=f"{name}_step", inputs=(), result=source.result, dimensions=tuple(step)),
            tuple(step),
        )
    ]
    for number in range(pick(1, 2)):
        makers = [maker for ranks, maker in MAKERS if len(layers[-1][1]) in ranks]
        made = one_of(pick, makers)(pick, f"{name}_{number}", layers[-1:])
        if made is not None:
            layers.append((made, made.shape(*[layers[-1][1]] * len(made.inputs))))
    if len(layers) == 1:
        return None
    chain = tuple(layer for layer, _ in layers)
    return TimeDistributed(name=name, inputs=(source.name,), result=chain[-1].result, layers=chain)


CELL_MAKERS: tuple[tuple[tuple[int, ...], Maker], ...] = (
    ((2,), recurrent),
    ((2,), recurrent),
    ((1, 2, 3), einsum_dense),
    ((2, 3), einsum),
    ((2, 3), time_distributed),
)
"""Ranks of the tensors that each maker's layers read."""
