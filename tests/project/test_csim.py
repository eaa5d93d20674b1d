"""The C simulation: exact integers in and out, for every port, width and mishap."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trigger.errors import OutputError, ProjectError, ToolError
from trigger.fixed import FixedFormat
from trigger.project import csim
from trigger.project.compiler import FLAGS, compiler_version, find_compiler
from trigger.project.first_header import first_header
from trigger.project.harness import write_traced_top
from trigger.project.top import read_top

from .firmware_text import DATA, TRIPLE, write_firmware, write_triple

pytestmark = pytest.mark.csim
rng = np.random.default_rng(5)


@pytest.fixture(scope="session")
def build_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("build")


def test_arrays_give_exact_integers(tmp_path: Path, build_dir: Path) -> None:
    simulation = csim.build(write_triple(tmp_path / "p"), build_dir)
    x = rng.integers(-128, 128, (1000, 4))
    done: list[int] = []
    results = csim.run(simulation, x, layers=("second", "first"), progress=done.append)
    assert list(results) == ["second", "first"]
    first = (12 * x + 2**11) % 2**12 - 2**11  # 4 -> 6 fractional bits, times 3, 12 bits wrap
    assert np.array_equal(results["first"], first)
    assert np.array_equal(results["second"], 3 * first)
    assert done == [256, 512, 768, 1000]
    assert simulation.outputs == ("second",)
    assert simulation.inputs[0].format == FixedFormat(8, 4)


@pytest.mark.parametrize("processes", [1, 3])
def test_order_of_events_does_not_depend_on_processes(
    tmp_path: Path, build_dir: Path, processes: int
) -> None:
    simulation = csim.build(write_triple(tmp_path / "p"), build_dir)
    x = np.arange(2000).reshape(500, 4) % 16
    parts = list(csim.chunks(simulation, x, processes=processes, chunk_events=7))
    assert [len(part["second"]) for part in parts] == [7] * 71 + [3]
    assert np.array_equal(np.concatenate([part["second"] for part in parts]), 36 * x)


def test_every_width_keeps_every_bit(tmp_path: Path, build_dir: Path) -> None:
    widths = [1, 7, 8, 9, 16, 17, 32, 33, 63, 64, 65, 100, 128, 129]
    formats = [f"ap_{sign}fixed<{width},3>" for width in widths for sign in ("", "u")]
    copy = TRIPLE.replace("triple", "copy").replace(" * ap_int<3>(3)", "")
    project = write_firmware(
        tmp_path / "p",
        types="\n".join(f"typedef {form} t{index};" for index, form in enumerate(formats)),
        functions=copy,
        ports=", ".join(f"t{i} x{i}[4], t{i} layer{i}_out[4]" for i in range(len(formats))),
        body="\n".join(
            f"nnet::copy<t{i}, t{i}, config2>(x{i}, layer{i}_out);" for i in range(len(formats))
        ),
    )
    pixels = []
    for form in map(FixedFormat.parse, formats):
        low, high = form.raw_min, form.raw_max
        random = [int.from_bytes(rng.bytes(17), "little") % (high - low + 1) for _ in range(36)]
        x = [low, high, low, high, *(low + number for number in random)]
        pixels.append(np.array(x, dtype=object).reshape(-1, 4))
    results = csim.run(csim.build(project, build_dir), *pixels)
    for index, x in enumerate(pixels):
        assert results[f"layer{index}_out"].tolist() == x.tolist(), formats[index]


def test_streams_of_packs_with_two_inputs_in_a_namespace(tmp_path: Path, build_dir: Path) -> None:
    add = """\
template <class A, class B, class R, typename CONFIG_T>
void add(hls::stream<A> &a, hls::stream<B> &b, hls::stream<R> &res) {
    for (unsigned i = 0; i < CONFIG_T::n_in; i++) {
        A x = a.read();
        B y = b.read();
        R z;
        for (unsigned j = 0; j < R::size; j++) z[j] = x[j] + y[j];
        res.write(z);
    }
}"""
    project = write_firmware(
        tmp_path / "p",
        types="typedef nnet::array<ap_uint<5>, 2> input_t;\n"
        "typedef nnet::array<ap_int<5>, 2> input2_t;\n"
        "typedef nnet::array<ap_int<7>, 2> layer3_t;\n"
        "typedef nnet::array<ap_int<9>, 2*1> result_t;",
        functions=add,
        ports="hls::stream<input_t> &x, hls::stream<input2_t> &index,\n"
        "    hls::stream<result_t> &layer4_out, hls::stream<result_t> &layer5_out",
        body='    hls::stream<layer3_t> layer3_out("layer3_out");\n'
        "    auto& layer9_out = layer3_out;\n"
        "    nnet::add<input_t, input2_t, layer3_t, config2>(x, index, layer3_out); // sum\n"
        "    nnet::copy_twice<layer3_t, result_t, config2>(layer9_out, layer4_out, layer5_out);"
        " // twins\n",
        namespace="space",
    )
    parameters = project / "firmware/parameters.h"
    parameters.write_text(
        parameters.read_text().replace(
            "\n}\n#endif",
            """
