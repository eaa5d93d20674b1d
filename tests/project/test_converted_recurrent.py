"""Recurrent layers through hls4ml, against the C simulation."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.project.keras_models import assert_firmware_agrees, write_firmware
from trigger.errors import ProjectError, UnsupportedLayerError
from trigger.layers import GRU, LSTM, Concatenate
from trigger.project import read_project

pytestmark = [pytest.mark.training, pytest.mark.csim, pytest.mark.slow]

STEPS, FEATURES = 4, 3
SATURATES, WRAPS = "ap_fixed<12,4,AP_RND,AP_SAT>", "ap_fixed<11,3>"
"""Of pixels, sums and results alike: else hls4ml's LSTM is no C++."""


def stacked(kinds: str, *, sequences: bool = True, units: int = 3):
    """Return a model of layers named after their kinds."""
    from trigger.zoo.backend import keras

    x = keras().Input((STEPS, FEATURES), name="pixels")
    y = x
    for kind in kinds.split():
        y = getattr(keras().layers, kind)(units, return_sequences=sequences, name=kind.lower())(y)
    return randomised(keras().Model(x, y))


def randomised(model):
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(0, 0.7, weight.shape) for weight in model.get_weights()])
    return model


def of(precision: str, **settings: object) -> dict:
    roles = ("weight", "bias", "recurrent_weight", "recurrent_bias")
    weights = dict.fromkeys(roles, "ap_fixed<9,3>")
    return {"Precision": {"result": precision, "accum": precision, **weights}, **settings}


CASES = {
    "stack": ("LSTM GRU", "io_parallel", WRAPS, {}),
    "stack-stream": ("LSTM GRU", "io_stream", SATURATES, {}),
    "last": ("LSTM", "io_parallel", SATURATES, {"static": False}),
    "last-stream": ("GRU", "io_stream", WRAPS, {"static": False, "TableSize": 256}),
    "resource": ("LSTM GRU", "io_parallel", SATURATES, {"Strategy": "Resource", "ReuseFactor": 3}),
    "resource-many": ("GRU", "io_stream", WRAPS, {"Strategy": "Resource", "ReuseFactor": 9}),
    "unrolled": (
        "LSTM",
        "io_parallel",
        SATURATES,
        {"Strategy": "resource_unrolled", "ReuseFactor": 3},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_cells(case: str, tmp_path: Path) -> None:
    kinds, io_type, precision, extra = CASES[case]
    model = stacked(kinds, sequences=not case.startswith("last"))
    settings = {kind.lower(): of(precision, **extra) for kind in kinds.split()}
    network = write_firmware(
        model, tmp_path / "hls", io_type=io_type, pixels=precision, settings=settings
    )
    assert_firmware_agrees(network, tmp_path / "hls", 100)


def test_gru_of_many_formats(tmp_path: Path) -> None:
    settings = of("ap_fixed<9,2,AP_RND_CONV,AP_SAT_SYM>")
    settings["Precision"]["accum"] = "ap_fixed<14,5,AP_TRN_ZERO>"
    network = write_firmware(
        stacked("GRU"),
        tmp_path / "hls",
        io_type="io_parallel",
        backend="Vivado",
        pixels="ap_ufixed<7,1>",
        settings={"gru": {**settings, "table_t": "ap_ufixed<9,0,AP_RND,AP_SAT>"}},
    )
    assert str(network["gru"].table_format) == "ap_ufixed<9,0,AP_RND,AP_SAT>"
    assert_firmware_agrees(network, tmp_path / "hls", 100)


@pytest.mark.parametrize("sequences", [True, False], ids=["sequences", "last"])
@pytest.mark.parametrize("strategy", ["Latency", "Resource"])
def test_both_directions(sequences: bool, strategy: str, tmp_path: Path) -> None:
    from trigger.zoo.backend import keras

    x = keras().Input((STEPS, FEATURES), name="pixels")
    first = keras().layers.LSTM(2, return_sequences=sequences)
    second = keras().layers.GRU(4, return_sequences=sequences, go_backwards=True)
    both = keras().layers.Bidirectional(first, backward_layer=second, name="both")
    y = keras().layers.Dense(2, name="scores")(both(x))
    network = write_firmware(
        randomised(keras().Model(x, y)),
        tmp_path / "hls",
        io_type="io_parallel",
        pixels="ap_fixed<8,2>",
        settings={"both": {"Strategy": strategy, "Precision": {"result": "ap_fixed<10,3>"}}},
    )
    kinds = [type(network[name]) for name in ("both_forward", "both_backward", "both")]
    assert kinds == [LSTM, GRU, Concatenate]
    assert_firmware_agrees(network, tmp_path / "hls", 100)


def test_one_step_is_a_sequence_too(tmp_path: Path) -> None:
    from trigger.zoo.backend import keras

    x = keras().Input((1, FEATURES), name="pixels")
    gru = keras().layers.GRU(2, return_sequences=True, name="gru")
    network = write_firmware(
        randomised(keras().Model(x, gru(x))), tmp_path / "hls", io_type="io_parallel"
    )
    assert network.shapes["gru"] == (1, 2)
    assert_firmware_agrees(network, tmp_path / "hls", 100)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: stacked("SimpleRNN"), r"layer 'simplernn' is hls4ml's SimpleRNN\."),
        (
            lambda: merged("sum"),
            r"'both' merges 2 and 2 results to 2, .* beyond them.*Allowed: merge_mode concat",
        ),
        (lambda: of_bits(), r"'gru' reads numbers of one bit.*more than one bit"),
        (lambda: bounded("softsign"), r"'gru' bounds its sums by 'softsign'.*relu, sigmoid, tanh"),
    ],
    ids=["simple", "merged", "bits", "softsign"],
)
def test_what_the_cpp_does_not_have_is_refused(model, message: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedLayerError, match=message):
        write_firmware(model(), tmp_path / "hls", io_type="io_parallel")


