"""Reading a project's text: what it computes, and a named place for everything that is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger import emulate
from trigger.design import IOType, Strategy
from trigger.errors import ProjectError, TriggerError, UnsupportedLayerError
from trigger.fixed import FixedFormat
from trigger.layers import LAYERS, Conv2D, Dense, Input, Pool, Pooling2D, Reshape, ZeroPadding2D
from trigger.project import build, choose_vectors, read_project, run
from trigger.project.calls import READERS
from trigger.project.declarations import Config, Text, read_declarations
from trigger.project.folder import find_project
from trigger.project.top import PortKind, blank, read_top, split_list

from .firmware_text import DATA, write_triple

TEXT = """\
image: Input [6, 6, 1] ap_ufixed<4,0>
conv: Conv2D [6, 6, 2] ap_fixed<13,6>; kernel [3, 3, 1, 2] ap_fixed<4,1>, 1 of 18 zero; \
bias [2] ap_fixed<4,1>, 0 of 2 zero; reads image
relu: ReLU [6, 6, 2] ap_ufixed<4,1,AP_RND_CONV,AP_SAT>; reads conv
pool: Pooling2D [3, 3, 2] ap_ufixed<4,1,AP_RND_CONV,AP_SAT>; reads relu
layer6: Reshape [18] ap_ufixed<4,1,AP_RND_CONV,AP_SAT>; reads pool
scores: Dense [2] ap_fixed<14,8>; kernel [18, 2] ap_fixed<4,1>, 2 of 36 zero; \
bias [2] ap_fixed<4,1>, 1 of 2 zero; reads layer6
outputs: scores"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the frozen project with arrays, to be damaged."""
    return Path(shutil.copytree(DATA / "tiny_parallel", tmp_path / "tiny"))


def edit(project: Path, file: str, old: str, new: str) -> None:
    path = project / "firmware" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_project_of_arrays() -> None:
    network = read_project(DATA / "tiny_parallel")
    assert str(network) == TEXT
    conv, pool, dense = network["conv"], network["pool"], network["scores"]
    assert isinstance(conv, Conv2D)
    assert isinstance(pool, Pooling2D)
    assert isinstance(dense, Dense)
    assert (conv.stride, conv.padding) == ((1, 1), ((1, 1), (1, 1)))
    assert (conv.strategy, conv.reuse_factor) == (Strategy.LATENCY, 1)
    assert conv.parallelization_factor == 1
    assert conv.accumulator == FixedFormat.parse("ap_fixed<13,6>")
    assert (pool.pool, pool.size, pool.stride) == (Pool.MAX, (2, 2), (2, 2))
    assert pool.io_type is IOType.PARALLEL
    first = (DATA / "tiny_parallel/firmware/weights/w2.txt").read_text().split(",")[:2]
    assert conv.kernel[0, 0, 0].tolist() == [float(text) * 8 for text in first]


def test_a_project_of_streams_in_a_namespace() -> None:
    arrays, streams = read_project(DATA / "tiny_parallel"), read_project(DATA / "tiny_stream")
    padding = streams["zp2d_conv"]
    assert isinstance(padding, ZeroPadding2D)
    assert padding.padding == ((1, 1), (1, 1))
    conv = streams["conv"]
    assert isinstance(conv, Conv2D)
    assert conv.inputs == ("zp2d_conv",)
    assert conv.padding == ((0, 0), (0, 0))
    assert streams["pool"].io_type is IOType.STREAM
    pixels = np.random.default_rng(1).integers(0, 16, (50, 6, 6, 1))
    one, two = emulate.run(arrays, pixels), emulate.run(streams, pixels)
    assert np.array_equal(one["scores"], two["scores"])


