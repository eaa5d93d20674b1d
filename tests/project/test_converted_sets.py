"""Layers of set and text models through hls4ml, against the C simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.project.keras_models import assert_firmware_agrees, write_firmware
from trigger.errors import NetworkError
from trigger.fixed import FixedFormat
from trigger.layers import Embedding, Tensor

pytestmark = [pytest.mark.training, pytest.mark.csim, pytest.mark.slow]


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_embedding(io_type, tmp_path: Path) -> None:
    from trigger.zoo.backend import keras

    words = keras().Input((6,), name="words")
    model = keras().Model(words, keras().layers.Embedding(16, 3, name="rows")(words))
    model.set_weights([np.random.default_rng(1).normal(0, 1, (16, 3))])
    settings = {"rows": {"Precision": {"result": "ap_fixed<7,2,AP_RND,AP_SAT>"}}}
    network = write_firmware(
        model, tmp_path / "hls", io_type=io_type, pixels="ap_uint<4>", settings=settings
    )
    assert_firmware_agrees(network, tmp_path / "hls")


def test_a_word_without_a_row_is_refused() -> None:
    word = FixedFormat.parse("ap_uint<4>")
    layer = Embedding(
        name="rows", inputs=("x",), result=word, rows=np.zeros((9, 2), int), row_format=word
    )
    with pytest.raises(NetworkError, match=r"rows: words from 0 to 9\. Allowed: 0 to 8"):
        layer.evaluate(Tensor(np.array([[0, 9]]), word))


@pytest.mark.parametrize(
    "precision",
    [
        {},
        {
            "accum": "ap_fixed<12,4>",
            "result": "ap_fixed<8,3,AP_RND,AP_SAT>",
            "scale": "ap_fixed<7,2>",
        },
    ],
    ids=["default", "hostile"],
)
def test_layer_normalisation(precision, tmp_path: Path) -> None:
    from trigger.zoo.backend import keras

    pixels = keras().Input((4, 5), name="pixels")
    norm = keras().layers.LayerNormalization(axis=2, epsilon=0.01, name="norm")
    model = keras().Model(pixels, norm(pixels))
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(1, 0.5, weight.shape) for weight in model.get_weights()])
    settings = {"norm": {"Precision": precision}}
    if precision:
        settings["norm"] |= {"table_t": "ap_ufixed<9,3>", "TableRangePower2": 1}
    network = write_firmware(
        model, tmp_path / "hls", io_type="io_parallel", pixels="ap_fixed<9,2>", settings=settings
    )
    if precision:
        assert str(network["norm"].accumulator) == "ap_fixed<12,4>"
        assert str(network["norm"].table_format) == "ap_ufixed<9,3>"
    assert_firmware_agrees(network, tmp_path / "hls", 500)
