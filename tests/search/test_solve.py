"""The solver's front is the best of all legal settings: brute force says so."""

import itertools
import math

import numpy as np
import pytest
from tests.builders import conv2d, dense, pixels_in, pooling2d, relu, weights

from trigger.budget import Quantity
from trigger.design import IOType, Strategy, Target
from trigger.estimate import estimate
from trigger.fixed import FixedFormat
from trigger.layers import Conv2D, MultiplyAccumulate, Reshape
from trigger.layers.reuse import legal_parallelization_factors, legal_reuse_factors
from trigger.network import Network
from trigger.search.settings import Setting, apply_settings
from trigger.search.solve import LUTS_PER_DSP, Candidate, find_front, prepare

WIDE = FixedFormat.parse("ap_fixed<12,4>")
"""Wider than what is multiplied in LUTs, so that DSP blocks count."""
LIMITED = (
    Quantity.LATENCY_CYCLES,
    Quantity.INTERVAL_CYCLES,
    Quantity.LUT,
    Quantity.DSP,
    Quantity.FF,
    Quantity.BRAM_18K,
)


def target(io_type: IOType, backend: str = "Vitis") -> Target:
    return Target(backend, "xcvu13p-flga2577-2-e", 3.125, io_type)


def mlp(seed: int, *sizes: int) -> Network:
    rng = np.random.default_rng(seed)
    layers = [pixels_in((sizes[0],), WIDE)]
    for number, (before, after) in enumerate(itertools.pairwise(sizes)):
        name = f"dense{number}"
        layers.append(
            dense(name, layers[-1].name, weights(rng, before, after), weights(rng, after))
        )
        layers.append(relu(f"relu{number}", name))
    return Network(tuple(layers), (layers[-1].name,))


def cnn(seed: int) -> Network:
    rng = np.random.default_rng(seed)
    form = FixedFormat.parse("ap_ufixed<6,2,AP_RND_CONV,AP_SAT>")
    return Network(
        (
            pixels_in((6, 6, 1), WIDE),
            conv2d("conv", "pixels", weights(rng, 3, 3, 1, 2), weights(rng, 2)),
            relu("relu", "conv"),
            pooling2d("pool", "relu"),
            Reshape(name="flat", inputs=("pool",), result=form, dimensions=(8,)),
            dense("score", "flat", weights(rng, 8, 2), weights(rng, 2)),
        ),
        ("score",),
    )


def every_setting(network: Network, io_type: IOType):
    """Yield every legal choice of settings: all factors, not those alone that the solver tries."""
    choices = []
    for layer in network.layers:
        if isinstance(layer, MultiplyAccumulate):
            elements, outputs = layer.matrix.shape
            pixels = math.prod(network.shapes[layer.name][:-1])
            parallel = isinstance(layer, Conv2D) and io_type is IOType.PARALLEL
            factors = legal_parallelization_factors(pixels) if parallel else (1,)
            choices.append(
                [
                    (layer.name, Setting(strategy, reuse, factor))
                    for strategy in (Strategy.LATENCY, Strategy.RESOURCE)
                    for reuse in legal_reuse_factors(elements, outputs, strategy)
                    for factor in factors
                ]
            )
    for chosen in itertools.product(*choices):
        yield dict(chosen)


def figures(network: Network, on: Target) -> dict[Quantity, float]:
    total = estimate(network, on).total
    found = {quantity: total.figure(quantity) for quantity in LIMITED}
    return {quantity: figure.value for quantity, figure in found.items() if figure is not None}


def front_of(points) -> set[tuple[float, float]]:
    return {
        point
        for point in points
        if not any(
            other != point and other[0] <= point[0] and other[1] <= point[1] for other in points
        )
    }


NETWORKS = {
    "one layer": lambda: mlp(1, 6, 4),
    "two layers": lambda: mlp(2, 4, 3, 2),
    "three layers": lambda: mlp(3, 2, 2, 2, 1),
    "convolution": lambda: cnn(4),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("io_type", IOType)
@pytest.mark.parametrize("backend", ["Vitis", "Vivado"])
def test_no_legal_setting_betters_the_front(name, io_type, backend):
    network, on = NETWORKS[name](), target(io_type, backend)
    every = [
        figures(apply_settings(network, settings), on)
        for settings in every_setting(network, io_type)
    ]
    every = [total for total in every if len(total) == len(LIMITED)]  # no law gives the others
    rng, prepared = np.random.default_rng(5), prepare(Candidate(network, on))
    for trial in range(6):
        limits = {}
        if trial:  # some limits, each within what there is
            for quantity in rng.choice(LIMITED, size=min(trial, 3), replace=False):
                values = sorted(total[quantity] for total in every)
                limits[quantity] = values[rng.integers(len(values) // 8, len(values))]
        allowed = {
            (total[Quantity.LATENCY_CYCLES], total[Quantity.LUT] + 55 * total[Quantity.DSP])
            for total in every
            if all(total[quantity] <= limit for quantity, limit in limits.items())
        }
        found = find_front(prepared, limits, luts_per_dsp=55)
        ours = {(point.totals[Quantity.LATENCY_CYCLES], point.luts) for point in found}
        assert ours == front_of(allowed)
        for point in found:
            real = figures(apply_settings(network, point.settings), on)
            assert {quantity: point.totals[quantity] for quantity in real} == real
    assert LUTS_PER_DSP == 55