@pytest.mark.csim
@pytest.mark.parametrize("name", ["tiny_parallel", "tiny_stream"])
def test_the_network_says_what_the_c_simulation_does(name: str, tmp_path: Path) -> None:
    network = read_project(DATA / name)
    vectors = choose_vectors(network, random=500)
    simulation = build(DATA / name, tmp_path)
    ours = emulate.run(network, *vectors.pixels, layers=simulation.layers)
    theirs = run(simulation, *vectors.pixels, layers=simulation.layers, shapes=network.shapes)
    agreement = emulate.compare(network, ours, theirs, names=("reference", "csim"))
    assert agreement.first is None
    assert agreement.elements == sum(raw.size for raw in ours.values())


def test_the_firmware_folder_itself_and_folders_of_other_names(project: Path) -> None:
    assert read_project(project / "firmware") == read_project(project)
    (project / "firmware").rename(project / "NN")
    assert str(read_project(project)) == TEXT


def test_a_wrapper_around_the_top_function_is_left_alone(project: Path) -> None:
    for suffix in ("cpp", "h"):
        (project / f"firmware/tiny_axi.{suffix}").write_text('#include "tiny.h"\n')
    assert str(read_project(project)) == TEXT


def test_weights_from_headers_alone(project: Path) -> None:
    expected = read_project(project)
    edit(project, "tiny.cpp", "#ifndef __SYNTHESIS__", "#ifdef __HLS4ML_LOAD_TXT_WEIGHTS__")
    for path in (project / "firmware/weights").glob("*.txt"):
        path.unlink()
    assert read_project(project) == expected


def test_constants_spelt_as_older_versions_do(project: Path) -> None:
    expected = read_project(project)
    edit(
        project,
        "defines.h",
        "// hls-fpga-machine-learning insert numbers",
        "#define N_INPUT_1_1 6\n#define N_INPUT_2_1 6\n#define N_INPUT_3_1 1 // channels\n"
        "#define OUT_HEIGHT_2 6\n#define OUT_WIDTH_2 6\n#define N_FILT_2 2\n",
    )
    edit(project, "tiny.cpp", "image[6*6*1]", "image[N_INPUT_1_1*N_INPUT_2_1*N_INPUT_3_1]")
    edit(project, "tiny.cpp", "layer2_out[6*6*2]", "layer2_out[OUT_HEIGHT_2*OUT_WIDTH_2*N_FILT_2]")
    edit(
        project,
        "tiny.cpp",
        "layer7_out[2]\n",
        "layer7_out[2],\n    unsigned short &const_size_in_1,\n"
        "    unsigned short &const_size_out_1\n",
    )
    edit(
        project,
        "tiny.cpp",
        "    // hls-fpga-machine-learning insert load weights",
        "    const_size_in_1 = N_INPUT_1_1*N_INPUT_2_1*N_INPUT_3_1;\n    const_size_out_1 = 2;\n",
    )
    assert read_project(project) == expected
    top = read_top(project / "firmware/tiny.cpp")
    assert [port.kind for port in top.ports] == [
        PortKind.INPUT,
        PortKind.OUTPUT,
        PortKind.SIZE,
        PortKind.SIZE,
    ]


def test_flattening_without_a_word(project: Path) -> None:
    edit(project, "tiny.cpp", "    auto& layer6_out = layer5_out;\n", "")
    edit(project, "tiny.cpp", "(layer6_out,", "(layer5_out,")
    network = read_project(project)
    reshape = network["scores_reshape"]
    assert isinstance(reshape, Reshape)
    assert network["scores"].inputs == ("scores_reshape",)
    assert str(network) == TEXT.replace("layer6", "scores_reshape")


def test_the_name_of_a_reshape_comes_from_the_configuration(project: Path) -> None:
    config = project / "hls4ml_config.yml"
    config.write_text(
        "Backend: Vitis\nKerasModel: !keras_model 'model.keras'\nHLSConfig:\n  LayerName:\n"
        "    conv: {Precision: {result: auto, accum: auto}}\n"
        "    relu_linear: {Precision: {result: auto, table: auto}, TableSize: 1024}\n"
        "    flat: {Precision: {result: auto}, Trace: true}\n"
        "    image: {Precision: {result: auto}}\n"
    )
    assert read_project(project)["flat"].inputs == ("pool",)
    for text in ("HLSConfig: [", "HLSConfig: 3", "", "HLSConfig: {LayerName: {a: {}, b: {}}}"):
        config.write_text(text)
        assert read_project(project)["layer6"].inputs == ("pool",)


