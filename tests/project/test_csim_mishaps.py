"""Firmware, pixels and folders that a C simulation cannot be made or run of."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from trigger.errors import ProjectError
from trigger.project import csim
from trigger.project.top import read_top

from .firmware_text import DATA, TRIPLE, write_triple

pytestmark = pytest.mark.csim
rng = np.random.default_rng(5)


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
