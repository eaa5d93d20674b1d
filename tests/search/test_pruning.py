"""Predictions of what pruning saves: the constants that would be left, by the estimator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.builders import PIXEL, dense, pixels_in, relu, small_cnn, weights
from trigger.budget import Quantity
from trigger.design import IOType, Strategy, Target
from trigger.emulate import reference
from trigger.errors import DesignError
from trigger.estimate.descriptor import csd_digit_counts
from trigger.fixed import FixedFormat
from trigger.layers import DistributedArithmetic, MultiplyAccumulate
from trigger.layers.adder_code import read_adders
from trigger.network import Network
from trigger.search.pruning import (
    Prediction,
    count_constants,
    predict_pruning,
    prune_network,
    saves_nothing,
    with_unrolled_code,
)
from trigger.training import PruningSpec, PruningStructure

TARGET = Target("Vitis", "xcvu13p-flga2577-2-e", 3.125, IOType.PARALLEL)
CNN = ("conv", "score")
MLP = ("hidden", "score")


def mlp(strategy: Strategy, reuse_factor: int) -> Network:
    rng = np.random.default_rng(1)
    shared = {"strategy": strategy, "reuse_factor": reuse_factor}
    kernels = [rng.integers(1, 32, shape) for shape in ((32, 8), (8, 4))]
    layers = (
        pixels_in((32,)),
        dense("hidden", "pixels", kernels[0], weights(rng, 8), **shared),
        relu("relu", "hidden"),
        dense("score", "relu", kernels[1], weights(rng, 4), **shared),
    )
    return Network(layers, ("score",))


def kernel(network: Network, layer: str) -> np.ndarray:
    found = network[layer]
    assert isinstance(found, MultiplyAccumulate)
    return found.kernel


def cost(found: Prediction) -> tuple[float, ...]:
    figures = [found.cost.total.figure(each) for each in (Quantity.LUT, Quantity.FF, Quantity.DSP)]
    assert None not in figures
    return tuple(figure.value for figure in figures if figure is not None)


def test_filters_are_zero_as_a_whole_but_not_the_answer():
    network = small_cnn()
    pruned = prune_network(network, PruningSpec(0.5, structure=PruningStructure.UNIT), CNN)
    gone = ~kernel(pruned, "conv").reshape(-1, 4).any(axis=0)
    before = np.square(kernel(network, "conv").reshape(-1, 4)).sum(axis=0)
    assert gone.sum() == 2
    assert before[gone].max() <= before[~gone].min()
    bias = network["conv"].bias
    assert bias[gone].any()
    assert np.array_equal(pruned["conv"].bias, np.where(gone, 0, bias))
    unread = np.tile(gone, 9)  # of each of the 3 x 3 pixels that are pooled
    score = kernel(network, "score")
    assert np.array_equal(kernel(pruned, "score"), np.where(unread[:, None], 0, score))


def test_a_layer_may_have_a_share_of_zeros_of_its_own():
    network = small_cnn()
    pruned = prune_network(network, PruningSpec(0.0, layer_sparsity={"conv": 0.75}), CNN)
    assert np.count_nonzero(kernel(pruned, "conv")) == kernel(network, "conv").size // 4
    assert np.array_equal(kernel(pruned, "score"), kernel(network, "score"))


def test_multipliers_are_those_of_each_layers_reuse_factor():
    network = mlp(Strategy.RESOURCE, 16)
    wish = PruningSpec(0.75, structure=PruningStructure.MULTIPLIER, keep=("score",))
    pruned = prune_network(network, wish, MLP)
    taken = kernel(pruned, "hidden").T.reshape(-1, 16)  # half of a unit's inputs each
    assert sorted(np.count_nonzero(taken, axis=1)) == [0] * 12 + [16] * 4
    assert np.array_equal(kernel(pruned, "score"), kernel(network, "score"))
    constant = prune_network(mlp(Strategy.LATENCY, 16), wish, MLP)
    assert np.count_nonzero(kernel(constant, "hidden")) == 64  # each weight on its own


def test_digits_are_few_and_the_loss_is_what_is_gone():
    network = small_cnn()
    found = predict_pruning(network, TARGET, PruningSpec(0.5, signed_digits=1), CNN)
    gone = before = 0.0
    for name in CNN:
        raw, old = kernel(found.network, name), kernel(network, name)
        assert csd_digit_counts(raw).max() == 1
        assert np.count_nonzero(raw == 0) >= raw.size // 2
        gone, before = gone + np.square(raw - old).sum(), before + np.square(old).sum()
    assert found.lost == pytest.approx(gone / before)
    kernels = [kernel(found.network, name) for name in CNN]
    assert found.zeros == sum(np.count_nonzero(raw == 0) for raw in kernels)
    assert found.weights == sum(raw.size for raw in kernels)
    assert found.constants == sum(count_constants(raw) for raw in kernels)
    same = predict_pruning(network, TARGET, PruningSpec(0.0), CNN)
    assert (same.lost, same.network.digest) == (0, network.digest)


def test_an_input_meets_few_sizes_which_saves_where_weights_are_constants():
    network = mlp(Strategy.LATENCY, 1)
    wishes = [PruningSpec(0.25, equal_constants=sizes, keep=("score",)) for sizes in (None, 3, 1)]
    found = [predict_pruning(network, TARGET, wish, MLP) for wish in wishes]
    raw = kernel(found[2].network, "hidden")
    assert count_constants(raw) == 32
    assert np.count_nonzero(raw == 0) >= 64
    assert np.array_equal(kernel(found[2].network, "score"), kernel(network, "score"))
    luts = [cost(each)[0] for each in found]
    assert sorted(luts, reverse=True) == luts
    assert luts[2] < 0.9 * luts[0]
    assert found[0].lost < found[1].lost < found[2].lost
    stored = mlp(Strategy.RESOURCE, 4)
    few = predict_pruning(stored, TARGET, PruningSpec(0, equal_constants=1), MLP)
    assert cost(few) == cost(predict_pruning(stored, TARGET, PruningSpec(0), MLP))


def test_constants_are_counted_by_size_once_for_each_input():
    raw = np.array([[3, -3, 0, 5], [0, 0, 0, 0], [1, 2, 3, 4], [-7, -7, -7, 7]])
    assert count_constants(raw) == 2 + 0 + 4 + 1
    assert count_constants(raw, depthwise=True) == 3 + 0 + 4 + 4


@pytest.mark.parametrize("structure", PruningStructure)
def test_zeros_of_stored_weights_save_nothing(structure):
    network = mlp(Strategy.RESOURCE, 4)
    dense_, half = (
        predict_pruning(network, TARGET, PruningSpec(share, structure=structure), MLP)
        for share in (0.0, 0.5)
    )
    assert half.zeros >= 0.4 * half.weights
    assert cost(half) == cost(dense_)
    assert all(saves_nothing(network[name]) for name in MLP)


def test_whole_multipliers_are_saved_where_code_is_generated_for_them():
    network = with_unrolled_code(mlp(Strategy.RESOURCE, 4))
    assert not any(saves_nothing(network[name]) for name in MLP)
    found = {
        structure: predict_pruning(network, TARGET, PruningSpec(0.5, structure=structure), MLP)
        for structure in (PruningStructure.WEIGHT, PruningStructure.MULTIPLIER)
    }
    luts = {structure: cost(prediction)[0] for structure, prediction in found.items()}
    assert luts[PruningStructure.MULTIPLIER] < 0.7 * luts[PruningStructure.WEIGHT]


def test_generated_code_has_the_same_integers():
    network = mlp(Strategy.RESOURCE, 4)
    pixels = np.random.default_rng(2).integers(0, PIXEL.raw_max + 1, (50, 32))
    old, new = (
        reference.run(each, pixels)["score"] for each in (network, with_unrolled_code(network))
    )
    assert np.array_equal(old, new)
    largest = mlp(Strategy.RESOURCE, 32)  # the largest of score, for which there is no such code
    assert with_unrolled_code(largest)["score"].strategy is Strategy.RESOURCE
    assert with_unrolled_code(largest)["hidden"].strategy is Strategy.RESOURCE_UNROLLED


def test_constants_save_with_every_zero_and_every_digit():
    network = small_cnn()
    wishes = [PruningSpec(share) for share in (0, 0.6, 0.8)]
    luts = [cost(predict_pruning(network, TARGET, wish, CNN))[0] for wish in wishes]
    assert sorted(luts, reverse=True) == luts
    assert len(set(luts)) == 3
    few = replace(wishes[0], signed_digits=1)
    assert cost(predict_pruning(network, TARGET, few, CNN))[0] < luts[0]


def test_adder_graphs_cannot_be_pruned():
    layer = DistributedArithmetic(
        name="score",
        inputs=("pixels",),
        result=FixedFormat(12, 2),
        window=(),
        stride=(),
        padding=(),
        parallelization_factor=1,
        graph=read_adders(
            "void adders(inp_t model_inp[1], out_t model_out[1]) {\n"
            "ap_ufixed<8,0> v0 = model_inp[0];\nmodel_out[0] = ap_fixed<12,2>(v0);\n}"
        ),
    )
    with pytest.raises(DesignError, match=r"score: its adders are made from the trained weights"):
        prune_network(Network((pixels_in((1,)), layer), ("score",)), PruningSpec(0.5), ("score",))
