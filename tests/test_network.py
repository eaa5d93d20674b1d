"""Network: its checks at the border, and its text, JSON and digest."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.builders import WEIGHT, dense, pixels_in, small_cnn
from trigger.errors import NetworkError, OutputError, UnsupportedLayerError
from trigger.fixed import FixedFormat
from trigger.layers import LAYERS, Reshape
from trigger.network import Network


def network(*layers, outputs=None):
    return Network(tuple(layers), outputs or (layers[-1].name,))


def test_a_network_is_read_back_equal_and_with_the_same_digest():
    before = small_cnn()
    after = Network.from_json(before.to_json())
    assert after == before
    assert after.digest == before.digest
    assert after["conv"].kernel.dtype == np.int64


def test_one_weight_bit_changes_the_digest():
    before = small_cnn()
    kernel = before["score"].kernel.copy()
    kernel[0, 0] += 1
    layers = [
        replace(layer, kernel=kernel) if layer.name == "score" else layer for layer in before.layers
    ]
    assert network(*layers).digest != before.digest


def test_a_network_survives_the_disk(tmp_path):
    small_cnn().save(tmp_path / "a" / "network.json")
    assert Network.load(tmp_path / "a" / "network.json") == small_cnn()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["network.json"]


def test_a_file_where_the_folder_should_be_is_an_error(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(OutputError, match=r"cannot be written.*choose a folder"):
        small_cnn().save(tmp_path / "a" / "network.json")


def test_weights_beyond_64_bits_keep_every_bit():
    wide = FixedFormat(90, 20)
    layer = dense(
        "wide", "pixels", np.array([[2**80 + 1], [-(2**85)]], dtype=object), [0], kernel_format=wide
    )
    before = network(pixels_in((2,)), layer)
    after = Network.from_json(before.to_json())
    assert after["wide"].kernel.tolist() == [[2**80 + 1], [-(2**85)]]


def test_the_text_form_names_shapes_formats_and_zeros():
    text = str(small_cnn())
    assert "conv: Conv2D [6, 6, 4] ap_fixed<24,10>" in text
    assert "kernel [3, 3, 1, 4] ap_fixed<6,1>" in text
    assert text.endswith("outputs: score")


ONE = pixels_in((2,))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: network(ONE, replace(ONE)), "pixels: two layers have this name"),
        (
            lambda: network(ONE, dense("d", "nowhere", [[1], [2]], [0])),
            "d: reads 'nowhere', which is not an earlier layer.*Allowed: pixels",
        ),
        (
            lambda: network(ONE, dense("d", "pixels", [[1], [2], [3]], [0])),
            r"d: kernel of shape \(3, 1\) meets windows of 2 elements",
        ),
        (
            lambda: network(ONE, dense("d", "pixels", [[1], [2]], [0, 0])),
            r"d: bias of shape \(2,\).*\(1,\), one per output",
        ),
        (
            lambda: network(ONE, dense("d", "pixels", [[32], [0]], [0])),
            "d: kernel holds 0 to 32.*-32 to 31, the raw range of ap_fixed<6,1>",
        ),
        (
            lambda: network(
                ONE, Reshape(name="r", inputs=("pixels",), result=WEIGHT, dimensions=(3,))
            ),
            r"r: \(2,\) does not have the elements of \(3,\)",
        ),
        (lambda: network(ONE, outputs=("gone",)), "there is no layer 'gone'.*Allowed: pixels"),
        (lambda: Network((), ()), "no input or no output"),
    ],
    ids=["names", "unknown", "kernel", "bias", "range", "reshape", "output", "empty"],
)
def test_a_network_that_contradicts_itself_is_refused(build, message):
    with pytest.raises(NetworkError, match=message):
        build()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a network: JSONDecodeError"),
        ("[]", "not a network: TypeError"),
        ("[" * 100_000, "not a network: RecursionError"),
        ('{"schema": 99}', "schema 99. Allowed: schema 1"),
        ('{"schema": 1, "layers": [{}], "outputs": []}', "not a network: KeyError"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    path = tmp_path / "network.json"
    path.write_text(text)
    with pytest.raises(NetworkError, match=rf"network\.json: {message}"):
        Network.load(path)


def test_an_unknown_layer_is_refused_by_name_with_the_list_of_what_is_covered():
    record = json.loads(small_cnn().to_json())
    record["layers"][1]["kind"] = "Attention"
    with pytest.raises(UnsupportedLayerError, match=r"'conv' is a Attention.*Dense, Conv1D"):
        Network.from_json(json.dumps(record))


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(NetworkError, match=r"none\.json: cannot be read"):
        Network.load(tmp_path / "none.json")


def test_the_table_of_layers_names_each_by_its_class():
    assert all(layer.__name__ == name for name, layer in LAYERS.items())
