"""A Network as descriptors: every layer class is covered here, or refused by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from trigger.design import IOType, Strategy
from trigger.errors import UnsupportedLayerError
from trigger.estimate.descriptor import AdderStatistics, Kind, LayerDescriptor, weight_statistics
from trigger.fixed import FixedFormat
from trigger.layers import (
    BatchNormalization,
    Conv1D,
    Conv2D,
    DistributedArithmetic,
    GlobalPooling,
    Input,
    Layer,
    Merge,
    MultiplyAccumulate,
    Operation,
    Pool,
    Pooling1D,
    Pooling2D,
    Recurrent,
    Shape,
)
from trigger.layers.reuse import STORED, in_order_of_multipliers
from trigger.network import Network


def describe(network: Network, io_type: IOType) -> tuple[LayerDescriptor, ...]:
    """Describe the layers of a network in execution order; ports are not layers.

    Raises:
        UnsupportedLayerError: a layer class without a description; the text lists those with one.
    """
    shapes = dict(network.shapes)
    described = []
    for layer in network.layers:
        if isinstance(layer, Input):
            continue
        describer = DESCRIBERS.get(type(layer).__name__)
        if describer is None:
            raise UnsupportedLayerError(
                f"the estimator does not know {type(layer).__name__}",
                where=layer.name,
                allowed=", ".join(DESCRIBERS),
            )
        before = shapes[layer.inputs[0]]
        descriptor = describer(layer, before, shapes[layer.name], io_type, network)
        if descriptor.kind is Kind.RESHAPE and io_type is IOType.STREAM:
            shapes[layer.name] = descriptor.out_shape
        described.append(descriptor)
    return tuple(described)


Describer = Callable[[Layer, Shape, Shape, IOType, Network], LayerDescriptor]


def _plain(kind: Kind) -> Describer:
    """Describe a layer that has formats and shapes only."""

    def describer(
        layer: Layer, before: Shape, after: Shape, io_type: IOType, network: Network
    ) -> LayerDescriptor:
        return LayerDescriptor(
            name=layer.name,
            kind=kind,
            in_shape=before,
            out_shape=after,
            io_type=io_type,
            input=network.input_formats(layer)[0],
            result=layer.result,
        )

    return describer


def _product(kind: Kind) -> Describer:
    def describer(
        layer: Layer, before: Shape, after: Shape, io_type: IOType, network: Network
    ) -> LayerDescriptor:
        assert isinstance(layer, MultiplyAccumulate)
        return _matrix(layer, kind, before, after, io_type, network.input_formats(layer)[0])

    return describer


def _matrix(
    layer: MultiplyAccumulate,
    kind: Kind,
    before: Shape,
    after: Shape,
    io_type: IOType,
    reads: FixedFormat,
) -> LayerDescriptor:
    kernel = layer.kernel.shape[: {Kind.CONV: -2, Kind.DEPTHWISE: -1}.get(kind, 0)]
    stride, padding, factor = _window(layer)
    pixels = math.prod(after[:-1])
    depthwise = kind is Kind.DEPTHWISE  # each input meets one weight: none is shared
    return LayerDescriptor(
        name=layer.name,
        kind=kind,
        in_shape=before,
        out_shape=after,
        io_type=io_type,
        input=reads,
        result=layer.result,
        strategy=layer.strategy,
        reuse_factor=layer.reuse_factor,
        weight=layer.kernel_format,
        bias=layer.bias_format,
        accumulator=layer.accumulator,
        weights=weight_statistics(layer.kernel.reshape(-1, 1) if depthwise else layer.kernel),
        zero_multipliers=zero_multipliers(layer, depthwise=depthwise),
        kernel=tuple(kernel),
        stride=stride,
        padding=padding,
        partitions=None if kind is Kind.DENSE else math.ceil(pixels / factor),
    )


def zero_multipliers(layer: MultiplyAccumulate, *, depthwise: bool = False) -> int:
    """Return how many multipliers of stored weights take nothing but zeros."""
    if layer.strategy not in STORED:
        return 0
    taken = in_order_of_multipliers(layer.kernel, depthwise=depthwise) != 0
    starts = np.arange(0, taken.size, layer.reuse_factor)
    return int(np.count_nonzero(~np.logical_or.reduceat(taken, starts)))


def _recurrent(
    layer: Layer, before: Shape, after: Shape, io_type: IOType, network: Network
) -> LayerDescriptor:
    """Describe a cell with its two products, which run at once whatever the io type."""
    assert isinstance(layer, Recurrent)
    plain = _plain(Kind.RECURRENT)(layer, before, after, io_type, network)
    reads = (network.input_formats(layer)[0], layer.result)
    parts = tuple(
        _matrix(
            part, Kind.DENSE, part.kernel.shape[:1], part.kernel.shape[1:], IOType.PARALLEL, form
        )
        for part, form in zip((layer.input_product, layer.state_product), reads, strict=True)
    )
    return replace(plain, strategy=layer.strategy, reuse_factor=layer.reuse_factor, parts=parts)


def _window(layer: MultiplyAccumulate) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Return stride, zeros per axis and parallelization factor."""
    if isinstance(layer, Conv2D):
        return layer.stride, tuple(map(sum, layer.padding)), layer.parallelization_factor
    if isinstance(layer, Conv1D):
        return (layer.stride,), (sum(layer.padding),), layer.parallelization_factor
    return (), (), 1


