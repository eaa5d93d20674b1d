"""Pattern files: what is written is read back, and nothing damaged is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger.errors import ProjectError
from trigger.fixed import FixedFormat
from trigger.project import GoldenTensor
from trigger.project.patterns import read_patterns, write_patterns


@st.composite
def contents(draw):
    """Return tensors of any width with integers that they hold."""
    events = draw(st.integers(1, 3))
    tensors, arrays = [], []
    for name in draw(st.sampled_from([("pixels",), ("a", "b")])):
        width = draw(st.integers(1, 80))
        form = FixedFormat(width, draw(st.integers(-5, width)), draw(st.booleans()))
        shape = draw(st.sampled_from([(1,), (5,), (3, 7, 1), (2, 2, 3)]))
        numbers = st.integers(form.raw_min, form.raw_max)
        size = events * int(np.prod(shape))
        raw = draw(st.lists(numbers, min_size=size, max_size=size))
        tensors.append(GoldenTensor(name, shape, form))
        arrays.append(np.array(raw, dtype=object).reshape(events, *shape))
    return tuple(tensors), arrays


@given(contents())
def test_what_is_written_is_read_back(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("patterns") / "inputs.txt"
    tensors, arrays = content
    write_patterns(path, tensors, arrays)
    told, found = read_patterns(path)
    assert told == tensors
    for one, other in zip(arrays, found, strict=True):
        assert one.shape == other.shape
        assert (one == other).all()


def example(path: Path) -> Path:
    form = FixedFormat.parse("ap_fixed<6,2>")
    raw = np.arange(-17, 17).reshape(2, 17)
    write_patterns(path, (GoldenTensor("x", (17,), form),), (raw,))
    return path


def test_an_event_is_a_block_of_words_in_twos_complement(tmp_path):
    assert example(tmp_path / "file").read_text() == (
        "// trigger patterns 1\n"
        "// tensor x 17 ap_fixed<6,2>\n"
        "// event 0\n"
        "2f 30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e\n3f\n"
        "// event 1\n"
        "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f\n10\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("patterns 1", "patterns 2", ":1: cannot read .*Allowed: // trigger patterns 1"),
        ("ap_fixed", "ap_fxed", ":2: cannot read .*// tensor name"),
        ("// event 1", "// event 2", ":6: cannot read .*// event 1, or words"),
        ("// event 0\n", "", ":3: cannot read '2f .*// event 0, or words"),
        ("3f\n", "", ":5: event 0 has 16 words. Allowed: 17"),
        ("0f\n10\n", "0f\n", "event 1 has 16 words"),
        ("2f 30", "6f 30", "event 0, x: cannot read '6f'.*6 bits of ap_fixed"),
        ("2f 30", "f 30", "cannot read 'f'.*2 hexadecimal digits"),
        ("2f 30", "xx 30", "cannot read 'xx'"),
    ],
)
def test_damaged_files(tmp_path, old, new, message):
    path = example(tmp_path / "file")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ProjectError, match=message):
        read_patterns(path)


def test_no_file_and_no_event(tmp_path):
    with pytest.raises(ProjectError, match="cannot be read"):
        read_patterns(tmp_path / "none")
    (tmp_path / "file").write_text("// trigger patterns 1\n// tensor x 17 ap_fixed<6,2>\n")
    with pytest.raises(ProjectError, match="at least one tensor and one event"):
        read_patterns(tmp_path / "file")
