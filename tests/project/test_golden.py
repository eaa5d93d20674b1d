"""Golden vectors: what is written is read back, and nothing is replaced silently."""

from __future__ import annotations

from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger.errors import AgreementError, OutputError, ProjectError
from trigger.fixed import FixedFormat
from trigger.layers import Input, Linear
from trigger.network import Network
from trigger.project.golden import Golden, GoldenGroup, GoldenTensor, read, record, to_bytes
from trigger.project.vectors import PATTERNS, choose_vectors, hot_pixels

SMALL = FixedFormat.parse("ap_ufixed<4,0>")
WIDE = FixedFormat.parse("ap_fixed<70,10>")


GROUP = GoldenGroup(
    "hot pixels",
    ("pixel 0",),
    {
        "image": np.array([15, *[0] * 11]).reshape(1, 2, 3, 2),
        "dense": np.array([[1, 2]], dtype=object),
    },
    {"flat": "78ab", "dense": "90cd"},
)


def make(**changes: object) -> Golden:
    golden = Golden(
        network_digest="12ab",
        project_hash="34cd",
        tools=("hls4ml 1.3.0", "g++ (Debian) 12.2.0"),
        inputs=(GoldenTensor("image", (2, 3, 2), SMALL),),
        layers=(GoldenTensor("flat", (12,), SMALL), GoldenTensor("dense", (2,), WIDE)),
        origins=("zeros", "event 7 of run.txt"),
        raw={
            "image": np.array([[0] * 12, range(12)]).reshape(2, 2, 3, 2),
            "flat": np.array([[0] * 12, range(12)]),
            "dense": np.array([[-(2**69), 2**69 - 1], [5, 5]], dtype=object),
        },
        outputs=("dense",),
        groups=(GROUP,),
        fields={"flat.inputs": '["image"]', "dense.kernel": "sha256 56ef"},
        costs={"estimate.dsp": "12"},
    )
    return replace(golden, **changes)


def equal(left: Golden, right: Golden) -> bool:
    names = [each.name for each in fields(Golden) if each.name not in ("raw", "groups")]
    return (
        all(getattr(left, name) == getattr(right, name) for name in names)
        and same_raw(left, right)
        and len(left.groups) == len(right.groups)
        and all(
            (one.name, one.origins, one.digests) == (two.name, two.origins, two.digests)
            and same_raw(one, two)
            for one, two in zip(left.groups, right.groups, strict=True)
        )
    )


def same_raw(left: Golden | GoldenGroup, right: Golden | GoldenGroup) -> bool:
    return all(
        np.array_equal(left.raw[name], right.raw[name]) for name in {**left.raw, **right.raw}
    )


def test_what_is_recorded_is_read_back(tmp_path: Path) -> None:
    path = record(make(), tmp_path / "golden")
    assert equal(read(tmp_path / "golden"), make())
    *lines, empty, last = path.read_text().splitlines()
    untold = [line for line in lines if not line.startswith(("tool ", "cost "))]
    assert (empty, last) == ("", f"sha256 {sha256(chr(10).join(untold).encode()).hexdigest()}")
    assert lines == [
        "golden 3",
        "network 12ab",
        "project 34cd",
        "tool hls4ml 1.3.0",
        "tool g++ (Debian) 12.2.0",
        "cost estimate.dsp 12",
        'field flat.inputs ["image"]',
        "field dense.kernel sha256 56ef",
        "input image 2x3x2 ap_ufixed<4,0>",
        "layer flat 12 ap_ufixed<4,0>",
        "layer dense 2 ap_fixed<70,10>",
        "output dense",
        "",
        "vector 0 zeros",
        "image[0] 0*6",
        "image[1] 0*6",
        "flat 0*12",
        "dense -590295810358705651712 590295810358705651711",
        "",
        "vector 1 event 7 of run.txt",
        "image[0] 0 2 4 6 8 10",
        "image[1] 1 3 5 7 9 11",
        "flat 0 1 2 3 4 5 6 7 8 9 10 11",
        "dense 5 5",
        "",
        "group hot pixels",
        "digest flat 78ab",
        "digest dense 90cd",
        "",
        "vector 0 pixel 0",
        "image[0] 15 0*5",
        "image[1] 0*6",
        "dense 1 2",
    ]


