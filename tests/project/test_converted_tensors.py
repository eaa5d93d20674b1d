"""Pooling, moves and merges through hls4ml: both readers and the C simulation agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.keras_models import assert_firmware_agrees, write_firmware

pytestmark = [pytest.mark.training, pytest.mark.csim, pytest.mark.slow]

IO_TYPES = ["io_parallel", "io_stream"]
HOSTILE = {"Precision": {"accum": "ap_fixed<9,4,AP_RND,AP_SAT>", "result": "ap_fixed<7,3>"}}


def branches(shape, makers, settings=None):
    """Return a model with one output per maker, and the settings of its layers."""
    from trigger.zoo.backend import keras

    layers = keras().layers
    pixels = keras().Input(shape, name="pixels")
    return keras().Model(pixels, [make(layers)(pixels) for make in makers])


SEQUENCE = [
    lambda k: k.MaxPooling1D(2, name="max"),
    lambda k: k.AveragePooling1D(3, name="mean"),
    lambda k: k.GlobalMaxPooling1D(name="top"),
    lambda k: k.GlobalAveragePooling1D(name="average"),
    lambda k: k.ZeroPadding1D((2, 1), name="padded"),
    lambda k: k.Cropping1D((1, 3), name="cut"),
    lambda k: k.UpSampling1D(2, name="larger"),
]
IMAGE = [
    lambda k: k.MaxPooling2D((2, 3), name="max"),
    lambda k: k.AveragePooling2D((3, 2), name="mean"),
    lambda k: k.GlobalMaxPooling2D(name="top"),
    lambda k: k.GlobalAveragePooling2D(name="average"),
    lambda k: k.ZeroPadding2D(((1, 0), (2, 1)), name="padded"),
    lambda k: k.Cropping2D(((1, 2), (0, 1)), name="cut"),
    lambda k: k.UpSampling2D((2, 3), name="larger"),
]


@pytest.mark.parametrize("io_type", IO_TYPES)
@pytest.mark.parametrize("kind", ["sequence", "image"])
def test_pooling_and_moves(kind, io_type, tmp_path: Path) -> None:
    shape, makers = ((9, 3), SEQUENCE) if kind == "sequence" else ((6, 6, 2), IMAGE)
    settings = {name: HOSTILE for name in ("mean", "average")}
    network = write_firmware(
        branches(shape, makers), tmp_path / "hls", io_type=io_type, settings=settings
    )
    assert_firmware_agrees(network, tmp_path / "hls")


def test_padded_pooling_in_parallel(tmp_path: Path) -> None:
    makers = [
        lambda k: k.MaxPooling2D(2, strides=1, padding="same", name="max"),
        lambda k: k.AveragePooling2D(3, strides=2, padding="same", name="mean"),
    ]
    model = branches((5, 6, 2), makers)
    network = write_firmware(model, tmp_path / "hls", io_type="io_parallel")
    assert_firmware_agrees(network, tmp_path / "hls")


@pytest.mark.parametrize("io_type", IO_TYPES)
def test_transpose(io_type, tmp_path: Path) -> None:
    makers = [
        lambda k: k.Permute((3, 1, 2), name="third_first"),
        lambda k: k.Permute((2, 1, 3), name="mirrored"),
    ]
    network = write_firmware(branches((3, 4, 2), makers), tmp_path / "hls", io_type=io_type)
    assert_firmware_agrees(network, tmp_path / "hls")


@pytest.mark.parametrize("io_type", IO_TYPES)
@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 4)], ids=["flat", "sequence", "image"])
def test_merges(shape, io_type, tmp_path: Path) -> None:
    from trigger.zoo.backend import keras

    k = keras().layers
    ports = [keras().Input(shape, name=name) for name in ("left", "right")]
    before = {1: k.Dense(4), 2: k.ZeroPadding1D(1), 3: k.ZeroPadding2D(1)}[len(shape)]
    kind, config = type(before), before.get_config()
    left, right = (
        kind.from_config({**config, "name": f"{port.name}_wide"})(port) for port in ports
    )
    operations = [k.Add, k.Subtract, k.Multiply, k.Average, k.Maximum, k.Minimum]
    outputs = [each(name=each.__name__.lower())([left, right]) for each in operations]
    settings = {
        "add": {"Precision": {"result": "ap_fixed<6,3,AP_RND_CONV,AP_SAT>"}},
        "average": {"Precision": {"result": "ap_ufixed<5,3,AP_TRN,AP_SAT>"}},
    }
    if io_type == "io_stream":  # a stream can be cloned seven times at most
        outputs = outputs[:4]
    axes = [-1] if len(shape) == 1 else [1, -1]
    for number, axis in enumerate(axes):
        outputs.append(k.Concatenate(axis=axis, name=f"joined_{number}")([left, right]))
    if len(shape) == 1 and io_type == "io_parallel":
        outputs.append(k.Dot(axes=1, name="dot")([left, right]))
        settings["dot"] = {"Precision": {"accum": "ap_fixed<9,4,AP_RND,AP_SAT>"}}
    model = keras().Model(ports, outputs)
    network = write_firmware(model, tmp_path / "hls", io_type=io_type, settings=settings)
    assert_firmware_agrees(network, tmp_path / "hls")
