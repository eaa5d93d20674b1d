"""LSTM and GRU against hls4ml's own C++, in formats that hls4ml would not choose."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from tests.layers.nnet import Case, array, assert_equal
from trigger.design import Strategy
from trigger.fixed import FixedFormat
from trigger.layers import GRU, LSTM, Layer, Squash, Tensor

pytestmark = [pytest.mark.csim, pytest.mark.slow]

STEPS, FEATURES, UNITS = 4, 3, 2
HEADERS = ("nnet_types.h", "nnet_recurrent.h")
FORMATS = {
    # x, weights, biases, accumulator, result, table
    "plain": ("ap_fixed<16,6>",) * 5 + ("ap_fixed<18,8>",),
    "alike": ("ap_fixed<9,3,AP_RND,AP_SAT>", "ap_fixed<7,2>", "ap_fixed<6,1>")
    + ("ap_fixed<9,3,AP_RND,AP_SAT>",) * 2
    + ("ap_fixed<12,2>",),
    "narrow": ("ap_fixed<8,3>", "ap_fixed<6,1>", "ap_fixed<5,2>")
    + ("ap_fixed<8,3,AP_RND,AP_SAT>",) * 2
    + ("ap_fixed<10,2>",),
    "wrapping": ("ap_ufixed<7,2>", "ap_fixed<7,2>", "ap_fixed<9,1>")
    + ("ap_fixed<7,2,AP_RND_CONV>",) * 2
    + ("ap_ufixed<6,0,AP_RND,AP_SAT>",),
    "unlike": (
        "ap_fixed<9,-1>",
        "ap_fixed<8,3>",
        "ap_ufixed<6,1>",
        "ap_fixed<13,4,AP_TRN_ZERO,AP_SAT_SYM>",
        "ap_fixed<9,2,AP_RND_INF,AP_SAT_ZERO>",
        "ap_fixed<12,3>",
    ),
    "wide": ("ap_fixed<34,10>", "ap_fixed<33,8>", "ap_fixed<32,8>")
    + ("ap_fixed<40,12,AP_RND>",) * 2
    + ("ap_fixed<30,4>",),
}
SQUASHES = (
    (Squash.SIGMOID, Squash.TANH),
    (Squash.RELU, Squash.SIGMOID),
    (Squash.TANH, Squash.RELU),
)


def draw(form: FixedFormat, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Return random numbers and ends of the range; many small ones, so that sums stay inside."""
    rng = np.random.default_rng(seed)
    raw = rng.integers(form.raw_min, form.raw_max, shape, endpoint=True)
    small = raw >> rng.integers(0, form.width, shape)
    ends = rng.choice([form.raw_min, form.raw_max, 0], shape)
    return np.where(rng.random(shape) < 0.1, ends, small)


def cell(kind: type[Layer], formats: str, squashes=SQUASHES[0], **changes: object) -> Layer:
    _, weight, bias, accumulator, result, table = map(FixedFormat.parse, FORMATS[formats])
    sums = {LSTM: 4, GRU: 3}[kind] * UNITS
    fields = {
        "name": "cell",
        "inputs": ("x",),
        "result": result,
        "kernel": draw(weight, (FEATURES, sums), 1),
        "kernel_format": weight,
        "bias": draw(bias, (sums,), 2),
        "bias_format": bias,
        "recurrent_kernel": draw(weight, (UNITS, sums), 3),
        "recurrent_kernel_format": weight,
        "recurrent_bias": draw(bias, (sums,), 4),
        "recurrent_bias_format": bias,
        "accumulator": accumulator,
        "strategy": Strategy.LATENCY,
        "reuse_factor": 1,
        "recurrent_reuse_factor": 1,
        "recurrent_activation": squashes[0],
        "recurrent_table": squashes[0].table(512, table),
        "recurrent_table_format": table,
        "activation": squashes[1],
        "table": squashes[1].table(64, table),
        "table_format": table,
        "return_sequences": True,
        **({"reset_first": False} if kind is GRU else {}),
        **changes,
    }
    return kind(**fields)


def struct(name: str, base: str, body: str) -> str:
    return f"struct {name} : nnet::{base} {{ {body} }};"


