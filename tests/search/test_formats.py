"""Formats lose the bits that nothing sets, and no number changes."""

from dataclasses import replace

import numpy as np
import pytest

from tests.builders import conv2d, dense, linear, pixels_in, pooling2d, relu, small_cnn, weights
from tests.emulate.random_networks import draw_events, draw_network, picker
from trigger.emulate.reference import run
from trigger.fixed import FixedFormat
from trigger.layers import MultiplyAccumulate
from trigger.network import Network
from trigger.search.formats import find_changes, shrink_formats, zero_low_bits

parse = FixedFormat.parse


def both(network: Network, shrunk: Network, events: int = 50) -> None:
    rng = np.random.default_rng(1)
    for layer in network.inputs:
        low, high = layer.result.raw_min, layer.result.raw_max
        shape = (events, *layer.dimensions)
        for raw in (rng.integers(low, high + 1, shape), rng.choice([low, high], shape)):
            left, right = run(network, raw), run(shrunk, raw)
            assert all(np.array_equal(left[name], right[name]) for name in left)


SYMMETRIC = 2703
"""A network whose sum reaches the one number that AP_SAT_SYM spares in a shorter format."""


@pytest.mark.parametrize("seed", [*range(40), SYMMETRIC])
def test_no_output_of_a_random_network_changes(seed):
    pick = picker(seed)
    network = draw_network(pick)
    shrunk = shrink_formats(network)
    pixels = draw_events(pick, network)
    left, right = run(network, *pixels), run(shrunk, *pixels)
    for name in network.outputs:
        assert np.array_equal(left[name], right[name])
    assert all(
        change.after.width <= change.before.width for change in find_changes(network, shrunk)
    )


def test_accumulators_and_results_fit_what_reaches_them():
    network = small_cnn()
    shrunk = shrink_formats(network)
    both(network, shrunk)
    reaches = shrunk.reaches()
    for layer in shrunk.layers:
        if isinstance(layer, MultiplyAccumulate):
            (total,) = (each for each in reaches[layer.name].demands if each.role == "accumulator")
            assert total.spare_bits == 0
            assert not total.overflows
    assert shrunk["score"].result == network["score"].result  # a port is a contract
    assert shrunk["conv"].result.width < network["conv"].result.width


def test_a_shrunk_network_has_nothing_left_to_lose():
    shrunk = shrink_formats(small_cnn())
    assert find_changes(shrunk, shrink_formats(shrunk)) == ()


def network_of(**fields) -> Network:
    rng = np.random.default_rng(3)
    layer = dense("dense", "pixels", weights(rng, 8, 3), weights(rng, 3), **fields)
    return Network((pixels_in((8,)), layer, relu("relu", "dense")), ("relu",))


def test_low_bits_that_are_always_zero_go():
    # products have 8 + 5 bits below the point, the weights' last two are zero
    network = network_of(accumulator=parse("ap_fixed<30,10>"), result=parse("ap_fixed<30,10>"))
    layer = network["dense"]
    fourfold = replace(layer, kernel=layer.kernel // 4 * 4, bias=layer.bias // 8 * 8)
    network = Network((network.layers[0], fourfold, network.layers[2]), ("relu",))
    assert zero_low_bits(network)["dense"].accumulator == 20 - 13 + 2
    shrunk = shrink_formats(network)
    assert shrunk["dense"].accumulator.fractional == 13 - 2
    both(network, shrunk)


def test_saturation_that_never_happens_goes_and_one_that_happens_stays():
    roomy = network_of(accumulator=parse("ap_fixed<30,12,AP_RND,AP_SAT>"))
    assert str(shrink_formats(roomy)["dense"].accumulator).count("AP_") == 0
    both(roomy, shrink_formats(roomy))
    tight = network_of(accumulator=parse("ap_fixed<14,1,AP_TRN,AP_SAT>"))
    assert shrink_formats(tight)["dense"].accumulator == tight["dense"].accumulator
    both(tight, shrink_formats(tight))


def test_rounded_products_keep_their_point():
    network = network_of(accumulator=parse("ap_fixed<20,12,AP_RND>"))
    shrunk = shrink_formats(network)
    assert shrunk["dense"].accumulator.fractional == 8
    assert shrunk["dense"].accumulator.width < 20
    both(network, shrunk)


def test_a_bias_that_saturates_still_does():
    bias = parse("ap_fixed<8,6>")
    network = network_of(
        accumulator=parse("ap_fixed<14,1,AP_TRN,AP_SAT>"), bias_format=bias, kernel_format=bias
    )
    layer = replace(
        network["dense"], kernel=network["dense"].kernel * 0, bias=np.array([99, 1, -99])
    )
    network = Network((network.layers[0], layer, network.layers[2]), ("relu",))
    both(network, shrink_formats(network))


def test_a_result_that_a_pooling_with_padding_reads_keeps_its_format():
    rng = np.random.default_rng(4)
    pool = pooling2d("pool", "conv", padding=((0, 1), (0, 1)))
    conv = conv2d("conv", "pixels", weights(rng, 3, 3, 1, 2), weights(rng, 2))
    network = Network((pixels_in(), conv, pool), ("pool",))
    shrunk = shrink_formats(network)
    assert shrunk["conv"].result == network["conv"].result
    both(network, shrunk)


def test_one_bit_is_never_left_alone():
    """hls4ml takes numbers of one bit for signs."""
    network = Network(
        (
            pixels_in((2,), parse("ap_ufixed<1,0>")),
            dense("dense", "pixels", [[16], [0]], [0]),
            linear("out", "dense", parse("ap_fixed<8,4>")),
        ),
        ("out",),
    )
    shrunk = shrink_formats(network)
    assert shrunk["dense"].result.width == 2
    both(network, shrunk)