def test_the_resource_strategy_keeps_kernels_transposed(project: Path) -> None:
    latency = read_project(project)["scores"]
    edit(project, "parameters.h", "strategy = nnet::latency", "strategy = nnet::resource")
    for suffix in ("txt", "h"):
        path = project / f"firmware/weights/w7.{suffix}"
        text = path.read_text()
        numbers = (DATA / "tiny_parallel/firmware/weights/w7.txt").read_text()
        turned = np.array(numbers.split(", ")).reshape(18, 2).T.ravel()
        path.write_text(text.replace(numbers, ", ".join(turned)))
    resource = read_project(project)["scores"]
    assert isinstance(resource, Dense)
    assert isinstance(latency, Dense)
    assert resource.strategy is Strategy.RESOURCE
    assert np.array_equal(resource.kernel, latency.kernel)


def test_every_layer_kind_has_a_reader() -> None:
    """A flatten is an alias and an input a port; all else is the call of a function."""
    made = {
        "dense": "Dense",
        "conv_1d_cl": "Conv1D",
        "conv_2d_cl": "Conv2D",
        "depthwise_conv_1d_cl": "DepthwiseConv1D",
        "depthwise_conv_2d_cl": "DepthwiseConv2D",
        "normalize": "BatchNormalization",
        "normalize_binary_tanh": "BatchNormalizationTanh",
        "linear": "Linear",
        "relu": "ReLU",
        "relu6": "BoundedReLU",
        "leaky_relu": "LeakyReLU",
        "thresholded_relu": "ThresholdedReLU",
        "elu": "ELU",
        "selu": "SELU",
        "sigmoid": "TableActivation",
        "hard_sigmoid": "HardSigmoid",
        "hard_tanh": "HardTanh",
        "binary_tanh": "BinaryTanh",
        "ternary_tanh": "TernaryTanh",
        "softmax": "Softmax, StableSoftmax, LegacySoftmax, Argmax",
        "pooling1d_cl": "Pooling1D",
        "pooling2d_cl": "Pooling2D",
        "global_pooling2d_cl": "GlobalPooling",
        "zeropad1d_cl": "ZeroPadding1D",
        "cropping2d_cl": "Cropping",
        "resize_nearest": "Upsampling",
        "transpose": "Transpose",
        "add": "Merge",
        "concatenate1d": "Concatenate",
        "dot1d": "Dot",
        "embedding": "Embedding",
        "dense_da": "DistributedArithmetic",
        "layernormalize": "LayerNormalization",
        "lstm_stack": "LSTM",
        "gru_stack": "GRU",
        "write_time_step_2d": "TimeDistributed",
        "einsum_dense": "EinsumDense",
        "einsum": "Einsum",
        "zeropad2d_cl": "ZeroPadding2D",
        "repack_stream": "Reshape",
        "clone_stream": "Clone",
    }
    assert set(made) <= set(READERS)
    assert {*", ".join(made.values()).split(", "), Input.__name__} == set(LAYERS)


