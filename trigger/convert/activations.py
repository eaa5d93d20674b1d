"""hls4ml's activation nodes -> layers; their tables are made here, as the C++ makes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from trigger.convert.node import common_fields, constant_of, format_of, io_type, pack_of
from trigger.design import IOType
from trigger.errors import UnsupportedLayerError
from trigger.fixed import FixedFormat, from_values
from trigger.layers import (
    ELU,
    SELU,
    Argmax,
    BatchNormalizationTanh,
    BinaryTanh,
    BoundedReLU,
    Function,
    HardSigmoid,
    HardTanh,
    Layer,
    LeakyReLU,
    LegacySoftmax,
    Linear,
    ReLU,
    Softmax,
    StableSoftmax,
    TableActivation,
    TernaryTanh,
    ThresholdedReLU,
)
from trigger.layers.base import frozen_array
from trigger.layers.selu import PARALLEL_SCALE, selu_scale
from trigger.layers.tables import (
    exp_table,
    function_table,
    inverse_table,
    legacy_exp_table,
    legacy_inverse_table,
)

LEGACY_TABLE = FixedFormat(18, 8)
"""``table_t`` of ``activ_config``, which a softmax's own configuration does not replace."""
LEGACY_SIZE = 1024


def _activation(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    name = node.get_attr("activation").lower()
    if name not in ACTIVATIONS:
        raise UnsupportedLayerError(
            f"layer {node.name!r} is the activation {name!r}",
            where="conversion",
            allowed=", ".join(ACTIVATIONS),
            remedy="end the model in logits, or choose another activation",
        )
    return ACTIVATIONS[name](node, inputs, graph)


def _plain(kind: type[Layer]) -> Callable[[Any, tuple[str, ...], Any], Layer]:
    def extractor(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
        return kind(**common_fields(node, inputs))

    return extractor


def _bounded_relu(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    maximum = int(node.get_attr("activation").lower().removeprefix("relu"))
    return BoundedReLU(**common_fields(node, inputs), maximum=maximum)


def _table(node: Any, function: Function) -> dict[str, Any]:
    form = format_of(node, "table_t")
    size = int(node.get_attr("table_size"))
    return {"table": function_table(function, size, form), "table_format": form}


def _table_activation(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    function = Function(node.get_attr("activation").lower())
    return TableActivation(
        **common_fields(node, inputs), function=function, **_table(node, function)
    )


def _elu(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    alpha, form = _parameter(node)
    return ELU(
        **common_fields(node, inputs),
        **_table(node, Function.ELU),
        alpha=alpha,
        alpha_format=form,
    )


def _selu(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    stream = io_type(graph) is IOType.STREAM
    scale, form = selu_scale(_input_format(node) if stream else PARALLEL_SCALE)
    return SELU(
        **common_fields(node, inputs),
        **_table(node, Function.SELU),
        positive_scale=scale,
        positive_format=form,
        io_type=io_type(graph),
    )


def _input_format(node: Any) -> FixedFormat:
    return FixedFormat.parse(str(node.get_input_variable().type.precision), where=node.name)


def _parameter(node: Any) -> tuple[int, FixedFormat]:
    """Return the parameter of an activation as the C++ casts its decimal text."""
    form = format_of(node, "param_t")
    return int(from_values(float(node.get_attr("activ_param", 1.0)), form)), form


def _leaky_relu(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    alpha, form = _parameter(node)
    return LeakyReLU(**common_fields(node, inputs), alpha=np.array([alpha]), alpha_format=form)


def _prelu(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    shape = tuple(int(length) for length in node.get_input_variable().shape)
    alpha, form = constant_of(node, "param", shape)
    return LeakyReLU(**common_fields(node, inputs), alpha=alpha, alpha_format=form)


def _thresholded_relu(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    threshold, form = _parameter(node)
    return ThresholdedReLU(
        **common_fields(node, inputs), threshold=threshold, threshold_format=form
    )


def _hard(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    kind = HardTanh if node.get_attr("activation").lower() == "hard_tanh" else HardSigmoid
    slope_format, shift_format = format_of(node, "slope_t"), format_of(node, "shift_t")
    return kind(
        **common_fields(node, inputs),
        slope=int(from_values(float(node.get_attr("slope")), slope_format)),
        slope_format=slope_format,
        shift=int(from_values(float(node.get_attr("shift")), shift_format)),
        shift_format=shift_format,
    )


def _binary_tanh(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    one_bit = str(node.types["result_t"].precision).removeprefix("ap_") == "uint<1>"
    return BinaryTanh(**common_fields(node, inputs), below=0 if one_bit else -1)


def _ternary_tanh(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    return TernaryTanh(**common_fields(node, inputs), io_type=io_type(graph))


def _batch_normalization_tanh(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    weights = node.weights
    roles = ("threshold",) if "threshold" in weights else ("threshold_hi", "threshold_lo")
    found = [constant_of(node, role, (weights[role].data.size,)) for role in roles]
    high, form = found[0]
    low = found[1][0] if len(found) > 1 else frozen_array([], 1)
    result = FixedFormat.parse(str(node.get_output_variable().type.precision), where=node.name)
    return BatchNormalizationTanh(
        name=node.name, inputs=inputs, result=result, high=high, low=low, threshold_format=form
    )


def _softmax(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    """Read a softmax with the settings that hls4ml's config template leaves or changes."""
    fields = {**common_fields(node, inputs), **_slices(node, graph)}
    implementation = node.get_attr("implementation")
    size = int(node.get_attr("table_size"))
    exp_size = int(node.get_attr("exp_table_size", size))
    inverse_size = int(node.get_attr("inv_table_size", size))
    if implementation == "argmax":
        return Argmax(**fields)
    if implementation == "legacy":
        if io_type(graph) is IOType.STREAM:
            exp_size = inverse_size = LEGACY_SIZE
        return LegacySoftmax(
            **fields,
            exp_table=legacy_exp_table(exp_size, LEGACY_TABLE),
            inverse_table=legacy_inverse_table(inverse_size, LEGACY_TABLE),
            table_format=LEGACY_TABLE,
        )
    exp_format, inverse_format = format_of(node, "exp_table_t"), format_of(node, "inv_table_t")
    named = node.types["inv_inp_t"].name
    index = exp_format if named == "model_default_t" else format_of(node, "inv_inp_t")
    scale = float(node.get_attr("exp_scale", 1.0))
    fields |= {
        "exp_format": exp_format,
        "accumulator": format_of(node, "accum_t"),
        "inverse_input": index,
        "inverse_table": inverse_table(index, inverse_size, inverse_format),
        "inverse_format": inverse_format,
    }
    source = _input_format(node)
    if implementation == "latency":
        return Softmax(**fields, exp_table=exp_table(source, exp_size, exp_format, scale))
    if "inp_norm_t" in node.attributes:
        difference = format_of(node, "inp_norm_t")
    else:
        width, integer = source.width - source.signed, source.integer - source.signed
        difference = FixedFormat(width, integer, signed=False)
        if source.signed:
            exp_size = min(inverse_size, 2**width)
    return StableSoftmax(
        **fields,
        exp_table=exp_table(difference, exp_size, exp_format, scale, negative=True),
        difference_format=difference,
    )


def _slices(node: Any, graph: Any) -> dict[str, int]:
    if io_type(graph) is IOType.STREAM:  # the numbers that come at once
        return {"slice_length": pack_of(node), "inner": 1}
    inner, outer = int(node.get_attr("n_inner", 1)), int(node.get_attr("n_outer", 1))
    return {"slice_length": int(node.get_attr("n_in")) // inner // outer, "inner": inner}


Extractor = Callable[[Any, tuple[str, ...], Any], Layer]

ACTIVATIONS: dict[str, Extractor] = {
    "linear": _plain(Linear),
    "relu": _plain(ReLU),
    "relu1": _bounded_relu,
    "relu6": _bounded_relu,
    "sigmoid": _table_activation,
    "tanh": _table_activation,
    "softplus": _table_activation,
    "softsign": _table_activation,
    "elu": _elu,
    "selu": _selu,
    "leakyrelu": _leaky_relu,
    "leaky_relu": _leaky_relu,
    "prelu": _prelu,
    "thresholdedrelu": _thresholded_relu,
    "thresholded_relu": _thresholded_relu,
    "hard_sigmoid": _hard,
    "hard_tanh": _hard,
    "binary_tanh": _binary_tanh,
    "ternary_tanh": _ternary_tanh,
    "softmax": _softmax,
}
"""hls4ml's activation names."""

ACTIVATION_EXTRACTORS: dict[str, Extractor] = {
    "BatchNormalizationQuantizedTanh": _batch_normalization_tanh,
    **dict.fromkeys(
        (
            "Activation",
            "ParametrizedActivation",
            "PReLU",
            "HardActivation",
            "TernaryTanh",
            "Softmax",
        ),
        _activation,
    ),
}
"""hls4ml's classes of activations."""
