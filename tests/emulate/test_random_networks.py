"""One suite for both engines: random networks, random and edge events, every layer, ==."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.emulate.cpp_calls import calls_of
from tests.emulate.random_networks import draw_events, draw_network, picker
from tests.layers import nnet
from tests.layers.nnet import Case
from trigger.emulate import compare, native, reference
from trigger.errors import NetworkError, UnsupportedLayerError
from trigger.fixed import RawArray
from trigger.network import Network

STOPS = "the C++ stops"


def check(pick) -> tuple[Network, Mapping[str, RawArray]]:
    """Compare the engines, and both with the proven ranges, on one random network.

    Returns:
        The network and the results of all its layers.
    """
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
        return network, expected
    joined = native.run(engine, *pixels)
    traced = native.run(engine, *pixels, layers=every, threads=1)
    for found in (joined, traced):
        agreement = compare(network, expected, found, names=("reference", "native"))
        assert agreement.mismatches == 0, f"{agreement.first}\n{network}"
    return network, expected


def check_calls(calls: Sequence[Case], folder: Path) -> list[str | None]:
    """Return for each call how the C++ differs, or that it stops, if it does."""
    program = nnet.build(calls, folder)
    found: list[str | None] = []
    for number, call in enumerate(calls):
        try:
            found.append(nnet.difference(call, nnet.run(program, number, call)))
        except subprocess.CalledProcessError as error:
            # ap_fixed asserts that no bit beyond the highest is asked for when it rounds
            known = "Attempting to read bit beyond MSB" in error.stderr
            found.append(STOPS if known else f"{call.layer}: {error.stderr}")
    return found


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_engines_agree(data: st.DataObject) -> None:
    check(lambda low, high: data.draw(st.integers(low, high)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_engines_agree_on_seed(seed: int) -> None:
    check(picker(seed))


@pytest.mark.csim
@pytest.mark.slow
def test_layers_agree_with_the_cpp(tmp_path: Path) -> None:
    calls = []
    for seed in range(8):
        pick = picker(seed)
        network = draw_network(pick)
        pixels = draw_events(pick, network)
        every = tuple(layer.name for layer in network.layers)
        calls += calls_of(network, reference.run(network, *pixels, layers=every))
    outcomes = check_calls(calls, tmp_path)
    assert set(outcomes) <= {None, STOPS}
    assert outcomes.count(None) > 10
