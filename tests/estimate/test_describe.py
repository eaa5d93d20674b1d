"""Networks as the estimator reads them."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from trigger.budget import Quantity
from trigger.design import IOType, Strategy, Target
from trigger.errors import UnsupportedLayerError
from trigger.estimate import describe, estimate
from trigger.estimate.describe import DESCRIBERS
from trigger.estimate.descriptor import AdderStatistics, Kind
from trigger.fixed import FixedFormat, Overflow, Rounding
from trigger.layers import (
    GRU,
    LAYERS,
    LSTM,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    DistributedArithmetic,
    Input,
    Linear,
    Merge,
    Operation,
    Pool,
    Pooling2D,
    ReLU,
    Reshape,
    Squash,
)
from trigger.layers.adder_code import read_adders
from trigger.network import Network

PIXEL = FixedFormat(8, 0, signed=False)
WEIGHT = FixedFormat(6, 1)
SUM = FixedFormat(20, 8)
ACTIVATION = FixedFormat(6, 2, False, Rounding.RND_CONV, Overflow.SAT)


def small_network(io_type: IOType = IOType.PARALLEL, factor: int = 1) -> Network:
    random = np.random.default_rng(3)
    product = {
        "kernel_format": WEIGHT,
        "bias_format": WEIGHT,
        "accumulator": SUM,
        "result": SUM,
        "strategy": Strategy.LATENCY,
        "reuse_factor": 1,
    }
    return Network(
        (
            Input(name="pixels", inputs=(), result=PIXEL, dimensions=(10, 10, 1)),
            Conv2D(
                name="conv",
                inputs=("pixels",),
                kernel=random.integers(-31, 31, (3, 3, 1, 4)),
                bias=np.zeros(4, np.int64),
                stride=(1, 1),
                padding=((0, 0), (0, 0)),
                parallelization_factor=factor,
                **product,
            ),
            ReLU(name="relu", inputs=("conv",), result=ACTIVATION),
            Pooling2D(
                name="pool",
                inputs=("relu",),
                result=ACTIVATION,
                pool=Pool.MAX,
                size=(2, 2),
                stride=(2, 2),
                padding=((0, 0), (0, 0)),
                count_padding=False,
                accumulator=ACTIVATION,
                io_type=io_type,
            ),
            Reshape(name="flat", inputs=("pool",), result=ACTIVATION, dimensions=(64,)),
            Dense(
                name="scores",
                inputs=("flat",),
                kernel=random.integers(-31, 31, (64, 3)),
                bias=np.zeros(3, np.int64),
                **product,
            ),
            Linear(name="out", inputs=("scores",), result=FixedFormat(16, 6)),
        ),
        ("out",),
    )


def test_every_layer_class_is_described() -> None:
    missing = set(LAYERS) - set(DESCRIBERS) - {"Input"}
    assert not missing, "add these to DESCRIBERS in trigger/estimate/describe.py"


def test_a_parallel_network() -> None:
    layers = describe(small_network(factor=4), IOType.PARALLEL)
    kinds = [Kind.CONV, Kind.RELU, Kind.POOLING, Kind.RESHAPE, Kind.DENSE, Kind.LINEAR]
    assert [layer.kind for layer in layers] == kinds
    first = layers[0]
    assert (first.in_shape, first.out_shape, first.kernel) == ((10, 10, 1), (8, 8, 4), (3, 3))
    assert (first.input, first.weight, first.accumulator) == (PIXEL, WEIGHT, SUM)
    assert first.partitions == 16
    assert first.weights is not None
    assert first.weights.n == 36
    assert layers[4].n_in == 64


@pytest.mark.parametrize("strategy", Strategy)
def test_multipliers_of_zeros_are_counted_where_weights_are_stored(strategy: Strategy) -> None:
    network = small_network()
    scores = network["scores"]
    assert isinstance(scores, Dense)
    kernel = scores.kernel.copy()
    kernel[16:48, 1] = 0  # of 16 inputs and one output each: two multipliers
    kernel[8:24, 2] = 0  # halves of two others
    scores = replace(scores, kernel=kernel, strategy=strategy, reuse_factor=16)
    layers = tuple(scores if layer.name == "scores" else layer for layer in network.layers)
    (found,) = (
        layer
        for layer in describe(Network(layers, network.outputs), IOType.PARALLEL)
        if layer.name == "scores"
    )
    stored = strategy in (Strategy.RESOURCE, Strategy.RESOURCE_UNROLLED)
    assert found.zero_multipliers == (2 if stored else 0)


def test_flattening_a_stream_keeps_its_words() -> None:
    layers = {layer.name: layer for layer in describe(small_network(IOType.STREAM), IOType.STREAM)}
    assert layers["flat"].out_shape == (4, 4, 4)
    assert layers["scores"].in_pixels == 16
    assert layers["scores"].n_in == 64


@pytest.mark.parametrize("io_type", IOType)
def test_a_network_is_estimated_whole(io_type: IOType) -> None:
    target = Target("Vitis", "xcvu13p-flga2577-2-e", 3.125, io_type)
    cost = estimate(small_network(io_type), target, tool_year=2023.2)
    assert cost.tool == "Vitis HLS 2023.2"
    assert [row.name for row in cost.layers] == ["conv", "relu", "pool", "flat", "scores", "out"]
    for quantity in Quantity:
        assert cost.total.figure(quantity) is not None, quantity
    assert cost.total.lut.value > 100
    least = 64 if io_type is IOType.PARALLEL else 100
    assert cost.total.latency_cycles.value >= least


ADDERS = """\
void adders(inp_t model_inp[8], out_t model_out[2]) {
ap_ufixed<8,0> v0 = model_inp[0];
ap_ufixed<8,0> v1 = model_inp[7];
ap_ufixed<9,1> v2 = v0 + v1;
ap_fixed<12,3> v3 = v2 - bit_shift<1>(v1);
model_out[0] = ap_fixed<12,2>(bit_shift<-1>(v3));
model_out[1] = 0;
}"""


@pytest.mark.parametrize("io_type", IOType)
def test_shifts_and_adds_take_a_lut_per_bit_of_a_sum_and_no_multiplier(io_type: IOType) -> None:
    pixels = Input(name="x", inputs=(), result=PIXEL, dimensions=(4, 4, 2))
    layer = DistributedArithmetic(
        name="conv",
        inputs=("x",),
        result=FixedFormat(12, 2),
        window=(2, 2),
        stride=(1, 1),
        padding=((0, 1), (0, 1)),
        parallelization_factor=4,
        graph=read_adders(ADDERS),
    )
    network = Network((pixels, layer), ("conv",))
    (described,) = describe(network, io_type)
    assert described.adders == AdderStatistics(additions=2, bits=9 + 12, depth=2)
    assert (described.kind, described.partitions, described.kernel) == (Kind.CONV, 4, (2, 2))
    cost = estimate(network, Target("Vitis", "xcvu13p-flga2577-2-e", 3.125, io_type))
    row = cost.layers[0]
    assert (row.dsp.value, row.bram_18k.value, row.ff) == (0, 0, None)
    assert row.lut.value >= 21 * (4 if io_type is IOType.PARALLEL else 1)
    assert row.lut.low < row.lut.value < row.lut.high
    assert row.latency_cycles.value > 0
    assert cost.total.ff is None


def test_an_unknown_layer_class_is_refused_by_name(monkeypatch) -> None:
    known = {kind: describer for kind, describer in DESCRIBERS.items() if kind != "ReLU"}
    monkeypatch.setattr(sys.modules[describe.__module__], "DESCRIBERS", known)
    with pytest.raises(UnsupportedLayerError, match=r"relu: .* does not know ReLU.*Dense, Conv1D"):
        describe(small_network(), IOType.PARALLEL)


@pytest.mark.parametrize(("kind", "gates"), [(LSTM, 4), (GRU, 3)])
def test_a_recurrent_layer_is_described_by_its_two_products(kind, gates: int) -> None:
    sums, tables = 5 * gates, Squash.SIGMOID.table(64, WEIGHT)
    layer = kind(
        name="cell",
        inputs=("hits",),
        result=SUM,
        kernel=np.ones((3, sums), np.int64),
        kernel_format=WEIGHT,
        bias=np.zeros(sums, np.int64),
        bias_format=WEIGHT,
        recurrent_kernel=np.full((5, sums), 3),
        recurrent_kernel_format=WEIGHT,
        recurrent_bias=np.zeros(sums, np.int64),
        recurrent_bias_format=WEIGHT,
        accumulator=SUM,
        strategy=Strategy.RESOURCE,
        reuse_factor=3,
        recurrent_reuse_factor=5,
        recurrent_activation=Squash.SIGMOID,
        recurrent_table=tables,
        recurrent_table_format=WEIGHT,
        activation=Squash.SIGMOID,
        table=tables,
        table_format=WEIGHT,
        return_sequences=False,
        **({"reset_first": False} if kind is GRU else {}),
    )
    hits = Input(name="hits", inputs=(), result=PIXEL, dimensions=(10, 3))
    (cell,) = describe(Network((hits, layer), ("cell",)), IOType.STREAM)
    assert cell.kind is Kind.RECURRENT
    assert [(part.n_in, part.n_out) for part in cell.parts] == [(3, sums), (5, sums)]
    assert [part.reuse_factor for part in cell.parts] == [3, 5]
    assert [part.input for part in cell.parts] == [PIXEL, SUM]
    target = Target("Vitis", "xcvu13p-flga2577-2-e", 5.0, IOType.STREAM)
    cost = estimate(Network((hits, layer), ("cell",)), target)
    assert cost.total.latency_cycles.value >= 10 * 5
    # Pixels of 8 bits are multiplied in LUTs; a product of two states takes two DSP blocks.
    assert cost.total.dsp.value == sums + 3 * 5 * 2
    assert "repositories" in cost.total.lut.note


@pytest.mark.parametrize(
    ("operation", "kind"), [(Operation.MULTIPLY, Kind.MULTIPLY), (Operation.ADD, Kind.MERGE)]
)
def test_what_multiplies_two_inputs_is_not_what_adds_them(operation, kind) -> None:
    pixels = Input(name="pixels", inputs=(), result=PIXEL, dimensions=(8,))
    both = Merge(name="both", inputs=("pixels", "pixels"), result=SUM, operation=operation)
    (layer,) = describe(Network((pixels, both), ("both",)), IOType.PARALLEL)
    assert layer.kind is kind


def test_equal_weights_of_different_inputs_share_nothing():
    conv = small_network()["conv"]
    assert isinstance(conv, Conv2D)
    kernel = np.full((3, 3, 4), 21)  # three digits
    shared = replace(conv, kernel=kernel[:, :, None, :])
    own = DepthwiseConv2D(**{**vars(conv), "kernel": kernel})
    found = []
    for layer, channels in ((shared, 1), (own, 4)):
        pixels = Input(name="pixels", inputs=(), result=PIXEL, dimensions=(10, 10, channels))
        (product,) = describe(Network((pixels, layer), ("conv",)), IOType.PARALLEL)
        assert product.weights is not None
        found.append(product.weights.row_distinct_by_csd[2])
    assert found == [9, 36]
