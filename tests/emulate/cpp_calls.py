"""Random layers as calls of hls4ml's own C++: which function, with which configuration.

A convolution is called as the dense layer that its windows meet. ``None`` stands for what the C++
cannot be asked one by one, or at all: constants that hls4ml fixes, other versions' behaviour,
moves without arithmetic (whole projects in ``tests/project`` have those).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.layers.nnet import HEADERS, Case, array
from tests.layers.test_activations_in_cpp import softmax_choice, softmax_config
from trigger.design import IOType, Strategy
from trigger.fixed import FixedFormat, RawArray
from trigger.layers import (
    Argmax,
    BatchNormalization,
    BinaryTanh,
    BoundedReLU,
    Clone,
    Concatenate,
    Conv1D,
    Conv2D,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Dot,
    Embedding,
    HardSigmoid,
    HardTanh,
    Layer,
    LayerNormalization,
    LeakyReLU,
    LegacySoftmax,
    Linear,
    Merge,
    MultiplyAccumulate,
    Pool,
    Pooling1D,
    Pooling2D,
    ReLU,
    Softmax,
    StableSoftmax,
    TableActivation,
    Tensor,
    TernaryTanh,
    ThresholdedReLU,
)
from trigger.network import Network

PRODUCT = "template <class a, class b> using product = nnet::product::mult<a, b>;"
POOLS = {Pool.MAX: "Max", Pool.AVERAGE: "Average"}
FEW_ROWS = 24


def call_of(layer: Layer, inputs: tuple[Tensor, ...]) -> Case | None:
    """Return the call of a layer's C++ on these numbers."""
    forms = [layer.result, *(tensor.format for tensor in inputs)]
    if any(form.width > 60 or abs(form.integer) > 60 for form in forms):
        return None  # the test program passes 64-bit integers
    if str(layer.result) == "ap_ufixed<1,1>" or type(layer) not in CALLS:
        return None  # hls4ml writes ap_uint<1>, which cuts towards zero
    return CALLS[type(layer)](layer, inputs)


def _sizes(**numbers: object) -> str:
    return "".join(f"static const unsigned {name} = {value};" for name, value in numbers.items())


def _types(**forms: FixedFormat) -> str:
    return "".join(f"typedef {form} {name};" for name, form in forms.items())


def _value(raw: int, form: FixedFormat) -> str:
    return repr(float(raw) * 2.0**-form.fractional)


def calls_of(network: Network, results: Mapping[str, RawArray]) -> list[Case]:
    """Return the calls of all layers of a network, given the results of all."""
    tensors = {name: Tensor(raw, network[name].result) for name, raw in results.items()}
    calls = [
        call_of(layer, tuple(tensors[name] for name in layer.inputs))
        for layer in network.layers
        if layer.inputs
    ]
    return [call for call in calls if call is not None]


def _few(tensor: Tensor) -> Tensor:
    return Tensor(tensor.raw[:FEW_ROWS], tensor.format)


def _dense(layer: MultiplyAccumulate, inputs: tuple[Tensor, ...]) -> Case | None:
    matrix = layer.matrix
    if layer.strategy is not Strategy.LATENCY:
        return None
    windows = layer.windows(inputs[0].raw)
    rows = _few(Tensor(windows.reshape(-1, windows.shape[-1]), inputs[0].format))
    same = Dense(
        name=layer.name,
        inputs=("x",),
        result=layer.result,
        kernel=matrix,
        kernel_format=layer.kernel_format,
        bias=layer.bias,
        bias_format=layer.bias_format,
        accumulator=layer.accumulator,
        strategy=layer.strategy,
        reuse_factor=layer.reuse_factor,
    )
    elements, outputs = matrix.shape
    config = _sizes(n_in=elements, n_out=outputs, reuse_factor=1, multiplier_limit=1)
    config += PRODUCT + _types(
        accum_t=layer.accumulator, weight_t=layer.kernel_format, bias_t=layer.bias_format
    )
    constants = array("w", matrix, layer.kernel_format) + array("b", layer.bias, layer.bias_format)
    call = "dense_latency<{x0}, {y}, {config}>"
    return Case(same, call, config, (rows,), constants=constants, after=("w", "b"))