def _distributed_arithmetic(
    layer: Layer, before: Shape, after: Shape, io_type: IOType, network: Network
) -> LayerDescriptor:
    assert isinstance(layer, DistributedArithmetic)
    graph = layer.graph
    widths = [operation.format.width for operation in graph.additions]
    kind = Kind.CONV if layer.window else Kind.DENSE
    return LayerDescriptor(
        name=layer.name,
        kind=kind,
        in_shape=before,
        out_shape=after,
        io_type=io_type,
        input=network.input_formats(layer)[0],
        result=layer.result,
        strategy=Strategy.DISTRIBUTED_ARITHMETIC,
        adders=AdderStatistics(len(widths), sum(widths), graph.depth),
        kernel=layer.window,
        stride=layer.stride,
        padding=tuple(map(sum, layer.padding)),
        partitions=math.ceil(math.prod(after[:-1]) / layer.parallelization_factor)
        if layer.window
        else None,
    )


def _batch_normalization(
    layer: Layer, before: Shape, after: Shape, io_type: IOType, network: Network
) -> LayerDescriptor:
    assert isinstance(layer, BatchNormalization)
    return LayerDescriptor(
        name=layer.name,
        kind=Kind.BATCHNORM,
        in_shape=before,
        out_shape=before,
        io_type=io_type,
        input=network.input_formats(layer)[0],
        result=layer.result,
        weight=layer.scale_format,
        bias=layer.bias_format,
        weights=weight_statistics(layer.scale.reshape(-1, 1)),
    )


def _pooling(
    layer: Layer, before: Shape, after: Shape, io_type: IOType, network: Network
) -> LayerDescriptor:
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    if isinstance(layer, GlobalPooling):
        kind, kernel, stride, padding = Kind.GLOBAL_POOLING, before[:-1], before[:-1], ()
    elif isinstance(layer, Pooling1D):
        kind, kernel, stride = Kind.POOLING, (layer.size,), (layer.stride,)
        padding = (sum(layer.padding),)
    else:
        assert isinstance(layer, Pooling2D)
        kind, kernel, stride = Kind.POOLING, layer.size, layer.stride
        padding = tuple(map(sum, layer.padding))
    return LayerDescriptor(
        name=layer.name,
        kind=kind,
        in_shape=before,
        out_shape=after,
        io_type=io_type,
        input=network.input_formats(layer)[0],
        result=layer.result,
        accumulator=layer.accumulator,
        kernel=kernel,
        stride=stride,
        padding=padding,
        average=layer.pool is Pool.AVERAGE,
    )


