"""The meaning of each layer, against the C++ written out with exact fractions, one by one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import (
    PIXEL,
    RELU,
    WEIGHT,
    conv2d,
    dense,
    linear,
    pixels_in,
    pooling2d,
    relu,
)
from trigger.design import IOType, Strategy
from trigger.errors import NetworkError
from trigger.fixed import FixedFormat, Overflow, Rounding, requantise
from trigger.layers import BatchNormalization, Conv1D, Pool, Tensor, ZeroPadding2D
from trigger.layers.multiply_accumulate import addition_order
from trigger.layers.reuse import legal_reuse_factors

formats = st.builds(
    FixedFormat,
    width=st.integers(2, 40),
    integer=st.integers(-6, 20),
    signed=st.just(True),
    rounding=st.sampled_from(Rounding),
    overflow=st.sampled_from(Overflow),
)


def cast(value: Fraction, target: FixedFormat) -> Fraction:
    """Return ``ap_fixed`` of an exact value; ``requantise`` is proven elsewhere."""
    fractional = max(target.fractional, value.denominator.bit_length() - 1)
    source = FixedFormat.for_range(*[int(value * 2**fractional)] * 2, fractional)
    raw = requantise(np.array([int(value * 2**fractional)], dtype=object), source, target)
    return int(raw[0]) * target.step


def numbers(raw, form):
    return [int(number) * form.step for number in raw]


@settings(deadline=None)
@given(
    data=st.data(),
    accumulator=formats,
    result=formats,
    strategy=st.sampled_from([(Strategy.LATENCY, 1), (Strategy.RESOURCE, 2)]),
)
def test_dense_stores_each_product_in_the_accumulator_before_adding_it(
    data, accumulator, result, strategy
):
    inputs, outputs = 4, 2
    source = data.draw(st.sampled_from([PIXEL, FixedFormat(9, 3), FixedFormat(40, 8)]))
    draw = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    raw = draw.integers(source.raw_min, source.raw_max, (3, inputs), endpoint=True)
    raw[0] = source.raw_max
    kernel, bias = draw.integers(-32, 32, (inputs, outputs)), draw.integers(-32, 32, outputs)
    layer = dense(
        "d",
        "x",
        kernel,
        bias,
        accumulator=accumulator,
        result=result,
        strategy=strategy[0],
        reuse_factor=strategy[1],
    )

    computed = layer.evaluate(Tensor(raw, source))

    order = [0, 2, 1, 3] if strategy[0] is Strategy.RESOURCE else range(inputs)
    for event in range(3):
        values = numbers(raw[event], source)
        for output in range(outputs):
            total = cast(int(bias[output]) * WEIGHT.step, accumulator)
            for element in order:
                product = values[element] * int(kernel[element, output]) * WEIGHT.step
                total = cast(total + cast(product, accumulator), accumulator)
            assert int(computed[event, output]) * result.step == cast(total, result)


@pytest.mark.parametrize(
    ("elements", "strategy", "reuse", "order"),
    [
        (6, Strategy.LATENCY, 3, [0, 1, 2, 3, 4, 5]),
        (6, Strategy.RESOURCE, 1, [0, 1, 2, 3, 4, 5]),
        (6, Strategy.RESOURCE, 3, [0, 3, 1, 4, 2, 5]),
        (6, Strategy.RESOURCE_UNROLLED, 3, [0, 3, 1, 4, 2, 5]),
        (6, Strategy.RESOURCE, 12, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_resource_adds_in_strides_of_the_reuse_factor(elements, strategy, reuse, order):
    assert addition_order(elements, strategy, reuse) == order


def test_conv2d_is_a_dense_layer_on_each_window():
    rng = np.random.default_rng(1)
    raw = rng.integers(0, 256, (2, 5, 6, 3))
    kernel, bias = rng.integers(-31, 32, (2, 3, 3, 4)), rng.integers(-31, 32, 4)
    layer = conv2d("c", "x", kernel, bias, stride=(2, 1), padding=((1, 0), (0, 2)))
    assert layer.shape((5, 6, 3)) == (3, 6, 4)

    computed = layer.evaluate(Tensor(raw, PIXEL))

    padded = np.pad(raw, ((0, 0), (1, 0), (0, 2), (0, 0)))
    matrix = dense("d", "x", kernel.reshape(-1, 4), bias)
    for row in range(3):
        for column in range(6):
            window = padded[:, 2 * row : 2 * row + 2, column : column + 3]
            expected = matrix.evaluate(Tensor(window.reshape(2, -1), PIXEL))
            assert (computed[:, row, column] == expected).all()


def test_conv1d_is_conv2d_of_one_row():
    rng = np.random.default_rng(2)
    raw = rng.integers(0, 256, (2, 9, 3))
    kernel, bias = rng.integers(-31, 32, (4, 3, 5)), rng.integers(-31, 32, 5)
    flat = conv2d("c", "x", kernel[None], bias, stride=(1, 2), padding=((0, 0), (1, 2)))
    fields = {
        name: getattr(flat, name)
        for name in (
            "name",
            "inputs",
            "result",
            "kernel_format",
            "bias",
            "bias_format",
            "accumulator",
            "strategy",
            "reuse_factor",
            "parallelization_factor",
        )
    }
    layer = Conv1D(**fields, kernel=kernel, stride=2, padding=(1, 2))
    assert layer.shape((9, 3)) == (5, 5)
    expected = flat.evaluate(Tensor(raw[:, None], PIXEL))[:, 0]
    assert (layer.evaluate(Tensor(raw, PIXEL)) == expected).all()


def test_relu_rounds_and_saturates_in_its_result():
    source = FixedFormat.parse("ap_fixed<10,4>")  # steps of 1/64; the result has steps of 1/16
    raw = np.array([[-5, 0, 2, 6, 10, 511]])
    assert relu("r", "x").evaluate(Tensor(raw, source)).tolist() == [[0, 0, 0, 2, 2, 63]]


def test_linear_is_a_change_of_format():
    raw = np.array([[300, 255, 3]])
    source = FixedFormat.parse("ap_fixed<12,6>")
    target = FixedFormat.parse("ap_fixed<4,3>")
    assert linear("q", "x", target).evaluate(Tensor(raw, source)).tolist() == [[-7, 7, 0]]


def test_batch_normalisation_rounds_once_at_the_end():
    scale, bias = FixedFormat(8, 2), FixedFormat(9, 4)
    result = FixedFormat.parse("ap_fixed<10,6,AP_RND>")
    layer = BatchNormalization(
        name="b",
        inputs=("x",),
        result=result,
        scale=np.array([77, -128]),
        scale_format=scale,
        bias=np.array([-200, 17]),
        bias_format=bias,
    )
    raw = np.array([[[1, 255], [200, 3]]])
    computed = layer.evaluate(Tensor(raw, PIXEL))
    for column in range(2):
        for channel in range(2):
            value = int(raw[0, column, channel]) * PIXEL.step
            exact = value * int(layer.scale[channel]) * scale.step
            exact += int(layer.bias[channel]) * bias.step
            assert int(computed[0, column, channel]) * result.step == cast(exact, result)


@pytest.mark.parametrize("io_type", IOType)
def test_max_pooling_takes_the_largest_of_each_window(io_type):
    raw = np.arange(16).reshape(1, 4, 4, 1)
    layer = pooling2d("p", "x", io_type=io_type)
    assert layer.evaluate(Tensor(raw, RELU))[0, :, :, 0].tolist() == [[5, 7], [13, 15]]


def test_max_pooling_pads_signed_numbers_with_the_least_one():
    form = FixedFormat(6, 3)
    raw = np.full((1, 2, 2, 1), -7)
    layer = pooling2d("p", "x", form, padding=((1, 1), (1, 1)))
    assert layer.evaluate(Tensor(raw, form)).ravel().tolist() == [-7] * 4


def test_max_pooling_pads_unsigned_numbers_as_the_header_does():
    """``pad_val`` sets the top bit, which is the least number only if there is a sign."""
    raw = np.full((1, 2, 2, 1), 3)
    layer = pooling2d("p", "x", padding=((1, 1), (1, 1)))
    assert layer.evaluate(Tensor(raw, RELU)).ravel().tolist() == [32] * 4


def test_average_pooling_divides_towards_zero_by_the_cells_inside():
    form = FixedFormat(12, 8)
    raw = np.array([[[-7], [2]], [[-3], [1]]])[None]
    fields = {"pool": Pool.AVERAGE, "padding": ((0, 0), (0, 1)), "stride": (2, 2)}
    layer = pooling2d("p", "x", form, **fields)
    assert layer.evaluate(Tensor(raw, form)).ravel().tolist() == [-1]  # -7/4
    wider = pooling2d("p", "x", form, **{**fields, "size": (2, 3)})
    assert wider.evaluate(Tensor(raw, form)).ravel().tolist() == [-1]  # -7/4: padding not counted
    counting = pooling2d("p", "x", form, **{**fields, "size": (2, 3)}, count_padding=True)
    assert counting.evaluate(Tensor(raw, form)).ravel().tolist() == [-1]  # -7/6


def test_zero_padding_frames_the_image():
    layer = ZeroPadding2D(name="z", inputs=("x",), result=PIXEL, padding=((1, 0), (0, 2)))
    assert layer.shape((1, 2, 1)) == (2, 4, 1)
    raw = np.array([[[[5], [6]]]])
    assert layer.evaluate(Tensor(raw, PIXEL))[0, :, :, 0].tolist() == [[0, 0, 0, 0], [5, 6, 0, 0]]


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (dense("d", "x", [[1]], [0]), (1, 1), "one input of rank 1"),
        (conv2d("c", "x", np.zeros((3, 3, 2, 1), int), [0]), (5, 5, 1), "meets 1 channels"),
        (conv2d("c", "x", np.zeros((3, 3, 1, 1), int), [0]), (2, 5, 1), "smaller than the"),
        (pooling2d("p", "x", size=(3, 3)), (2, 2, 1), "smaller than the"),
        (pixels_in(), (1,), "an input reads nothing"),
    ],
    ids=["rank", "channels", "image", "window", "input"],
)
def test_shapes_that_do_not_fit_are_refused(layer, shape, message):
    with pytest.raises(NetworkError, match=message):
        layer.shape(shape)


def test_legal_reuse_factors():
    assert legal_reuse_factors(6, 2, Strategy.RESOURCE) == (1, 2, 3, 6, 12)
    assert legal_reuse_factors(6, 2, Strategy.RESOURCE_UNROLLED) == (2, 3, 6)
    assert legal_reuse_factors(2, 2, Strategy.LATENCY) == (1, 2, 3, 4)
    assert legal_reuse_factors(6, 2, Strategy.DISTRIBUTED_ARITHMETIC) == (1,)


def test_zeros_around_integers_beyond_64_bits() -> None:
    """Found by random networks: numpy's own padding cannot be multiplied by such integers."""
    wide = FixedFormat(80, 80)
    image = Tensor(np.array([[[[1 << 70]]]], dtype=object), wide)
    around = ZeroPadding2D(name="z", inputs=("x",), result=wide, padding=((1, 0), (0, 1)))
    padded = around.evaluate(image)
    assert (padded * (1 << 70)).ravel().tolist() == [0, 0, 1 << 140, 0]


def test_streamed_pooling_with_padding_is_refused_as_its_cpp_stops():
    padded = {"padding": ((0, 1), (0, 0)), "size": (2, 1), "stride": (2, 1)}
    assert pooling2d("pool", "pixels", **padded).shape((3, 4, 2)) == (2, 4, 2)
    stream = pooling2d("pool", "pixels", io_type=IOType.STREAM, **padded)
    with pytest.raises(NetworkError, match="pool: the streaming pooling of hls4ml cannot pad"):
        stream.shape((3, 4, 2))
