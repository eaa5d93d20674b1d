"""One suite for both engines: random networks, random and edge events, every layer, ==."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.emulate.random_networks import draw_events, draw_network, picker
from trigger.emulate import compare, native, reference
from trigger.errors import NetworkError, UnsupportedLayerError


def check(pick) -> None:
    """Compare the engines, and both with the proven ranges, on one random network."""
    try:
        network = draw_network(pick)
    except NetworkError:  # shapes that do not fit, which the generator does not avoid
        assume(False)
    pixels = draw_events(pick, network)
    every = tuple(layer.name for layer in network.layers)
    expected = reference.run(network, *pixels, layers=every)
    for name, reach in network.reaches().items():
        raw = expected[name]
        assert np.all(raw >= reach.low), name
        assert np.all(raw <= reach.high), name
    try:
        engine = native.build(network)
    except UnsupportedLayerError:
        return
    joined = native.run(engine, *pixels)
    traced = native.run(engine, *pixels, layers=every, threads=1)
    for found in (joined, traced):
        agreement = compare(network, expected, found, names=("reference", "native"))
        assert agreement.mismatches == 0, f"{agreement.first}\n{network}"


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_engines_agree(data: st.DataObject) -> None:
    check(lambda low, high: data.draw(st.integers(low, high)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_engines_agree_on_seed(seed: int) -> None:
    check(picker(seed))