def merged(mode: str):
    from trigger.zoo.backend import keras

    x = keras().Input((STEPS, FEATURES), name="pixels")
    layer = keras().layers.Bidirectional(keras().layers.LSTM(2), merge_mode=mode, name="both")
    return keras().Model(x, layer(x))


def of_bits():
    from trigger.zoo.backend import keras, qkeras

    x = keras().Input((STEPS, FEATURES), name="pixels")
    norm = keras().layers.BatchNormalization(name="norm")(x)
    signs = qkeras().QActivation("binary(alpha=1)", name="signs")(norm)
    return keras().Model(x, keras().layers.GRU(2, name="gru")(signs))


def bounded(activation: str):
    from trigger.zoo.backend import keras

    x = keras().Input((STEPS, FEATURES), name="pixels")
    return keras().Model(x, keras().layers.GRU(2, activation=activation, name="gru")(x))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "nnet::activation::tanh<",
            "nnet::activation::softsign<",
            r"'both' bounds its sums by nnet::activation::softsign.*relu, sigmoid, tanh",
        ),
        (
            "nnet::product::mult<",
            "nnet::product::data_binary<",
            r"'both' multiplies by nnet::product::data_binary",
        ),
        ("nnet::lstm_class_static<", "nnet::rnn_class<", r"has a cell of nnet::rnn_class"),
        (r"n_out = 4(?=;\s+static const unsigned n_seq)", "n_out = 2", "2 and 2 results to 2"),
        (r"n_in  = 3(?=;\s+static const unsigned n_st)", "n_in = 5", "w_f_2 has 24.*Allowed: 40"),
    ],
    ids=["activation", "product", "cell", "merged", "size"],
)
def test_text_that_means_something_else_is_refused(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    write_firmware(merged("concat"), tmp_path / "hls", io_type="io_parallel")
    path = tmp_path / "hls" / "firmware" / "parameters.h"
    text = path.read_text()
    assert re.search(old, text)
    path.write_text(re.sub(old, new, text))
    with pytest.raises((UnsupportedLayerError, ProjectError), match=message):
        read_project(tmp_path / "hls")
