"""An exported emulator: the same integers from C++ without Python, in nobody's way."""

from __future__ import annotations

import ctypes
import subprocess
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.builders import WIDE, linear, pixels_in, small_cnn
from trigger.emulate import native, reference
from trigger.emulate.export import Emulator, build_emulator, write_emulator
from trigger.emulate.native.compile import find_compiler
from trigger.errors import ProjectError, ToolError, UnsupportedLayerError
from trigger.fixed import FixedFormat
from trigger.layers import Embedding
from trigger.network import Network

pytestmark = pytest.mark.csim
CLIENTS = Path(__file__).parent / "exported"


def export(network: Network, folder: Path, version: str = "v1", **options: object) -> Emulator:
    compiler = find_compiler()
    emulator = write_emulator(network, folder, "small", version, compiler)
    build_emulator(emulator, compiler, **options)
    return emulator


def compiled(source: str, folder: Path, *more: object) -> Path:
    program = folder / Path(source).stem
    command = ["g++", "-std=c++17", "-O2", "-I", folder, CLIENTS / source, *more, "-ldl"]
    subprocess.run([*map(str, command), "-o", str(program)], check=True)
    return program


def said(*command: object) -> list[str]:
    done = subprocess.run([*map(str, command)], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Emulator:
    return export(small_cnn(), tmp_path_factory.mktemp("small"))


@pytest.mark.slow
def test_a_million_events_in_cpp_are_those_of_the_engine_at_its_speed(small, tmp_path):
    network, events = small_cnn(), 1_000_000
    pixels = np.random.default_rng(8).integers(0, 256, (events, 8, 8, 1), dtype=np.uint8)
    pixels.tofile(tmp_path / "pixels")
    client = compiled("throughput.cpp", small.folder, small.library, f"-Wl,-rpath,{small.folder}")
    engine = native.build(network)
    ours, theirs = 0.0, 0.0
    for _ in range(5):  # another process may be in the way of either
        command = (client, events, tmp_path / "pixels", tmp_path / "scores", 2)
        theirs = max(theirs, float(said(*command)[0]))
        begun = time.perf_counter()
        expected = native.run(engine, pixels, threads=1)["score"]
        ours = max(ours, events / (time.perf_counter() - begun))
        if theirs >= 0.8 * ours:
            break
    found = np.fromfile(tmp_path / "scores", dtype=np.int64).reshape(expected.shape)
    assert (found == expected).all()
    assert len(np.unique(found)) > 1000
    assert theirs >= 0.8 * ours


@pytest.mark.parametrize("events", [0, 1, 127, 128, 129, 300])
def test_any_number_of_events(small, events):
    pixels = np.random.default_rng(9).integers(0, 256, (events, 64), dtype=np.int32)
    scores = np.empty((events, 2), dtype=np.int64)
    library = ctypes.CDLL(str(small.library))
    answer = library.small_predict(
        pixels.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_int64(events),
        scores.ctypes.data_as(ctypes.c_void_p),
    )
    assert answer == 0
    shaped = pixels.reshape(-1, 8, 8, 1).astype(np.int64)
    assert (scores == reference.run(small_cnn(), shaped)["score"]).all()


@pytest.mark.parametrize("pixel", [-1, 256])
def test_a_pixel_outside_its_format_is_told(small, pixel):
    pixels = np.full((300, 64), 255, dtype=np.int32)
    pixels[-1, -1] = pixel
    scores = np.empty((300, 2), dtype=np.int64)
    library = ctypes.CDLL(str(small.library))
    answer = library.small_predict(
        pixels.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_int64(300),
        scores.ctypes.data_as(ctypes.c_void_p),
    )
    assert answer == 2


def test_a_number_without_a_result_is_told(tmp_path):
    words = FixedFormat.parse("ap_uint<4>")
    rows = Embedding(
        name="rows",
        inputs=("pixels",),
        result=WIDE,
        rows=np.arange(20).reshape(10, 2),
        row_format=WIDE,
    )
    emulator = export(Network((pixels_in((3,), words), rows), ("rows",)), tmp_path)
    library = ctypes.CDLL(str(emulator.library))
    scores = np.empty((1, 6), dtype=np.int64)
    for word, answer in ((9, 0), (10, 2)):
        pixels = np.full((1, 3), word, dtype=np.int32)
        assert answer == library.small_predict(
            pixels.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_int64(1),
            scores.ctypes.data_as(ctypes.c_void_p),
        )


def test_versions_and_a_decoy_of_equal_names_live_in_one_process(small, tmp_path):
    other = export(small_cnn(seed=1), tmp_path / "v2", "v2")
    decoy = tmp_path / "decoy.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-w", CLIENTS / "decoy.c", "-o", decoy], check=True)
    client = compiled("together.cpp", small.folder)
    pixels = np.arange(0, 256, 4).reshape(1, 8, 8, 1)
    expected = []
    for emulator, network in ((small, small_cnn()), (other, small_cnn(seed=1))):
        first, second = reference.run(network, pixels)["score"][0]
        version = f"small {emulator.version}, network {network.digest}, trigger"
        expected.append(f"{version}: {first} {second} {first} {second}")
    assert said(client, decoy, small.library, other.library) == expected
    assert expected[0].split(":")[1] != expected[1].split(":")[1]


