"""Firmware as experiments keep it: arrays gathered elsewhere, other names, folders and switches."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from trigger import emulate
from trigger.errors import ProjectError
from trigger.network import Network
from trigger.project import build, choose_vectors, read_project, run

from .firmware_text import DATA

ARRAY = re.compile(r"^\w+ \w+\[\d+\] = \{[^}]*\};", re.MULTILINE)
NAMES = ("w2", "b2", "w7", "b7")


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    """The C++ of the frozen project with arrays, without the loads from text files."""
    folder = Path(shutil.copytree(DATA / "tiny_parallel", tmp_path / "tiny")) / "firmware"
    for name in NAMES:
        (folder / "weights" / f"{name}.txt").unlink()
    edit(folder / "tiny.cpp", "#ifndef __SYNTHESIS__", "#ifdef LOAD_WEIGHTS_FROM_TEXT")
    return folder


def edit(path: Path, *changes: str) -> None:
    text = path.read_text()
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def arrays(firmware: Path) -> list[str]:
    """Take the arrays out of ``weights/``."""
    texts = [(firmware / "weights" / f"{name}.h").read_text() for name in NAMES]
    shutil.rmtree(firmware / "weights")
    found = [match[0] for text in texts if (match := ARRAY.search(text))]
    assert len(found) == len(NAMES)
    return found


def include_one_header(firmware: Path) -> None:
    edit(firmware / "parameters.h", '#include "weights/w2.h"', '#include "weights.h"')
    text = (firmware / "parameters.h").read_text()
    (firmware / "parameters.h").write_text(re.sub(r'#include "weights/\w+\.h"\n', "", text))


def gather_in_a_header(firmware: Path) -> None:
    include_one_header(firmware)
    (firmware / "weights.h").write_text('#include "defines.h"\n' + "\n".join(arrays(firmware)))


def define_in_a_source_file(firmware: Path) -> None:
    include_one_header(firmware)
    defined = arrays(firmware)
    declared = [f"extern {each.split(' =')[0]};" for each in defined]
    (firmware / "weights.h").write_text(
        '#pragma once\n#include "defines.h"\n' + "\n".join(declared)
    )
    (firmware / "weights.cpp").write_text('#include "weights.h"\n' + "\n".join(defined))


def rename_the_function(firmware: Path) -> None:
    for name in ("tiny.cpp", "tiny.h"):
        edit(firmware / name, "void tiny(", "void trigger_v3(")


def rename_the_output(firmware: Path) -> None:
    for name in ("tiny.cpp", "tiny.h"):
        edit(firmware / name, "layer7_out", "decision")


def rename_the_folder(firmware: Path) -> None:
    firmware.rename(firmware.with_name("NN"))


def add_a_wrapper(firmware: Path) -> None:
    (firmware / "emulator.cpp").write_text(
        '#include "tiny.h"\n#include "parameters.h"\nvoid predict() {}\n'
    )


def add_a_test_bench(firmware: Path) -> None:
    (firmware / "bench.cpp").write_text(
        '#include "tiny.h"\n#include "parameters.h"\nint main() { nnet::copy_data(); }\n'
    )


def qualify_an_array(firmware: Path) -> None:
    text = (firmware / "weights" / "w2.h").read_text()
    text = text.replace("weight2_t w2[18] = {", "static const weight2_t w2[18] = {")
    (firmware / "weights" / "w2.h").write_text(text)


def move_types(firmware: Path, target: str) -> str:
    """Take the types out of ``defines.h``."""
    text = (firmware / "defines.h").read_text()
    types = re.findall(r"^typedef .*;\n", text, re.MULTILINE)
    for each in types:
        text = text.replace(each, "", 1)
    (firmware / "defines.h").write_text(text.replace("#endif", target + "\n#endif"))
    return "".join(types)


def declare_types_in_another_header(firmware: Path) -> None:
    (firmware / "data_types.h").write_text(move_types(firmware, '#include "data_types.h"'))


def declare_types_with_the_layers(firmware: Path) -> None:
    edit(firmware / "parameters.h", "// conv\n", move_types(firmware, "") + "// conv\n")


def name_widths(firmware: Path) -> None:
    edit(
        firmware / "defines.h",
        "typedef ap_fixed<14,8> result_t;",
        "#define SCORE_BITS 14\nstatic const int POINT = SCORE_BITS - 6;\n"
        "typedef ap_fixed<SCORE_BITS, POINT> result_t;",
    )


def name_a_type_by_a_macro(firmware: Path) -> None:
    edit(
        firmware / "defines.h", "typedef ap_ufixed<4,0> input_t;", "#define input_t ap_ufixed<4,0>"
    )


def extend_a_struct(firmware: Path) -> None:
    edit(
        firmware / "parameters.h",
        "struct config5 : nnet::pooling2d_config {",
        "struct frame {\n    static const unsigned pad_top = 7;\n"
        "    static const bool count_pad = false;\n};\n"
        "struct config5 : public frame {",
        "    static const bool count_pad = false;\n",
        "",
    )


def name_namespaces(firmware: Path) -> None:
    edit(firmware / "tiny.cpp", "relu_config4>", "cms::relu_config4>")
    edit(firmware / "tiny.cpp", "layer4_t layer4_out", "cms::layer4_t layer4_out")


def leave_older_values(firmware: Path) -> None:
    edit(
        firmware / "defines.h",
        "typedef ap_ufixed<4,0> input_t;",
        "/*\n#define POINT 3\ntypedef ap_ufixed<8,0> input_t;\n*/\n#if 0\ntypedef ap_fixed<9,0> "
        "input_t;\n#endif\n#ifdef NOBODY\ntypedef ap_fixed<7,0> input_t;\n#endif\n"
        "typedef ap_ufixed<4,0> input_t;",
    )


def leave_sizes_open(firmware: Path) -> None:
    edit(firmware / "weights" / "w2.h", "w2[18]", "w2[]")


def rename_the_headers_folder(firmware: Path) -> None:
    for name in ("defines.h", "parameters.h"):
        edit(firmware / name, "nnet_utils/", "nn_utils/")
    (firmware / "nnet_utils").rename(firmware / "nn_utils")


CHANGES = (
    declare_types_in_another_header,
    declare_types_with_the_layers,
    name_widths,
    name_a_type_by_a_macro,
    extend_a_struct,
    name_namespaces,
    leave_older_values,
    leave_sizes_open,
    rename_the_headers_folder,
    gather_in_a_header,
    define_in_a_source_file,
    rename_the_function,
    rename_the_output,
    rename_the_folder,
    add_a_wrapper,
    add_a_test_bench,
    qualify_an_array,
)


@pytest.mark.parametrize("change", CHANGES)
def test_what_people_rearrange_computes_the_same(
    firmware: Path, change: Callable[[Path], None]
) -> None:
    change(firmware)
    assert read_project(firmware.parent) == read_project(DATA / "tiny_parallel")


@pytest.mark.csim
@pytest.mark.slow
def test_all_of_it_compiles_and_agrees(firmware: Path, tmp_path: Path) -> None:
    for change in (
        define_in_a_source_file,
        rename_the_function,
        rename_the_output,
        add_a_wrapper,
        declare_types_in_another_header,
        rename_the_headers_folder,
    ):
        change(firmware)
    rename_the_folder(firmware)
    network: Network = read_project(firmware.parent)
    pixels = choose_vectors(network, random=50, seed=4).pixels
    truth = run(build(firmware.parent, tmp_path / "build"), *pixels)
    assert np.array_equal(emulate(network, *pixels), truth["scores"])


def test_an_array_that_is_nowhere_is_named(firmware: Path) -> None:
    include_one_header(firmware)
    lost = arrays(firmware)[1:]
    (firmware / "weights.h").write_text('#include "defines.h"\n' + "\n".join(lost))
    with pytest.raises(ProjectError, match=r"w2 is not declared.*or in a header that the top"):
        read_project(firmware.parent)


DAMAGES = (
    (
        "defines.h",
        "typedef ap_ufixed<4,0> input_t;",
        "#ifdef WIDE\ntypedef ap_ufixed<8,0> input_t;\n#else\n"
        "typedef ap_ufixed<4,0> input_t;\n#endif",
        r"defines\.h:\d+: input_t is 'ap_ufixed<4,0>' here and 'ap_ufixed<8,0>' in ",
    ),
    (
        "tiny.cpp",
        "layer5_t layer5_out[3*3*2]",
        "layer5_t layer5_out[3*3*3]",
        r"tiny\.cpp:\d+: layer5_out holds 27 numbers, and layer 'pool' makes 18",
    ),
    (
        "parameters.h",
        "static const unsigned n_in = 72;",
        "static const unsigned n_in = 70;",
        r"parameters\.h:\d+: struct relu_config4 counts 70 elements, and layer 'relu' reads 72",
    ),
    (
        "parameters.h",
        "static const unsigned n_in = 18;",
        "static const unsigned n_in = 17;",
        r"tiny\.cpp:\d+: layer 'scores': \(3, 3, 2\) does not have the elements of \(17,\)",
    ),
)


@pytest.mark.parametrize(("file", "old", "new", "why"), DAMAGES)
def test_what_contradicts_itself_is_named(
    firmware: Path, file: str, old: str, new: str, why: str
) -> None:
    edit(firmware / file, old, new)
    with pytest.raises(ProjectError, match=why):
        read_project(firmware.parent)


def test_a_switch_that_is_defined_is_not_overlooked(firmware: Path) -> None:
    edit(
        firmware / "defines.h",
        "#define DEFINES_H_",
        "#define DEFINES_H_\n#define LOAD_WEIGHTS_FROM_TEXT",
    )
    with pytest.raises(ProjectError, match=r"tiny\.cpp:\d+: cannot understand '#ifdef"):
        read_project(firmware.parent)


@pytest.mark.csim
@pytest.mark.slow
def test_headers_of_another_hls4ml_do_not_pass_for_the_firmwares_own(
    firmware: Path, tmp_path: Path
) -> None:
    """Firmware from before hls4ml 1.0 names no kernels; newer headers would do nothing."""
    text = (firmware / "parameters.h").read_text()
    kernel = re.compile(
        r"    template<class data_T, class res_T, class CONFIG_T>\n    using kernel.*\n"
    )
    (firmware / "parameters.h").write_text(kernel.sub("", text))
    shutil.rmtree(firmware / "nnet_utils")
    with pytest.raises(ProjectError, match=r"the installed hls4ml is not the one that wrote"):
        build(firmware.parent, tmp_path / "build")
