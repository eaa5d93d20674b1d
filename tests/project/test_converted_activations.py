"""Activations through hls4ml: both readers and the C simulation agree on every layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.project.keras_models import assert_firmware_agrees, write_firmware

pytestmark = [pytest.mark.training, pytest.mark.csim, pytest.mark.slow]

PLAIN = ("sigmoid", "tanh", "softplus", "softsign", "selu", "hard_sigmoid", "relu")


def all_activations(part: slice = slice(None)):
    """Return a model with an output per activation; a stream can be cloned seven times at most."""
    from trigger.zoo.backend import keras, qkeras

    layers = keras().layers
    pixels = keras().Input((5,), name="pixels")
    inputs = layers.Dense(6, name="dense")(pixels)
    outputs = [layers.Activation(name, name=name)(inputs) for name in PLAIN]
    outputs += [
        layers.LeakyReLU(alpha=0.3, name="leaky")(inputs),
        layers.ThresholdedReLU(theta=0.7, name="threshold")(inputs),
        layers.ELU(alpha=0.8, name="elu")(inputs),
        layers.PReLU(name="prelu")(inputs),
        qkeras().QActivation("quantized_tanh(6)", name="hard_tanh")(inputs),
        qkeras().QActivation("quantized_sigmoid(6)", name="hard_sigmoid_2")(inputs),
        qkeras().QActivation("quantized_relu(6,2,negative_slope=0.25)", name="leaky_2")(inputs),
        qkeras().QActivation("binary(alpha=1)", name="binary")(inputs),
        qkeras().QActivation("ternary(alpha=1)", name="ternary")(inputs),
    ]
    model = keras().Model(pixels, outputs[part])
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(0, 0.5, weight.shape) for weight in model.get_weights()])
    return model


NARROW = {"dense": {"Precision": {"result": "ap_fixed<9,4>"}}}
SETTINGS = NARROW | {
    "sigmoid": {"table_t": "ap_fixed<12,2,AP_RND,AP_SAT>", "TableSize": 256},
    "tanh": {"Precision": {"result": "ap_fixed<7,1,AP_RND_CONV,AP_SAT>"}, "TableSize": 777},
    "elu": {"table_t": "ap_fixed<10,-1>"},
}


@pytest.mark.parametrize("settings", [NARROW, SETTINGS], ids=["default", "hostile"])
def test_activations_in_parallel(settings, tmp_path: Path) -> None:
    model = all_activations()
    network = write_firmware(model, tmp_path / "hls", io_type="io_parallel", settings=settings)
    if settings is SETTINGS:
        assert str(network["elu"].table_format) == "ap_fixed<10,-1>"
        assert len(network["tanh"].table) == 777
    assert_firmware_agrees(network, tmp_path / "hls")


@pytest.mark.parametrize(
    ("backend", "part"),
    [("Vitis", slice(0, 6)), ("Vivado", slice(6, 11)), ("Vitis", slice(11, None))],
)
def test_activations_in_streams(backend, part, tmp_path: Path) -> None:
    model = all_activations(part)
    network = write_firmware(
        model, tmp_path / "hls", io_type="io_stream", backend=backend, settings=NARROW
    )
    assert_firmware_agrees(network, tmp_path / "hls")


SOFTMAX = {
    "latency": {"Implementation": "latency"},
    "stable": {"Implementation": "stable"},
    "legacy": {"Implementation": "legacy"},
    "argmax": {"Implementation": "argmax"},
    "narrow": {
        "Implementation": "stable",
        "TableSize": 128,
        "exp_table_t": "ap_ufixed<9,1,AP_RND,AP_SAT>",  # hls4ml ignores these in Precision
        "inv_table_t": "ap_fixed<11,3>",
        "accum_t": "ap_fixed<12,4,AP_TRN,AP_SAT>",
        "inv_inp_t": "ap_ufixed<8,3>",
        "Precision": {"result": "ap_ufixed<7,0,AP_RND_CONV,AP_SAT>"},
    },
    "narrow_latency": {
        "Implementation": "latency",
        "TableSize": 64,
        "exp_table_t": "ap_fixed<9,3>",
        "accum_t": "ap_fixed<10,4>",
    },
}


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_softmax(io_type, tmp_path: Path) -> None:
    from trigger.zoo.backend import keras

    layers = keras().layers
    pixels = keras().Input((4,), name="pixels")
    inputs = layers.Dense(5, name="dense")(pixels)
    outputs = [layers.Activation("softmax", name=name)(inputs) for name in SOFTMAX]
    model = keras().Model(pixels, outputs)
    settings = SOFTMAX | {"dense": {"Precision": {"result": "ap_fixed<11,5>"}}}
    network = write_firmware(model, tmp_path / "hls", io_type=io_type, settings=settings)
    narrow = network["narrow"]
    assert str(narrow.exp_format) == "ap_ufixed<9,1,AP_RND,AP_SAT>"
    assert str(narrow.inverse_input) == "ap_ufixed<8,3>"
    assert_firmware_agrees(network, tmp_path / "hls", 500)
