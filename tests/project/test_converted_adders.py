"""The strategy ``distributed_arithmetic`` through hls4ml, against the C simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.project.keras_models import assert_firmware_agrees, write_firmware
from trigger.layers import DistributedArithmetic
from trigger.network import Network

pytest.importorskip("da4ml")
pytestmark = [pytest.mark.training, pytest.mark.csim, pytest.mark.slow]

ADDERS = {"Strategy": "distributed_arithmetic"}


def randomised(model):
    rng = np.random.default_rng(3)
    model.set_weights([rng.normal(0, 0.5, weight.shape) for weight in model.weights])
    return model


def weights(bits: int) -> dict[str, str]:
    quantiser = f"quantized_bits({bits},0,alpha=1)"
    return {"kernel_quantizer": quantiser, "bias_quantizer": quantiser}


def adders(network: Network) -> list[str]:
    return [each.name for each in network.layers if isinstance(each, DistributedArithmetic)]


def test_perceptron(tmp_path: Path) -> None:
    from trigger.zoo.backend import keras, qkeras

    q = qkeras()
    pixels = keras().Input((7,), name="pixels")
    tensor = q.QDense(5, name="a", **weights(8))(pixels)
    tensor = q.QActivation("quantized_relu(8,2)", name="relu")(tensor)
    tensor = q.QDense(3, name="b", **weights(6))(tensor)
    model = randomised(keras().Model(pixels, tensor))
    settings = {"a": {**ADDERS, "Precision": {"result": "ap_fixed<8,3,AP_RND,AP_SAT>"}}}
    settings["b"] = {"Strategy": "da"}
    network = write_firmware(model, tmp_path / "hls", io_type="io_stream", settings=settings)
    assert adders(network) == ["a", "b"]
    assert_firmware_agrees(network, tmp_path / "hls")


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_convolution_2d(io_type, tmp_path: Path) -> None:
    """With strides, a pointwise one behind it, and a dense layer on what they make."""
    from trigger.zoo.backend import keras, qkeras

    q, k = qkeras(), keras().layers
    pixels = keras().Input((5, 4, 2), name="pixels")
    tensor = q.QConv2D(3, (3, 2), strides=2, padding="same", name="a", **weights(5))(pixels)
    tensor = q.QActivation("quantized_relu(5,2)", name="relu")(tensor)
    tensor = q.QConv2D(2, 1, name="point", **weights(5))(tensor)
    tensor = q.QActivation("quantized_relu(5,2)", name="relu_2")(tensor)
    tensor = q.QDense(2, name="scores", **weights(5))(k.Flatten(name="flat")(tensor))
    model = randomised(keras().Model(pixels, tensor))
    settings = {name: dict(ADDERS) for name in ("a", "point", "scores")}
    settings["a"] |= {"ParallelizationFactor": 4}
    network = write_firmware(model, tmp_path / "hls", io_type=io_type, settings=settings)
    assert adders(network) == ["a", "point", "scores"]
    assert_firmware_agrees(network, tmp_path / "hls", events=50)


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_convolution_1d(io_type, tmp_path: Path) -> None:
    """Beside a layer of another strategy; the last one casts to a narrow, saturating result."""
    from trigger.zoo.backend import keras, qkeras

    q, k = qkeras(), keras().layers
    pixels = keras().Input((8, 3), name="pixels")
    tensor = q.QConv1D(4, 3, padding="same", strides=2, name="a", **weights(8))(pixels)
    tensor = q.QActivation("quantized_relu(6,2)", name="relu")(tensor)
    tensor = q.QConv1D(2, 1, name="point", **weights(4))(tensor)
    tensor = q.QDense(5, name="b", **weights(6))(k.Flatten(name="flat")(tensor))
    tensor = q.QDense(2, name="scores", use_bias=False, kernel_quantizer="ternary(alpha=1)")(tensor)
    model = randomised(keras().Model(pixels, tensor))
    settings = {name: dict(ADDERS) for name in ("a", "point", "scores")}
    settings["scores"]["Precision"] = {"result": "ap_fixed<6,3,AP_RND_CONV,AP_SAT_SYM>"}
    network = write_firmware(
        model, tmp_path / "hls", io_type=io_type, backend="Vivado", settings=settings
    )
    assert adders(network) == ["a", "point", "scores"]
    assert_firmware_agrees(network, tmp_path / "hls", events=100)