def test_the_library_says_what_it_takes_and_gives(small):
    class Tensor(ctypes.Structure):
        _fields_ = (
            ("name", ctypes.c_char_p),
            ("format", ctypes.c_char_p),
            ("width", ctypes.c_int32),
            ("integer", ctypes.c_int32),
            ("is_signed", ctypes.c_int32),
            ("rank", ctypes.c_int32),
            ("shape", ctypes.c_int64 * 8),
        )

    library = ctypes.CDLL(str(small.library))
    for function in (library.small_input, library.small_output):
        function.restype = ctypes.POINTER(Tensor)
        assert not function(ctypes.c_int64(1))
    pixels, score = library.small_input(0).contents, library.small_output(0).contents
    assert (pixels.name, pixels.format) == (b"pixels", b"ap_ufixed<8,0>")
    assert (pixels.rank, pixels.shape[:3]) == (3, [8, 8, 1])
    assert (score.name, score.width, score.integer, score.is_signed) == (b"score", 24, 10, 1)
    assert (score.rank, score.shape[:1]) == (1, [2])


def test_a_symbol_too_many_fails_the_build(tmp_path):
    compiler = find_compiler()
    emulator = write_emulator(small_cnn(), tmp_path, "small", "v1", compiler)
    source = tmp_path / "small.c"
    planted = '__attribute__((visibility("default"))) int stray(void) { return 1; }\n'
    source.write_text(source.read_text() + planted)
    makefile = tmp_path / "Makefile"
    makefile.write_text(makefile.read_text().replace("local: *; ", ""))
    with pytest.raises(ToolError, match=r"does not export what symbols\.txt says"):
        build_emulator(emulator, compiler)
    assert not emulator.library.exists()


@pytest.mark.skipif(find_spec("hls4ml") is None, reason="the headers of ap_fixed come with hls4ml")
def test_several_inputs_and_outputs_in_the_types_of_the_firmware(tmp_path):
    forms = ("ap_fixed<7,3>", "ap_ufixed<8,0>", "ap_fixed<9,4>")
    first, second, out = map(FixedFormat.parse, forms)
    network = Network(
        (
            replace(pixels_in((2,), first), name="first"),
            replace(pixels_in((2,), second), name="second"),
            linear("wide", "first", out),
            linear("same", "second", second),
        ),
        ("wide", "same"),
    )
    ap_types = Path(find_spec("hls4ml").origin).parent / "templates" / "vivado" / "ap_types"
    emulator = export(network, tmp_path, ap_types=ap_types)
    client = compiled(
        "firmware_types.cpp",
        tmp_path,
        f"-I{ap_types}",
        emulator.library,
        f"-Wl,-rpath,{tmp_path}",
    )
    assert said(client) == [
        "-1.5 3.25 0.5 0.25",
        "-48 104 128 64",
        "bad_any_cast",
        "small: a pixel that its input's format cannot hold",
    ]


def test_what_cannot_become_c_is_refused_by_name(tmp_path, monkeypatch):
    from trigger.emulate.native.emitters import EMITTERS
    from trigger.layers import Pooling2D, ReLU

    monkeypatch.delitem(EMITTERS, ReLU)
    monkeypatch.delitem(EMITTERS, Pooling2D)
    with pytest.raises(UnsupportedLayerError, match=r"relu \(ReLU\), pool \(Pooling2D\)\. Allowed"):
        write_emulator(small_cnn(), tmp_path, "small", "v1", find_compiler())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", "9lives", "a-b", "größe"])
def test_a_name_that_c_cannot_take_is_refused(tmp_path, name):
    with pytest.raises(ProjectError, match="cannot be the name of a library"):
        write_emulator(small_cnn(), tmp_path, name, "v1", find_compiler())


def test_a_version_is_one_word(tmp_path):
    with pytest.raises(ProjectError, match="cannot be the version of a library"):
        write_emulator(small_cnn(), tmp_path, "small", 'a"b', find_compiler())


def test_an_unknown_instruction_set_is_refused():
    with pytest.raises(ToolError, match="does not know the instruction set 'i8080'"):
        find_compiler("i8080")


@pytest.mark.parametrize("march", ["x86-64", "x86-64-v3"])
def test_other_vector_units_give_the_same_integers(tmp_path, march):
    compiler = find_compiler()
    if (
        "x86"
        not in subprocess.run(
            [compiler.path, "-dumpmachine"], capture_output=True, text=True, check=True
        ).stdout.split("-")[0]
    ):
        pytest.skip("another architecture")
    compiler = find_compiler(march)
    emulator = write_emulator(small_cnn(), tmp_path, "small", "v1", compiler)
    build_emulator(emulator, compiler)
    pixels = np.random.default_rng(9).integers(0, 256, (200, 64), dtype=np.int32)
    scores = np.empty((200, 2), dtype=np.int64)
    ctypes.CDLL(str(emulator.library)).small_predict(
        pixels.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_int64(200),
        scores.ctypes.data_as(ctypes.c_void_p),
    )
    shaped = pixels.reshape(-1, 8, 8, 1).astype(np.int64)
    assert (scores == reference.run(small_cnn(), shaped)["score"]).all()