def _normalize(layer: BatchNormalization, inputs: tuple[Tensor, ...]) -> Case:
    channels = layer.scale.size
    config = _sizes(
        n_in=inputs[0].raw[0].size,
        n_scale_bias=channels,
        n_filt=channels,
        reuse_factor=1,
        multiplier_limit=1,
    )
    config += PRODUCT + _types(scale_t=layer.scale_format, bias_t=layer.bias_format)
    constants = array("s", layer.scale, layer.scale_format) + array(
        "b", layer.bias, layer.bias_format
    )
    call = "normalize<{x0}, {y}, {config}>"
    return Case(layer, call, config, (_few(inputs[0]),), constants=constants, after=("s", "b"))


def _plain(name: str) -> Callable[[Layer, tuple[Tensor, ...]], Case]:
    def call(layer: Layer, inputs: tuple[Tensor, ...]) -> Case:
        config = _sizes(n_in=inputs[0].raw[0].size)
        return Case(layer, name + "<{x0}, {y}, {config}>", config, (_few(inputs[0]),))

    return call


def _bounded(layer: BoundedReLU, inputs: tuple[Tensor, ...]) -> Case:
    config = _sizes(n_in=inputs[0].raw[0].size)
    call = f"relu_max<{{x0}}, {{y}}, {layer.maximum}, {{config}}>"
    return Case(layer, call, config, (_few(inputs[0]),))


def _leaky(layer: LeakyReLU, inputs: tuple[Tensor, ...]) -> Case:
    config = _sizes(n_in=inputs[0].raw[0].size)
    form = layer.alpha_format
    if layer.alpha.size == 1:
        call = f"leaky_relu<{{x0}}, {form}, {{y}}, {{config}}>"
        argument = _value(int(layer.alpha.ravel()[0]), form)
        return Case(layer, call, config, (_few(inputs[0]),), arguments=(argument,))
    call = f"prelu<{{x0}}, {form}, {{y}}, {{config}}>"
    constants = array("a", layer.alpha, form)
    return Case(layer, call, config, (_few(inputs[0]),), constants=constants, arguments=("a",))


def _thresholded(layer: ThresholdedReLU, inputs: tuple[Tensor, ...]) -> Case:
    form = layer.threshold_format
    call = f"thresholded_relu<{{x0}}, {form}, {{y}}, {{config}}>"
    config = _sizes(n_in=inputs[0].raw[0].size)
    argument = _value(layer.threshold, form)
    return Case(layer, call, config, (_few(inputs[0]),), arguments=(argument,))


def _hard(name: str) -> Callable[[HardSigmoid, tuple[Tensor, ...]], Case]:
    def call(layer: HardSigmoid, inputs: tuple[Tensor, ...]) -> Case:
        config = _sizes(n_in=inputs[0].raw[0].size, io_type=0)
        for role, raw, form in (
            ("slope", layer.slope, layer.slope_format),
            ("shift", layer.shift, layer.shift_format),
        ):
            config += f"inline static const {form} {role} = {_value(raw, form)};"
        return Case(layer, name + "<{x0}, {y}, {config}>", config, (_few(inputs[0]),))

    return call


def _binary(layer: BinaryTanh, inputs: tuple[Tensor, ...]) -> Case | None:
    if (layer.below, layer.zero) != (-1, 1):
        return None
    return _plain("binary_tanh")(layer, inputs)


def _ternary(layer: TernaryTanh, inputs: tuple[Tensor, ...]) -> Case:
    config = _sizes(n_in=inputs[0].raw[0].size)
    pack = inputs[0].raw.shape[-1] if layer.io_type is IOType.STREAM else 0
    return Case(layer, "ternary_tanh<{x0}, {y}, {config}>", config, (_few(inputs[0]),), pack)


