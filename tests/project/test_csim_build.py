"""How a C simulation is built: what is kept, what of its text is changed, failing compilers."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trigger.errors import OutputError, ProjectError, ToolError
from trigger.project import csim
from trigger.project.compiler import FLAGS, compile_program, compiler_version, find_compiler
from trigger.project.first_header import first_header
from trigger.project.harness import write_traced_top
from trigger.project.top import read_top

from .firmware_text import DATA, TRIPLE, write_triple

pytestmark = pytest.mark.csim
rng = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is taken from what other tests have compiled."""
    monkeypatch.setattr(csim, "compile_program", compile_program)


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


def test_a_damaged_build_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project, build = write_triple(tmp_path / "p"), tmp_path / "build"
    weights = project / "firmware" / "weights"
    weights.mkdir()
    (weights / "w2.txt").write_text("0.5, 0.25")
    home = csim.build(project, build).executable.parent
    made = shutil.copy(home / "csim", tmp_path)  # in place of the compiler, which would make it
    monkeypatch.setattr(
        csim, "compile_program", lambda *where: shutil.copy(made, where[2] / "csim")
    )
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
