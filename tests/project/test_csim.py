"""The C simulation: exact integers in and out, for every port and width."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trigger.fixed import FixedFormat
from trigger.project import csim

from .firmware_text import DATA, TRIPLE, write_firmware, write_triple

pytestmark = pytest.mark.csim
rng = np.random.default_rng(5)


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