def constants(layer: Layer, kernel: str) -> tuple[str, str]:
    """Return the two product structs, and the declarations of the weights."""
    structs, arrays = "", ""
    roles = (
        ("1", layer.kernel, layer.kernel_format, layer.bias, layer.bias_format, layer.reuse_factor),
        (
            "2",
            layer.recurrent_kernel,
            layer.recurrent_kernel_format,
            layer.recurrent_bias,
            layer.recurrent_bias_format,
            layer.recurrent_reuse_factor,
        ),
    )
    for number, matrix, form, bias, bias_format, reuse in roles:
        body = (
            f"static const unsigned n_in = {matrix.shape[0]};"
            f"static const unsigned n_out = {matrix.shape[1]};"
            f"static const unsigned reuse_factor = {reuse};"
            "static const unsigned multiplier_limit = 9999;"
            f"typedef {layer.accumulator} accum_t; typedef {bias_format} bias_t;"
            f"typedef {form} weight_t;"
            f"template<class a, class b, class c> using kernel = nnet::{kernel}<a, b, c>;"
            "template<class a, class b> using product = nnet::product::mult<a, b>;"
        )
        structs += struct(f"mult_config{number}", "dense_config", body)
        order = matrix.T if layer.strategy is Strategy.RESOURCE else matrix
        arrays += array(f"w{number}", order, form) + array(f"b{number}", bias, bias_format)
    return structs, arrays


def configuration(layer: Layer, kernel: str, static: bool = True) -> tuple[str, str]:
    """Return the body of a cell's struct, and the declarations of its weights."""
    word = type(layer).__name__
    body, arrays = constants(layer, kernel)
    for name, count, table, form in (
        (f"ACT_CONFIG_{word}", (word == "LSTM" and 3) or 2, *table_of(layer, "recurrent_")),
        ("ACT_CONFIG_T", 1, *table_of(layer, "")),
    ):
        body += struct(
            name,
            "activ_config",
            f"static const unsigned n_in = {count * UNITS};"
            f"static const unsigned table_size = {max(table.size, 1)}; typedef {form} table_t;",
        )
    squashes = {"activation_recr": layer.recurrent_activation, "activation": layer.activation}
    for name, squash in squashes.items():
        body += (
            f"template<class a, class b, class c> using {name} ="
            f" nnet::activation::{squash.value}<a, b, c>;"
        )
    numbers = {
        "n_in": FEATURES,
        "n_out": UNITS,
        "n_state": UNITS,
        "n_mult": layer.gates,
        "n_sequence": STEPS,
        "n_sequence_out": STEPS if layer.return_sequences else 1,
        "use_static": int(static),
        "pytorch_order": int(getattr(layer, "reset_first", False)),
    }
    body += "".join(f"static const unsigned {name} = {value};" for name, value in numbers.items())
    body += (
        f"typedef {layer.accumulator} accum_t; typedef {layer.kernel_format} weight_t;"
        f"typedef {layer.recurrent_kernel_format} recurrent_weight_t;"
        f"typedef {layer.bias_format} bias_t;"
        f"typedef {layer.recurrent_bias_format} recurrent_bias_t;"
    )
    return body, arrays


def table_of(layer: Layer, which: str) -> tuple[np.ndarray, FixedFormat]:
    return getattr(layer, f"{which}table"), getattr(layer, f"{which}table_format")


def kernel_of(layer: Layer) -> str:
    if layer.strategy is not Strategy.RESOURCE:
        return "DenseLatency"
    few = layer.reuse_factor <= FEATURES
    return "DenseResource_rf_leq_nin" if few else "DenseResource_rf_gt_nin_rem0"


def pixels(layer: Layer, formats: str, states: int = 0) -> tuple[Tensor, ...]:
    form = FixedFormat.parse(FORMATS[formats][0])
    given = [Tensor(draw(layer.result, (60, UNITS), 8 + i), layer.result) for i in range(states)]
    return (Tensor(draw(form, (60, STEPS, FEATURES), 7), form), *given)