def _table(layer: TableActivation, inputs: tuple[Tensor, ...]) -> Case:
    config = _sizes(n_in=inputs[0].raw[0].size, table_size=layer.table.size)
    config += _types(table_t=layer.table_format)
    call = layer.function.value + "<{x0}, {y}, {config}>"
    return Case(layer, call, config, (_few(inputs[0]),))


def _softmax(layer: Softmax, inputs: tuple[Tensor, ...]) -> Case | None:
    if layer.exp_table.size < 2 or layer.inverse_table.size < 2:
        return None
    stable = isinstance(layer, StableSoftmax)
    if stable and layer.negative:
        return None
    forms = layer.exp_format, layer.inverse_format, layer.accumulator, layer.inverse_input
    row = (*map(str, forms), layer.exp_table.size, layer.inverse_table.size)
    difference = layer.difference_format if stable else inputs[0].format
    return _slices(layer, inputs, row, "stable" if stable else "latency", difference)


def _legacy(layer: LegacySoftmax, inputs: tuple[Tensor, ...]) -> Case:
    table = str(layer.table_format)
    row = (table, table, table, table, layer.exp_table.size, layer.inverse_table.size)
    return _slices(layer, inputs, row, "legacy", inputs[0].format)


def _argmax(layer: Argmax, inputs: tuple[Tensor, ...]) -> Case:
    table = "ap_fixed<18,8>"
    return _slices(layer, inputs, (*[table] * 4, 8, 8), "argmax", inputs[0].format)


def _slices(layer, inputs: tuple[Tensor, ...], row: tuple, name: str, difference) -> Case:
    outer = inputs[0].raw[0].size // (layer.slice_length * layer.inner)
    config = softmax_config(row, layer.slice_length, layer.inner, outer, difference)
    function = "softmax" if layer.inner == outer == 1 else "softmax_multidim"
    call = function + "<{x0}, {y}, {config}>"
    return Case(layer, call, config, (_few(inputs[0]),), constants=softmax_choice(name))


def _pooling(layer: Pooling1D | Pooling2D, inputs: tuple[Tensor, ...]) -> Case | None:
    if layer.io_type is IOType.STREAM:
        return None
    *image, channels = inputs[0].raw.shape[1:]
    *out, _ = layer.shape(inputs[0].raw.shape[1:])
    axes = ("height", "width")[-len(image) :]
    sizes = {"n_filt": channels, "n_chan": channels, "reuse_factor": 1}
    two = isinstance(layer, Pooling2D)
    size, stride, padding = (
        (layer.size, layer.stride, layer.padding)
        if two
        else ((layer.size,), (layer.stride,), (layer.padding,))
    )
    for index, axis in enumerate(axes):
        before, behind = ("top", "bottom") if axis == "height" else ("left", "right")
        sizes |= {
            f"in_{axis}": image[index],
            f"out_{axis}": out[index],
            f"pool_{axis}": size[index],
            f"filt_{axis}": size[index],
            f"stride_{axis}": stride[index],
            f"pad_{before}": padding[index][0],
            f"pad_{behind}": padding[index][1],
        }
    sizes |= {"n_in": image[-1], "n_out": out[-1]}
    config = _sizes(**sizes) + _types(accum_t=layer.accumulator)
    config += f"static const bool count_pad = {str(layer.count_padding).lower()};"
    config += f"static const nnet::Pool_Op pool_op = nnet::{POOLS[layer.pool]};"
    call = f"pooling{len(image)}d_cl<{{x0}}, {{y}}, {{config}}>"
    headers = (*HEADERS, "nnet_pooling.h")
    return Case(layer, call, config, (_few(inputs[0]),), headers=headers)


