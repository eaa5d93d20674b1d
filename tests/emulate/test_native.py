"""The native engine: what it takes, what it keeps, what it leaves to others."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from unittest.mock import Mock

import numpy as np
import pytest

from tests.builders import WIDE, conv2d, dense, linear, pixels_in, relu, small_cnn, weights
from trigger.design import IOType, Strategy
from trigger.emulate import native, reference
from trigger.emulate.choice import choose
from trigger.emulate.native import compile as native_compile
from trigger.emulate.native.lanes import Lane
from trigger.emulate.native.plan import make_plan
from trigger.errors import FormatError, NetworkError, OutputError, ToolError, UnsupportedLayerError
from trigger.fixed import FixedFormat, Overflow, Rounding, from_values
from trigger.layers import (
    LAYERS,
    BatchNormalizationTanh,
    Pool,
    Pooling2D,
    ReLU,
    TernaryTanh,
)
from trigger.layers.base import Layer, Shape, Tensor, only
from trigger.network import Network

RNG = np.random.default_rng(5)

pytestmark = pytest.mark.usefixtures("lightly_optimised")


def layered(*layers: Layer, outputs: tuple[str, ...] = ()) -> Network:
    return Network(layers, outputs or (layers[-1].name,))


def assert_engines_agree(network: Network, *pixels: np.ndarray) -> native.Engine:
    """Compare every layer, and the outputs with layers joined."""
    every = tuple(layer.name for layer in network.layers)
    engine = native.build(network)
    expected = reference.run(network, *pixels, layers=every)
    traced = native.run(engine, *pixels, layers=every)
    joined = native.run(engine, *pixels)
    for name in every:
        assert traced[name].dtype == expected[name].dtype
        assert (traced[name] == expected[name]).all(), name
    for name in network.outputs:
        assert (joined[name] == expected[name]).all(), name
    return engine


@pytest.mark.parametrize("events", [0, 1, 15, 16, 17, 127, 128, 129, 1000])
def test_any_number_of_events(events):
    network = small_cnn()
    pixels = RNG.integers(0, 256, (events, 8, 8, 1))
    found = native.run(native.build(network), pixels, threads=2)["score"]
    assert (found == reference.run(network, pixels)["score"]).all()
    assert found.shape == (events, 2)


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "u4", "i8", "u8", ">i4", object])
def test_any_integer_pixels(dtype):
    network = small_cnn()
    pixels = RNG.integers(0, 256, (33, 8, 8, 1))
    expected = reference.run(network, pixels)["score"]
    assert (native.run(native.build(network), pixels.astype(dtype))["score"] == expected).all()


def test_pixels_need_not_be_contiguous():
    network = small_cnn()
    pixels = RNG.integers(0, 256, (20, 16, 8, 1))[:, ::2]
    expected = reference.run(network, pixels)["score"]
    assert (native.run(native.build(network), pixels)["score"] == expected).all()


@pytest.mark.parametrize("overflow", Overflow, ids=lambda mode: mode.name)
def test_real_pixels_are_quantised_as_ap_fixed_does(overflow):
    forms = {rounding.name: FixedFormat(7, 3, True, rounding, overflow) for rounding in Rounding}
    inputs = [replace(pixels_in((61,), form), name=name) for name, form in forms.items()]
    network = Network(
        (*inputs, *(linear(f"same_{name}", name, form) for name, form in forms.items())),
        tuple(f"same_{name}" for name in forms),
    )
    engine = native.build(network)
    values = np.arange(-300, 300 + 5) / 32
    values = np.concatenate([values, np.nextafter(values, 100), np.nextafter(values, -100)])
    for dtype, factor in product((np.float16, np.float32, np.float64), (1.0, 2.0**25)):
        limit = min(float(np.finfo(dtype).max), 1e30)
        pixels = np.clip(np.resize(values, (30, 61)) * factor, -limit, limit).astype(dtype)
        found = native.run(engine, *[pixels] * len(forms))
        for name, form in forms.items():
            assert (found[f"same_{name}"] == from_values(pixels, form)).all(), (name, dtype)


@pytest.mark.parametrize("width", [10, 20, 30, 50], ids=lambda width: f"from_{width}_bits")
@pytest.mark.parametrize("overflow", Overflow, ids=lambda mode: mode.name)
def test_every_mode_in_every_lane(overflow, width):
    source = FixedFormat(width, 4)
    targets = {
        f"{rounding.name}_{bits}": FixedFormat(bits, integer, signed, rounding, overflow)
        for rounding in Rounding
        for bits, integer, signed in ((4, 3, True), (5, 2, False))
    }
    layers = [linear(name, "pixels", form) for name, form in targets.items()]
    network = layered(pixels_in((64,), source), *layers, outputs=tuple(targets))
    near = np.arange(-512, 512)[:, None] * (1 << (width - 10))
    near = near + np.array([-1, 0, 1, (1 << (width - 10)) // 2])
    raw = np.clip(near, source.raw_min, source.raw_max).reshape(64, 64)
    found, expected = native.run(native.build(network), raw), reference.run(network, raw)
    for name in targets:
        assert (found[name] == expected[name]).all(), name


ACCUMULATORS = {
    "wide": FixedFormat(24, 10),
    "rounds_each_product": FixedFormat(14, 10),
    "rounds_to_nearest": FixedFormat(14, 10, True, Rounding.RND_CONV),
    "wraps": FixedFormat(12, -1),
    "saturates": FixedFormat(12, -1, True, Rounding.TRN, Overflow.SAT),
    "saturates_symmetrically": FixedFormat(10, 1, True, Rounding.RND, Overflow.SAT_SYM),
    "saturates_to_zero": FixedFormat(9, 0, True, Rounding.RND_INF, Overflow.SAT_ZERO),
    "unsigned": FixedFormat(12, 3, False, Rounding.TRN, Overflow.SAT),
    "over_32_bits": FixedFormat(48, 16),
    "over_32_bits_saturating": FixedFormat(40, 0, True, Rounding.TRN, Overflow.SAT),
    "negative_integer_bits": FixedFormat(10, -4, True, Rounding.RND_MIN_INF, Overflow.WRAP),
}


@pytest.mark.parametrize("strategy", [Strategy.LATENCY, Strategy.RESOURCE])
def test_accumulators(strategy):
    """Of all kinds, side by side in one network, which is compiled once."""
    layers = [pixels_in((6, 5, 2))]
    for name, accumulator in ACCUMULATORS.items():
        fields = {"accumulator": accumulator, "result": accumulator, "strategy": strategy}
        kernel, bias = weights(RNG, 3, 2, 2, 4), weights(RNG, 4)
        layers += [
            conv2d(name, "pixels", kernel, bias, **fields, reuse_factor=3),
            relu(f"{name}_relu", name),
        ]
    network = layered(*layers, outputs=tuple(f"{name}_relu" for name in ACCUMULATORS))
    pixels = RNG.choice([0, 1, 128, 255], (40, 6, 5, 2))
    assert_engines_agree(network, pixels)


def test_weights_on_a_coarse_grid_need_few_bits():
    """Weights that are multiples of 2**6 count in units of 2**6: float32 lanes still hold sums."""
    kernel = weights(RNG, 32, 4) << 6
    wide = FixedFormat(16, 6)
    layer = dense("dense", "pixels", kernel, [0] * 4, kernel_format=wide, accumulator=WIDE)
    network = layered(pixels_in((32,)), replace(layer, accumulator=FixedFormat(40, 16)))
    plan = make_plan(network, network.outputs)
    assert [place.lane for place in plan.places["pixels"]] == [Lane.F32]
    assert_engines_agree(network, RNG.integers(0, 256, (50, 32)))


def test_two_readers_in_two_lanes():
    narrow = dense("narrow", "pixels", weights(RNG, 9, 3), [1, 2, 3])
    kernel = RNG.integers(-(2**30), 2**30, (9, 3))
    form, sums = FixedFormat(32, 4), FixedFormat(50, 16)
    wide = dense("wide", "pixels", kernel, [0] * 3, kernel_format=form, accumulator=sums)
    network = layered(
        pixels_in((9,)), narrow, replace(wide, result=sums), outputs=("narrow", "wide")
    )
    assert len(make_plan(network, network.outputs).places["pixels"]) == 2
    assert_engines_agree(network, RNG.integers(0, 256, (50, 9)))


def test_large_dense_layers_neither_explode_nor_differ():
    kernel = weights(RNG, 400, 200)
    network = layered(pixels_in((400,)), dense("dense", "pixels", kernel, weights(RNG, 200)))
    engine = assert_engines_agree(network, RNG.integers(0, 256, (40, 400)))
    functions = engine.program.source.split("static const")[-1]
    assert len(functions.splitlines()) < 200


def test_pixels_outside_their_format_are_refused():
    engine = native.build(small_cnn())
    with pytest.raises(NetworkError, match="pixels lie in 0 to 256"):
        native.run(engine, np.full((3, 8, 8, 1), 256) * (np.arange(64).reshape(8, 8, 1) == 9))
    with pytest.raises(NetworkError, match="pixels lie in -1 to 0"):
        native.run(engine, np.full((3, 8, 8, 1), -1) * (np.arange(64).reshape(8, 8, 1) == 9))
    with pytest.raises(NetworkError, match="pixels have shape"):
        native.run(engine, np.zeros((3, 8, 9, 1), np.int8))
    with pytest.raises(NetworkError, match="pixels have dtype complex128"):
        native.run(engine, np.zeros((3, 8, 8, 1), complex))
    with pytest.raises(NetworkError, match="0 arrays for 1 inputs"):
        native.run(engine)
    with pytest.raises(FormatError, match="not finite"):
        native.run(engine, np.full((3, 8, 8, 1), np.nan))


def test_results_are_kept_and_broken_files_are_not(library_cache, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    network = small_cnn()
    native.build(network)
    (library,) = tmp_path.rglob("*.so")
    assert library.name.startswith(network.digest[:16])
    built = library.stat().st_mtime_ns
    native.build(network)
    assert library.stat().st_mtime_ns == built
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [library]


@pytest.mark.parametrize("damage", [lambda it: it[:2000], lambda it: b"", lambda it: it[:-40]])
def test_a_damaged_library_is_built_again(monkeypatch, tmp_path, damage):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    # of other weights for each damage: a process loads a library of one name once
    network = small_cnn(seed=len(damage(bytes(5000))))
    with monkeypatch.context() as patch:
        patch.setattr("ctypes.CDLL", Mock())
        native.build(network)
    (library,) = tmp_path.rglob("*.so")
    whole = library.read_bytes()
    library.write_bytes(damage(whole))
    pixels = RNG.integers(0, 256, (3, 8, 8, 1))
    found = native.run(native.build(network), pixels)["score"]
    assert (found == reference.run(network, pixels)["score"]).all()
    assert len(library.read_bytes()) == len(whole)


def test_where_no_library_can_be_kept_or_loaded_the_reference_serves(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    network = small_cnn()
    pixels = RNG.integers(0, 256, (3, 8, 8, 1))
    with monkeypatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
        with pytest.raises(OutputError, match=r"cannot be written.*set XDG_CACHE_HOME"):
            native.build(network)
        choice = choose(network)
        assert (choice.name, choice.reason[:20]) == ("reference", "the reference engine")
        assert (choice.run(pixels)["score"] == reference.run(network, pixels)["score"]).all()
    with monkeypatch.context() as patch:
        patch.delenv("XDG_CACHE_HOME")
        patch.setattr("pathlib.Path.home", Mock(side_effect=RuntimeError))
        with pytest.raises(OutputError, match="there is no home folder"):
            native.build(network)
    with monkeypatch.context() as patch:
        patch.setattr("ctypes.CDLL", Mock(side_effect=OSError("failed to map segment")))
        with pytest.raises(ToolError, match=r"cannot be loaded: failed to map.*programs may be"):
            native.build(network)


def test_without_a_compiler_the_reference_serves_and_says_so(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    network = small_cnn()
    with pytest.raises(ToolError, match="no C compiler"):
        native.build(network)
    choice = choose(network)
    assert choice.name == "reference"
    assert "install gcc or clang" in choice.reason
    pixels = RNG.integers(0, 256, (3, 8, 8, 1))
    assert (choice.run(pixels / 256.0)["score"] == reference.run(network, pixels)["score"]).all()


def test_a_failing_compiler_is_named(monkeypatch):
    broken = native_compile.Compiler("/bin/false", native_compile.Machine(16, 16), (), "broken")
    monkeypatch.setattr("trigger.emulate.native.engine.find_compiler", lambda: broken)
    with pytest.raises(ToolError, match="/bin/false failed"):
        native.build(small_cnn())


@pytest.mark.parametrize("size", [16, 32])
def test_other_vector_widths(monkeypatch, size):
    compiler = native_compile.find_compiler()
    narrow = replace(compiler, machine=native_compile.Machine(size, 16))
    monkeypatch.setattr("trigger.emulate.native.engine.find_compiler", lambda: narrow)
    assert_engines_agree(small_cnn(), RNG.integers(0, 256, (37, 8, 8, 1)))


class Sorted(Layer):
    """A layer that no engine knows: the numbers of an event in order."""

    def shape(self, *inputs: Shape) -> Shape:
        return only(inputs, self)

    def evaluate(self, *inputs: Tensor) -> np.ndarray:
        return np.sort(inputs[0].raw, axis=-1)


def test_layers_without_c_are_evaluated_by_numpy(monkeypatch):
    monkeypatch.setitem(LAYERS, "Sorted", Sorted)
    hidden = dense("hidden", "pixels", weights(RNG, 9, 4), [0] * 4)
    network = layered(
        pixels_in((9,)),
        hidden,
        Sorted(name="sorted", inputs=("hidden",), result=WIDE),
        dense("score", "sorted", weights(RNG, 4, 2), [1, 2]),
    )
    engine = assert_engines_agree(network, RNG.integers(0, 256, (40, 9)))
    assert [layer.name for layer in engine.interpreted] == ["sorted", "score"]
    assert choose(network).reason == "evaluated by NumPy: sorted (Sorted), score (Dense)"


def test_integers_beyond_63_bits_are_left_to_the_reference():
    wide = FixedFormat(80, 40)
    network = layered(pixels_in((4,), wide), linear("same", "pixels", wide))
    with pytest.raises(UnsupportedLayerError, match="do not fit"):
        native.build(network)
    choice = choose(network)
    assert choice.name == "reference"
    assert choice.run(np.array([[2**70, 0, 1, -1]], dtype=object))["same"][0, 0] == 2**70


def test_a_wide_format_with_small_numbers_is_native():
    wide = FixedFormat(80, 40)
    network = layered(pixels_in((4,)), linear("same", "pixels", wide))
    engine = assert_engines_agree(network, RNG.integers(0, 256, (5, 4)))
    assert engine.interpreted == ()


# Mismatches that random networks found.


def test_symmetric_saturation_moves_the_minimum_of_an_equal_format():
    form = FixedFormat(2, 2, True, Rounding.TRN_ZERO, Overflow.SAT_SYM)
    network = layered(pixels_in((4,), FixedFormat(2, 2)), linear("clipped", "pixels", form))
    assert_engines_agree(network, np.array([[-2, -1, 0, 1]]))


def test_saturating_sums_wider_than_their_lane():
    """The products fit 32 bits, the accumulator's own range does not."""
    accumulator = FixedFormat(35, 2, False, Rounding.RND_MIN_INF, Overflow.SAT)
    source = FixedFormat(15, -1)
    layer = dense("dense", "pixels", RNG.integers(-64, 64, (12, 5)), [0] * 5, reuse_factor=1)
    layer = replace(
        layer, accumulator=accumulator, result=accumulator, kernel_format=FixedFormat(7, 1)
    )
    network = layered(pixels_in((12,), source), layer)
    pixels = RNG.choice([source.raw_min, 0, source.raw_max], (50, 12))
    assert_engines_agree(network, pixels)


