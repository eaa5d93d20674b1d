"""Layers that are run once per step of a sequence, through hls4ml, against the C simulation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.project.keras_models import assert_firmware_agrees, write_firmware
from tests.project.test_converted_recurrent import randomised
from trigger.errors import NetworkError, ProjectError
from trigger.layers import TimeDistributed
from trigger.network import Network
from trigger.project import read_project

pytestmark = [pytest.mark.training, pytest.mark.csim, pytest.mark.slow]

FORMAT = "ap_fixed<12,5>"
"""hls4ml copies steps between tensors of one type only."""


def images():
    """Return a model of images: a convolution and a maximum, each in a loop of its own."""
    from trigger.zoo.backend import keras

    layers = keras().layers
    x = keras().Input((3, 6, 5, 2), name="pixels")
    y = layers.TimeDistributed(layers.Conv2D(3, 3, name="conv"), name="convs")(x)
    y = layers.TimeDistributed(layers.MaxPooling2D(2, name="pool"), name="pools")(y)
    return randomised(keras().Model(x, y))


def sequences():
    """Return a model of vectors: a cell, and a dense layer with an activation in a loop."""
    from trigger.zoo.backend import keras

    layers = keras().layers
    x = keras().Input((4, 3), name="pixels")
    y = layers.LSTM(4, return_sequences=True, name="lstm")(x)
    dense = layers.Dense(2, activation="tanh", name="dense")
    y = layers.TimeDistributed(dense, name="each")(y)
    y = layers.Dense(3, name="scores")(layers.Flatten(name="flat")(y))
    return randomised(keras().Model(x, y))


@pytest.mark.parametrize("backend", ["Vitis", "Vivado"])
@pytest.mark.parametrize("model", [images, sequences])
def test_loops(model, backend: str, tmp_path: Path) -> None:
    network = write_firmware(
        model(),
        tmp_path / "hls",
        io_type="io_parallel",
        backend=backend,
        pixels=FORMAT,
        default_precision=FORMAT,
    )
    assert any(isinstance(layer, TimeDistributed) for layer in network.layers)
    assert Network.from_json(network.to_json()) == network
    assert_firmware_agrees(network, tmp_path / "hls", 100)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (r"nnet::read_time_step.*", "", r"nnet::dense reads nothing"),
        (r"nnet::lstm_stack", "nnet::write_time_step_2d", r"write_time_step_2d ends no loop"),
        (r"n_chan = 4", "n_chan = 3", r"layer3_out holds 4 numbers, and layer 'each' makes 3"),
    ],
    ids=["missing", "unpaired", "shape"],
)
def test_a_loop_that_does_not_fit_is_refused(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    write_firmware(
        sequences(),
        tmp_path / "hls",
        io_type="io_parallel",
        pixels=FORMAT,
        default_precision=FORMAT,
    )
    found = 0
    for name in ("myproject.cpp", "parameters.h"):
        path = tmp_path / "hls" / "firmware" / name
        text, count = re.subn(old, new, path.read_text())
        path.write_text(text)
        found += count
    assert found
    with pytest.raises((ProjectError, NetworkError), match=message):
        read_project(tmp_path / "hls")
