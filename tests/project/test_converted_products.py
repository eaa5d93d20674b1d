"""Depthwise convolutions, binary and ternary weights through hls4ml, against the C simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.project.keras_models import assert_firmware_agrees, write_firmware
from trigger.errors import UnsupportedLayerError

pytestmark = [pytest.mark.training, pytest.mark.csim, pytest.mark.slow]

IO_TYPES = ["io_parallel", "io_stream"]
NARROW = {"accum": "ap_fixed<8,3,AP_RND,AP_SAT>", "result": "ap_fixed<9,4>"}


def randomised(model):
    rng = np.random.default_rng(3)
    values = [rng.normal(0, 0.6, weight.shape) for weight in model.weights]
    for place, weight in enumerate(model.weights):
        if "variance" in weight.name:
            values[place] = np.abs(values[place]) + 0.1
    model.set_weights(values)
    return model


@pytest.mark.parametrize("io_type", IO_TYPES)
def test_depthwise_and_separable(io_type, tmp_path: Path) -> None:
    from trigger.zoo.backend import keras

    k = keras().layers
    pixels = keras().Input((7, 6, 3), name="pixels")
    depthwise = k.DepthwiseConv2D((3, 2), padding="same", name="depthwise")(pixels)
    separable = k.SeparableConv2D(4, 3, strides=2, name="separable")(depthwise)
    flat = k.Flatten(name="flat")(separable)
    model = randomised(keras().Model(pixels, k.Dense(2, name="scores")(flat)))
    settings = {"depthwise": {"Precision": {**NARROW, "weight": "ap_fixed<7,2>"}}}
    network = write_firmware(model, tmp_path / "hls", io_type=io_type, settings=settings)
    assert_firmware_agrees(network, tmp_path / "hls")


@pytest.mark.parametrize("reuse", [2, 3, 4, 9, 12])
def test_depthwise_by_resource_in_streams(reuse, tmp_path: Path) -> None:
    """Products reach a saturating accumulator in the order of the reuse factor."""
    from trigger.zoo.backend import keras

    k = keras().layers
    pixels = keras().Input((9, 3), name="pixels")
    model = randomised(keras().Model(pixels, k.DepthwiseConv1D(4, name="depthwise")(pixels)))
    knobs = {"Strategy": "Resource", "ReuseFactor": reuse}
    settings = {"depthwise": {**knobs, "Precision": {**NARROW, "weight": "ap_fixed<7,2>"}}}
    network = write_firmware(
        model,
        tmp_path / "hls",
        io_type="io_stream",
        settings=settings,
        default_settings={"Strategy": "Resource"},
    )
    assert_firmware_agrees(network, tmp_path / "hls")


def test_generated_code_adds_in_the_order_of_the_reuse_factor(tmp_path: Path) -> None:
    """Sums that saturate show it; zeros, which the code leaves out, do not."""
    from trigger.zoo.backend import keras

    k = keras().layers
    pixels = keras().Input((6, 6, 1), name="pixels")
    flat = k.Flatten(name="flat")(k.Conv2D(3, 2, strides=2, name="conv")(pixels))
    model = randomised(keras().Model(pixels, k.Dense(4, name="scores")(flat)))
    for layer in (model.layers[1], model.layers[3]):
        kernel, bias = layer.get_weights()
        layer.set_weights([np.where(np.abs(kernel) < 0.2, 0, kernel), bias])
    types = {**NARROW, "weight": "ap_fixed<7,2>"}
    knobs = {"Strategy": "Resource_unrolled", "Precision": types}
    settings = {"conv": {**knobs, "ReuseFactor": 2}, "scores": {**knobs, "ReuseFactor": 9}}
    network = write_firmware(model, tmp_path / "hls", io_type="io_stream", settings=settings)
    assert_firmware_agrees(network, tmp_path / "hls")


@pytest.mark.parametrize("io_type", IO_TYPES)
@pytest.mark.parametrize("alpha", ["1", "'auto'"])
def test_binary_and_ternary_weights(alpha, io_type, tmp_path: Path) -> None:
    from trigger.zoo.backend import keras, qkeras

    q = qkeras()
    binary, ternary = f"binary(alpha={alpha})", f"ternary(alpha={alpha})"
    pixels = keras().Input((6, 6, 2), name="pixels")
    bias = "quantized_bits(6,2)"
    first = q.QConv2D(3, 3, kernel_quantizer=ternary, bias_quantizer=bias, name="a")
    tensor = q.QActivation("quantized_relu(6,3)", name="relu")(first(pixels))
    tensor = keras().layers.Flatten(name="flat")(tensor)
    tensor = q.QDense(5, kernel_quantizer=binary, use_bias=False, name="b")(tensor)
    model = randomised(keras().Model(pixels, tensor))
    network = write_firmware(model, tmp_path / "hls", io_type=io_type)
    assert_firmware_agrees(network, tmp_path / "hls")


@pytest.mark.parametrize("io_type", IO_TYPES)
def test_one_bit_activations(io_type, tmp_path: Path) -> None:
    """Dense layers that read signs as bits: counted against bits, and added to by weights."""
    from trigger.zoo.backend import keras, qkeras

    q = qkeras()
    k = keras().layers
    pixels = keras().Input((7,), name="pixels")
    tensor = q.QDense(9, kernel_quantizer="quantized_bits(6,1,alpha=1)", name="a")(pixels)
    tensor = k.BatchNormalization(name="norm")(tensor)
    tensor = q.QActivation("binary(alpha=1)", name="bits")(tensor)
    tensor = q.QDense(6, kernel_quantizer="binary(alpha=1)", use_bias=False, name="b")(tensor)
    tensor = k.BatchNormalization(name="norm_2")(tensor)
    tensor = q.QActivation("binary(alpha=1)", name="bits_2")(tensor)
    tensor = q.QDense(4, kernel_quantizer="quantized_bits(5,1,alpha=1)", name="c")(tensor)
    model = randomised(keras().Model(pixels, tensor))
    network = write_firmware(model, tmp_path / "hls", io_type=io_type)
    assert_firmware_agrees(network, tmp_path / "hls")


@pytest.mark.parametrize("role", ["kernel", "bias"])
def test_powers_of_two_are_refused(role: str, tmp_path: Path) -> None:
    from trigger.zoo.backend import keras, qkeras

    pixels = keras().Input((7,), name="pixels")
    quantisers = {f"{role}_quantizer": "quantized_po2(4)"}
    tensor = qkeras().QDense(3, name="scores", **quantisers)(pixels)
    with pytest.raises(UnsupportedLayerError, match=r"'scores' (multiplies .*exponent|keeps)"):
        write_firmware(keras().Model(pixels, tensor), tmp_path / "hls", io_type="io_parallel")
