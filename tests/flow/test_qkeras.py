"""Firmware against QKeras: a difference that no rule explains is one that may not be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trigger.design import Design, IOType, Knobs, LayerKnobs, LayerSpec, ModelSpec, Strategy, Target
from trigger.emulate import find_inexact, run
from trigger.errors import AgreementError
from trigger.fixed import FixedFormat
from trigger.layers.base import frozen_array
from trigger.network import Network

pytestmark = [pytest.mark.training]

WEIGHTS = {
    "kernel_quantizer": "quantized_bits(6,0,alpha=1)",
    "bias_quantizer": "quantized_bits(6,0,alpha=1)",
}
MODEL = ModelSpec(
    (6, 6, 1),
    FixedFormat.parse("ap_ufixed<8,0>"),
    (
        LayerSpec(
            "QConv2D",
            "conv",
            {"filters": 2, "kernel_size": 3, "activation": "quantized_relu(6,2)", **WEIGHTS},
        ),
        LayerSpec("AveragePooling2D", "mean", {"pool_size": 2}),
        LayerSpec("Flatten", "flat", {}),
        LayerSpec("QDense", "score", {"units": 1, **WEIGHTS}),
    ),
)
PIXELS = np.random.default_rng(1).integers(0, 256, (300, 6, 6, 1))
PIXELS[100:150] = np.arange(5, 255, 5)[:, None, None, None]
"""Some are of one grey: a mean of equal numbers is exact."""


@pytest.fixture(scope="module")
def keras():
    from trigger import zoo

    built = zoo.build(MODEL, seed=1)
    rng = np.random.default_rng(0)
    built.set_weights([rng.normal(0, 0.4, weight.shape) for weight in built.get_weights()])
    return built


@pytest.fixture(scope="module")
def converted(keras, tmp_path_factory):
    from trigger.convert import convert

    def convert_with(**layers):
        knobs = Knobs(LayerKnobs(strategy=Strategy.LATENCY, reuse_factor=1), layers)
        target = Target("Vitis", "xcvu13p-flga2577-2-e", 5.0, IOType.PARALLEL)
        folder = tmp_path_factory.mktemp("qkeras") / "project"
        return convert(keras, Design("test", MODEL, knobs, target), folder)

    return convert_with


def compare(keras, network, counterparts):
    from trigger.flow.qkeras import KerasComparison

    comparison = KerasComparison(network, MODEL, keras, counterparts)
    for start in (0, 150):
        pixels = PIXELS[start : start + 150]
        comparison.add(pixels, run(network, pixels, layers=comparison.layers), start)
    return comparison.report()


def with_kernel(network: Network, name: str, place: int, change: int) -> Network:
    """Return the network with another raw weight."""
    raw = network[name].kernel.copy()
    raw.flat[place] += change
    changed = replace(network[name], kernel=frozen_array(raw, 62))
    layers = (changed if layer.name == name else layer for layer in network.layers)
    return Network(tuple(layers), network.outputs)


@pytest.fixture(scope="module")
def plain(converted):
    return converted()


def test_sums_before_an_activation_are_compared_too(keras, plain):
    found = compare(keras, plain.network, plain.counterparts)
    rows = {row.layer: row for row in found.layers}
    assert list(rows) == ["conv", "conv_quantized_relu", "mean", "flat", "score"]
    assert rows["conv"].mismatches == rows["conv_quantized_relu"].mismatches == 0
    assert rows["mean"].mismatches
    assert rows["mean"].note.startswith("a mean of 4 numbers has 6 bits below the point")
    assert rows["score"].note == "it reads what differs since layer mean"
    assert not found.exact_expected
    assert found.note.startswith("differs from layer mean on: a mean of 4 numbers")


def test_a_mean_that_keeps_its_bits_makes_all_exact(keras, converted):
    precision = {"accum": "ap_ufixed<12,6>", "result": "ap_ufixed<8,2>"}
    made = converted(mean=LayerKnobs(precision=precision))
    found = compare(keras, made.network, made.counterparts)
    assert (found.mismatches, found.exact_expected, found.note) == (0, True, "")


def test_a_narrow_accumulator_is_told_as_the_reason(keras, converted):
    made = converted(conv=LayerKnobs(precision={"accum": "ap_fixed<12,6>"}))
    found = compare(keras, made.network, made.counterparts)
    rows = {row.layer: row for row in found.layers}
    assert rows["conv"].note == "each product has 13 bits below the point; ap_fixed<12,6> rounds it"
    assert not found.exact_expected


def test_a_wrong_weight_in_the_first_layer_is_not_explained(keras, plain):
    from tests.report.example import build_example
    from trigger.flow.steps import require_exact

    network = with_kernel(plain.network, "conv", 3, 1)
    found = compare(keras, network, plain.counterparts)
    assert found.exact_expected
    assert (found.first.layer, found.first.event) == ("conv", 0)
    assert "differences where there may be none:" in found.note
    report = replace(build_example(), further_agreements=(found,))
    with pytest.raises(AgreementError, match=r"against QKeras: .*event 0, layer conv, element"):
        require_exact(report)


def test_a_wrong_weight_behind_a_layer_that_differs_is_found_where_inputs_agree(keras, plain):
    network = with_kernel(with_kernel(plain.network, "score", 0, 1), "score", 1, 1)
    found = compare(keras, network, plain.counterparts)
    assert found.exact_expected
    assert found.first.layer == "score"
    assert 100 <= found.first.event < 150


def test_adders_must_be_exact_like_the_products_that_they_stand_for(keras, converted):
    from trigger.layers import DistributedArithmetic

    made = converted(conv=LayerKnobs(strategy=Strategy.DISTRIBUTED_ARITHMETIC))
    assert isinstance(made.network["conv"], DistributedArithmetic)
    found = compare(keras, made.network, made.counterparts)
    rows = {row.layer: row for row in found.layers}
    assert rows["conv"].mismatches == rows["conv_quantized_relu"].mismatches == 0
    assert found.note.startswith("differs from layer mean on")
    narrowed = replace(made.network["conv"], result=FixedFormat.parse("ap_fixed<8,4>"))
    network = Network((made.network.inputs[0], narrowed), ("conv",))
    assert "bits below the point; ap_fixed<8,4> rounds it" in find_inexact(network, {})["conv"]