template <class A, class R, typename CONFIG_T>
void copy_twice(hls::stream<A> &a, hls::stream<R> &b, hls::stream<R> &c) {
    for (unsigned i = 0; i < CONFIG_T::n_in; i++) {
        A x = a.read();
        R y;
        for (unsigned j = 0; j < R::size; j++) y[j] = x[j];
        b.write(y);
        c.write(y);
    }
}
}
#endif""",
        )
    )
    simulation = csim.build(project, build_dir)
    assert simulation.layers == ("sum", "twins", "layer5_out")
    assert simulation.outputs == ("twins", "layer5_out")
    x, y = rng.integers(0, 32, (300, 2, 2, 2)), rng.integers(-16, 16, (300, 8))
    results = csim.run(simulation, x, y, layers=simulation.layers, shapes={"sum": (2, 4)})
    expected = x.reshape(300, 8) + y
    assert np.array_equal(results["sum"], expected.reshape(300, 2, 4))
    assert np.array_equal(results["twins"], expected)
    assert np.array_equal(results["layer5_out"], expected)


def test_weights_in_block_ram_are_passed_as_ports(tmp_path: Path, build_dir: Path) -> None:
    scale = """\
template <class D, class R, class W, typename CONFIG_T>
void scale(D data[CONFIG_T::n_in], R res[CONFIG_T::n_in], W w[CONFIG_T::n_in]) {
    for (unsigned i = 0; i < CONFIG_T::n_in; i++) res[i] = data[i] * w[i];
}"""
    project = write_firmware(
        tmp_path / "p",
        types="typedef ap_int<6> input_t;\ntypedef ap_int<12> result_t;\n"
        "typedef ap_int<5> weight2_t;",
        functions=scale,
        ports="input_t x[4], result_t layer2_out[4], weight2_t w2[4]",
        body="nnet::scale<input_t, result_t, weight2_t, config2>(x, layer2_out, w2); // scale",
    )
    weights = project / "firmware/weights"
    weights.mkdir()
    (weights / "w2.h").write_text("weight2_t w2[4] = {1, -2, 3, 15};\n")
    x = rng.integers(-32, 32, (50, 4))
    results = csim.run(csim.build(project, build_dir), x)
    assert np.array_equal(results["scale"], x * [1, -2, 3, 15])


@pytest.mark.parametrize("name", ["tiny_parallel", "tiny_stream"])
def test_frozen_projects_run(build_dir: Path, name: str) -> None:
    simulation = csim.build(DATA / name, build_dir)
    shared = ("conv", "relu", "pool", "scores")
    assert tuple(layer for layer in simulation.layers if layer != "zp2d_conv") == shared
    x = np.zeros((2, 6, 6, 1), dtype=np.int64)
    results = csim.run(simulation, x, layers=shared, shapes={"conv": (6, 6, 2)})
    assert results["conv"].shape == (2, 6, 6, 2)
    bias = [
        float(text) for text in (DATA / name / "firmware/weights/b2.txt").read_text().split(",")
    ]
    assert (results["conv"] == np.array(bias) * 2**7).all()  # ap_fixed<..> with 7 fractional bits


def test_projects_of_both_io_types_agree(build_dir: Path) -> None:
    x = rng.integers(0, 16, (300, 6, 6, 1))
    layers = ("conv", "relu", "pool", "scores")
    one, two = (
        csim.run(csim.build(DATA / name, build_dir), x, layers=layers)
        for name in ("tiny_parallel", "tiny_stream")
    )
    for name in layers:
        assert np.array_equal(one[name], two[name]), name


def test_the_projects_files_stay_untouched_and_a_build_is_reused(
    tmp_path: Path, build_dir: Path
) -> None:
    project = write_triple(tmp_path / "p")
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    first = csim.build(project, build_dir)
    stamp = os.stat(first.executable).st_mtime_ns
    assert csim.build(project, build_dir) == first
    assert os.stat(first.executable).st_mtime_ns == stamp
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
    (project / "firmware/parameters.h").write_text(
        (project / "firmware/parameters.h").read_text().replace("(3)", "(2)")
    )
    changed = csim.build(project, build_dir)
    assert changed.executable != first.executable
    assert csim.run(changed, np.ones((1, 4), dtype=int))["second"].tolist() == [[16] * 4]


