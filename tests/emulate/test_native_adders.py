"""Adder graphs in the native engine: as a matrix product where they are one, else step by step."""

from __future__ import annotations

import numpy as np
import pytest

from tests.layers.random_adders import draw_graph
from trigger.emulate import compare, native, reference
from trigger.emulate.native.plan import with_products
from trigger.fixed import FixedFormat
from trigger.layers import Conv2D, DistributedArithmetic, Input, ReLU, Reshape
from trigger.layers.adder_code import read_adders
from trigger.network import Network

SOURCE = FixedFormat.parse("ap_fixed<7,3>")
NARROW = FixedFormat.parse("ap_fixed<8,4,AP_RND_CONV,AP_SAT>")


def network_of(seed: int, *, exact: bool) -> Network:
    """Return a padded convolution of adder graphs, relu, and one on all of what that makes."""
    rng = np.random.default_rng(seed)

    def pick(low: int, high: int) -> int:
        return int(rng.integers(low, high, endpoint=True))

    first = draw_graph(pick, SOURCE, 8, exact=exact)
    flat = 20 * len(first.outputs)
    return Network(
        (
            Input(name="x", inputs=(), result=SOURCE, dimensions=(4, 5, 2)),
            DistributedArithmetic(
                name="conv",
                inputs=("x",),
                result=NARROW,
                window=(2, 2),
                stride=(1, 1),
                padding=((1, 0), (0, 1)),
                parallelization_factor=1,
                graph=first,
            ),
            ReLU(name="relu", inputs=("conv",), result=NARROW),
            Reshape(name="flat", inputs=("relu",), result=NARROW, dimensions=(flat,)),
            DistributedArithmetic(
                name="dense",
                inputs=("flat",),
                result=FixedFormat.parse("ap_fixed<20,9>"),
                window=(),
                stride=(),
                padding=(),
                parallelization_factor=1,
                graph=draw_graph(pick, NARROW, flat, exact=exact),
            ),
        ),
        ("dense",),
    )


@pytest.mark.csim
@pytest.mark.parametrize("exact", [True, False], ids=["product", "steps"])
@pytest.mark.parametrize("seed", range(3))
def test_the_engines_agree(seed: int, exact: bool) -> None:
    network = network_of(seed, exact=exact)
    rng = np.random.default_rng(seed)
    pixels = rng.integers(SOURCE.raw_min, SOURCE.raw_max, (70, 4, 5, 2), endpoint=True)
    engine = native.build(network)
    assert engine.interpreted == ()
    every = tuple(layer.name for layer in network.layers)
    expected = reference.run(network, pixels, layers=every)
    for layers in ((), every):
        found = native.run(engine, pixels, layers=layers, threads=1)
        agreement = compare(network, expected, found, names=("reference", "native"))
        assert agreement.mismatches == 0, str(agreement.first)


CHOICES = """\
void adders(inp_t model_inp[3], out_t model_out[4]) {
ap_fixed<7,3> v0 = model_inp[0];
ap_ufixed<5,2> v1 = model_inp[1];
ap_fixed<7,3> v2 = model_inp[2];
ap_fixed<6,3> v3 = v0[6] ? ap_fixed<6,3>(bit_shift<1>(v1)) : ap_fixed<6,3>(-v2);
ap_fixed<5,3,AP_RND,AP_SAT> v4 = v1[4] ? ap_fixed<5,3,AP_RND,AP_SAT>(v2) : ap_fixed<5,3,AP_RND,AP_SAT>(v0);
ap_fixed<9,4> v5 = v3 * bit_shift<-1>(v4);
ap_ufixed<6,2> v6 = v5 > 0 ? ap_ufixed<6,2>(0) : ap_ufixed<6,2>(-v5);
ap_ufixed<9,7> v7 = 3.75;
ap_ufixed<9,7> v8 = v7[8] ? ap_ufixed<9,7>(v1) : ap_ufixed<9,7>(v6);
model_out[0] = v3;
model_out[1] = v4;
model_out[2] = v6;
model_out[3] = v8;
}"""  # noqa: E501


@pytest.mark.csim
def test_choices_and_products() -> None:
    graph = read_adders(CHOICES)
    fields = {"window": (), "stride": (), "padding": (), "parallelization_factor": 1}
    layer = DistributedArithmetic(
        name="y", inputs=("x",), result=FixedFormat(12, 6), graph=graph, **fields
    )
    source = Input(name="x", inputs=(), result=SOURCE, dimensions=(3,))
    network = Network((source, layer), ("y",))
    pixels = np.random.default_rng(5).integers(-64, 63, (500, 3), endpoint=True)
    expected = reference.run(network, pixels)
    found = native.run(native.build(network), pixels, threads=1)
    assert np.array_equal(found["y"], expected["y"])
    assert all(len(np.unique(column)) > 3 for column in expected["y"].T)


def test_an_exact_graph_becomes_a_convolution() -> None:
    network = network_of(1, exact=True)
    planned = with_products(network)
    assert isinstance(planned["conv"], Conv2D)
    assert planned.shapes == network.shapes
    rounding = network_of(1, exact=False)
    assert isinstance(with_products(rounding)["conv"], DistributedArithmetic)
