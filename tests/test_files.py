"""Files and folders are written whole or not at all; what a kill leaves is swept away."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest

from trigger.errors import OutputError
from trigger.files import read_npz, shared_folder, sweep, whole_file, whole_folder, write_text

KILLED = """
import os
from pathlib import Path
from trigger.files import whole_file, whole_folder
with whole_folder(Path("project")) as new, whole_file(Path("inner/scores")) as stream:
    (new / "half").write_text("x")
    stream.write(b"x")
    stream.flush()
    os._exit(9)
"""


def test_a_file_takes_its_name_only_when_it_is_whole(tmp_path):
    path = tmp_path / "folder" / "file"
    write_text(path, "first")
    with suppress(RuntimeError), whole_file(path) as stream:
        stream.write(b"half")
        raise RuntimeError
    assert path.read_text() == "first"
    assert os.listdir(path.parent) == ["file"]


def damaged(offset: int, value: int) -> bytes:
    """Return an archive of which a byte of the directory is another one."""
    packed = io.BytesIO()
    np.savez(packed, numbers=np.arange(3))
    raw = bytearray(packed.getvalue())
    raw[raw.index(b"PK\x01\x02") + offset] = value
    return bytes(raw)


@pytest.mark.parametrize(
    "raw",
    [b"", damaged(0, 0)[:-40], damaged(6, 99), damaged(8, 1), damaged(8, 64), damaged(10, 9)],
    ids=["empty", "cut", "version", "encrypted", "strongly encrypted", "compression"],
)
def test_an_archive_is_read_or_is_damaged(tmp_path, raw):
    path = tmp_path / "numbers.npz"
    np.savez(path, numbers=np.arange(3))
    assert read_npz(path)["numbers"].tolist() == [0, 1, 2]
    path.write_bytes(raw)
    with pytest.raises(ValueError, match=r"this is no whole \.npz file"):
        read_npz(path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        read_npz(path)


def test_a_folder_takes_its_name_only_when_it_is_whole(tmp_path):
    path = tmp_path / "folder"
    with whole_folder(path) as new:
        (new / "a").write_text("first")
    with suppress(RuntimeError), whole_folder(path) as new:
        (new / "b").write_text("half")
        raise RuntimeError
    assert os.listdir(path) == ["a"]
    assert os.listdir(tmp_path) == ["folder"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file/inner: cannot be written"):
        write_text(tmp_path / "file" / "inner", "")
    for place in (tmp_path / "file" / "inner", tmp_path / "file"):
        with pytest.raises(OutputError, match=rf"{place}: cannot be written"), whole_folder(place):
            pass
    assert (tmp_path / "file").is_file()


def test_what_a_killed_process_left_is_swept_away_and_nothing_else(tmp_path):
    (tmp_path / ".hidden").write_text("the user's")
    killed = subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, env=_environment())
    assert killed.returncode == 9
    left = {path.name for path in tmp_path.rglob("*")}
    assert len(left) > 4
    sweep(tmp_path)
    assert {path.name for path in tmp_path.rglob("*")} == {".hidden", "inner"}


def test_a_shared_folder_is_swept_only_while_nobody_else_works_in_it(tmp_path):
    folder = tmp_path / "events"
    with shared_folder(folder):
        at_work = folder / ".a.npz.1.part"
        at_work.write_text("")
        with shared_folder(folder):
            assert at_work.exists()
    with shared_folder(folder):
        assert os.listdir(folder) == []
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OutputError, match=r"file/events: cannot be written"),
        shared_folder(tmp_path / "file" / "events"),
    ):
        pass


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
