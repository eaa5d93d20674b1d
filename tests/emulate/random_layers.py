"""Random layers of every kind, with hostile formats; see ``random_networks``."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from tests.layers.random_adders import draw_graph
from trigger.design import IOType, Strategy
from trigger.fixed import FixedFormat, Overflow, RawArray, Rounding
from trigger.layers import (
    ELU,
    SELU,
    Argmax,
    BatchNormalization,
    BatchNormalizationTanh,
    BinaryTanh,
    BoundedReLU,
    Clone,
    Concatenate,
    Conv1D,
    Conv2D,
    Cropping,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    DistributedArithmetic,
    Dot,
    Embedding,
    Function,
    GlobalPooling,
    HardSigmoid,
    HardTanh,
    Input,
    Layer,
    LayerNormalization,
    LeakyReLU,
    LegacySoftmax,
    Linear,
    Merge,
    Operation,
    Pool,
    Pooling1D,
    Pooling2D,
    ReLU,
    Reshape,
    Shape,
    Softmax,
    StableSoftmax,
    TableActivation,
    TernaryTanh,
    ThresholdedReLU,
    Transpose,
    Upsampling,
    ZeroPadding1D,
    ZeroPadding2D,
    tables,
)
from trigger.layers.table_activation import SPANS

Pick = Callable[[int, int], int]
"""Return an integer between two bounds, both included."""

Known = tuple[Layer, Shape]
"""A layer and the shape of its result."""

Maker = Callable[[Pick, str, list[Known]], Layer | None]
"""Draws a layer that reads the last of the known ones (and maybe others), if one is possible."""


def one_of(pick: Pick, options):
    options = tuple(options)
    return options[pick(0, len(options) - 1)]


def draw_format(pick: Pick, widest: int) -> FixedFormat:
    """Return any format: integer bits may be negative or more than the width."""
    width = pick(1, widest)
    modes = pick(0, 2)  # the common ones half of the time
    rounding = one_of(pick, Rounding) if modes else Rounding.TRN
    overflow = one_of(pick, Overflow) if modes else Overflow.WRAP
    return FixedFormat(width, pick(-3, width + 3), bool(pick(0, 1)), rounding, overflow)


def draw_result(pick: Pick, source: FixedFormat) -> FixedFormat:
    if pick(0, 3) == 0:
        return draw_format(pick, one_of(pick, (8, 20, 40)))
    modes = draw_format(pick, 8)
    integer = max(source.integer, -2) + pick(-3, 3)
    return FixedFormat(pick(2, 18), integer, modes.signed, modes.rounding, modes.overflow)


def same_or_other(pick: Pick, source: FixedFormat) -> FixedFormat:
    return draw_result(pick, source) if pick(0, 1) else source


def draw_accumulator(pick: Pick, product: FixedFormat, count: int) -> FixedFormat:
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


def draw_raw(pick: Pick, shape: Shape, form: FixedFormat, zeros: bool = True) -> RawArray:
    """Return raw numbers of a format, some of them zero."""
    rng = np.random.default_rng(pick(0, 2**32 - 1))
    above = max(0, form.width - 62)  # bits that no int64 has room for
    raw = rng.integers(form.raw_min >> above, form.raw_max >> above, size=shape, endpoint=True)
    if above:
        raw = (raw.astype(object) << above) + rng.integers(0, 2, size=shape).astype(object)
    share = one_of(pick, (0, 0.5, 0.9)) if zeros else 0
    return np.where(rng.random(shape) < share, 0, raw)


def _plain(pick: Pick, name: str, known: list[Known], widest: int = 3) -> dict:
    """Return the fields of every layer that reads the last one."""
    source = known[-1][0]
    return {"name": name, "inputs": (source.name,), "result": same_or_other(pick, source.result)}


def _sum(pick: Pick, name: str, known: list[Known], shape: Shape, elements: int) -> dict:
    """Return the fields that dense and convolution layers share; kernel of ``shape``."""
    source = known[-1][0]
    kernel_format = draw_format(pick, 9 if pick(0, 5) else 20).grid
    bias_format = draw_format(pick, 12).grid
    product = FixedFormat.for_product(source.result, kernel_format)
    accumulator = draw_accumulator(pick, product, elements)
    return {
        "name": name,
        "inputs": (source.name,),
        "result": accumulator if pick(0, 1) else draw_result(pick, accumulator),
        "kernel": draw_raw(pick, shape, kernel_format),
        "kernel_format": kernel_format,
        "bias": draw_raw(pick, shape[-1:], bias_format),
        "bias_format": bias_format,
        "accumulator": accumulator,
        "strategy": one_of(pick, (Strategy.LATENCY, Strategy.RESOURCE)),
        "reuse_factor": pick(1, 4),
    }


def dense(pick: Pick, name: str, known: list[Known]) -> Layer:
    length = known[-1][1][0]
    return Dense(**_sum(pick, name, known, (length, pick(1, 9)), length))


def conv1d(pick: Pick, name: str, known: list[Known]) -> Layer:
    length, channels = known[-1][1]
    padding = (pick(0, 1), pick(0, 2))
    width = pick(1, min(3, length + sum(padding)))
    fields = {"stride": pick(1, 2), "padding": padding, "parallelization_factor": 1}
    if pick(0, 1):
        return DepthwiseConv1D(**_sum(pick, name, known, (width, channels), width), **fields)
    shape = (width, channels, pick(1, 5))
    return Conv1D(**_sum(pick, name, known, shape, width * channels), **fields)


def conv2d(pick: Pick, name: str, known: list[Known]) -> Layer:
    *image, channels = known[-1][1]
    padding = ((pick(0, 1), pick(0, 1)), (pick(0, 2), pick(0, 1)))
    size = tuple(pick(1, min(3, n + sum(pad))) for n, pad in zip(image, padding, strict=True))
    fields = {
        "stride": (pick(1, 2), pick(1, 2)),
        "padding": padding,
        "parallelization_factor": 1,
    }
    if pick(0, 1):
        return DepthwiseConv2D(**_sum(pick, name, known, (*size, channels), prod(size)), **fields)
    shape = (*size, channels, pick(1, 5))
    return Conv2D(**_sum(pick, name, known, shape, prod(size) * channels), **fields)


def _pooled(pick: Pick, name: str, known: list[Known]) -> dict:
    return {
        **_plain(pick, name, known),
        "pool": one_of(pick, Pool),
        "accumulator": draw_accumulator(pick, known[-1][0].result, 4),
        "io_type": one_of(pick, IOType),
    }


def pooling(pick: Pick, name: str, known: list[Known]) -> Layer:
    shape = known[-1][1]
    size = tuple(pick(1, min(3, length)) for length in shape[:-1])
    stride = size if pick(0, 1) else tuple(pick(1, 3) for _ in size)
    fields = {**_pooled(pick, name, known), "count_padding": bool(pick(0, 1))}
    padded = pick(0, 3) == 0 and fields["io_type"] is IOType.PARALLEL
    padding = tuple((pick(0, n - 1), pick(0, n - 1)) if padded else (0, 0) for n in size)
    if len(size) == 2:
        return Pooling2D(**fields, size=size, stride=stride, padding=padding)
    return Pooling1D(**fields, size=size[0], stride=stride[0], padding=padding[0])


def global_pooling(pick: Pick, name: str, known: list[Known]) -> Layer:
    return GlobalPooling(**_pooled(pick, name, known))


def batch_normalization(pick: Pick, name: str, known: list[Known]) -> Layer:
    scale_format, bias_format = draw_format(pick, 9).grid, draw_format(pick, 12).grid
    channels = known[-1][1][-1:]
    return BatchNormalization(
        **_plain(pick, name, known),
        scale=draw_raw(pick, channels, scale_format),
        scale_format=scale_format,
        bias=draw_raw(pick, channels, bias_format),
        bias_format=bias_format,
    )


def normalised_sign(pick: Pick, name: str, known: list[Known]) -> Layer:
    source, shape = known[-1]
    form = draw_format(pick, 9).grid if pick(0, 1) else source.result.grid
    return BatchNormalizationTanh(
        **_plain(pick, name, known),
        high=draw_raw(pick, shape[-1:], form),
        low=draw_raw(pick, shape[-1:], form) if pick(0, 1) else np.zeros(0, np.int64),
        threshold_format=form,
    )


def rearrangement(pick: Pick, name: str, known: list[Known]) -> Layer | None:
    shape = known[-1][1]
    fields, axes = _plain(pick, name, known), len(shape) - 1
    kind = one_of(pick, (Reshape, Transpose, ZeroPadding2D, Cropping, Upsampling))
    if kind is Reshape:
        count = prod(shape)
        first = next(d for d in (pick(1, 4), 2, 1) if count % d == 0)
        options = [(count,), (first, count // first), (1, first, count // first)]
        return Reshape(**fields, dimensions=one_of(pick, options))
    if kind is Transpose:
        order = list(range(len(shape)))
        np.random.default_rng(pick(0, 99)).shuffle(order)
        return Transpose(**fields, order=tuple(order))
    if not axes or prod(shape) > 600:
        return None
    if kind is Upsampling:
        return Upsampling(**fields, size=tuple(n * pick(1, 3) for n in shape[:-1]))
    if kind is Cropping:
        before = [pick(0, n - 1) for n in shape[:-1]]
        margins = tuple(
            (cut, pick(0, n - cut - 1)) for cut, n in zip(before, shape[:-1], strict=True)
        )
        return Cropping(**fields, margins=margins)
    padding = tuple((pick(0, 2), pick(0, 1)) for _ in range(axes))
    if axes == 1:
        return ZeroPadding1D(**fields, padding=padding[0])
    return ZeroPadding2D(**fields, padding=padding)


def plain_activation(pick: Pick, name: str, known: list[Known]) -> Layer:
    fields = {**_plain(pick, name, known), "result": draw_result(pick, known[-1][0].result)}
    return one_of(pick, (Linear, ReLU, ReLU, Clone))(**fields)


def activation(pick: Pick, name: str, known: list[Known]) -> Layer:
    source, shape = known[-1]
    fields = {**_plain(pick, name, known), "result": draw_result(pick, source.result)}
    forms = [draw_format(pick, 9).grid for _ in range(2)]
    constants = [int(draw_raw(pick, (), form)) for form in forms]
    match pick(0, 6):
        case 0:
            return BoundedReLU(**fields, maximum=pick(1, 9))
        case 1:
            alpha = draw_raw(pick, one_of(pick, ((1,), shape)), forms[0])
            return LeakyReLU(**fields, alpha=alpha, alpha_format=forms[0])
        case 2:
            return ThresholdedReLU(**fields, threshold=constants[0], threshold_format=forms[0])
        case 3 | 4:
            return one_of(pick, (HardSigmoid, HardTanh))(
                **fields,
                slope=constants[0],
                slope_format=forms[0],
                shift=constants[1],
                shift_format=forms[1],
            )
        case 5:
            return BinaryTanh(**fields, below=pick(-1, 0), zero=pick(-1, 1))
    return TernaryTanh(**fields, io_type=one_of(pick, IOType))


def table_activation(pick: Pick, name: str, known: list[Known]) -> Layer:
    form, size = draw_format(pick, 24), one_of(pick, (1, 2, 37, 256, 1024, 4096))
    fields = {**_plain(pick, name, known), "table_format": form}
    function = one_of(pick, Function)
    table = tables.function_table(function, size, form)
    if function in SPANS:
        return TableActivation(**fields, function=function, table=table)
    forms = [draw_format(pick, 9).grid for _ in range(2)]
    fields |= {
        "table": table,
        "positive_scale": int(draw_raw(pick, (), forms[0])),
        "positive_format": forms[0],
        "alpha": int(draw_raw(pick, (), forms[1])),
        "alpha_format": forms[1],
    }
    if function is Function.ELU:
        return ELU(**fields)
    return SELU(**fields, io_type=one_of(pick, IOType))


def softmax(pick: Pick, name: str, known: list[Known]) -> Layer:
    source, shape = known[-1]
    axis = pick(0, len(shape) - 1)
    fields = {
        **_plain(pick, name, known),
        "slice_length": shape[axis],
        "inner": prod(shape[axis + 1 :]),
    }
    kind = one_of(pick, (Softmax, StableSoftmax, LegacySoftmax, Argmax))
    if kind is Argmax:
        return Argmax(**fields)
    form = draw_format(pick, 20)
    if kind is LegacySoftmax:
        return LegacySoftmax(
            **fields,
            exp_table=tables.legacy_exp_table(one_of(pick, (8, 1024)), form),
            inverse_table=tables.legacy_inverse_table(one_of(pick, (8, 777)), form),
            table_format=form,
        )
    inverse_input, inverse = draw_format(pick, 20), draw_format(pick, 18)
    index = draw_format(pick, 14) if kind is StableSoftmax else source.result
    negative = kind is StableSoftmax and bool(pick(0, 1))
    size = 1 << pick(0, min(index.width, 10))
    inverses = 1 << pick(0, min(inverse_input.width, 10))
    fields |= {
        "exp_table": tables.exp_table(index, size, form, 0.7, negative=negative),
        "exp_format": form,
        "accumulator": draw_accumulator(pick, form, shape[axis]),
        "inverse_input": inverse_input,
        "inverse_table": tables.inverse_table(inverse_input, inverses, inverse),
        "inverse_format": inverse,
    }
    if kind is Softmax:
        return Softmax(**fields)
    return StableSoftmax(**fields, difference_format=index, negative=not negative)


def layer_normalization(pick: Pick, name: str, known: list[Known]) -> Layer:
    forms = [draw_format(pick, 9).grid for _ in range(2)]
    table_format, size, power = draw_format(pick, 18), one_of(pick, (16, 1024)), pick(0, 3)
    channels = known[-1][1][-1:]
    return LayerNormalization(
        **_plain(pick, name, known),
        scale=draw_raw(pick, channels, forms[0]),
        scale_format=forms[0],
        bias=draw_raw(pick, channels, forms[1]),
        bias_format=forms[1],
        accumulator=draw_accumulator(pick, known[-1][0].result, channels[0]),
        table=tables.inverse_root_table(size, 3, power, table_format),
        table_format=table_format,
        range_power=power,
    )


def merge(pick: Pick, name: str, known: list[Known]) -> Layer | None:
    """Return a merge or concatenation with any tensor that fits, or with itself."""
    first, shape = known[-1]
    axis = pick(0, len(shape) - 1)
    joins = bool(pick(0, 1)) and prod(shape) < 400

    def fits(other: Shape) -> bool:
        if joins:
            cut = [one[:axis] + one[axis + 1 :] for one in (shape, other)]
            return len(other) == len(shape) and cut[0] == cut[1]
        long, short = sorted((prod(shape), prod(other)), reverse=True)
        return long % short == 0

    partners = [layer for layer, other in known if fits(other)]
    names = [first.name, one_of(pick, partners).name]
    inputs = tuple(names if pick(0, 1) else names[::-1])
    result = same_or_other(pick, first.result)
    if joins:
        return Concatenate(name=name, inputs=inputs, result=result, axis=axis)
    return Merge(name=name, inputs=inputs, result=result, operation=one_of(pick, Operation))


def dot(pick: Pick, name: str, known: list[Known]) -> Layer:
    first, shape = known[-1]
    other = one_of(pick, [layer for layer, its in known if its == shape])
    product = FixedFormat.for_product(first.result, other.result)
    accumulator = draw_accumulator(pick, product, shape[0])
    return Dot(
        name=name,
        inputs=(first.name, other.name),
        result=same_or_other(pick, accumulator),
        accumulator=accumulator,
    )


def embedding(pick: Pick, name: str, known: list[Known]) -> Layer | None:
    source = known[-1][0]
    if not (isinstance(source, Input) and source.result.raw_min == 0):
        return None
    if source.result.fractional or source.result.width > 7:
        return None
    form = draw_format(pick, 12).grid
    rows = draw_raw(pick, (source.result.raw_max + 1, pick(1, 4)), form)
    return Embedding(**_plain(pick, name, known), rows=rows, row_format=form)


def distributed_arithmetic(pick: Pick, name: str, known: list[Known]) -> Layer:
    """Draw an adder graph; half of them round and overflow nowhere, and are a product."""
    source, shape = known[-1]
    image = shape[:-1]
    padding = tuple((pick(0, 1), pick(0, 2)) for _ in image)
    window = tuple(
        pick(1, min(2, length + sum(pad))) for length, pad in zip(image, padding, strict=True)
    )
    inputs = prod(window) * shape[-1]
    graph = draw_graph(pick, source.result, inputs, exact=bool(pick(0, 1)))
    return DistributedArithmetic(
        name=name,
        inputs=(source.name,),
        result=draw_result(pick, graph.operations[graph.outputs[0]].format),
        window=window,
        stride=tuple(pick(1, 2) for _ in image),
        padding=padding,
        parallelization_factor=1,
        graph=graph,
    )


MAKERS: tuple[tuple[tuple[int, ...], Maker], ...] = (
    ((1,), dense),
    ((1,), dot),
    ((1,), embedding),
    ((2,), conv1d),
    ((2,), layer_normalization),
    ((3,), conv2d),
    ((3,), conv2d),
    ((1, 2, 3), distributed_arithmetic),
    ((2, 3), pooling),
    ((2, 3), global_pooling),
    ((1, 2, 3), batch_normalization),
    ((1, 2, 3), normalised_sign),
    ((1, 2, 3), plain_activation),
    ((1, 2, 3), plain_activation),
    ((1, 2, 3), activation),
    ((1, 2, 3), table_activation),
    ((1, 2, 3), softmax),
    ((1, 2, 3), rearrangement),
    ((1, 2, 3), merge),
)
"""Ranks of the tensors that each maker's layers read."""