def test_a_build_folder_may_be_relative_and_may_be_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(DATA / "tiny_stream", "project")
    x = rng.integers(0, 16, (3, 6, 6, 1))
    before = csim.run(csim.build(Path("project"), Path("build")), x)
    (tmp_path / "build").rename(tmp_path / "moved")
    moved = csim.build(Path("project"), Path("moved"))
    assert len(list((tmp_path / "moved").iterdir())) == 1
    assert np.array_equal(csim.run(moved, x)["scores"], before["scores"])


def test_traced_text_differs_by_saving_calls_only(tmp_path: Path) -> None:
    top = read_top(write_triple(tmp_path / "p") / "firmware/made.cpp")
    traced = write_traced_top(top)
    calls = [" trigger_csim::save(0, layer2_out, 4);", " trigger_csim::save(1, layer3_out, 4);"]
    for call in calls:
        assert traced.count(call) == 1
        traced = traced.replace(call, "")
    assert traced == top.text


def test_hls4mls_own_tracing_is_left_out(tmp_path: Path) -> None:
    """It is switched off; an empty statement takes its place, and every line keeps its number."""
    source = write_triple(tmp_path / "p") / "firmware/made.cpp"
    text = source.read_text()
    trace = "#ifndef __SYNTHESIS__\n    if (true) nnet::save_layer_output<layer2_t>(layer2_out,\n"
    last = "    nnet::triple<layer2_t"
    source.write_text(text.replace(last, f'{trace} "first", 2 * 2);\n#endif\n{last}'))
    traced = write_traced_top(read_top(source))
    assert traced.count("    if (true) ;\n\n#endif\n    nnet::triple<layer2_t") == 1
    assert "save_layer_output" not in traced
    assert len(traced.splitlines()) == len(source.read_text().splitlines())


def test_types_compiled_before_change_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library_cache: Path
) -> None:
    def answer(name: str) -> list[int]:
        simulation = csim.build(write_triple(tmp_path / name / "p"), tmp_path / name)
        return csim.run(simulation, np.arange(-128, 128).reshape(-1, 4))["second"].tolist()

    found = answer("first")
    assert list(library_cache.glob("trigger/csim/*/first.h.gch"))
    (tmp_path / "damaged.h").write_text("#error damaged")
    damaged = ("-include", str(tmp_path / "damaged.h"))
    monkeypatch.setattr("trigger.project.compiler.first_header", lambda *_: damaged)
    assert answer("plain") == found
    assert len(found) == 64


def test_types_are_not_kept_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ap_fixed.h").write_text("")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert first_header("g++", "g++ 12", FLAGS, tmp_path) == ()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert first_header("g++", "g++ 12", FLAGS, tmp_path) == ()  # not all headers are there
    assert list((tmp_path / "trigger" / "csim").iterdir()) == []


def test_types_are_not_taken_from_elsewhere_if_the_firmware_has_its_own(tmp_path: Path) -> None:
    ap_types = tmp_path / "firmware" / "ap_types"
    ap_types.mkdir(parents=True)
    version = compiler_version(find_compiler())
    assert first_header("g++", version, FLAGS, ap_types) == ()
    (ap_types / "ap_fixed.h").write_text("typedef int ap_fixed;")
    assert first_header("clang++", "Debian clang version 14", FLAGS, ap_types) == ()
    for name in ("ap_int.h", "hls_stream.h"):
        (ap_types / name).write_text("")
    option, header = first_header("g++", version, FLAGS, ap_types)
    assert option == "-include"
    assert (Path(header).parent / "ap_fixed.h").read_text() == "typedef int ap_fixed;"
    (ap_types.parent / "ap_fixed.h").write_text("typedef long ap_fixed;")
    assert first_header("g++", version, FLAGS, ap_types) == ()


# ---- mishaps -----------------------------------------------------------------------------------


