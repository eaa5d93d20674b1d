"""A layer of which no reason is known computes what real numbers give, in float32 too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger.design import IOType, Strategy
from trigger.emulate import Counterpart, find_inexact, run
from trigger.fixed import FixedFormat, Overflow, Rounding
from trigger.layers import Dense, Input, Linear, Pool, Pooling2D, ReLU
from trigger.layers.base import frozen_array
from trigger.network import Network


def form(text: str) -> FixedFormat:
    return FixedFormat.parse(text)


def dense(source: FixedFormat, kernel, kernel_format, bias, bias_format, accumulator, result):
    raw = frozen_array(kernel, 62)
    layers = (
        Input(name="x", inputs=(), result=source, dimensions=(raw.shape[0],)),
        Dense(
            name="y",
            inputs=("x",),
            result=result,
            kernel=raw,
            kernel_format=kernel_format,
            bias=frozen_array(bias, 62),
            bias_format=bias_format,
            accumulator=accumulator,
            strategy=Strategy.LATENCY,
            reuse_factor=1,
        ),
    )
    return Network(layers, ("y",))


def pooling(source: str, accumulator: str, result: str, **changes) -> Network:
    fields = {
        "pool": Pool.AVERAGE,
        "size": (2, 2),
        "stride": (2, 2),
        "padding": ((0, 0), (0, 0)),
        "count_padding": False,
        "io_type": IOType.PARALLEL,
        **changes,
    }
    layers = (
        Input(name="x", inputs=(), result=form(source), dimensions=(4, 4, 1)),
        Pooling2D(
            name="y", inputs=("x",), result=form(result), accumulator=form(accumulator), **fields
        ),
    )
    return Network(layers, ("y",))


formats = st.builds(
    FixedFormat,
    st.integers(2, 14),
    st.integers(-1, 8),
    st.booleans(),
    st.sampled_from(Rounding),
    st.sampled_from(Overflow),
)


def inside(form: FixedFormat, size: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(form.raw_min, form.raw_max), min_size=size, max_size=size)


@given(st.data())
def test_a_sum_of_products_without_a_reason_is_that_of_float32(data):
    source, weight, bias_format = (data.draw(formats) for _ in range(3))
    kernel = np.reshape(data.draw(inside(weight, 6)), (3, 2))
    bias = data.draw(inside(bias_format, 2))
    fractional = max(source.fractional + weight.fractional, bias_format.fractional)
    wide = st.builds(
        lambda width, below, rounding, overflow: FixedFormat(
            width, width - fractional + below, True, rounding, overflow
        ),
        st.integers(8, 34),
        st.integers(-1, 1),
        st.sampled_from(Rounding),
        st.sampled_from(Overflow),
    )
    network = dense(source, kernel, weight, bias, bias_format, data.draw(wide), data.draw(wide))
    if find_inexact(network, {}):
        return
    pixels = np.array([data.draw(inside(source, 3)) for _ in range(4)])
    values = source.values(pixels).astype(np.float32) @ weight.values(kernel).astype(np.float32)
    values += bias_format.values(np.array(bias)).astype(np.float32)
    assert (network["y"].result.values(run(network, pixels)["y"]) == values).all()


@given(st.data())
def test_a_mean_without_a_reason_keeps_all_its_bits(data):
    source, accumulator, result = (data.draw(formats) for _ in range(3))
    network = pooling("ap_fixed<8,4>", "ap_fixed<8,4>", "ap_fixed<8,4>")
    network = Network(
        (
            replace(network["x"], result=source),
            replace(
                network["y"],
                accumulator=replace(accumulator, width=accumulator.width + 8),
                result=replace(result, width=result.width + 6),
                io_type=data.draw(st.sampled_from(IOType)),
                size=data.draw(st.sampled_from([(2, 2), (1, 3), (4, 2)])),
                pool=data.draw(st.sampled_from(Pool)),
            ),
        ),
        ("y",),
    )
    if find_inexact(network, {}):
        return
    layer = network["y"]
    pixels = np.reshape(data.draw(inside(source, 16)), (1, 4, 4, 1))
    cells = source.values(layer.cells(pixels, source))
    pooled = cells.max(axis=3) if layer.pool is Pool.MAX else cells.mean(axis=3)
    assert (layer.result.values(run(network, pixels)["y"]) == pooled).all()


PIXEL, WEIGHT = form("ap_ufixed<8,0>"), form("ap_fixed<6,1>")
WIDE = form("ap_fixed<24,10>")


def products(kernel=((31,), (-32,)), bias=(3,), accumulator="ap_fixed<24,10>", result=""):
    return dense(
        PIXEL, kernel, WEIGHT, bias, WEIGHT, form(accumulator), form(result or "ap_fixed<24,10>")
    )


REASONS = {
    "nothing": (products(), ""),
    "narrow accumulator": (
        products(accumulator="ap_fixed<14,5>"),
        r"each product has 13 bits below the point; ap_fixed<14,5> rounds it",
    ),
    "wrapping accumulator": (
        products(accumulator="ap_fixed<13,0>"),
        r"numbers from -0.9\d* to 1.0\d* enter ap_fixed<13,0> \(accumulator\), which wraps them",
    ),
    "clipping result": (
        products(result="ap_fixed<14,1,AP_RND,AP_SAT>", bias=(31,)),
        r"enter ap_fixed<14,1,AP_RND,AP_SAT> \(result\), which clips them",
    ),
    "rounding result": (
        products(result="ap_fixed<12,2>"),
        r"a sum has 13 bits below the point; ap_fixed<12,2> rounds it",
    ),
    "wide sum": (
        dense(
            form("ap_fixed<16,1>"),
            ((4097,),),
            form("ap_fixed<14,1>"),
            (0,),
            WEIGHT,
            form("ap_fixed<40,10>"),
            form("ap_fixed<40,10>"),
        ),
        r"a sum may need 28 bits; float32, which Keras computes in, has 24",
    ),
    "bias": (
        dense(
            PIXEL,
            ((1,),),
            WEIGHT,
            (1,),
            form("ap_fixed<20,1>"),
            WIDE,
            form("ap_fixed<30,10>"),
        ),
        r"ap_fixed<24,10> cannot hold the bias of ap_fixed<20,1>",
    ),
    "mean of 3": (
        pooling("ap_ufixed<6,2>", "ap_fixed<20,10>", "ap_fixed<20,10>", size=(1, 3)),
        r"a mean of 3 numbers is cut to ap_fixed<20,10>",
    ),
    "mean of 4 kept": (pooling("ap_ufixed<6,2>", "ap_ufixed<10,4>", "ap_ufixed<8,2>"), ""),
    "mean of 4 cut": (
        pooling("ap_ufixed<6,2>", "ap_ufixed<10,4>", "ap_ufixed<6,2>"),
        r"a mean of 4 numbers has 6 bits below the point, which ap_ufixed<6,2> cuts",
    ),
    "mean that wraps": (
        pooling("ap_ufixed<6,2>", "ap_ufixed<8,2>", "ap_ufixed<8,2>"),
        r"enter ap_ufixed<8,2> \(accumulator\), which wraps them",
    ),
    "mean with padding": (
        pooling(
            "ap_ufixed<6,2>",
            "ap_ufixed<10,4>",
            "ap_ufixed<8,2>",
            padding=((0, 1), (0, 1)),
            count_padding=True,
        ),
        r"padding counts in a mean",
    ),
    "maximum with padding": (
        pooling(
            "ap_ufixed<6,2>",
            "ap_ufixed<6,2>",
            "ap_ufixed<6,2>",
            pool=Pool.MAX,
            padding=((0, 1), (0, 1)),
        ),
        r"padding counts as half of the range",
    ),
}


@pytest.mark.parametrize(("network", "reason"), REASONS.values(), ids=REASONS)
def test_the_reason_is_the_true_one(network, reason):
    import re

    found = find_inexact(network, {}).get("y", "")
    assert re.search(reason, found) if reason else not found, found


RELU = form("ap_ufixed<6,2,AP_RND_CONV,AP_SAT>")


@pytest.mark.parametrize("kind", [ReLU, Linear])
@pytest.mark.parametrize(
    ("result", "quantiser", "reason"),
    [
        (RELU, RELU, None),
        (replace(RELU, overflow=Overflow.WRAP), RELU, "QKeras rounds to .*, the firmware to"),
        (RELU, None, "numbers have 7 bits below the point"),
        (form("ap_fixed<12,4>"), None, None),
        (form("ap_fixed<10,2>"), None, "which wraps them"),
    ],
)
def test_rounding_that_is_the_quantisers_own_is_exact(kind, result, quantiser, reason):
    import re

    source = Input(name="x", inputs=(), result=form("ap_fixed<11,4>"), dimensions=(3,))
    layer = kind(name="y", inputs=("x",), result=result)
    network = Network((source, layer), ("y",))
    found = find_inexact(network, {"y": Counterpart(quantiser)}).get("y")
    assert found is None if reason is None else re.search(reason, found)


def test_weights_that_are_not_quantised_are_cut():
    found = find_inexact(products(), {"y": Counterpart(quantised_weights=False)})
    assert found["y"] == "the weights are cut to ap_fixed<6,1>; Keras keeps all their bits"