@given(st.lists(st.integers(0, 15), min_size=24, max_size=24))
def test_any_numbers_survive(tmp_path_factory: pytest.TempPathFactory, numbers: list[int]) -> None:
    folder = tmp_path_factory.mktemp("golden")
    image = np.array(numbers).reshape(2, 2, 3, 2)
    golden = make(raw={**make().raw, "image": image})
    record(golden, folder)
    assert np.array_equal(read(folder).pixels[0], image)


def test_the_same_vectors_leave_the_file_alone(tmp_path: Path) -> None:
    path = record(make(), tmp_path)
    before = path.read_bytes(), path.stat().st_mtime_ns
    record(make(tools=("g++ 15",)), tmp_path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_tools_and_costs_are_not_compared(tmp_path: Path) -> None:
    record(make(), tmp_path)
    record(make(tools=("g++ 15",), costs={"estimate.dsp": "13"}), tmp_path)
    for changes in ({"fields": {"dense.kernel": "sha256 78"}}, {"groups": ()}):
        with pytest.raises(AgreementError, match="vectors differ"):
            record(make(**changes), tmp_path)


@pytest.mark.parametrize("form", ["ap_fixed<8,4>", "ap_fixed<63,4>", "ap_fixed<64,4>", WIDE])
def test_digests_do_not_depend_on_the_type_that_holds_the_numbers(form: object) -> None:
    form = FixedFormat.parse(str(form))
    raw = np.array([[1, -2], [3, 127]])
    whole = to_bytes(raw, form)
    assert whole == to_bytes(raw.astype(object), form) == to_bytes(raw.astype(np.int32), form)
    assert whole == to_bytes(raw[:1], form) + to_bytes(raw[1:], form)
    assert whole != to_bytes(raw[::-1], form)


def test_changed_vectors_are_refused_then_replaced_and_both_fail_the_run(tmp_path: Path) -> None:
    path = record(make(), tmp_path)
    before = path.read_text()
    changed = make(raw={**make().raw, "dense": np.array([[-(2**69), 0], [5, 5]], dtype=object)})
    with pytest.raises(
        AgreementError, match=r"vectors differ.*'dense -.* became 'dense .* 0'.*update"
    ):
        record(changed, tmp_path)
    assert path.read_text() == before
    with pytest.raises(AgreementError, match=r"were replaced.*read the difference"):
        record(changed, tmp_path, update=True)
    assert equal(read(tmp_path), changed)
    record(changed, tmp_path, update=True)
    assert [file.name for file in tmp_path.iterdir()] == ["vectors.txt"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("golden 3", "golden 2", r"vectors\.txt:1: cannot read 'golden 2'. Allowed: golden 3"),
        ("network 12ab\n", "", r":2: cannot read 'project 34cd'. Allowed: network"),
        ("2x3x2 ap", "2x3x2 zp", r":9: cannot read .*Allowed: name 32x32x1 ap_fixed"),
        ("dense 5 5\n", "", r":24: cannot read ''. Allowed: dense"),
        ("dense 5 5", "dense 5", r":24: cannot read 'dense 5'. Allowed: 2 numbers, not 1"),
        ("dense 5 5", "dense 5 x", "Allowed: integers from .* not 'x'"),
        ("flat 0*12", "flat 16*12", "Allowed: integers from 0 to 15, not '16\\*12'"),
        ("vector 1", "vector 2", r":20: cannot read 'vector 2 .*Allowed: vector 1"),
        ("\nvector 1", "vector 1", "an empty line between vectors"),
        ("dense 5 5", "dense 5 6", r":35: cannot read 'sha256 .*changed after recording"),
        ("network 12ab", "network 12ac", r":35: cannot read 'sha256 .*changed after recording"),
        ("digest flat 78ab", "digest flat 78ac", r":35: .*changed after recording"),
        ("sha256 56ef", "sha256 56ee", r":35: .*changed after recording"),
        ("dense 1 2\n", "", r":33: cannot read ''. Allowed: dense"),
    ],
)
def test_damaged_files(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = record(make(), tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ProjectError, match=message):
        read(tmp_path)


def test_no_vectors_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be read"):
        read(tmp_path)
    path = record(make(), tmp_path)
    header = path.read_text().partition("\n\n")[0]
    path.write_text(f"{header}\n\nsha256 0\n")
    with pytest.raises(ProjectError, match="at least one input, layer and vector"):
        read(tmp_path)


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    path = record(make(), tmp_path)
    whole = path.read_text()
    for length in range(len(whole) - 1):  # the last character ends the last line
        path.write_text(whole[:length])
        with pytest.raises(ProjectError, match=r"vectors\.txt:\d+: .*restore the file"):
            read(tmp_path)
    path.write_text(whole + "vector 2 more\n")
    with pytest.raises(ProjectError, match="as the last line"):
        read(tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Not a directory"):
        record(make(), tmp_path / "file" / "golden")


def network(form: str) -> Network:
    form = FixedFormat.parse(form)
    return Network(
        (
            Input(name="x", inputs=(), result=form, dimensions=(3, 4, 2)),
            Linear(name="y", inputs=("x",), result=form),
        ),
        ("y",),
    )


def test_patterns_are_what_they_are_called() -> None:
    vectors = choose_vectors(network("ap_ufixed<3,0>"), random=0)
    image = dict(zip(vectors.origins, vectors.pixels[0], strict=True))
    assert list(image) == list(PATTERNS)
    assert not image["zeros"].any()
    assert (image["all pixels at the maximum"] == 7).all()
    for place, words in ((0, "first"), (12, "middle"), (23, "last")):
        assert np.flatnonzero(image[f"{words} pixel at the maximum"]).tolist() == [place]
    assert image["walking ones"].ravel().tolist() == [1, 2, 4] * 8
    assert image["checkerboard"][0, :, 0].tolist() == [0, 7, 0, 7]
    assert image["checkerboard"][:, 0, 1].tolist() == [7, 0, 7]


def test_edges_of_the_format_are_next_to_zero_and_to_both_ends() -> None:
    vectors = choose_vectors(network("ap_fixed<5,1>"), random=0)
    image = vectors.pixels[0][vectors.origins.index("edges of the format")]
    assert sorted(set(image.ravel().tolist())) == [-16, -15, -1, 0, 1, 14, 15]


def test_one_pixel_is_hot_at_each_position() -> None:
    form = FixedFormat.parse("ap_ufixed<3,0>")
    two = Network(
        (
            Input(name="image", inputs=(), result=form, dimensions=(2, 3, 2)),
            Input(name="flat", inputs=(), result=form, dimensions=(4,)),
            Linear(name="y", inputs=("image",), result=form),
        ),
        ("y",),
    )
    vectors = hot_pixels(two)
    image, flat = vectors.pixels
    assert (image.shape, flat.shape) == ((10, 2, 3, 2), (10, 4))
    assert (image[:6].reshape(6, 6, 2) == 7 * np.eye(6, dtype=int)[:, :, None]).all()
    assert (flat[6:] == 7 * np.eye(4, dtype=int)).all()
    assert not image[6:].any()
    assert not flat[:6].any()
    assert vectors.origins[5:7] == (
        "pixel 5 of image at the maximum",
        "pixel 0 of flat at the maximum",
    )


@pytest.mark.parametrize(
    "form", ["ap_fixed<5,1>", "ap_uint<1>", "ap_fixed<1,1>", "ap_ufixed<90,0>"]
)
def test_vectors_lie_in_the_input_format_and_repeat(form: str) -> None:
    events = np.zeros((2, 3, 4, 2), dtype=int)
    one, two = (
        choose_vectors(network(form), events, event_origin="run.txt event", random=3, seed=4)
        for _ in range(2)
    )
    low, high = FixedFormat.parse(form).raw_min, FixedFormat.parse(form).raw_max
    assert one.pixels[0].min() == low
    assert one.pixels[0].max() == max(high, 0)
    assert one.origins[-3:] == ("random 2, seed 4", "run.txt event 0", "run.txt event 1")
    assert np.array_equal(one.pixels[0], two.pixels[0])
    assert len(one.origins) == len(one.pixels[0])


def test_events_that_do_not_fit_the_network() -> None:
    with pytest.raises(ProjectError, match=r"shapes \[\(2, 3, 4\)\].*x \(n, \(3, 4, 2\)\)"):
        choose_vectors(network("ap_uint<4>"), np.zeros((2, 3, 4), dtype=int))
