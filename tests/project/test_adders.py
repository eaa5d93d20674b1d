"""Projects of the strategy ``distributed_arithmetic``: text alone, right and damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from trigger import emulate
from trigger.errors import ProjectError
from trigger.fixed import FixedFormat
from trigger.layers import DistributedArithmetic, Reach, Tensor
from trigger.project import read_project

from .firmware_text import DATA

ARRAYS, STREAMS = DATA / "adders_parallel", DATA / "adders_stream"
CODE = "nnet_utils/nnet_code_gen.h"


def damaged(source: Path, folder: Path, file: str, old: str, new: str) -> Path:
    project = Path(shutil.copytree(source, folder / "project"))
    path = project / "firmware" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return project


def test_arrays_and_streams() -> None:
    arrays, streams = read_project(ARRAYS), read_project(STREAMS)
    conv, dense = arrays["conv"], arrays["scores"]
    assert isinstance(conv, DistributedArithmetic)
    assert isinstance(dense, DistributedArithmetic)
    assert (conv.window, conv.stride, conv.padding) == ((2, 2), (1, 1), ((0, 1), (0, 1)))
    assert (dense.window, dense.graph.inputs) == ((), 24)
    assert conv.parallelization_factor == 1
    for name in ("conv", "scores"):
        assert streams[name].graph == arrays[name].graph
    assert streams["conv"].padding == ((0, 0), (0, 0))
    pixels = np.random.default_rng(1).integers(0, 16, (50, 3, 4, 1))
    one, two = emulate.run(arrays, pixels), emulate.run(streams, pixels)
    assert np.array_equal(one["scores"], two["scores"])
    assert len(np.unique(one["scores"])) > 20


def test_the_functions_are_the_weights_that_streams_keep_beside_them() -> None:
    conv = read_project(STREAMS)["conv"]
    product = conv.as_product(Reach.full((4, 5, 1), FixedFormat.parse("ap_ufixed<4,0>")))
    for role, file in (("kernel", "w2.txt"), ("bias", "b2.txt")):
        text = (STREAMS / "firmware/weights" / file).read_text()
        raw, form = product.weights()[role]
        assert form.values(raw).ravel().tolist() == [float(each) for each in text.split(",")]


def test_pixels_that_are_computed_together(tmp_path: Path) -> None:
    config = "parameters.h", "n_partitions = 12", "n_partitions = 6"
    project = damaged(ARRAYS, tmp_path, *config)
    pixels = project / "firmware/parameters.h"
    pixels.write_text(pixels.read_text().replace("n_pixels = 1", "n_pixels = 2"))
    path = project / "firmware" / CODE
    before, *windows = path.read_text().split("if (partition ==")
    for number, text in enumerate(windows):
        moved = text.replace("buffer[0]", f"buffer[{number % 2}]")
        before += f"if (partition == {number // 2}{moved[moved.index(')') :]}"
    path.write_text(before)
    conv, together = read_project(ARRAYS)["conv"], read_project(project)["conv"]
    assert together.parallelization_factor == 2
    assert together.padding == conv.padding


def test_a_quantiser_before_the_function(tmp_path: Path) -> None:
    """As hls4ml fuses one: each input has a format of its own, and some are dropped."""
    quantiser = (
        "#pragma HLS INLINE\n  ap_ufixed<2, 0, AP_RND, AP_SAT> model_inp_q_0 = model_inp[0];\n"
        "    ap_ufixed<1, 0> model_inp_q_1 = 0;"
    )
    project = damaged(ARRAYS, tmp_path, CODE, "#pragma HLS INLINE", quantiser)
    path = project / "firmware" / CODE
    text = path.read_text().replace(
        "ap_ufixed<4,0> v0 = model_inp[0]", "ap_ufixed<2,0> v0 = model_inp_q_0"
    )
    path.write_text(
        text.replace("ap_ufixed<4,0> v1 = model_inp[1]", "ap_ufixed<4,0> v1 = model_inp_q_1")
    )
    plain, coarse = read_project(ARRAYS)["conv"], read_project(project)["conv"]
    source = Reach.full((3, 4, 1), FixedFormat.parse("ap_ufixed<4,0>"))
    assert plain.as_product(source) is not None
    assert coarse.as_product(source) is None
    rows = np.random.default_rng(2).integers(0, 16, (100, 4))
    rounded = rows.copy()  # to two bits, halves upwards, and no more than three quarters
    rounded[:, 0] = np.minimum((rows[:, 0] + 2) // 4, 3) * 4
    rounded[:, 1] = 0
    ours = coarse.graph.evaluate(Tensor(rows, source.format))
    theirs = plain.graph.evaluate(Tensor(rounded, source.format))
    for one, other in zip(ours, theirs, strict=True):
        assert np.array_equal(one.format.values(one.raw), other.format.values(other.raw))


@pytest.mark.parametrize(
    ("source", "file", "old", "new", "message"),
    [
        (ARRAYS, CODE, "v10 - ap_ufixed<2,-1>(0.375)", "v10 / v9", r"code_gen\.h:40: cannot under"),
        (ARRAYS, CODE, "= v3 + v2;", "= v3 + w2;", r"code_gen\.h:35: w2 is not declared before"),
        (ARRAYS, CODE, "dense_da_2", "dense_da_3", r"parameters\.h:\d+: nnet_code_gen\.h has no"),
        (ARRAYS, CODE, "buffer[0][1] =    data[1]", "buffer[0][1] =    data[2]", "windows of fill"),
        (ARRAYS, CODE, "buffer[0][3] ", "buffer[0][4] ", r"code_gen\.h:\d+: window 0 has an eleme"),
        (ARRAYS, CODE, "fill_buffer_2", "fill_buffer_3", r"nnet_code_gen\.h has no fill_buffer_2"),
        (
            ARRAYS,
            "myproject.cpp",
            "config2,",
            "config9,",
            r"myproject\.cpp:\d+: there is no struct",
        ),
        (STREAMS, CODE, "dense_da_2(inp, out);", "out[0] = inp[0];", r"\.h:\d+: cannot understand"),
        (STREAMS, CODE, "dense_da_wrapper_2", "wrapper_2", r"has no dense_da_wrapper_2.*Allowed: "),
        (STREAMS, "parameters.h", "dense_da =", "other =", "has no dense_da"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(
    source, file, old, new, message, tmp_path
) -> None:
    with pytest.raises(ProjectError, match=message):
        read_project(damaged(source, tmp_path, file, old, new))


def test_generated_code_that_was_not_kept(tmp_path: Path) -> None:
    project = Path(shutil.copytree(ARRAYS, tmp_path / "project"))
    (project / "firmware" / CODE).unlink()
    with pytest.raises(ProjectError, match=r"nnet_code_gen\.h: cannot be read"):
        read_project(project)