def _merge(layer: Merge, inputs: tuple[Tensor, ...]) -> Case | None:
    sizes = {tensor.raw[0].size for tensor in inputs}
    if len(sizes) > 1:
        return None
    (size,) = sizes
    config = _sizes(n_elem=size, n_elem1=size, n_elem2=size)
    call = f"{layer.operation.value}<{{x0}}, {{x1}}, {{y}}, {{config}}>"
    return Case(layer, call, config, tuple(map(_few, inputs)))


def _concatenate(layer: Concatenate, inputs: tuple[Tensor, ...]) -> Case:
    lengths = {
        f"n_elem{which}_{axis}": length
        for which, tensor in enumerate(inputs, 1)
        for axis, length in enumerate(tensor.raw.shape[1:])
    }
    config = _sizes(**lengths) + f"static const int axis = {layer.axis + 1};"
    call = f"concatenate{inputs[0].raw.ndim - 1}d<{{x0}}, {{x1}}, {{y}}, {{config}}>"
    return Case(layer, call, config, tuple(map(_few, inputs)))


def _dot(layer: Dot, inputs: tuple[Tensor, ...]) -> Case:
    config = _sizes(n_in=inputs[0].raw.shape[1], n_out=1, reuse_factor=1, multiplier_limit=1)
    config += PRODUCT + _types(accum_t=layer.accumulator)
    return Case(layer, "dot1d<{x0}, {x1}, {y}, {config}>", config, tuple(map(_few, inputs)))


def _layer_norm(layer: LayerNormalization, inputs: tuple[Tensor, ...]) -> Case:
    rows = inputs[0].raw.shape[1]
    config = _sizes(
        n_in=inputs[0].raw[0].size,
        seq_len=rows,
        axis=2,
        epsilon_power_of_10=3,
        table_range_power2=layer.range_power,
        table_size=layer.table.size,
        io_type=0,
        reuse_factor=1,
    )
    config += PRODUCT + _types(
        accum_t=layer.accumulator,
        table_t=layer.table_format,
        scale_t=layer.scale_format,
        bias_t=layer.bias_format,
    )
    constants = array("s", layer.scale, layer.scale_format) + array(
        "b", layer.bias, layer.bias_format
    )
    return Case(
        layer,
        "layernormalize<{x0}, {y}, {config}>",
        config,
        (_few(inputs[0]),),
        constants=constants,
        after=("s", "b"),
        headers=(*HEADERS, "nnet_layernorm.h"),
    )


def _embedding(layer: Embedding, inputs: tuple[Tensor, ...]) -> Case:
    words, length = layer.rows.shape
    config = _sizes(n_in=inputs[0].raw.shape[1], n_out=length, vocab_size=words, reuse_factor=1)
    config += _types(embeddings_t=layer.row_format)
    return Case(
        layer,
        "embedding<{x0}, {y}, {config}>",
        config,
        (_few(inputs[0]),),
        constants=array("rows", layer.rows, layer.row_format),
        after=("rows",),
        headers=(*HEADERS, "nnet_embed.h"),
    )


CALLS: dict[type[Layer], Callable[..., Case | None]] = {
    **dict.fromkeys((Dense, Conv1D, Conv2D, DepthwiseConv1D, DepthwiseConv2D), _dense),
    BatchNormalization: _normalize,
    Linear: _plain("linear"),
    Clone: _plain("linear"),
    ReLU: _plain("relu"),
    BoundedReLU: _bounded,
    LeakyReLU: _leaky,
    ThresholdedReLU: _thresholded,
    HardSigmoid: _hard("hard_sigmoid"),
    HardTanh: _hard("hard_tanh"),
    BinaryTanh: _binary,
    TernaryTanh: _ternary,
    TableActivation: _table,
    Softmax: _softmax,
    StableSoftmax: _softmax,
    LegacySoftmax: _legacy,
    Argmax: _argmax,
    Pooling1D: _pooling,
    Pooling2D: _pooling,
    Merge: _merge,
    Concatenate: _concatenate,
    Dot: _dot,
    LayerNormalization: _layer_norm,
    Embedding: _embedding,
}
"""How each layer is called."""
