"""Every activation against hls4ml's own C++, in ordinary and in hostile formats."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tests.layers.nnet import Case, assert_equal
from trigger.design import IOType
from trigger.fixed import FixedFormat, from_values
from trigger.layers import (
    ELU,
    SELU,
    Argmax,
    BinaryTanh,
    BoundedReLU,
    Function,
    HardSigmoid,
    HardTanh,
    LeakyReLU,
    LegacySoftmax,
    Softmax,
    StableSoftmax,
    TableActivation,
    Tensor,
    TernaryTanh,
    ThresholdedReLU,
    tables,
)

pytestmark = [pytest.mark.csim, pytest.mark.slow]

FORMATS = [
    ("ap_fixed<16,6>", "ap_fixed<16,6>"),
    ("ap_fixed<10,5>", "ap_ufixed<8,1,AP_RND,AP_SAT>"),
    ("ap_ufixed<9,3>", "ap_fixed<6,2,AP_RND_CONV,AP_WRAP>"),
    ("ap_fixed<7,-2,AP_RND,AP_SAT>", "ap_fixed<12,-1,AP_TRN_ZERO,AP_SAT_SYM>"),
    ("ap_fixed<6,9>", "ap_fixed<20,11,AP_RND_INF,AP_SAT_ZERO>"),
    ("ap_fixed<40,20>", "ap_fixed<44,22,AP_RND_MIN_INF,AP_SAT>"),
    ("ap_fixed<34,30>", "ap_fixed<9,3>"),
    ("ap_uint<1>", "ap_fixed<9,3>"),
]
TABLES = [
    ("ap_fixed<18,8>", 1024),
    ("ap_fixed<9,1,AP_RND,AP_SAT>", 777),
    ("ap_fixed<11,-1>", 64),
    ("ap_ufixed<34,12,AP_RND_CONV,AP_SAT>", 4096),
]
WIDTH = 6


def form(text):
    return FixedFormat.parse(text)


def numbers(source, seed=0, width=WIDTH):
    """Return all numbers of a narrow format, or random and edge ones of a wide one."""
    rng = np.random.default_rng(seed)
    low, high = source.raw_min, source.raw_max
    if source.width <= 10:
        raw = np.arange(low, high + 1)
    else:
        unit = max(2**source.fractional, 1)
        near = np.concatenate([np.arange(-40, 41), unit * np.arange(-20, 21)])
        spread = [rng.integers(-m * unit, m * unit, 200) for m in (1, 4, 16)]
        raw = np.concatenate([[low, low + 1, high - 1, high], near, *spread])
        raw = np.concatenate([raw, rng.integers(low, high, 400)])
        raw = raw[(raw >= low) & (raw <= high)]
    raw = np.concatenate([raw, rng.integers(low, high, -len(raw) % width, endpoint=True)])
    return Tensor(raw.reshape(-1, width), source)


def common(result, **fields):
    return {"name": "layer", "inputs": ("x",), "result": form(result), **fields}


def cases_of(make, *, packs=(0, 3)):
    """Return cases for each pair of formats and each kind of port, tables and rows in turn."""
    found = []
    for number, (source, result) in enumerate(FORMATS):
        for pack in packs:
            found += make(form(source), result, pack, number + (pack > 0))
    return found


def table_activations():
    def make(source, result, pack, turn):
        table_format, size = TABLES[turn % 4]
        for function in ("sigmoid", "tanh", "softplus", "softsign"):
            table = tables.function_table(Function(function), size, form(table_format))
            layer = TableActivation(
                **common(result),
                function=Function(function),
                table=table,
                table_format=form(table_format),
            )
            yield Case(
                layer,
                function + "<{x0}, {y}, {config}>",
                f"static const unsigned n_in = {WIDTH}; static const unsigned table_size = {size};"
                f"typedef {table_format} table_t;",
                (numbers(source),),
                pack,
            )

    return cases_of(make)


def elu():
    alpha_format = form("ap_fixed<9,2>")

    def make(source, result, pack, turn):
        table_format, size = TABLES[turn % 3]
        for alpha in ("1.0", "0.3", "-1.7"):
            layer = ELU(
                **common(result),
                positive_scale=1,
                positive_format=form("ap_uint<1>"),
                alpha=int(from_values(float(alpha), alpha_format)),
                alpha_format=alpha_format,
                table=tables.function_table(Function.ELU, size, form(table_format)),
                table_format=form(table_format),
            )
            yield Case(
                layer,
                f"elu<{{x0}}, {alpha_format}, {{y}}, {{config}}>",
                f"static const unsigned n_in = {WIDTH}; static const unsigned table_size = {size};"
                f"typedef {table_format} table_t;",
                (numbers(source),),
                pack,
                arguments=(alpha,),
            )

    return cases_of(make)


def selu():
    def make(source, result, pack, turn):
        for table_format, size in TABLES[turn % 3 : turn % 3 + 1]:
            scale_format = source if pack else form("ap_ufixed<16,1>")
            constant = 1.0507009873554804934193349852946
            layer = SELU(
                **common(result),
                io_type=IOType.STREAM if pack else IOType.PARALLEL,
                positive_scale=int(from_values(constant, scale_format)),
                positive_format=scale_format,
                alpha=1,
                alpha_format=form("ap_uint<1>"),
                table=tables.function_table(Function.SELU, size, form(table_format)),
                table_format=form(table_format),
            )
            yield Case(
                layer,
                "selu<{x0}, {y}, {config}>",
                f"static const unsigned n_in = {WIDTH}; static const unsigned table_size = {size};"
                f"typedef {table_format} table_t;",
                (numbers(source),),
                pack,
            )

    return cases_of(make)


def slopes_and_thresholds():
    size = f"static const unsigned n_in = {WIDTH};"
    alphas = np.array([3, -128, 127, 0, 1, -77])

    def make(source, result, pack, turn):
        tensor = (numbers(source),)
        for text, value in (("ap_ufixed<8,0>", 0.3), ("ap_fixed<5,-2>", -0.11)):
            raw = int(from_values(value, form(text)))
            yield Case(
                LeakyReLU(**common(result), alpha=np.array([raw]), alpha_format=form(text)),
                f"leaky_relu<{{x0}}, {text}, {{y}}, {{config}}>",
                size,
                tensor,
                pack,
                arguments=(str(value),),
            )
            yield Case(
                ThresholdedReLU(**common(result), threshold=raw, threshold_format=form(text)),
                f"thresholded_relu<{{x0}}, {text}, {{y}}, {{config}}>",
                size,
                tensor,
                pack,
                arguments=(str(value),),
            )
        yield Case(
            LeakyReLU(**common(result), alpha=alphas, alpha_format=form("ap_fixed<8,1>")),
            "prelu<{x0}, ap_fixed<8,1>, {y}, {config}>",
            size,
            tensor,
            pack,
            constants="ap_fixed<8,1> a[6];"
            + "".join(f"a[{i}] = {value / 128};" for i, value in enumerate(alphas.tolist())),
            arguments=("a",),
        )

    return cases_of(make)


def bounded_relu():
    def make(source, result, pack, turn):
        for maximum in (1, 6):
            yield Case(
                BoundedReLU(**common(result), maximum=maximum),
                f"relu{maximum}<{{x0}}, {{y}}, {{config}}>",
                f"static const unsigned n_in = {WIDTH};",
                (numbers(source),),
            )

    return cases_of(make, packs=(0,))


def hard_activations():
    kinds = ((HardSigmoid, "hard_sigmoid"), (HardTanh, "hard_tanh"))
    lines = (
        (0.2, "ap_ufixed<16,0>", 0.5, "ap_ufixed<2,0>"),
        (-1.75, "ap_fixed<6,3>", 2.5, "ap_fixed<4,3>"),
    )

    def make(source, result, pack, turn):
        for (kind, name), (slope, slope_t, shift, shift_t) in product(kinds, lines):
            layer = kind(
                **common(result),
                slope=int(from_values(slope, form(slope_t))),
                slope_format=form(slope_t),
                shift=int(from_values(shift, form(shift_t))),
                shift_format=form(shift_t),
            )
            yield Case(
                layer,
                name + "<{x0}, {y}, {config}>",
                f"static const unsigned n_in = {WIDTH}; static const unsigned io_type = 0;"
                f"inline static const {slope_t} slope = {slope};"
                f"inline static const {shift_t} shift = {shift};",
                (numbers(source),),
                pack,
            )

    return cases_of(make)


def sign_functions():
    def make(source, result, pack, turn):
        io_type = IOType.STREAM if pack else IOType.PARALLEL
        for layer, name in (
            (BinaryTanh(**common(result), below=-1), "binary_tanh"),
            (BinaryTanh(**common("ap_uint<1>"), below=0), "binary_tanh"),
            (TernaryTanh(**common(result), io_type=io_type), "ternary_tanh"),
        ):
            size = f"static const unsigned n_in = {WIDTH};"
            yield Case(layer, name + "<{x0}, {y}, {config}>", size, (numbers(source),), pack)

    return cases_of(make)


SOFTMAX = [
    # exp table, inverse table, accumulator, index of the inverse, their sizes
    (*["ap_fixed<18,8,AP_RND,AP_SAT>"] * 4, 1024, 1024),
    ("ap_fixed<18,8>", "ap_fixed<18,8>", "ap_fixed<18,8>", "ap_fixed<18,8>", 64, 64),
    ("ap_ufixed<12,2,AP_RND,AP_SAT>", "ap_fixed<10,4>", "ap_fixed<14,5>", "ap_fixed<9,3>", 16, 128),
    ("ap_fixed<30,12>", "ap_ufixed<24,3,AP_RND>", "ap_ufixed<33,16>", "ap_ufixed<13,4>", 2, 4096),
]


def softmax_config(row, slice_length, inner, outer, difference):
    exp_t, inv_t, accum_t, inv_inp_t, exp_size, inv_size = row
    return (
        f"static const unsigned n_in = {slice_length * inner * outer};"
        f"static const unsigned n_slice = {slice_length}; static const unsigned n_inner = {inner};"
        f"static const unsigned n_outer = {outer}; static const int axis = -1;"
        "static const unsigned parallelization_factor = 1; static const unsigned reuse_factor = 1;"
        f"static const unsigned exp_table_size = {exp_size};"
        f"static const unsigned inv_table_size = {inv_size};"
        f"static const unsigned table_size = {exp_size}; typedef {exp_t} table_t;"
        # as no constant, so that one struct serves all implementations
        "static inline nnet::softmax_implementation implementation;"
        "static constexpr float exp_scale = 0.7;"
        f"typedef {exp_t} exp_table_t; typedef {inv_t} inv_table_t; typedef {accum_t} accum_t;"
        f"typedef {inv_inp_t} inv_inp_t; typedef {difference} inp_norm_t;"
    )


def softmax_choice(name):
    """Return the statement that makes a struct of ``softmax_config`` ask for an implementation."""
    return f"{{config}}::implementation = nnet::softmax_implementation::{name};"


def softmax_in_each_way():
    names = ("latency", "stable", "legacy", "argmax")
    return [case for name in names for case in softmax_cases(name)]


def softmax_cases(name):
    def make(source, result, pack, turn):
        for row in SOFTMAX[turn % 4 : turn % 4 + 1]:
            for slice_length, inner, outer in ((6, 1, 1), (5, 1, 1), (1, 1, 1), (3, 2, 2)):
                difference = form("ap_ufixed<9,4>") if turn % 4 == 2 else source.grid
                index = difference if name == "stable" else source
                if pack and (inner > 1 or slice_length != 6):
                    continue
                if pack and name == "legacy":  # one size for both tables
                    row = (*row[:5], row[4])
                if row[4] > 2**index.width and name in ("latency", "stable"):
                    continue
                layer = softmax(name, row, slice_length, inner, difference, source, result)
                config = softmax_config(row, slice_length, inner, outer, difference)
                function = "softmax_multidim" if inner > 1 else "softmax"
                raw = numbers(source, width=slice_length * inner * outer)
                call = function + "<{x0}, {y}, {config}>"
                yield Case(layer, call, config, (raw,), pack, constants=softmax_choice(name))

    return cases_of(make, packs=(0, 6))


def softmax(name, row, slice_length, inner, difference, source, result):
    exp_t, inv_t, accum_t, inv_inp_t = map(form, row[:4])
    exp_size, inv_size = row[4:]
    fields = common(result, slice_length=slice_length, inner=inner)
    scale = 0.7
    if name == "argmax":
        return Argmax(**fields)
    if name == "legacy":
        return LegacySoftmax(
            **fields,
            exp_table=tables.legacy_exp_table(exp_size, exp_t),
            inverse_table=tables.legacy_inverse_table(inv_size, exp_t),
            table_format=exp_t,
        )
    inverse = {
        "exp_format": exp_t,
        "accumulator": accum_t,
        "inverse_input": inv_inp_t,
        "inverse_table": tables.inverse_table(inv_inp_t, inv_size, inv_t),
        "inverse_format": inv_t,
    }
    if name == "latency":
        table = tables.exp_table(source, exp_size, exp_t, scale)
        return Softmax(**fields, exp_table=table, **inverse)
    table = tables.exp_table(difference, exp_size, exp_t, scale, negative=True)
    return StableSoftmax(**fields, exp_table=table, **inverse, difference_format=difference)


GROUPS = {
    "tables": (table_activations, elu, selu),
    "lines": (slopes_and_thresholds, bounded_relu, hard_activations, sign_functions),
    "softmax": (softmax_in_each_way,),
}
"""What is compiled together, so that the formats that it shares are compiled once."""


@pytest.mark.parametrize("group", GROUPS)
def test_activations(group, tmp_path):
    assert_equal([case for cases in GROUPS[group] for case in cases()], tmp_path)