def test_missing_compiler(tmp_path: Path, build_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(ToolError, match=r"'no-such-compiler' is not installed.*apt-get install g"):
        csim.build(write_triple(tmp_path / "p"), build_dir)


def test_compile_error_shows_the_line_and_keeps_the_log(tmp_path: Path) -> None:
    project = write_triple(tmp_path / "p", functions=TRIPLE.replace("data[i]", "dota[i]"))
    with pytest.raises(
        ProjectError, match=r"(?s)does not compile.*parameters\.h:\d+.*dota"
    ) as caught:
        csim.build(project, tmp_path / "build")
    assert "dota" in Path(caught.value.where).read_text()
    assert [path.suffix for path in (tmp_path / "build").iterdir()] == [".log"]


def test_the_log_of_a_failed_build_goes_with_the_next_good_one(tmp_path: Path) -> None:
    broken = write_triple(tmp_path / "p", functions=TRIPLE.replace("data[i]", "dota[i]"))
    with pytest.raises(ProjectError, match="does not compile"):
        csim.build(broken, tmp_path / "build")
    csim.build(write_triple(tmp_path / "q"), tmp_path / "build")
    assert [path.suffix for path in (tmp_path / "build").iterdir()] == [""]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            "echo 'm.cpp:1:1: fatal error: error writing to /t.s: No space left on device' >&2",
            "space",
        ),
        ("echo 'g++: fatal error: Killed signal terminated program cc1plus' >&2", "Killed signal"),
        ("echo \"g++: error: unrecognized command-line option '-std=c++17'\" >&2", "unrecognized"),
        ("kill -9 $$", "exit code -9"),
    ],
    ids=["disk", "memory", "option", "stopped"],
)
def test_a_failing_compiler_is_not_the_firmwares_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, message: str
) -> None:
    compiler = tmp_path / "c++"
    compiler.write_text(f"#!/bin/sh\n[ $1 = --version ] && echo 1.0 && exit 0\n{fault}\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    with pytest.raises(ToolError, match=rf"(?s)c\+\+ failed:.*{message}.*name another compiler"):
        csim.build(write_triple(tmp_path / "p"), tmp_path / "build")
    assert list((tmp_path / "build").iterdir()) == []


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 1\n", "no program"])
def test_a_compiler_that_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "c++").write_text(text)
    (tmp_path / "c++").chmod(0o755)
    monkeypatch.setenv("CXX", str(tmp_path / "c++"))
    with pytest.raises(ToolError, match=r"c\+\+ --version failed"):
        csim.build(write_triple(tmp_path / "p"), tmp_path / "build")


def test_a_damaged_build_is_made_again(tmp_path: Path) -> None:
    project, build = write_triple(tmp_path / "p"), tmp_path / "build"
    weights = project / "firmware" / "weights"
    weights.mkdir()
    (weights / "w2.txt").write_text("0.5, 0.25")
    home = csim.build(project, build).executable.parent
    for name in ("csim", "firmware/weights/w2.txt", "sha256"):
        before = (home / name).read_bytes()
        (home / name).write_bytes(before[: len(before) // 2])
        simulation = csim.build(project, build)
        assert len((home / name).read_bytes()) == len(before)
    (home / "csim").unlink()
    assert csim.build(project, build) == simulation
    assert csim.run(simulation, np.ones((1, 4), dtype=int))["second"].tolist() == [[36] * 4]
    assert [path.name for path in build.iterdir()] == [home.name]


def test_a_program_that_the_system_refuses(tmp_path: Path, build_dir: Path) -> None:
    simulation = csim.build(write_triple(tmp_path / "p"), build_dir)
    lost = replace(simulation, executable=tmp_path / "csim")
    (tmp_path / "firmware").mkdir()
    (tmp_path / "csim").write_bytes(b"\x7fELF")
    (tmp_path / "csim").chmod(0o755)
    with pytest.raises(ToolError, match="cannot be started: Exec format error"):
        csim.run(lost, np.zeros((1, 4), dtype=int))


def test_a_tensor_of_floats_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"(?s)does not compile.*ap_fixed, ap_ufixed"):
        csim.build(write_triple(tmp_path / "p", input_type="float"), tmp_path / "build")


def test_build_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Not a directory"):
        csim.build(write_triple(tmp_path / "p"), tmp_path / "file/build")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("abort();", "crashed with SIGABRT"),
        ("for (volatile int i = 0;;) i = i;", "did not end within 1 s"),
        ('std::cerr << "ERROR: Expected 3 values" << std::endl;', "ERROR: Expected 3 values"),
        ('hls::stream<int> s("s"); s.read();', "'s' is read while empty"),
        ('hls::stream<int> s("s"); s.write(1);', "'s' contains leftover data"),
    ],
    ids=["crash", "endless", "complaint", "empty-stream", "leftover"],
)
def test_firmware_that_misbehaves(
    tmp_path: Path, build_dir: Path, statement: str, message: str
) -> None:
    functions = TRIPLE.replace("{\n", "{\n" + statement, 1)
    simulation = csim.build(write_triple(tmp_path / "p", functions=functions), build_dir)
    with pytest.raises(ProjectError, match=f"events 0 to 4: .*{message}"):
        list(csim.chunks(simulation, np.zeros((5, 4), dtype=int), timeout_s=1))