def case(layer: Layer, formats: str, pack: int = 0, static: bool = True, states: int = 0) -> Case:
    config, arrays = configuration(layer, kernel_of(layer), static)
    types = ", ".join(f"{{x{index}}}" for index in range(1 + states))
    return Case(
        layer,
        f"{type(layer).__name__.lower()}_stack<{types}, {{y}}, {{config}}>",
        config,
        pixels(layer, formats, states),
        pack,
        constants=arrays,
        headers=HEADERS,
        after=("w1", "w2", "b1", "b2"),
        out_pack=UNITS if pack else 0,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Both(Layer):
    """Two cells side by side, as ``bidirectional_stack`` runs them."""

    forward: Layer
    backward: Layer

    def shape(self, *inputs):
        cells = [cell.shape(*inputs) for cell in (self.forward, self.backward)]
        return (*cells[0][:-1], cells[0][-1] + cells[1][-1])

    def evaluate(self, *inputs):
        results = [cell.evaluate(*inputs) for cell in (self.forward, self.backward)]
        return np.concatenate(results, axis=-1)


def both_ways(forward: Layer, backward: Layer, formats: str, static: bool) -> Case:
    backward = replace(backward, backward=True)
    config, arrays = "", ""
    for layer, name in ((forward, "forward"), (backward, "backward")):
        body, weights = configuration(layer, kernel_of(layer))
        suffix = "_static" if static else ""
        config += struct(f"{name.upper()}_CONFIG", "single_layer_config", body)
        config += (
            f"template<class a, class b, typename c, bool d> using RNNfunc_{name} ="
            f" nnet::{type(layer).__name__.lower()}_class{suffix}<a, b, c, d>;"
        )
        for each in ("w1", "w2", "b1", "b2"):
            weights = weights.replace(f" {each}[", f" {name[0]}{each}[")
        arrays += weights
    config += (
        f"static const unsigned n_in = {FEATURES}; static const unsigned n_out = {2 * UNITS};"
        f"static const unsigned n_sequence = {STEPS}; static const unsigned n_sequence_out ="
        f" {STEPS if forward.return_sequences else 1};"
    )
    layer = Both(
        name="both", inputs=("x",), result=forward.result, forward=forward, backward=backward
    )
    return Case(
        layer,
        "bidirectional_stack<{x0}, {y}, {config}>",
        config,
        pixels(forward, formats),
        constants=arrays,
        headers=HEADERS,
        after=tuple(f"{way}{each}" for way in "fb" for each in ("w1", "w2", "b1", "b2")),
    )


ALIKE = ("plain", "alike")
"""An LSTM of its own is C++ only if pixels, accumulator and result are of one type."""


@pytest.mark.parametrize("formats", FORMATS)
def test_cells(formats, tmp_path):
    """In one program: calls of the same types share most of what the compiler does."""
    cases = [*both_directions(formats)]
    for kind in (LSTM, GRU) if formats in ALIKE else (GRU,):
        cases += single(kind, formats)
    if formats in ALIKE:
        for kind in (LSTM, GRU):
            cases += with_states(kind, formats)
    if formats in ("narrow", "unlike"):
        cases += reset_first(formats)
    if formats == "alike":
        cases += [*saturating(LSTM), *saturating(GRU)]
    assert_equal(cases, tmp_path)


def single(kind, formats):
    for squashes, pack, static in zip(
        SQUASHES, (0, FEATURES, 0), (True, False, False), strict=True
    ):
        layer = cell(kind, formats, squashes, return_sequences=pack > 0)
        yield case(layer, formats, pack, static)


def both_directions(formats):
    for squashes, sequences in zip(SQUASHES, (True, False, True), strict=True):
        first, second = (
            cell(kind, formats, squashes, return_sequences=sequences) for kind in (LSTM, GRU)
        )
        yield both_ways(*((first, second) if sequences else (second, first)), formats, True)
        if formats in ALIKE:
            yield both_ways(first, first, formats, False)


def reset_first(formats):
    for static in (True, False):
        yield case(cell(GRU, formats, reset_first=True), formats, static=static)


def saturating(kind):
    """In the order of the sums of the resource strategy."""
    for reuse, recurrent in ((1, 1), (3, 2), (2 * FEATURES, 2 * UNITS)):
        fields = {"reuse_factor": reuse, "recurrent_reuse_factor": recurrent}
        layer = cell(kind, "alike", strategy=Strategy.RESOURCE, **fields)
        yield case(layer, "alike")


def with_states(kind, formats):
    """With the states that they begin with."""
    states = {LSTM: 2, GRU: 1}[kind]
    names = ("x", "h", "c")[: states + 1]
    for sequences in (True, False):
        layer = cell(kind, formats, inputs=names, return_sequences=sequences)
        yield case(layer, formats, states=states)
