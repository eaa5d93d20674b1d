"""Designs with the newer layers, converted as a user does it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.project.keras_models import assert_firmware_agrees
from trigger.convert import convert
from trigger.design import Design, IOType, Knobs, LayerKnobs, LayerSpec, ModelSpec, Strategy, Target
from trigger.fixed import FixedFormat
from trigger.zoo import build as build_model

pytestmark = [pytest.mark.training, pytest.mark.csim, pytest.mark.slow]

WEIGHTS = "quantized_bits(6,0,alpha=1)"
QUANTISED = {"kernel_quantizer": WEIGHTS, "bias_quantizer": WEIGHTS}
DEPTHWISE = {"depthwise_quantizer": WEIGHTS, "bias_quantizer": WEIGHTS}


def layer(kind: str, name: str, **options: object) -> LayerSpec:
    return LayerSpec(kind, name, options)


MODEL = ModelSpec(
    (8, 8, 2),
    FixedFormat.parse("ap_ufixed<6,0>"),
    (
        layer("QDepthwiseConv2D", "deep", kernel_size=3, **DEPTHWISE),
        layer("QConv2D", "mix", filters=4, kernel_size=1, **QUANTISED),
        layer("LeakyReLU", "leaky", alpha=0.25),
        layer("Cropping2D", "cut", cropping=[[1, 1], [0, 2]]),
        layer("GlobalAveragePooling2D", "mean"),
        layer("QActivation", "tanh", activation="quantized_tanh(6)"),
        layer("QDense", "logits", units=5, **QUANTISED),
        layer("Activation", "scores", activation="softmax"),
    ),
)


@pytest.mark.parametrize("io_type", IOType, ids=lambda io_type: io_type.value)
def test_a_design_with_softmax(io_type: IOType, tmp_path: Path) -> None:
    model = build_model(MODEL, seed=1)
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(0, 0.5, weight.shape) for weight in model.get_weights()])
    knobs = Knobs(
        LayerKnobs(strategy=Strategy.LATENCY, reuse_factor=1),
        {
            "scores": LayerKnobs(
                precision={"exp_table": "ap_ufixed<16,4,AP_RND,AP_SAT>"},
                extra={
                    "Implementation": "latency",
                    "TableSize": 256,
                    "inv_table_t": "ap_fixed<9,3>",
                },
            )
        },
    )
    target = Target("Vitis", "xcvu13p-flga2577-2-e", 5.0, io_type)
    converted = convert(model, Design("softmax", MODEL, knobs, target), tmp_path / "hls")
    assert str(converted.network["scores"].exp_format) == "ap_ufixed<16,4,AP_RND,AP_SAT>"
    assert str(converted.network["scores"].inverse_format) == "ap_fixed<9,3>"
    assert len(converted.network["scores"].exp_table) == 256
    assert_firmware_agrees(converted.network, tmp_path / "hls")
