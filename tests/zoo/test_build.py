"""Models as Keras builds them: shapes as the laws say, arithmetic as the quantisers say."""

from __future__ import annotations

import numpy as np
import pytest

from trigger.design import LayerSpec, ModelSpec
from trigger.fixed import FixedFormat, Overflow, Rounding
from trigger.zoo import INPUT_LAYER, LAYERS, build, build_float_twin, check_model

pytestmark = pytest.mark.training

WEIGHTS = "quantized_bits(6, 0, alpha=1)"
QUANTISED = {"kernel_quantizer": WEIGHTS, "bias_quantizer": WEIGHTS}
PIXEL = FixedFormat(8, 0, signed=False)
DEPTHWISE = {"depthwise_quantizer": WEIGHTS, "bias_quantizer": WEIGHTS}

EXAMPLES = {
    "QDense": ((7,), {"units": 3, "activation": "quantized_relu(6)", **QUANTISED}),
    "QConv1D": ((9, 2), {"filters": 3, "kernel_size": 3, "strides": 2, **QUANTISED}),
    "QConv2D": ((9, 8, 2), {"filters": 3, "kernel_size": [3, 2], "padding": "same", **QUANTISED}),
    "QDepthwiseConv2D": ((9, 8, 2), {"kernel_size": 3, "strides": 2, **DEPTHWISE}),
    "QActivation": ((4, 3), {"activation": "quantized_bits(6, 2)"}),
    "Dense": ((7,), {"units": 3, "activation": "relu", "kernel_initializer": "he_normal"}),
    "Conv1D": ((9, 2), {"filters": 3, "kernel_size": [4], "padding": "same", "strides": 2}),
    "Conv2D": ((9, 8, 2), {"filters": 3, "kernel_size": 3, "strides": [2, 3]}),
    "Activation": ((4, 3), {"activation": "softmax"}),
    "BatchNormalization": ((5, 5, 2), {"epsilon": 0.01}),
    "MaxPooling1D": ((9, 2), {"pool_size": 2}),
    "MaxPooling2D": ((9, 8, 2), {}),
    "AveragePooling1D": ((9, 2), {"pool_size": [3], "padding": "same"}),
    "AveragePooling2D": ((9, 8, 2), {"pool_size": [2, 3], "strides": 1}),
    "GlobalMaxPooling1D": ((9, 2), {}),
    "GlobalMaxPooling2D": ((9, 8, 2), {}),
    "GlobalAveragePooling1D": ((9, 2), {}),
    "GlobalAveragePooling2D": ((9, 8, 2), {}),
    "ZeroPadding1D": ((9, 2), {"padding": [1, 2]}),
    "ZeroPadding2D": ((9, 8, 2), {"padding": [[1, 2], [0, 3]]}),
    "DepthwiseConv2D": ((9, 8, 2), {"kernel_size": [3, 2], "strides": 2, "padding": "same"}),
    "LeakyReLU": ((4, 3), {"alpha": 0.25}),
    "ThresholdedReLU": ((4, 3), {"theta": 0.5}),
    "ELU": ((4, 3), {}),
    "PReLU": ((4, 3), {}),
    "Cropping1D": ((9, 2), {"cropping": [1, 2]}),
    "Cropping2D": ((9, 8, 2), {"cropping": [[1, 2], [0, 3]]}),
    "UpSampling1D": ((9, 2), {"size": 3}),
    "UpSampling2D": ((9, 8, 2), {"size": [2, 3]}),
    "Permute": ((3, 4, 2), {"dims": [3, 1, 2]}),
    "Flatten": ((3, 4, 2), {}),
    "Reshape": ((3, 4), {"target_shape": [6, 2]}),
}


def test_every_layer_class_has_an_example():
    assert set(EXAMPLES) == set(LAYERS)


@pytest.mark.parametrize("class_name", LAYERS)
def test_every_layer_class_builds_with_the_shape_of_its_law(class_name):
    shape, options = EXAMPLES[class_name]
    spec = ModelSpec(shape, PIXEL, (LayerSpec(class_name, "only", options),))
    expected = (None, *check_model(spec)[-1].output)
    quantised, twin = build(spec, 1), build_float_twin(spec, 1)
    assert quantised.output_shape == twin.output_shape == expected
    assert type(quantised.layers[1]).__name__ == class_name
    assert type(twin.layers[1]).__name__ == LAYERS[class_name].twin


def small_cnn() -> ModelSpec:
    layers = (
        LayerSpec("QConv2D", "conv", {"filters": 3, "kernel_size": 3, **QUANTISED}),
        LayerSpec("QActivation", "relu", {"activation": "quantized_relu(6, 1)"}),
        LayerSpec("MaxPooling2D", "pool", {"pool_size": 2}),
        LayerSpec("Flatten", "flat", {}),
        LayerSpec("QDense", "score", {"units": 1, **QUANTISED}),
    )
    return ModelSpec((12, 12, 1), PIXEL, layers)


def test_one_seed_gives_equal_weights_to_the_model_and_its_twin():
    models = [build(small_cnn(), 1), build_float_twin(small_cnn(), 1), build(small_cnn(), 2)]
    same, twin, other = (model.get_weights() for model in models)
    assert all(np.array_equal(one, two) for one, two in zip(same, twin, strict=True))
    assert not np.array_equal(same[0], other[0])
    assert [layer.name for layer in models[0].layers] == [
        INPUT_LAYER, "conv", "relu", "pool", "flat", "score",
    ]  # fmt: skip


def test_weights_start_where_the_design_says():
    starts = {
        "kernel_initializer": "random_uniform(0.5, 1)",
        "bias_initializer": "random_uniform(-0.8, -0.1)",
    }
    layer = LayerSpec("QDense", "score", {"units": 40, **QUANTISED, **starts})
    spec = ModelSpec((6,), PIXEL, (layer,))
    kernel, bias = build(spec, 1).get_weights()
    assert 0.5 <= kernel.min() < 0.55
    assert 0.95 < kernel.max() <= 1
    assert -0.8 <= bias.min() < -0.7
    assert -0.2 < bias.max() <= -0.1
    twin_kernel, twin_bias = build_float_twin(spec, 1).get_weights()
    assert np.array_equal(kernel, twin_kernel)
    assert np.array_equal(bias, twin_bias)


def test_a_quantised_dense_layer_computes_fixed_point():
    options = {"units": 2, "activation": "quantized_relu(5, 1)", **QUANTISED}
    spec = ModelSpec((6,), PIXEL, (LayerSpec("QDense", "score", options),))
    model = build(spec, 3)
    rng = np.random.default_rng(0)
    kernel, bias = rng.uniform(-1, 1, (6, 2)), rng.uniform(-1, 1, 2)
    model.set_weights([kernel, bias])
    pixels_raw = rng.integers(0, 256, (200, 6))
    values = model.predict((pixels_raw * 2.0**-8).astype(np.float32), verbose=0)

    weight = FixedFormat(6, 1, True, Rounding.RND_CONV, Overflow.SAT)
    result = FixedFormat(5, 1, False, Rounding.RND_CONV, Overflow.SAT)

    def quantise(numbers, into):
        raw = np.rint(numbers * 2.0**into.fractional)  # ties to even, as RND_CONV
        return np.clip(raw, into.raw_min, into.raw_max).astype(int)

    kernel_raw, bias_raw = quantise(kernel, weight), quantise(bias, weight)
    total = pixels_raw @ kernel_raw + (bias_raw << 8)  # in units of 2^-13
    expected = quantise(total * 2.0**-13, result)
    assert np.array_equal(values * 2**4, expected)
    assert len(np.unique(expected)) > 10
