"""What the vendor's front end refuses, found from the network alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.builders import conv2d, dense, pixels_in, small_cnn
from trigger.design import IOType, Strategy, Target
from trigger.fixed import FixedFormat
from trigger.layers import Input
from trigger.layers.reuse import legal_parallelization_factors
from trigger.network import Network
from trigger.vendor import Danger, find_dangers

VITIS = Target("Vitis", "xcvu13p-flga2577-2-e", 5.0, IOType.PARALLEL)
VIVADO = replace(VITIS, backend="Vivado")


def dense_network(inputs: int, outputs: int, **fields) -> Network:
    form = FixedFormat.parse("ap_ufixed<8,0>")
    source = Input(name="x", inputs=(), result=form, dimensions=(inputs,))
    layer = dense("fc", "x", np.ones((inputs, outputs), int), np.zeros(outputs, int), **fields)
    return Network((source, layer), ("fc",))


def conv_network(side: int, channels: int, filters: int, **fields) -> Network:
    kernel = np.ones((3, 3, channels, filters), int)
    layer = conv2d("conv", "pixels", kernel, np.zeros(filters, int), **fields)
    return Network((pixels_in((side, side, channels)), layer), ("conv",))


def dangers(network: Network, target: Target) -> dict[Danger, object]:
    return {finding.danger: finding for finding in find_dangers(network, target)}


@pytest.mark.parametrize("target", [VITIS, VIVADO, replace(VIVADO, io_type=IOType.STREAM)])
def test_a_small_network_is_in_no_danger(target):
    assert find_dangers(small_cnn(), target) == ()


@pytest.mark.parametrize(("inputs", "found"), [(64, False), (65, True)])
def test_vivado_unrolls_4096_multiplications_and_no_more(inputs, found):
    network = dense_network(inputs, 64)
    assert (Danger.UNROLL in dangers(network, VIVADO)) is found
    assert find_dangers(network, VITIS) == ()


def test_the_change_that_is_named_helps():
    finding = dangers(dense_network(100, 64), VIVADO)[Danger.UNROLL]
    assert (finding.value, finding.limit, finding.fails) == (6400, 4096, True)
    assert finding.change == "Strategy: Resource, ReuseFactor: 2"
    helped = dense_network(100, 64, strategy=Strategy.RESOURCE, reuse_factor=2)
    assert find_dangers(helped, VIVADO) == ()
    text = str(finding)
    assert "fc: 6,400 multiplications unrolled at once, at most 4,096" in text
    assert "hls4ml#904" in text
    assert text.endswith("To do: Strategy: Resource, ReuseFactor: 2")


def test_reuse_does_not_keep_the_latency_strategy_from_unrolling():
    network = dense_network(100, 64, reuse_factor=100)
    assert Danger.UNROLL in dangers(network, VIVADO)


def test_a_large_tensor_is_too_much_for_vivados_registers():
    network = conv_network(42, 1, 4)
    finding = dangers(network, VIVADO)[Danger.PARTITION]
    assert (finding.layer, finding.value) == ("conv", 40 * 40 * 4)
    assert "io_stream" in finding.change
    assert find_dangers(network, replace(VIVADO, io_type=IOType.STREAM)) == ()
    assert find_dangers(network, VITIS) == ()


def test_windows_of_many_pixels_at_once_are_too_much_for_vivados_registers():
    network = conv_network(26, 4, 1, parallelization_factor=576)
    finding = dangers(network, VIVADO)[Danger.PARTITION]
    assert finding.value == 576 * 36
    assert finding.change == "ParallelizationFactor: 96"
    helped = conv_network(26, 4, 1, parallelization_factor=96)
    assert find_dangers(helped, VIVADO) == ()


def test_more_than_anyone_published_is_said_of_vitis():
    network = conv_network(18, 8, 8, parallelization_factor=256)
    found = dangers(network, VITIS)
    layer, design = found[Danger.LAYER_SIZE], found[Danger.DESIGN_SIZE]
    assert layer.value == design.value == 256 * 576
    assert not layer.fails
    assert "nobody published more than 11,220" in str(layer)
    assert layer.change == "ParallelizationFactor: 16"
    assert design.change == "conv: ParallelizationFactor: 16"
    helped = conv_network(18, 8, 8, parallelization_factor=16)
    assert find_dangers(helped, VITIS) == ()
    assert find_dangers(network, replace(VITIS, io_type=IOType.STREAM)) == ()


def test_a_large_dense_layer_is_to_share_its_multipliers():
    finding = dangers(dense_network(200, 100), VITIS)[Danger.LAYER_SIZE]
    assert finding.change == "Strategy: Resource, ReuseFactor: 2"


@pytest.mark.parametrize(
    ("factor", "strategy", "near"),
    [(3, Strategy.RESOURCE, 2), (7, Strategy.RESOURCE, 8), (5000, Strategy.LATENCY, 128)],
)
def test_an_illegal_reuse_factor_names_the_nearest_legal_one(factor, strategy, near):
    network = dense_network(16, 8, strategy=strategy, reuse_factor=factor)
    finding = dangers(network, VITIS)[Danger.REUSE_FACTOR]
    assert (finding.value, finding.limit) == (factor, near)
    assert f"the nearest legal one is {near}" in str(finding)


def test_an_illegal_parallelization_factor_names_the_nearest_legal_one():
    finding = dangers(conv_network(8, 1, 2, parallelization_factor=5), VITIS)[
        Danger.PARALLELIZATION_FACTOR
    ]
    assert (finding.value, finding.limit) == (5, 4)
    assert find_dangers(conv_network(8, 1, 2, parallelization_factor=6), VITIS) == ()
    assert legal_parallelization_factors(36) == (1, 2, 3, 4, 6, 9, 12, 18, 36)


def test_arrays_that_overflow_the_stack_of_c_simulation_are_told():
    network = conv_network(402, 1, 16)
    finding = dangers(network, VITIS)[Danger.STACK]
    tensors = 402 * 402 * 1 + 400 * 400 * 16 * 4
    assert finding.value == tensors + 9 * 16 * 4 + 9
    assert "ulimit -s unlimited" in finding.change
