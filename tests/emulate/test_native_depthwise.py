"""The native engine on depthwise convolutions, and on layers that NumPy evaluates for it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.builders import NO_PADDING, PIXEL, WEIGHT, WIDE, dense, pixels_in, relu, weights
from trigger.design import IOType, Strategy
from trigger.emulate import native, reference
from trigger.fixed import FixedFormat
from trigger.layers import (
    Clone,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Function,
    GlobalPooling,
    Merge,
    Operation,
    Pool,
    Reshape,
    TableActivation,
    tables,
)
from trigger.network import Network

pytestmark = pytest.mark.usefixtures("lightly_optimised")

RNG = np.random.default_rng(5)
SUMS = {
    "result": WIDE,
    "kernel_format": WEIGHT,
    "bias_format": WEIGHT,
    "accumulator": WIDE,
    "strategy": Strategy.LATENCY,
    "reuse_factor": 1,
    "parallelization_factor": 1,
}


def assert_engines_agree(network: Network) -> None:
    (port,) = network.inputs
    pixels = RNG.integers(port.result.raw_min, port.result.raw_max + 1, (70, *port.dimensions))
    names = tuple(layer.name for layer in network.layers)
    engine = native.build(network, names)
    ours = native.run(engine, pixels, layers=names)
    theirs = reference.run(network, pixels, layers=names)
    for name in names:
        assert (ours[name] == theirs[name]).all(), name


@pytest.mark.parametrize("padding", [NO_PADDING, ((1, 0), (0, 2))])
@pytest.mark.parametrize("accumulator", [WIDE, FixedFormat.parse("ap_fixed<9,3,AP_RND,AP_SAT>")])
def test_depthwise_convolution_of_images(padding, accumulator):
    layer = DepthwiseConv2D(
        name="deep",
        inputs=("pixels",),
        kernel=weights(RNG, 3, 2, 5),
        bias=weights(RNG, 5),
        stride=(2, 1),
        padding=padding,
        **{**SUMS, "accumulator": accumulator},
    )
    assert_engines_agree(Network((pixels_in((7, 6, 5)), layer, relu("relu", "deep")), ("relu",)))


def test_depthwise_convolution_of_sequences():
    layer = DepthwiseConv1D(
        name="deep",
        inputs=("pixels",),
        kernel=weights(RNG, 3, 4),
        bias=weights(RNG, 4),
        stride=1,
        padding=(1, 1),
        **SUMS,
    )
    assert_engines_agree(Network((pixels_in((7, 4)), layer), ("deep",)))


def test_layers_without_c_among_layers_with_it():
    table = FixedFormat.parse("ap_fixed<18,8>")
    layers = (
        pixels_in((4, 4, 2)),
        Clone(name="clone", inputs=("pixels",), result=PIXEL),
        GlobalPooling(
            name="mean",
            inputs=("clone",),
            result=PIXEL,
            pool=Pool.AVERAGE,
            accumulator=WIDE,
            io_type=IOType.STREAM,
        ),
        Reshape(name="flat", inputs=("clone",), result=PIXEL, dimensions=(32,)),
        dense("hidden", "flat", weights(RNG, 32, 2), [0, 3]),
        Merge(name="sum", inputs=("hidden", "mean"), result=WIDE, operation=Operation.ADD),
        TableActivation(
            name="score",
            inputs=("sum",),
            result=table,
            function=Function.SIGMOID,
            table=tables.function_table(Function.SIGMOID, 1024, table),
            table_format=table,
        ),
    )
    assert_engines_agree(Network(layers, ("score",)))
