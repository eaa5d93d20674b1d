"""One strategy and one reuse factor for all layers: the cheapest that a budget leaves time for."""

from __future__ import annotations

import numpy as np
import pytest

from tests.builders import dense, pixels_in, relu, weights
from trigger.budget import Budget, Outcome, judge
from trigger.design import IOType, Strategy, Target
from trigger.device import find
from trigger.estimate import estimate
from trigger.fixed import FixedFormat
from trigger.network import Network
from trigger.search import weigh_luts
from trigger.search.uniform import find_uniform, uniform_networks

TARGET = Target("Vitis", "xcvu13p-flga2577-2-e", 3.125, IOType.PARALLEL)
MANY_BITS = {"kernel_format": FixedFormat.parse("ap_fixed<10,1>")}


@pytest.fixture(scope="module")
def mlp():
    rng = np.random.default_rng(1)
    kernels = [rng.integers(-500, 500, shape) for shape in ((12, 6), (6, 5))]
    layers = (
        pixels_in((12,), FixedFormat.parse("ap_fixed<12,4>")),
        dense("hidden", "pixels", kernels[0], weights(rng, 6), **MANY_BITS),
        relu("relu", "hidden"),
        dense("score", "relu", kernels[1], weights(rng, 5), **MANY_BITS),
    )
    return Network(layers, ("score",))


def test_every_layer_has_the_factor_or_the_legal_one_next_to_it(mlp):
    tried = {
        (each["hidden"].strategy, each["hidden"].reuse_factor, each["score"].reuse_factor)
        for each in uniform_networks(mlp)
    }
    stored = {(mine, its) for strategy, mine, its in tried if strategy is Strategy.RESOURCE}
    assert stored == {
        *((1, 1), (2, 2), (3, 3), (4, 3), (6, 6), (12, 6)),
        *((24, 30), (36, 30), (72, 30)),
    }
    free = {(mine, its) for strategy, mine, its in tried if strategy is Strategy.LATENCY}
    assert {(1, 1), (4, 4), (36, 30), (72, 30)} <= free


def test_the_cheapest_that_keeps_the_budget_is_found(mlp):
    device = find(TARGET.part)
    costs = [estimate(each, TARGET) for each in uniform_networks(mlp)]
    prices = []
    for cycles in (1, 8, 20, 200):
        budget = Budget(interval_cycles=cycles, auc_loss=0.01)
        limits = Budget(interval_cycles=cycles)
        kept = [cost for cost in costs if judge(limits, cost, device).outcome is Outcome.PASS]
        best = find_uniform(mlp, TARGET, budget, device)
        assert best in kept
        prices.append(weigh_luts(best))
        assert prices[-1] == min(weigh_luts(cost) for cost in kept)
    assert prices == sorted(prices, reverse=True)
    assert prices[0] > 2 * prices[-1]
    assert find_uniform(mlp, TARGET, Budget(latency_ns=1), device) is None
