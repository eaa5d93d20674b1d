"""Weights that read only zeros: known from the model alone, whatever lies between two kernels."""

from __future__ import annotations

import numpy as np
import pytest

from trigger.design import LayerSpec, ModelSpec
from trigger.fixed import FixedFormat
from trigger.training.silence import without_unread

QUANTISER = "quantized_bits(6, 0, alpha=1)"
KERNEL = {"kernel_quantizer": QUANTISER, "bias_quantizer": QUANTISER}
RELU = LayerSpec("QActivation", "relu", {"activation": "quantized_relu(6, 1)"})
POOL = LayerSpec("MaxPooling2D", "pool", {"pool_size": 2})
FLAT = LayerSpec("Flatten", "flat")
OPTIONS = {"depthwise_quantizer": QUANTISER, "bias_quantizer": QUANTISER}
DEPTHWISE = LayerSpec("QDepthwiseConv2D", "depthwise", {"kernel_size": 2, "strides": 2, **OPTIONS})


def unread(*between: LayerSpec, pixels: int = 16, bias: float = 0.0) -> np.ndarray:
    """Return which inputs of a last kernel are zero behind a convolution of three filters.

    The second filter has no weights.

    Args:
        pixels: that are left of each filter.
    """
    rng = np.random.default_rng(1)
    layers = (
        LayerSpec("QConv2D", "conv", {"filters": 3, "kernel_size": 3, **KERNEL}),
        *between,
        LayerSpec("QDense", "score", {"units": 2, **KERNEL}),
    )
    model = ModelSpec((6, 6, 1), FixedFormat(8, 0, signed=False), layers)
    kernel = rng.uniform(0.1, 1, (3, 3, 1, 3)).astype(np.float32)
    kernel[..., 1] = 0
    weights = {
        "conv": {"kernel": kernel, "bias": np.array([0.5, bias, 0], np.float32)},
        "norm": {"gamma": np.ones(3, np.float32)},
        "depthwise": {"depthwise_kernel": np.ones((2, 2, 3), np.float32), "bias": np.zeros(3)},
        "score": {"kernel": rng.uniform(0.1, 1, (3 * pixels, 2)).astype(np.float32)},
    }
    found = without_unread(model, weights)
    assert np.array_equal(found["conv"]["kernel"], kernel)
    assert found["norm"] is weights["norm"]
    score = found["score"]["kernel"]
    gone = ~score.any(axis=1)
    assert np.array_equal(score[~gone], weights["score"]["kernel"][~gone])
    return gone


@pytest.mark.parametrize(
    ("between", "pixels"),
    [
        ((RELU, FLAT), 16),
        ((RELU, POOL, FLAT), 4),
        ((LayerSpec("Reshape", "flat", {"target_shape": [48]}),), 16),
        ((DEPTHWISE, POOL, FLAT), 1),
    ],
    ids=["relu", "pooling", "reshape", "depthwise"],
)
def test_what_reads_a_silent_filter_is_zero_at_every_pixel(between, pixels):
    assert unread(*between, pixels=pixels).tolist() == [False, True, False] * pixels


@pytest.mark.parametrize(
    "between",
    [
        (LayerSpec("QActivation", "act", {"activation": "quantized_sigmoid(6)"}), FLAT),
        (LayerSpec("BatchNormalization", "norm"), FLAT),
    ],
    ids=["sigmoid", "normalisation"],
)
def test_a_layer_that_makes_something_of_zero_is_read(between):
    assert not unread(*between).any()


def test_a_filter_with_a_bias_is_read():
    assert not unread(RELU, FLAT, bias=0.25).any()
