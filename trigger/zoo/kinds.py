"""The table of layer classes that a design may name, with their options and shape laws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from trigger.zoo import shapes


class Value(Enum):
    """What an option holds; the value is the text of what is allowed."""

    COUNT = "an integer >= 1"
    SIZE_1D = "an integer >= 1 or a list of 1 such integer"
    SIZE_2D = "an integer >= 1 or a list of 2 such integers"
    MARGIN_1D = "an integer >= 0 or [before, after]"
    MARGIN_2D = "an integer >= 0, [rows, columns] or [[top, bottom], [left, right]]"
    SHAPE = "a list of integers >= 1"
    PADDING = "valid or same"
    FLAG = "true or false"
    NUMBER = "a number > 0"
    ACTIVATION = (
        "linear, relu, elu, selu, sigmoid, hard_sigmoid, tanh, softplus, softsign or softmax"
    )
    INITIALISER = (
        "he_normal, he_uniform, glorot_normal, glorot_uniform or random_uniform(low, high)"
    )
    WEIGHT_QUANTISER = "a quantiser such as quantized_bits(6, 0, alpha=1)"
    ACTIVATION_QUANTISER = "a quantiser such as quantized_relu(6, 2)"


@dataclass(frozen=True, slots=True)
class LayerKind:
    """A layer class of Keras or QKeras."""

    quantised: bool
    """True for QKeras, False for plain Keras."""
    twin: str
    """Keras class of the same place in the float twin."""
    shape: shapes.ShapeLaw
    options: Mapping[str, Value]
    required: tuple[str, ...] = ()
    kernel: str = ""
    """Name of the kernel variable, which pruning thins; "" for a layer without one."""


_BIAS = {
    "use_bias": Value.FLAG,
    "bias_quantizer": Value.WEIGHT_QUANTISER,
    "bias_initializer": Value.INITIALISER,
}
_KERNEL = {"kernel_quantizer": Value.WEIGHT_QUANTISER, "kernel_initializer": Value.INITIALISER}
_DEPTHWISE = {
    "depthwise_quantizer": Value.WEIGHT_QUANTISER,
    "depthwise_initializer": Value.INITIALISER,
}
_QUANTISED_ACTIVATION = {"activation": Value.ACTIVATION_QUANTISER}
_FLOAT = {
    "use_bias": Value.FLAG,
    "activation": Value.ACTIVATION,
    "kernel_initializer": Value.INITIALISER,
    "bias_initializer": Value.INITIALISER,
}
_NORMALISATION = {
    "momentum": Value.NUMBER,
    "epsilon": Value.NUMBER,
    "center": Value.FLAG,
    "scale": Value.FLAG,
}


def _window(size: Value) -> dict[str, Value]:
    return {"kernel_size": size, "strides": size, "padding": Value.PADDING}


def _pool(size: Value) -> dict[str, Value]:
    return {"pool_size": size, "strides": size, "padding": Value.PADDING}


def _convolution(size: Value) -> dict[str, Value]:
    return {"filters": Value.COUNT, **_window(size)}


def _quantised_convolution(name: str, size: Value) -> LayerKind:
    options = _convolution(size) | _KERNEL | _BIAS | _QUANTISED_ACTIVATION
    required = ("filters", "kernel_size", "kernel_quantizer")
    return LayerKind(True, name, shapes.convolution, options, required, "kernel")


def _float_convolution(name: str, size: Value) -> LayerKind:
    options = _convolution(size) | _FLOAT
    required = ("filters", "kernel_size")
    return LayerKind(False, name, shapes.convolution, options, required, "kernel")


def _plain(
    name: str,
    shape: shapes.ShapeLaw,
    options: Mapping[str, Value] = MappingProxyType({}),
    required: tuple[str, ...] = (),
) -> LayerKind:
    return LayerKind(False, name, shape, options, required)


LAYERS: Mapping[str, LayerKind] = MappingProxyType(
    {
        "QDense": LayerKind(
            True,
            "Dense",
            shapes.dense,
            {"units": Value.COUNT, **_KERNEL, **_BIAS, **_QUANTISED_ACTIVATION},
            ("units", "kernel_quantizer"),
            "kernel",
        ),
        "QConv1D": _quantised_convolution("Conv1D", Value.SIZE_1D),
        "QConv2D": _quantised_convolution("Conv2D", Value.SIZE_2D),
        "QDepthwiseConv2D": LayerKind(
            True,
            "DepthwiseConv2D",
            shapes.depthwise,
            {**_window(Value.SIZE_2D), **_DEPTHWISE, **_BIAS, **_QUANTISED_ACTIVATION},
            ("kernel_size", "depthwise_quantizer"),
            "depthwise_kernel",
        ),
        "QActivation": LayerKind(
            True, "Activation", shapes.same, _QUANTISED_ACTIVATION, ("activation",)
        ),
        "Dense": LayerKind(
            False, "Dense", shapes.dense, {"units": Value.COUNT, **_FLOAT}, ("units",), "kernel"
        ),
        "Conv1D": _float_convolution("Conv1D", Value.SIZE_1D),
        "Conv2D": _float_convolution("Conv2D", Value.SIZE_2D),
        "DepthwiseConv2D": LayerKind(
            False,
            "DepthwiseConv2D",
            shapes.depthwise,
            {
                **_window(Value.SIZE_2D),
                "use_bias": Value.FLAG,
                "activation": Value.ACTIVATION,
                "depthwise_initializer": Value.INITIALISER,
            },
            ("kernel_size",),
            "depthwise_kernel",
        ),
        "Activation": _plain(
            "Activation", shapes.same, {"activation": Value.ACTIVATION}, ("activation",)
        ),
        "LeakyReLU": _plain("LeakyReLU", shapes.same, {"alpha": Value.NUMBER}),
        "ThresholdedReLU": _plain("ThresholdedReLU", shapes.same, {"theta": Value.NUMBER}),
        "ELU": _plain("ELU", shapes.same, {"alpha": Value.NUMBER}),
        "PReLU": _plain("PReLU", shapes.same, {"alpha_initializer": Value.INITIALISER}),
        "BatchNormalization": _plain("BatchNormalization", shapes.same, _NORMALISATION),
        "MaxPooling1D": _plain("MaxPooling1D", shapes.pooling, _pool(Value.SIZE_1D)),
        "MaxPooling2D": _plain("MaxPooling2D", shapes.pooling, _pool(Value.SIZE_2D)),
        "AveragePooling1D": _plain("AveragePooling1D", shapes.pooling, _pool(Value.SIZE_1D)),
        "AveragePooling2D": _plain("AveragePooling2D", shapes.pooling, _pool(Value.SIZE_2D)),
        "GlobalMaxPooling1D": _plain("GlobalMaxPooling1D", shapes.global_pooling(1)),
        "GlobalMaxPooling2D": _plain("GlobalMaxPooling2D", shapes.global_pooling(2)),
        "GlobalAveragePooling1D": _plain("GlobalAveragePooling1D", shapes.global_pooling(1)),
        "GlobalAveragePooling2D": _plain("GlobalAveragePooling2D", shapes.global_pooling(2)),
        "ZeroPadding1D": _plain(
            "ZeroPadding1D", shapes.zero_padding, {"padding": Value.MARGIN_1D}, ("padding",)
        ),
        "ZeroPadding2D": _plain(
            "ZeroPadding2D", shapes.zero_padding, {"padding": Value.MARGIN_2D}, ("padding",)
        ),
        "Cropping1D": _plain(
            "Cropping1D", shapes.cropping, {"cropping": Value.MARGIN_1D}, ("cropping",)
        ),
        "Cropping2D": _plain(
            "Cropping2D", shapes.cropping, {"cropping": Value.MARGIN_2D}, ("cropping",)
        ),
        "UpSampling1D": _plain("UpSampling1D", shapes.upsampling, {"size": Value.COUNT}, ("size",)),
        "UpSampling2D": _plain(
            "UpSampling2D", shapes.upsampling, {"size": Value.SIZE_2D}, ("size",)
        ),
        "Permute": _plain("Permute", shapes.permute, {"dims": Value.SHAPE}, ("dims",)),
        "Flatten": _plain("Flatten", shapes.flatten),
        "Reshape": _plain(
            "Reshape", shapes.reshape, {"target_shape": Value.SHAPE}, ("target_shape",)
        ),
    }
)
"""By the class name in the design file. Everything else is refused by name."""
