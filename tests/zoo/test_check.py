"""What a design file may ask of a model, checked without TensorFlow."""

from __future__ import annotations

import subprocess
import sys

import pytest

from trigger.design import LayerSpec, ModelSpec
from trigger.errors import DesignError
from trigger.fixed import FixedFormat
from trigger.zoo import check_model

WEIGHTS = "quantized_bits(6, 0, alpha=1)"
QUANTISED = {"kernel_quantizer": WEIGHTS, "bias_quantizer": WEIGHTS}
DENSE = ("QDense", "score", {"units": 1, **QUANTISED})
CONV = ("QConv2D", "conv", {"filters": 3, "kernel_size": 3, **QUANTISED})


def spec_of(shape, *layers) -> ModelSpec:
    return ModelSpec(
        shape, FixedFormat(8, 0, signed=False), tuple(LayerSpec(*layer) for layer in layers)
    )


def test_shapes_are_known_layer_by_layer():
    shapes = check_model(
        spec_of((12, 10, 1), CONV, ("MaxPooling2D", "pool", {}), ("Flatten", "flat", {}), DENSE)
    )
    assert [(shape.name, shape.input, shape.output) for shape in shapes] == [
        ("conv", (12, 10, 1), (10, 8, 3)),
        ("pool", (10, 8, 3), (5, 4, 3)),
        ("flat", (5, 4, 3), (60,)),
        ("score", (60,), (1,)),
    ]


@pytest.mark.parametrize(
    ("shape", "layers", "match"),
    [
        ((4, 4, 1), [], "there are no layers"),
        ((9,), [DENSE, DENSE], "layer name score is used more than once"),
        ((9,), [("QDens", "a", {})], "layer a: QDens is not .*did you mean QDense"),
        ((9,), [("QDense", "a", {"unit": 1})], r"layer a \(QDense\): unknown option unit.*units"),
        ((9,), [("QDense", "a", QUANTISED)], "units is missing. Allowed: an integer >= 1"),
        ((9,), [("QDense", "a", {**DENSE[2], "units": 0})], "units is 0. Allowed: an integer"),
        ((9,), [("QDense", "a", {**DENSE[2], "use_bias": 1})], "use_bias is 1. Allowed: true"),
        (
            (9,),
            [("QDense", "a", {"units": 1, "kernel_quantizer": WEIGHTS})],
            "bias_quantizer is missing",
        ),
        (
            (9,),
            [("QDense", "a", {**DENSE[2], "kernel_quantizer": "quantized_bits(6)"})],
            r"layer a \(QDense\), kernel_quantizer: alpha of quantized_bits is not given",
        ),
        (
            (9,),
            [("QDense", "a", {**DENSE[2], "bias_initializer": "random_uniform(1, 0)"})],
            r"bias_initializer is 'random_uniform\(1, 0\)'. Allowed: he_normal",
        ),
        (
            (9,),
            [("QDense", "a", {**DENSE[2], "kernel_initializer": "henormal"})],
            "kernel_initializer is 'henormal'. Allowed: he_normal",
        ),
        ((9,), [("Activation", "a", {"activation": "swish"})], "'swish'. Allowed: linear, relu"),
        ((9,), [("Flatten", "a", {"x": 1})], "unknown option x. Allowed: no options"),
        (
            (4, 4, 1),
            [("QConv2D", "a", {**CONV[2], "kernel_size": [3, 3, 3]})],
            "kernel_size is .*list of 2",
        ),
        ((4, 4, 1), [("QConv2D", "a", {**CONV[2], "padding": "sane"})], "Allowed: valid or same"),
        (
            (2, 8, 1),
            [CONV],
            r"layer conv .*window of 3x3 does not fit into 2x8.*\(2, 8, 1\).*image size",
        ),
        ((8, 8, 1), [DENSE], "takes 1 axes and gets 3; it needs a Flatten"),
        ((8,), [CONV], "takes 3 axes and gets 1"),
        ((8,), [("Reshape", "a", {"target_shape": [3, 3]})], "8 elements do not fill"),
        ((8, 8, 1), [("ZeroPadding2D", "a", {"padding": [1]})], "padding is .*rows, columns"),
    ],
)
def test_a_model_that_cannot_be_built_is_refused(shape, layers, match):
    with pytest.raises(DesignError, match=match):
        check_model(spec_of(shape, *layers))


def test_a_layer_without_bias_needs_no_bias_quantiser():
    options = {"units": 2, "kernel_quantizer": WEIGHTS, "use_bias": False}
    assert check_model(spec_of((5,), ("QDense", "a", options)))[0].output == (2,)


def test_checking_imports_no_tensorflow():
    program = (
        "import sys, trigger.zoo; print({'tensorflow', 'qkeras', 'tf_keras'} & set(sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "set()"
