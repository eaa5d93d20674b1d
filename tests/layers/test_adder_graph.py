"""Adder graphs: their text, their meaning in ``ap_fixed`` itself, their ranges, their products."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.layers.random_adders import draw_graph
from trigger.errors import NetworkError
from trigger.fixed import FixedFormat
from trigger.layers import DistributedArithmetic, Input, Reach, Tensor
from trigger.layers.adder_code import read_adders
from trigger.layers.adder_graph import AdderGraph, Kind, Operation, Term
from trigger.layers.adder_ranges import analyse
from trigger.network import Network

SOURCE = FixedFormat.parse("ap_fixed<7,3>")
RESULT = FixedFormat.parse("ap_fixed<12,5,AP_RND,AP_SAT>")


def picker(seed: int):
    rng = np.random.default_rng(seed)
    return lambda low, high: int(rng.integers(low, high, endpoint=True))


def rows_of(graph: AdderGraph, events: int = 200, seed: int = 0) -> Tensor:
    rng = np.random.default_rng(seed)
    raw = rng.integers(SOURCE.raw_min, SOURCE.raw_max, (events, graph.inputs), endpoint=True)
    ends = rng.choice([SOURCE.raw_min, SOURCE.raw_max], raw.shape)
    return Tensor(np.where(rng.random(raw.shape) < 0.2, ends, raw), SOURCE)


def layer_of(graph: AdderGraph, **fields) -> DistributedArithmetic:
    defaults = {"window": (), "stride": (), "padding": (), "parallelization_factor": 1}
    return DistributedArithmetic(
        name="adders", inputs=("x",), result=RESULT, graph=graph, **{**defaults, **fields}
    )


@pytest.mark.parametrize("seed", range(60))
def test_text_and_ranges_of_any_graph(seed: int) -> None:
    pick = picker(seed)
    graph = draw_graph(pick, SOURCE, pick(1, 5), exact=seed % 3 == 0)
    assert read_adders(str(graph)) == graph
    whole = Reach.full((graph.inputs,), SOURCE)
    analysis = analyse(graph, whole)
    rows = rows_of(graph)
    every = AdderGraph(graph.inputs, graph.operations, tuple(range(len(graph.operations))))
    for place, made in enumerate(every.evaluate(rows)):
        reach, form = analysis.reaches[place], analysis.linear[place]
        assert made.raw.min() >= reach.raw_min
        assert made.raw.max() <= reach.raw_max
        if form is not None:
            linear = rows.raw.astype(object) @ form.factors + form.constant
            assert np.all(
                made.raw * (1 << (analysis.fractional - made.format.fractional)) == linear
            )
    layer = layer_of(graph)
    reach, raw = layer.reach(whole), layer.evaluate(rows)
    assert np.all((raw >= reach.low) & (raw <= reach.high))
    network = Network(
        (Input(name="x", inputs=(), result=SOURCE, dimensions=(graph.inputs,)), layer), ("adders",)
    )
    assert Network.from_json(network.to_json()) == network


@pytest.mark.parametrize(
    ("window", "stride", "padding", "image"),
    [
        ((), (), (), (18,)),
        ((3,), (2,), ((1, 0),), (7, 6)),
        ((2, 3), (1, 2), ((0, 1), (2, 1)), (4, 5, 3)),
    ],
    ids=["dense", "conv1d", "conv2d"],
)
def test_an_exact_graph_is_a_product(window, stride, padding, image) -> None:
    for seed in range(5):
        graph = draw_graph(picker(seed), SOURCE, 18, exact=True)
        layer = layer_of(graph, window=window, stride=stride, padding=padding)
        whole = Reach.full(image, SOURCE)
        product = layer.as_product(whole)
        assert product is not None
        assert product.shape(image) == layer.shape(image)
        raw = rows_of(graph, 10 * int(np.prod(image)), seed).raw[:, 0].reshape(10, *image)
        ours, theirs = (each.evaluate(Tensor(raw, SOURCE)) for each in (layer, product))
        assert ours.shape == (10, *layer.shape(image))
        assert np.array_equal(ours, theirs)


def test_what_rounds_or_overflows_is_no_product() -> None:
    term = (Term(0),)
    for form in ("ap_fixed<6,3>", "ap_fixed<6,2>", "ap_fixed<7,3,AP_RND,AP_SAT_SYM>"):
        last = Operation(Kind.SUM, FixedFormat.parse(form), term)
        graph = AdderGraph(1, (Operation(Kind.INPUT, SOURCE), last), (1,))
        assert layer_of(graph).as_product(Reach.full((1,), SOURCE)) is None
    fits = Reach(np.array([-32]), np.array([31]), SOURCE)
    narrow = Operation(Kind.SUM, FixedFormat.parse("ap_fixed<6,2>"), term)
    graph = AdderGraph(1, (Operation(Kind.INPUT, SOURCE), narrow), (1,))
    assert layer_of(graph).as_product(fits) is not None


@pytest.mark.csim
@pytest.mark.slow
def test_any_graph_is_what_its_text_is_in_cpp(tmp_path: Path) -> None:
    graphs = []
    for seed in range(15):
        pick = picker(1000 + seed)
        graphs.append(draw_graph(pick, SOURCE, pick(1, 5), exact=seed % 4 == 0))
    rows = [rows_of(graph, 60, seed) for seed, graph in enumerate(graphs)]
    lines = [
        "#include <iostream>",
        '#include "ap_fixed.h"',
        '#include "nnet_utils/nnet_function_stubs.h"',
    ]
    lines += ["using nnet::bit_shift;", f"typedef {SOURCE} in_t; typedef {RESULT} out_t;"]
    for number, graph in enumerate(graphs):
        text = str(graph).replace("void adders(", f"void adders_{number}(")
        lines.append(f"template <typename inp_t, typename out_t> {text}")
    lines.append("int main() { in_t x[8]; out_t y[8]; long raw;")
    for number, graph in enumerate(graphs):
        lines += [
            f"for (int e = 0; e < 60; e++) {{ for (int i = 0; i < {graph.inputs}; i++) {{",
            "std::cin >> raw; x[i].V = raw; }",
            f"adders_{number}<in_t, out_t>(x, y);",
            f"for (int i = 0; i < {len(graph.outputs)}; i++)",
            'std::cout << y[i].V.to_int64() << " "; }',
        ]
    source, program = tmp_path / "adders.cpp", tmp_path / "adders"
    source.write_text("\n".join([*lines, "}"]))
    templates = Path(str(importlib.util.find_spec("hls4ml").origin)).parent / "templates" / "vivado"
    folders = [f"-I{templates}", f"-I{templates / 'ap_types'}", f"-I{templates / 'nnet_utils'}"]
    subprocess.run(
        ["g++", "-std=c++17", "-O0", "-w", "-DNDEBUG", *folders, source, "-o", program], check=True
    )
    given = " ".join(str(raw) for each in rows for raw in each.raw.ravel().tolist())
    done = subprocess.run([program], input=given, capture_output=True, text=True, check=True)
    theirs = [int(word) for word in done.stdout.split()]
    for number, (graph, each) in enumerate(zip(graphs, rows, strict=True)):
        ours = layer_of(graph).evaluate(each).ravel().tolist()
        assert ours == theirs[: len(ours)], f"{number}: {graph}"
        theirs = theirs[len(ours) :]
    assert not theirs


GENERATED = """\
void dense_da_2(inp_t model_inp[3], out_t model_out[2]) { // ap_fixed<7,3> -> ap_fixed<9,4>
    #pragma HLS INLINE
  ap_fixed<5, 2, AP_RND, AP_SAT> model_inp_q_0 = model_inp[0];
    ap_ufixed<1, 0> model_inp_q_1 = 0;

    ap_fixed<5,2> v0 = model_inp_q_0; // 0.0
    ap_fixed<7,3> v2 = model_inp[2]; // 0.0
    ap_fixed<10,5> v3 = v0 - bit_shift<-2>(v2); // 1.0
    ap_fixed<11,6> v4 = v3 + ap_ufixed<3,1>(1.25); // 2.0
    ap_ufixed<9,4> v5 = v4 > 0 ? ap_ufixed<9,4>(v4) : ap_ufixed<9,4>(0); // 2.0
    ap_ufixed<9,4> v6 = v4 > 0 ? ap_ufixed<9,4>(0) : ap_ufixed<9,4>(-v4); // 2.0
    ap_fixed<9,4> v7 = v3[9] ? ap_fixed<9,4>(v5) : ap_fixed<9,4>(-bit_shift<1>(v6));
    ap_fixed<4,2> v8 = -0.25;
    ap_fixed<13,6> v9 = v7 * v8;
    ap_fixed<9,4> v10 = -v9;

    model_out[0] = ap_fixed<9,4>(-bit_shift<-1>(v10));
    model_out[1] = 0;
}
"""


def test_every_form_of_the_generator() -> None:
    graph = read_adders(GENERATED)
    kinds = [operation.kind for operation in graph.operations]
    assert set(kinds) == set(Kind)
    assert graph.operations[0].format == FixedFormat.parse("ap_fixed<5,2,AP_RND,AP_SAT>")
    assert (graph.inputs, len(graph.outputs), graph.depth) == (3, 2, 2)
    assert [str(each.format) for each in graph.additions] == ["ap_fixed<10,5>", "ap_fixed<11,6>"]
    # in sixteenths: 2.75 -> rounded to eighths and clipped; 0.5 * 2**-2
    made = graph.evaluate(Tensor(np.array([[44, 0, 8], [-8, 0, 63]]), SOURCE))
    first = min(44 / 16, 15 / 8) - 8 / 16 / 4 + 1.25
    values = made[0].format.values(made[0].raw)
    assert values[0] == np.floor((-0.0 * first) * 32) / 32  # v6 is 0, and v3 is positive
    second = -8 / 16 - 63 / 64 + 1.25  # v3 is negative, so that v5 counts: 0
    assert second < 0
    assert values[1] == 0
    assert made[1].raw.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("v7 * v8", "v7 / v8", r"code\.h:25: cannot understand 'v7 / v8'. Allowed: model_inp\[i\]"),
        ("v7 * v8", "v7 * v99", r"code\.h:25: v99 is not declared before"),
        ("= -v9;", "= pow(v9);", r"code\.h:26: cannot understand 'pow\(v9\)'"),
        ("v0 - bit", "v0 % bit", r"code\.h:19: cannot understand"),
        ("= model_inp[2]", "= model_inp[3]", r"code\.h:18: model_inp\[3\] is read"),
        ("    ap_fixed<4,2> v8", "    auto v8", r"code\.h:24: cannot understand 'auto v8 = -0.25'"),
        ("ap_fixed<4,2> v8", "ap_fixed<4,2,AP_ODD> v8", r"code\.h:24: 'AP_ODD' in .*AP_TRN"),
        ("ap_fixed<4,2> v8", "ap_fixed<0,2> v8", r"code\.h:24: 'ap_fixed<0,2>' has 0 bits"),
        ("ap_fixed<4,2> v8", "ap_fixed<4,2> v7", r"code\.h:24: v7 is declared twice"),
        ("= -0.25", "= -1e999", r"code\.h:24: a value is not finite"),
        ("bit_shift<-2>", "bit_shift<99999>", r"code\.h:19: .* shifts by 99999"),
        ("v3[9]", "v3[8]", r"code\.h:23: bit 8 of v3 is asked. Allowed: the highest, 9"),
        ("ap_ufixed<9,4>(-v4)", "ap_ufixed<9,4>(-v3)", r"code\.h:22: cannot understand"),
        ("ap_ufixed<9,4>(v4)", "ap_ufixed<8,4>(v4)", r"code\.h:21: cannot understand"),
        ("model_out[1] = 0", "model_out[0] = 0", r"code\.h:29: model_out\[0\] is filled twice"),
        ("    model_out[1] = 0;\n", "", r"code\.h:29: model_out has 2 elements, 1 are filled"),
        ("model_out[1] = 0", "model_out[1] = v9 + v8", r"code\.h:29: cannot understand"),
        ("model_out[1] = 0;", "for (;;) model_out[1] = 0;", r"code\.h:29: cannot understand 'for"),
        ("v7 * v8", "table[v7.range()]", r"code\.h:25: cannot understand 'table"),
        ("inp_t model_inp[3], ", "", r"code\.h:12: no function of shifts and adds"),
        ("}\n", "", r"code\.h:12: no function of shifts and adds"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(old, new, message) -> None:
    assert old in GENERATED
    with pytest.raises(NetworkError, match=message):
        read_adders(GENERATED.replace(old, new), "code.h", 12)


@pytest.mark.parametrize(
    ("operations", "outputs", "message"),
    [
        ((Operation(Kind.INPUT, SOURCE, (), 2),), (0,), "INPUT 2 lies outside 0 to 1"),
        ((Operation(Kind.CONSTANT, SOURCE, (), 64),), (0,), "CONSTANT 64 lies outside -64 to 63"),
        ((Operation(Kind.SUM, SOURCE, (Term(0),)),), (0,), "it reads what comes later"),
        ((Operation(Kind.SUM, SOURCE),), (0,), "SUM has 0 terms"),
        (
            (Operation(Kind.INPUT, SOURCE), Operation(Kind.SUM, SOURCE, (Term(0, -5000),))),
            (0,),
            "it shifts by -5000",
        ),
        ((Operation(Kind.INPUT, SOURCE),), (1,), "an output is no operation. Allowed: 0 to 0"),
    ],
)
def test_a_graph_that_contradicts_itself_is_refused(operations, outputs, message) -> None:
    with pytest.raises(NetworkError, match=message):
        AdderGraph(2, operations, outputs)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "inputs have shapes .* Allowed: one input of rank 1"),
        ({"window": (2,), "stride": (1,)}, "an entry of each per axis"),
        ({"window": (2,), "stride": (1,), "padding": ((0, 0),)}, "meets windows of 4"),
        ({"window": (1,), "stride": (1,), "padding": ((-3, 0),)}, r"is smaller than the window"),
    ],
)
def test_windows_that_do_not_fit_are_refused(fields, message) -> None:
    graph = AdderGraph(2, (Operation(Kind.INPUT, SOURCE),), (0,))
    with pytest.raises(NetworkError, match=message):
        layer_of(graph, **fields).shape((3, 2))


def test_the_first_generator_took_elements_of_the_input_within_sums() -> None:
    older = """void dense_da_3(inp_t inp[2], out_t out[2]) {
        ap_fixed<9, 5> v0 = -bit_shift<-1>(inp[0]) + inp[1];
        ap_fixed<9, 5> v1 = v0 + ap_ufixed<2, -1>(0.375);
        out[0] = v1;
        out[1] = v0;
    }"""
    newer = """void dense_da_3(inp_t model_inp[2], out_t model_out[2]) {
        ap_fixed<7,3> a = model_inp[0];
        ap_fixed<7,3> b = model_inp[1];
        ap_fixed<9,5> v0 = -bit_shift<-1>(a) + b;
        ap_fixed<9,5> v1 = v0 + ap_ufixed<2,-1>(0.375);
        model_out[0] = v1;
        model_out[1] = v0;
    }"""
    graph = read_adders(older, source=SOURCE)
    assert graph == read_adders(newer)
    assert layer_of(graph).evaluate(rows_of(graph)).any()
    with pytest.raises(NetworkError, match=r"adder graph:2: cannot understand '-bit_shift"):
        read_adders(older)