def _reshape(
    layer: Layer, before: Shape, after: Shape, io_type: IOType, network: Network
) -> LayerDescriptor:
    """Flattening a stream changes nothing: the next layer reads the same words."""
    flat = io_type is IOType.STREAM and len(after) == 1
    return LayerDescriptor(
        name=layer.name,
        kind=Kind.RESHAPE,
        in_shape=before,
        out_shape=before if flat else after,
        io_type=io_type,
        input=network.input_formats(layer)[0],
        result=layer.result,
    )


def _merge(
    layer: Layer, before: Shape, after: Shape, io_type: IOType, network: Network
) -> LayerDescriptor:
    assert isinstance(layer, Merge)
    kind = Kind.MULTIPLY if layer.operation is Operation.MULTIPLY else Kind.MERGE
    return _plain(kind)(layer, before, after, io_type, network)


def _table(
    layer: Layer, before: Shape, after: Shape, io_type: IOType, network: Network
) -> LayerDescriptor:
    """Describe a function by lookup; its table says how large it is."""
    table = getattr(layer, "table", None)
    plain = _plain(Kind.TABLE)(layer, before, after, io_type, network)
    return plain if table is None else replace(plain, table_size=len(table))


DESCRIBERS: Mapping[str, Describer] = {
    "Dense": _product(Kind.DENSE),
    "Conv1D": _product(Kind.CONV),
    "Conv2D": _product(Kind.CONV),
    "DepthwiseConv1D": _product(Kind.DEPTHWISE),
    "DepthwiseConv2D": _product(Kind.DEPTHWISE),
    "DistributedArithmetic": _distributed_arithmetic,
    "BatchNormalization": _batch_normalization,
    "Linear": _plain(Kind.LINEAR),
    "Clone": _plain(Kind.RESHAPE),
    "ReLU": _plain(Kind.RELU),
    "BoundedReLU": _plain(Kind.RELU),
    "ThresholdedReLU": _plain(Kind.RELU),
    "BinaryTanh": _plain(Kind.RELU),
    "BatchNormalizationTanh": _plain(Kind.RELU),
    "TernaryTanh": _plain(Kind.RELU),
    "LeakyReLU": _plain(Kind.LEAKY),
    "HardSigmoid": _plain(Kind.LEAKY),
    "HardTanh": _plain(Kind.LEAKY),
    "ELU": _table,
    "SELU": _table,
    "TableActivation": _table,
    "Softmax": _plain(Kind.SOFTMAX),
    "StableSoftmax": _plain(Kind.SOFTMAX),
    "LegacySoftmax": _plain(Kind.SOFTMAX),
    "Argmax": _plain(Kind.MERGE),
    "Pooling1D": _pooling,
    "Pooling2D": _pooling,
    "GlobalPooling": _pooling,
    "Reshape": _reshape,
    "Transpose": _plain(Kind.RESHAPE),
    "Cropping": _plain(Kind.RESHAPE),
    "ZeroPadding1D": _plain(Kind.ZERO_PADDING),
    "ZeroPadding2D": _plain(Kind.ZERO_PADDING),
    "Upsampling": _plain(Kind.UPSAMPLING),
    "Merge": _merge,
    "Concatenate": _plain(Kind.RESHAPE),
    "Dot": _plain(Kind.MULTIPLY),
    "Embedding": _plain(Kind.EMBEDDING),
    "LayerNormalization": _plain(Kind.NORMALISATION),
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "EinsumDense": _plain(Kind.EINSUM),
    "Einsum": _plain(Kind.EINSUM),
    "TimeDistributed": _plain(Kind.TIME_DISTRIBUTED),
}
"""Layers that the estimator reads, by their name in ``LAYERS``."""