# ---- what cannot be understood -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "error", "message"),
    [
        (
            "tiny.cpp",
            "nnet::relu<",
            "nnet::garnet<",
            UnsupportedLayerError,
            r"tiny\.cpp:\d+: layer 'relu' calls nnet::garnet. Allowed: nnet::dense, .*csim",
        ),
        (
            "tiny.cpp",
            "auto& layer6_out = layer5_out;",
            "for (;;) {}",
            ProjectError,
            r"tiny\.cpp:\d+: cannot understand 'for \('",
        ),
        (
            "tiny.cpp",
            "    auto&",
            "#if 1\n    auto&",
            ProjectError,
            r"tiny\.cpp:\d+: cannot understand '#if 1'",
        ),
        (
            "tiny.cpp",
            "void tiny(",
            "int tiny(",
            ProjectError,
            r"tiny\.cpp: there is no function void tiny",
        ),
        (
            "tiny.cpp",
            "result_t layer7_out[2]",
            "result_t scores[2]",
            ProjectError,
            r"tiny\.cpp:\d+: none of the ports image, scores is an output.*layer<N>_out",
        ),
        (
            "tiny.cpp",
            "input_t image[6*6*1]",
            "input_t *image",
            ProjectError,
            r"cannot read the port 'input_t \*image'",
        ),
        (
            "tiny.cpp",
            "(layer4_out, layer5_out)",
            "(layer5_out, layer4_out)",
            ProjectError,
            r"nnet::pooling2d_cl reads layer4_out and writes layer5_out\. Allowed: one tensor",
        ),
        (
            "tiny.cpp",
            "image[6*6*1]",
            "image[SIDE*6*1]",
            ProjectError,
            r"tiny\.cpp:\d+: cannot compute 'SIDE'",
        ),
        (
            "tiny.cpp",
            "config2>(",
            "config20>(",
            ProjectError,
            r"tiny\.cpp:\d+: there is no struct config20 in parameters\.h. Allowed: config2_mult,",
        ),
        (
            "defines.h",
            "typedef ap_fixed<13,6> conv_result_t;",
            "",
            ProjectError,
            "conv_result_t is 'conv_result_t', not a fixed-point type",
        ),
        (
            "defines.h",
            "typedef ap_fixed<13,6> conv_result_t;",
            "typedef float conv_result_t;",
            ProjectError,
            r"defines\.h:\d+: conv_result_t is 'float', not a fixed-point type",
        ),
        (
            "parameters.h",
            "static const unsigned n_filt = 2;",
            "",
            ProjectError,
            r"parameters\.h:\d+: struct config2 has no n_filt. Allowed: pad_top, ",
        ),
        (
            "parameters.h",
            "static const unsigned filt_height = 3;",
            "static const unsigned filt_height = sizeof(int);",
            ProjectError,
            r"parameters\.h:\d+: cannot compute 'sizeof\(int\)'",
        ),
        (
            "parameters.h",
            "static const unsigned filt_height = 3;",
            "static const unsigned filt_height = 2;",
            ProjectError,
            "w2 has 18 numbers. Allowed: 12, by struct config2",
        ),
        (
            "parameters.h",
            "pool_op = nnet::Max",
            "pool_op = nnet::L2Norm",
            UnsupportedLayerError,
            "layer 'pool' pools by 'l2norm'. Allowed: max, average",
        ),
        (
            "parameters.h",
            "strategy = nnet::latency",
            "strategy = nnet::compressed",
            UnsupportedLayerError,
            "is 'compressed'. Allowed: latency, resource,",
        ),
        (
            "parameters.h",
            "nnet::product::mult<",
            "nnet::product::weight_exponential<",
            UnsupportedLayerError,
            "layer 'conv' multiplies by nnet::product::weight_exponential",
        ),
        (
            "weights/w2.txt",
            ", ",
            "; ",
            ProjectError,
            r"w2\.txt:1, character 1: value 1 is .* Allowed: 18 decimal numbers",
        ),
        (
            "weights/b7.h",
            "bias7_t b7[2]",
            "bias7_t other[2]",
            ProjectError,
            r"b7\.h: b7 is not declared",
        ),
        (
            "tiny.cpp",
            "load_weights_from_txt<weight7_t",
            "load_compressed_weights_from_txt<weight7_t",
            ProjectError,
            "w7 is read by nnet::load_compressed_weights_from_txt",
        ),
    ],
)
def test_what_is_wrong_is_named(
    project: Path, file: str, old: str, new: str, error: type[TriggerError], message: str
) -> None:
    edit(project, file, old, new)
    with pytest.raises(error, match=message):
        read_project(project)


