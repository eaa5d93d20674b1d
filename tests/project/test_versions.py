"""Firmware of an older hls4ml: computed as it was, or refused by name; never taken for the newest.

The versions are told by the text of ``parameters.h``, or by the project's own headers.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from trigger import emulate
from trigger.errors import ProjectError, UnsupportedLayerError
from trigger.fixed import FixedFormat, from_values
from trigger.layers import BatchNormalization, Pooling2D, Transpose
from trigger.project import read_project

from .firmware_text import DATA, write_firmware

KERNEL = re.compile(
    r"    template<class data_T, class res_T, class CONFIG_T>\n    using kernel.*\n"
)
FIXED = "ap_fixed<9,3>"


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """The frozen project as hls4ml 0.8 wrote it; its pooling declares a narrow accumulator."""
    firmware = Path(shutil.copytree(DATA / "tiny_parallel", tmp_path / "tiny")) / "firmware"
    replace(firmware / "parameters.h", KERNEL, "")
    replace(
        firmware / "defines.h", r"ap_ufixed<4,1,\S+> pool_accum_t", "ap_fixed<3,1> pool_accum_t"
    )
    return firmware


def replace(path: Path, pattern: str | re.Pattern[str], new: str) -> None:
    text, count = re.subn(pattern, new, path.read_text())
    assert count
    path.write_text(text)


def averages(firmware: Path, kind: str) -> None:
    replace(firmware / "parameters.h", "nnet::Max", "nnet::Average")
    replace(firmware / "defines.h", r"ap_ufixed<4,1,\S+> layer4_t", f"{kind} layer4_t")


def accumulator(firmware: Path) -> FixedFormat:
    pool = read_project(firmware)["pool"]
    assert isinstance(pool, Pooling2D)
    return pool.accumulator


def test_the_largest_number_met_no_accumulator(older: Path) -> None:
    assert accumulator(older) == FixedFormat.parse("ap_ufixed<4,1,AP_RND_CONV,AP_SAT>")


@pytest.mark.parametrize(
    ("kind", "summed"),
    [(FIXED, "ap_fixed<12,6>"), ("ap_ufixed<7,2>",) * 2, ("ap_fixed<9,3,AP_RND,AP_SAT>",) * 2],
)
def test_a_mean_was_summed_in_the_type_of_the_input(older: Path, kind: str, summed: str) -> None:
    """Of plain ap_fixed in a wider one, in which four numbers cannot overflow."""
    averages(older, kind)
    assert accumulator(older) == FixedFormat.parse(summed)


def test_its_own_header_tells_more_than_the_configuration(older: Path) -> None:
    (older / "nnet_utils" / "nnet_pooling.h").write_text(
        "template <typename T, int N, typename accum_t> accum_t avg(T (&x)[N], unsigned length);"
    )
    averages(older, FIXED)
    assert accumulator(older) == FixedFormat.parse("ap_fixed<3,1>")


def test_a_mean_that_was_scaled_wrongly_is_refused(older: Path) -> None:
    averages(older, "ap_fixed<9,1>")
    with pytest.raises(
        UnsupportedLayerError, match=r"before 1\.0 scales the mean by 1 in ap_fixed"
    ):
        read_project(older)


def test_between_two_versions_it_cannot_be_told(older: Path) -> None:
    averages(older, FIXED)
    between = "struct a : nnet::conv1d_config { }; struct b { using kernel = c; };\n// conv\n"
    replace(older / "parameters.h", "// conv\n", between)
    with pytest.raises(UnsupportedLayerError, match=r"1\.0 changed nnet::pooling2d_cl"):
        read_project(older)
    replace(older / "parameters.h", "using kernel", "using conv_kernel = d; using kernel")
    assert accumulator(older) == FixedFormat.parse("ap_fixed<3,1>")


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("stride_width", 1, r"before 1\.2 takes the stride for the window"),
        ("pad_left", 1, r"before 1\.0 pools padded images"),
    ],
)
def test_windows_that_lay_elsewhere_are_refused(
    older: Path, field: str, value: int, why: str
) -> None:
    replace(older / "parameters.h", rf"(?s)(struct config5.*?{field} = )\d", rf"\g<1>{value}")
    with pytest.raises(UnsupportedLayerError, match=why):
        read_project(older)


def write_calls(
    folder: Path, calls: str, structs: str, *, first: str = FIXED, size: int = 4, more: str = ""
) -> Path:
    """Write a project of one call: of type a to type r, with weights s and b."""
    folder = write_firmware(
        folder,
        types=f"typedef {first} input_t;\ntypedef ap_fixed<6,3> result_t;\n"
        "typedef ap_fixed<8,2> scale_t;",
        functions=f"}}\n{structs}\nnamespace nnet {{",
        ports=f"input_t x[{size}],{more} result_t layer3_out[{size}]",
        body=f"    {calls} // made\n",
        size=size,
    )
    weights = folder / "firmware" / "weights"
    weights.mkdir()
    for name, values in (
        ("s3", "0.46875, -0.703125, 1.9, 0.3"),
        ("b3", "0.1, 0.3, -1.2, 0.703125"),
    ):
        (weights / f"{name}.h").write_text(f"scale_t {name}[4] = {{{values}}};")
    return folder


NORMALIZE = "nnet::normalize<input_t, result_t, config3>(x, layer3_out, s3, b3);"
BATCHNORM = """struct config3 : nnet::batchnorm_config {{
    static const unsigned n_in = 4;
    template<{classes}>
    using product = nnet::product::mult<{names}>;
}};"""
OLD = {"classes": "class x_T, class y_T, class res_T", "names": "x_T, y_T, res_T"}
NEW = {"classes": "class x_T, class y_T", "names": "x_T, y_T"}


@pytest.mark.parametrize("names", [OLD, NEW], ids=["before", "since"])
def test_a_normalisation_before_0_7_cast_its_product(tmp_path: Path, names: dict[str, str]) -> None:
    network = read_project(write_calls(tmp_path / "p", NORMALIZE, BATCHNORM.format(**names)))
    pixels = np.array([[100, -77, 31, 200], [-256, 255, 1, -1]])
    result, kind = network["made"].result, FixedFormat.parse("ap_fixed<8,2>")
    scale, bias = (
        from_values(each, kind) / 64
        for each in ([0.46875, -0.703125, 1.9, 0.3], [0.1, 0.3, -1.2, 0.703125])
    )
    product = pixels / 64 * scale
    if names is OLD:
        product = from_values(product, result) / 8
    assert np.array_equal(emulate(network, pixels), from_values(product + bias, result))
    assert [type(layer) for layer in network.layers[1:]].count(BatchNormalization) == (
        2 if names is OLD else 1
    )


def test_what_cannot_be_told_is_not_guessed(tmp_path: Path) -> None:
    text = "struct config3 { static const unsigned n_in = 4; };"
    with pytest.raises(
        UnsupportedLayerError, match=r"0\.7 changed nnet::normalize, and .* not tell"
    ):
        read_project(write_calls(tmp_path / "p", NORMALIZE, text))


MERGE = "nnet::{name}<input_t, input_t, result_t, config3>(x, y, layer3_out);"
BINARY = "nnet::binary_tanh<input_t, result_t, config3>(x, layer3_out);"
ELEMENTS = "struct config3 : nnet::merge_config {{ static const unsigned n_elem = {count}; }};"
OLDER = "struct config9 : nnet::dense_config { };"
CONCAT = """struct config3 : nnet::concat_config {
    static const unsigned n_elem1_0 = 1; static const unsigned n_elem1_1 = 1;
    static const unsigned n_elem1_2 = 4; static const unsigned n_elem2_0 = 1;
    static const unsigned n_elem2_1 = 1; static const unsigned n_elem2_2 = 3;
    static const int axis = 3;
};"""


@pytest.mark.parametrize(
    ("call", "structs", "second", "why"),
    [
        (MERGE.format(name="average"), ELEMENTS.format(count=4) + OLDER, 4, "divides integers"),
        (MERGE.format(name="concatenate3d"), CONCAT + OLDER, 3, r"does not tell"),
        (
            MERGE.format(name="concatenate3d"),
            CONCAT + OLDER + BATCHNORM.format(**NEW).replace("config3", "config8"),
            3,
            r"takes \(4, 3\) for one length",
        ),
        (
            NORMALIZE,
            BATCHNORM.format(**OLD).replace("::mult", "::weight_ternary"),
            4,
            "casts what it negates",
        ),
    ],
    ids=["average", "axes", "lengths", "ternary"],
)
def test_older_functions_are_refused_by_name(
    tmp_path: Path, call: str, structs: str, second: int, why: str
) -> None:
    folder = write_calls(tmp_path / "p", call, structs, more=f" input_t y[{second}],")
    with pytest.raises(UnsupportedLayerError, match=why):
        read_project(folder)


def test_tensors_of_two_sizes_were_not_repeated(tmp_path: Path) -> None:
    folder = write_calls(
        tmp_path / "p",
        MERGE.format(name="multiply"),
        ELEMENTS.format(count=4),
        more=" input_t y[8],",
    )
    with pytest.raises(ProjectError, match=r"merges 4 elements of tensors of \[4, 8\]"):
        read_project(folder)


def test_zero_was_negative(tmp_path: Path) -> None:
    struct = "struct config3 : nnet::activ_config { static const unsigned n_in = 4; };"
    network = read_project(write_calls(tmp_path / "p", BINARY, struct + OLDER))
    assert emulate(network, np.array([[0, 1, -1, 9]])).tolist() == [[-8, 8, -8, 8]]


def test_a_transposition_kept_its_order_in_the_struct(tmp_path: Path) -> None:
    struct = """struct config3 : nnet::transpose_config {
        static const unsigned depth = 2; static const unsigned height = 1;
        static const unsigned width = 2; static constexpr unsigned perm[3] = {2, 0, 1};
    };"""
    call = "nnet::transpose_3d<input_t, result_t, config3>(x, layer3_out);"
    network = read_project(write_calls(tmp_path / "p", call, struct))
    layer = network["made"]
    assert isinstance(layer, Transpose)
    assert network.shapes[layer.name] == (2, 2, 1)
    pixels = from_values([[0.0, 1.0, 2.0, 3.0]], FixedFormat.parse(FIXED))
    assert emulate(network, pixels).ravel().tolist() == [0, 16, 8, 24]
