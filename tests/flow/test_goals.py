"""The search for vectors at the ends of layers keeps what it promises."""

from __future__ import annotations

import numpy as np
import pytest

from tests.builders import dense, linear, pixels_in, relu, small_cnn
from trigger.emulate import run
from trigger.fixed import FixedFormat
from trigger.flow.goals import edges_of, reach_goals
from trigger.layers.reach import Reach
from trigger.network import Network
from trigger.project import choose_vectors


@pytest.fixture(autouse=True)
def reference_engine(monkeypatch):
    """Small networks take less time in NumPy than their C takes to be compiled."""
    monkeypatch.setenv("CC", "no-such-compiler")


def test_a_dense_layer_is_brought_to_both_proven_ends():
    kernel = [[1, -1], [-2, 3], [5, 0], [-7, -7]]
    network = Network((pixels_in((4,)), dense("score", "pixels", kernel, [0, 3])), ("score",))
    reached = reach_goals(network, choose_vectors(network))
    reach = network.reaches()["score"]
    found = run(network, *reached.vectors.pixels)["score"]
    assert (found.min(), found.max()) == (reach.raw_min, reach.raw_max)
    assert (reached.bounds, reached.bounds_met) == (2, 2)


def test_every_edge_that_is_said_to_be_met_is_met():
    network = small_cnn()
    reached = reach_goals(network, choose_vectors(network))
    results = run(network, *reached.vectors.pixels, layers=("conv",))["conv"]
    edges = edges_of(network["relu"], network.reaches()["conv"])
    met = [edge for edge in edges if (results == edge).any()]
    assert len(met) == reached.edges_met
    assert reached.edges >= len(edges) > 8
    assert met == [-512, 0, 512]  # the others are odd: a sum has no such bit
    assert len(reached.vectors.origins) == len(results)


def test_the_search_repeats_itself():
    network = small_cnn()
    one, two = (reach_goals(network, choose_vectors(network)) for _ in range(2))
    assert one.vectors.origins == two.vectors.origins
    assert (one.vectors.pixels[0] == two.vectors.pixels[0]).all()


def test_edges_are_zero_the_ends_and_their_ties_with_neighbours():
    source = Reach.full((1,), FixedFormat.parse("ap_fixed<10,4>"))  # 6 fractional bits
    layer = relu("relu", "x", FixedFormat.parse("ap_ufixed<3,1,AP_RND_CONV,AP_SAT>"))  # 2 of them
    assert edges_of(layer, source) == sorted(
        {
            middle + step
            for middle in (-8, 0, 8, 7 * 16 - 8, 7 * 16, 7 * 16 + 8)
            for step in (-1, 0, 1)
        }
    )


@pytest.mark.parametrize("form", ["ap_fixed<10,4>", "ap_fixed<12,5>"])
def test_a_cast_that_changes_nothing_has_no_edges(form):
    source = Reach.full((1,), FixedFormat.parse("ap_fixed<10,4>"))
    assert edges_of(linear("same", "x", FixedFormat.parse(form)), source) == []


def test_a_network_that_only_moves_numbers_has_no_goals():
    network = Network((pixels_in((4,), FixedFormat.parse("ap_uint<1>")),), ("pixels",))
    reached = reach_goals(network, choose_vectors(network))
    assert reached.vectors.origins == ()
    assert reached.vectors.pixels[0].shape == (0, 4)
    assert np.issubdtype(reached.vectors.pixels[0].dtype, np.integer)
