"""Smaller models from trained ones: what is taken away is what matters least."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trigger.design import LayerSpec, ModelSpec
from trigger.fixed import FixedFormat
from trigger.training import ModelKind, PruningSpec, PruningStructure, TrainedModel
from trigger.training.model import build_kind, get_weights, predict
from trigger.training.narrowing import find_narrowable, narrow, thin

WEIGHTS = {
    "kernel_quantizer": "quantized_bits(8,1,alpha=1)",
    "bias_quantizer": "quantized_bits(8,1,alpha=1)",
}
LAYERS = (
    LayerSpec("QConv2D", "conv", {"filters": 6, "kernel_size": 3, **WEIGHTS}),
    LayerSpec("QActivation", "relu1", {"activation": "quantized_relu(8,3)"}),
    LayerSpec(
        "QDepthwiseConv2D",
        "depth",
        {
            "kernel_size": 2,
            "depthwise_quantizer": "quantized_bits(8,1,alpha=1)",
            "bias_quantizer": "quantized_bits(8,1,alpha=1)",
        },
    ),
    LayerSpec("BatchNormalization", "norm"),
    LayerSpec("QActivation", "relu2", {"activation": "quantized_relu(8,3)"}),
    LayerSpec("Flatten", "flat"),
    LayerSpec("QDense", "dense", {"units": 5, **WEIGHTS}),
    LayerSpec("QActivation", "relu3", {"activation": "quantized_relu(8,3)"}),
    LayerSpec("QDense", "score", {"units": 2, **WEIGHTS}),
)
MODEL = ModelSpec((6, 6, 2), FixedFormat.parse("ap_ufixed<8,0>"), LAYERS)


def with_widths(**widths):
    """Return the model with other numbers of filters or units."""
    layers = []
    for layer in LAYERS:
        options = dict(layer.options)
        if layer.name in widths:
            options["filters" if "filters" in options else "units"] = widths[layer.name]
        layers.append(replace(layer, options=options))
    return replace(MODEL, layers=tuple(layers))


@pytest.mark.training
def test_filters_that_give_nothing_are_those_that_go():
    """Every layer takes its inputs from where they were, so no score changes."""
    rng = np.random.default_rng(1)
    shapes = get_weights(build_kind(ModelKind.QUANTISED, MODEL, seed=0))
    weights = {
        layer: {
            name: rng.integers(-40, 40, array.shape).astype(np.float32) / 64
            for name, array in arrays.items()
        }
        for layer, arrays in shapes.items()
    }
    weights["norm"]["moving_variance"] = np.ones(6, np.float32)
    weights["norm"]["gamma"] = np.ones(6, np.float32)
    for gone in (1, 4):
        weights["conv"]["kernel"][..., gone] = 0
        weights["conv"]["bias"][gone] = 0
        weights["depth"]["bias"][gone] = 0
        for name in ("beta", "moving_mean"):
            weights["norm"][name][gone] = 0
    weights["dense"]["kernel"][:, 2] = 0
    weights["dense"]["bias"][2] = 0
    trained = TrainedModel(ModelKind.QUANTISED, MODEL, weights, (), 1, (), "")
    smaller = narrow(trained, with_widths(conv=4, dense=4))
    assert smaller.weights["conv"]["kernel"].shape == (3, 3, 2, 4)
    assert smaller.weights["dense"]["kernel"].shape == (3 * 3 * 4, 4)
    pixels = rng.integers(0, 256, (50, 6, 6, 2))
    before = predict(trained, pixels)
    assert len(np.unique(before[:, 0])) > 10
    np.testing.assert_allclose(predict(smaller, pixels), before, rtol=1e-5)
    other = {**weights, "dense": {**weights["dense"], "bias": weights["dense"]["bias"][::-1]}}
    changed = narrow(replace(trained, weights=other), with_widths(conv=4, dense=4))
    assert not np.allclose(predict(changed, pixels), before)


def test_only_layers_whose_filters_another_one_takes_as_they_are_may_be_narrower():
    assert find_narrowable(MODEL) == ("conv", "dense")
    mixed = LayerSpec("Permute", "mixed", {"dims": [2, 1, 3]})
    layers = (*LAYERS[:2], mixed, *LAYERS[2:])
    assert find_narrowable(replace(MODEL, layers=layers)) == ("dense",)


def test_thinning_takes_the_smallest_weights_of_each_kernel():
    kernel = np.array([[0.5, -0.1], [0.2, -0.9]], np.float32)
    layers = (
        LayerSpec("QDense", "first", {"units": 2, **WEIGHTS}),
        LayerSpec("QDense", "score", {"units": 2, **WEIGHTS}),
    )
    model = ModelSpec((2,), MODEL.input_format, layers)
    bias = np.full(2, 0.01, np.float32)
    weights = {name: {"kernel": kernel, "bias": bias} for name in ("first", "score")}
    trained = TrainedModel(ModelKind.QUANTISED, model, weights, (), 1, (), "")
    assert thin(trained, None) is trained
    found = thin(trained, PruningSpec(0.5, keep=("score",))).weights
    assert found["first"]["kernel"].tolist() == [[0.5, 0], [0, kernel[1, 1]]]
    assert found["first"]["bias"].tolist() == bias.tolist()
    assert found["score"]["kernel"].tolist() == kernel.tolist()
    assert kernel[0, 1] != 0
    found = thin(trained, PruningSpec(0.0, layer_sparsity={"first": 0.75})).weights
    assert np.count_nonzero(found["first"]["kernel"]) == 1
    assert found["score"]["kernel"].tolist() == kernel.tolist()
    few = PruningSpec(0.5, structure=PruningStructure.UNIT, signed_digits=1, equal_constants=1)
    found = thin(trained, few).weights
    assert found["first"]["kernel"].tolist() == [[0, -0.125], [0, -1]]
    assert found["first"]["bias"].tolist() == [0, bias[1]]
    assert found["score"]["kernel"].tolist() == [[0, 0], [0, -1]]  # its first input is silent
    assert found["score"]["bias"].tolist() == bias.tolist()