def test_pixels_left_in_an_input_stream(build_dir: Path) -> None:
    simulation = csim.build(DATA / "tiny_stream", build_dir)
    with pytest.raises(ProjectError, match="left data in its input image"):
        csim.run(simulation, np.zeros((1, 7, 6, 1), dtype=int))
    with pytest.raises(ProjectError, match="read while empty"):
        csim.run(simulation, np.zeros((1, 5, 6, 1), dtype=int))


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        ([np.zeros((3, 5), dtype=int)], "5 numbers an event. Allowed: 4"),
        ([np.zeros((3, 4))], "type float64.*raw integers"),
        ([np.zeros((0, 4), dtype=int)], "at least one event"),
        (
            [np.full((3, 4), 128)],
            "128 to 128. Allowed: -128 to 127, the raw range of ap_fixed<8,4>",
        ),
        ([], "0 arrays for 1 inputs. Allowed: x ap_fixed<8,4>"),
    ],
    ids=["shape", "type", "no-events", "range", "count"],
)
def test_pixels_that_do_not_fit(
    tmp_path: Path, build_dir: Path, pixels: list[np.ndarray], message: str
) -> None:
    simulation = csim.build(write_triple(tmp_path / "p"), build_dir)
    with pytest.raises(ProjectError, match=message):
        csim.run(simulation, *pixels)


def test_unknown_layer_and_wrong_shape(tmp_path: Path, build_dir: Path) -> None:
    simulation = csim.build(write_triple(tmp_path / "p"), build_dir)
    x = np.zeros((3, 4), dtype=int)
    with pytest.raises(ProjectError, match=r"no layer third\. Allowed: first, second"):
        csim.run(simulation, x, layers=("third",))
    with pytest.raises(
        ProjectError, match="layer second: the C\\+\\+ makes 4 numbers an event, not 6"
    ):
        csim.run(simulation, x, shapes={"second": (2, 3)})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.5, x.25, 1", r"b2\.txt:1, character 5: value 2 is 'x.25'. Allowed: 2 decimal"),
        ("0.5", r"b2\.txt: there are 1 values. Allowed: 2"),
        ("0.5, nan", "value 2 is 'nan'"),
        ("", "value 1 is ''"),
        ("\udcff".encode("utf-8", "surrogateescape"), "cannot be read"),
        (None, "cannot be read"),
    ],
    ids=["word", "short", "nan", "empty", "binary", "missing"],
)
def test_corrupted_weights(
    tmp_path: Path, build_dir: Path, text: str | bytes | None, message: str
) -> None:
    project = tmp_path / "p"
    shutil.copytree(DATA / "tiny_stream", project)
    file = project / "firmware/weights/b2.txt"
    if text is None:
        file.unlink()
    else:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ProjectError, match=message):
        csim.build(project, build_dir)


def test_an_output_that_nothing_fills(tmp_path: Path, build_dir: Path) -> None:
    project = write_triple(tmp_path / "p", body="    for (int i = 0; i < 4; i++)\n {}\n")
    with pytest.raises(ProjectError, match=r"made\.cpp:\d+: no call fills the output layer3_out"):
        csim.build(project, build_dir)


def test_functions_of_any_namespace_are_traced(tmp_path: Path) -> None:
    project = write_triple(
        tmp_path / "p",
        body="    if (true) {}\n    layer2_t layer2_out[4];\n"
        "    mine::triple<input_t, layer2_t>(x, layer2_out); // own\n"
        "    triple<layer2_t, result_t>(layer2_out, layer3_out);\n",
    )
    top = read_top(project / "firmware/made.cpp")
    assert [(call.function, call.layer) for call in top.calls] == [
        ("mine::triple", "own"),
        ("triple", "layer3_out"),
    ]
    assert [text for _, text in top.unknown] == ["if (true)"]


def test_folders_that_are_no_project(tmp_path: Path, build_dir: Path) -> None:
    with pytest.raises(ProjectError, match="no such folder"):
        csim.build(tmp_path / "nowhere", build_dir)
    with pytest.raises(ProjectError, match=r"no firmware/parameters\.h"):
        csim.build(tmp_path, build_dir)
    project = write_triple(tmp_path / "p")
    (project / "firmware/made.cpp").rename(project / "firmware/made.cc")
    with pytest.raises(ProjectError, match="0 source files that look like the top"):
        csim.build(project, build_dir)
