"""Pooling and merges against hls4ml's own C++, in formats that hls4ml would not choose."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tests.layers.nnet import Case, assert_equal
from trigger.design import IOType
from trigger.fixed import FixedFormat
from trigger.layers import (
    Concatenate,
    Dot,
    GlobalPooling,
    Merge,
    Operation,
    Pool,
    Pooling1D,
    Tensor,
)

pytestmark = [pytest.mark.csim, pytest.mark.slow]

FORMATS = [
    # left, right, accumulator, result
    ("ap_fixed<8,3>", "ap_ufixed<6,2>", "ap_fixed<9,4,AP_RND,AP_SAT>", "ap_fixed<7,3>"),
    ("ap_fixed<9,-1>", "ap_fixed<5,7>", "ap_fixed<12,5,AP_RND_CONV>", "ap_fixed<20,9,AP_RND>"),
    ("ap_ufixed<7,7>", "ap_ufixed<4,0>", "ap_ufixed<9,6>", "ap_fixed<5,3,AP_TRN_ZERO,AP_SAT_SYM>"),
    ("ap_fixed<40,12>", "ap_fixed<37,20>", "ap_fixed<44,20>", "ap_fixed<50,22,AP_RND_INF>"),
]


def draw(text, shape, seed):
    """Return events of random numbers and of the ends of the range."""
    source = FixedFormat.parse(text)
    rng = np.random.default_rng(seed)
    raw = rng.integers(source.raw_min, source.raw_max, (60, *shape), endpoint=True)
    ends = rng.choice([source.raw_min, source.raw_max, 0], raw.shape)
    return Tensor(np.where(rng.random(raw.shape) < 0.3, ends, raw), source)


def common(result, names=("x",)):
    return {"name": "layer", "inputs": names, "result": FixedFormat.parse(result)}


def test_merges(tmp_path):
    cases = []
    for (left, right, _, result), operation in product(FORMATS, Operation):
        for pack in (0, 3):
            inputs = draw(left, (2, 3), 1), draw(right, (2, 3), 2)
            sizes = "".join(f"static const unsigned n_elem{i} = 6;" for i in ("", 1, 2))
            layer = Merge(**common(result, ("x", "y")), operation=operation)
            call = f"{operation.value}<{{x0}}, {{x1}}, {{y}}, {{config}}>"
            cases.append(Case(layer, call, sizes, inputs, pack))
    left, right, _, result = FORMATS[0]
    sizes = "".join(f"static const unsigned n_elem{i} = {n};" for i, n in (("", 6), (1, 6), (2, 3)))
    layer = Merge(**common(result, ("x", "y")), operation=Operation.SUBTRACT)
    inputs = draw(left, (2, 3), 1), draw(right, (3,), 2)  # the shorter one is repeated
    cases.append(Case(layer, "subtract<{x0}, {x1}, {y}, {config}>", sizes, inputs))
    assert_equal(cases, tmp_path)


def test_dot_and_concatenate(tmp_path):
    cases = []
    for left, right, accumulator, result in FORMATS:
        config = (
            "static const unsigned n_in = 4; static const unsigned n_out = 1;"
            f"static const unsigned reuse_factor = 1; typedef {accumulator} accum_t;"
            "static const unsigned multiplier_limit = 4;"
            "template <class a, class b> using product = nnet::product::mult<a, b>;"
        )
        layer = Dot(**common(result, ("x", "y")), accumulator=FixedFormat.parse(accumulator))
        inputs = draw(left, (4,), 1), draw(right, (4,), 2)
        cases.append(Case(layer, "dot1d<{x0}, {x1}, {y}, {config}>", config, inputs))
        for axis in range(3):
            shapes = [[2, 3, 2], [2, 3, 2]]
            shapes[1][axis] += 1
            config = f"static const int axis = {axis + 1};" + "".join(
                f"static const unsigned n_elem{which + 1}_{i} = {length};"
                for which, shape in enumerate(shapes)
                for i, length in enumerate(shape)
            )
            layer = Concatenate(**common(result, ("x", "y")), axis=axis)
            inputs = draw(left, shapes[0], 1), draw(right, shapes[1], 2)
            cases.append(Case(layer, "concatenate3d<{x0}, {x1}, {y}, {config}>", config, inputs))
    assert_equal(cases, tmp_path)


@pytest.mark.parametrize("pack", [0, 2], ids=["parallel", "stream"])
def test_pooling(pack, tmp_path):
    cases = []
    io_type = IOType.STREAM if pack else IOType.PARALLEL
    headers = ("nnet_types.h", "nnet_pooling.h", "nnet_pooling_stream.h")
    for (left, _, accumulator, result), pool in product(FORMATS, Pool):
        fields = {
            **common(result),
            "pool": pool,
            "accumulator": FixedFormat.parse(accumulator),
            "io_type": io_type,
        }
        word = {Pool.MAX: "Max", Pool.AVERAGE: "Average"}[pool]
        config = (
            "static const unsigned n_in = 7; static const unsigned n_filt = 2;"
            "static const unsigned n_chan = 2; static const unsigned filt_width = 3;"
            f"static const nnet::Pool_Op pool_op = nnet::{word}; typedef {accumulator} accum_t;"
            "static const unsigned reuse_factor = 1;"
            "static const nnet::conv_implementation implementation ="
            " nnet::conv_implementation::linebuffer;"
        )
        tensor = (draw(left, (7, 2), 3),)
        window = config + (
            "static const unsigned pool_width = 3; static const unsigned stride_width = 3;"
            "static const unsigned n_out = 2; static const bool count_pad = false;"
            "static const unsigned pad_left = 0; static const unsigned pad_right = 0;"
        )
        layer = Pooling1D(**fields, size=3, stride=3, padding=(0, 0), count_padding=False)
        call = "pooling1d_cl<{x0}, {y}, {config}>"
        cases.append(Case(layer, call, window, tensor, pack, headers=headers))
        whole = config + (
            "static const unsigned pool_width = 2; static const unsigned stride_width = 2;"
            "static const unsigned pad_left = 0; static const unsigned pad_right = 0;"
        )
        layer = GlobalPooling(**fields)
        call = "global_pooling1d_cl<{x0}, {y}, {config}>"
        cases.append(Case(layer, call, whole, tensor, pack, headers=headers))
        if not pack:
            for count in (False, True):
                padded = config + (
                    "static const unsigned pool_width = 3; static const unsigned stride_width = 2;"
                    "static const unsigned n_out = 4;"
                    f"static const bool count_pad = {str(count).lower()};"
                    "static const unsigned pad_left = 1; static const unsigned pad_right = 1;"
                )
                layer = Pooling1D(**fields, size=3, stride=2, padding=(1, 1), count_padding=count)
                call = "pooling1d_cl<{x0}, {y}, {config}>"
                cases.append(Case(layer, call, padded, tensor, pack, headers=headers))
    assert_equal(cases, tmp_path)