def test_text_and_header_that_differ(project: Path) -> None:
    path = project / "firmware/weights/b2.txt"
    first, second = path.read_text().split(", ")
    path.write_text(f"{first}, {0.125 if float(second) != 0.125 else 0.25}")
    with pytest.raises(ProjectError, match=r"b2\.txt and b2\.h differ from value 2 on"):
        read_project(project)


@pytest.mark.parametrize("file", ["defines.h", "parameters.h", "weights/w2.h", "weights/w2.txt"])
def test_missing_files(project: Path, file: str) -> None:
    (project / "firmware" / file).unlink()
    with pytest.raises(ProjectError, match=r"cannot be read|no firmware/parameters\.h"):
        read_project(project)


def test_a_truncated_header(project: Path) -> None:
    edit(project, "tiny.cpp", "#ifndef __SYNTHESIS__", "#ifdef __HLS4ML_LOAD_TXT_WEIGHTS__")
    path = project / "firmware/weights/w2.h"
    path.write_text(path.read_text()[:250])
    with pytest.raises(ProjectError, match=r"w2\.h: there is no array with its numbers"):
        read_project(project)


def test_functions_of_ones_own_are_for_the_c_simulation_only(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedLayerError, match="layer 'first' calls nnet::triple"):
        read_project(write_triple(tmp_path / "p"))


# ---- the text itself ---------------------------------------------------------------------------


def test_blanking_keeps_every_position() -> None:
    text = "a; // b\n/* c\n d */ e;\n  #pragma f\n"
    assert blank(text) == "a;     \n    \n      e;\n           \n"


@given(st.lists(st.text("abc<(,)>[] ", max_size=8), max_size=5))
def test_splitting_never_loses_a_character_but_space(parts: list[str]) -> None:
    text = ",".join(parts)
    joined = "".join(split_list(text)).replace(" ", "").replace(",", "")
    assert joined == text.replace(" ", "").replace(",", "")


def test_splitting_respects_brackets() -> None:
    assert split_list("a, b<c, d>, e(f, g) , h[i]") == ("a", "b<c, d>", "e(f, g)", "h[i]")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("2*3*4", 24),
        ("(7 - 2) / 2", 2),
        ("-1", -1),
        ("12u + 1UL", 13),
        ("true", 1),
        ("half * half", 25),
        ("config9::half", 5),
    ],
)
def test_integer_expressions(text: str, value: int) -> None:
    declarations = read_declarations(find_project(DATA / "tiny_parallel"))
    config = Config(
        "config9", "here:1", {"half": Text("whole / 2", "h:2"), "whole": Text("10", "")}
    )
    assert declarations.integer(Text(text, "here:3"), config) == value


@pytest.mark.parametrize("text", ["", "1.5", "a", "loop", "f(2)", "1 / 0", "2 ** 3", "__import__"])
def test_expressions_that_are_refused(text: str) -> None:
    declarations = read_declarations(find_project(DATA / "tiny_parallel"))
    config = Config("config9", "here:1", {"loop": Text("pool + 1", ""), "pool": Text("loop", "")})
    with pytest.raises(ProjectError, match="cannot compute"):
        declarations.integer(Text(text, "here:3"), config)


@pytest.mark.parametrize(("numbers", "shape"), [(12, (4, 3)), (3, (3,))])
def test_a_stream_that_only_an_activation_reads(tmp_path: Path, numbers: int, shape) -> None:
    write_triple(
        tmp_path,
        types="typedef nnet::array<ap_fixed<8,4>, 3*1> input_t;\n"
        "typedef nnet::array<ap_ufixed<6,3>, 3*1> result_t;",
        functions="",
        ports="hls::stream<input_t> &x,\n    hls::stream<result_t> &layer2_out",
        body="    nnet::relu<input_t, result_t, config2>(x, layer2_out); // act\n",
        size=numbers,
    )
    network = read_project(tmp_path)
    assert network.shapes == {"x": shape, "act": shape}