def test_one_signed_bit_saturates_symmetrically_to_minus_one():
    form = FixedFormat(1, -3, True, Rounding.TRN, Overflow.SAT_SYM)
    pool = Pooling2D(
        name="pool",
        inputs=("pixels",),
        result=form,
        pool=Pool.MAX,
        size=(1, 1),
        stride=(1, 1),
        padding=((0, 0), (0, 0)),
        count_padding=False,
        accumulator=FixedFormat(9, 1),
        io_type=IOType.PARALLEL,
    )
    network = layered(pixels_in((2, 2, 1), FixedFormat(8, 0)), pool)
    assert_engines_agree(network, RNG.integers(-128, 128, (30, 2, 2, 1)))


def test_a_range_wholly_outside_becomes_zero():
    form = FixedFormat(3, 3, True, Rounding.TRN, Overflow.SAT_ZERO)
    shifted = dense("shifted", "pixels", np.eye(4, dtype=int) * 16, [31] * 4, bias_format=WIDE.grid)
    shifted = replace(shifted, bias=np.full(4, 100 << 14))
    network = layered(pixels_in((4,)), shifted, ReLU(name="zero", inputs=("shifted",), result=form))
    assert_engines_agree(network, RNG.integers(0, 256, (20, 4)))


def test_products_saturate_before_they_are_added():
    """The sum fits the accumulator, but a negative product does not: it becomes zero."""
    unsigned = FixedFormat(12, 10, False, Rounding.TRN, Overflow.SAT)
    layer = dense("dense", "pixels", [[-8], [0]], [1], bias_format=FixedFormat(6, 6))
    layer = replace(layer, bias=np.array([30]), accumulator=unsigned, result=unsigned)
    network = layered(pixels_in((2,), FixedFormat(2, 2, False)), layer)
    assert_engines_agree(network, np.array([[0, 0], [1, 2], [3, 3]]))
    reach = network.reaches()["dense"]
    assert (reach.raw_min, reach.raw_max) == (120, 120)


def test_twice_the_input_of_ternary_tanh_saturates_if_its_format_does():
    saturating = FixedFormat(7, 2, True, Rounding.RND_INF, Overflow.SAT)
    layer = TernaryTanh(
        name="sign", inputs=("pixels",), result=FixedFormat(2, 2), io_type=IOType.PARALLEL
    )
    network = layered(pixels_in((128,), saturating), layer)
    assert_engines_agree(network, np.arange(-64, 64)[None])


def test_thresholds_of_doors_for_several_pixel_types():
    """Integers and real numbers have other ranges, but share the thresholds' table."""
    form = FixedFormat(3, 2)
    layer = BatchNormalizationTanh(
        name="sign",
        inputs=("pixels",),
        result=FixedFormat(2, 2),
        high=np.array([100, -100]),
        low=np.array([-20, 3]),
        threshold_format=FixedFormat(9, 8),
    )
    network = layered(pixels_in((2,), form), layer)
    engine = assert_engines_agree(network, np.array([[-4, -4], [0, 1], [3, 3]]))
    values = np.array([[-2.0, 1.5], [0.5, -0.5]])
    expected = reference.run(network, from_values(values, form))["sign"]
    assert (native.run(engine, values)["sign"] == expected).all()
