"""Files and folders that are written whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from trigger.errors import OutputError

if TYPE_CHECKING:
    import numpy.typing as npt

PART = ".part"
"""How names end while something is being written."""


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that takes its name only when the block ends without an exception.

    Raises:
        OutputError: the folder or file cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}{PART}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb") as stream:
            yield stream
        os.replace(part, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a text file (UTF-8), whole or not at all; raises as ``whole_file``."""
    with whole_file(path) as stream:
        stream.write(text.encode())


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of ``path`` when the block ends well.

    What was there before stays until then, and stays after an exception.

    Raises:
        OutputError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART))
    except OSError as error:
        raise cannot_write(path, error) from error
    new, old = work / "new", work / "old"
    try:
        new.mkdir()
        yield new
        if path.exists() and not path.is_dir():
            raise NotADirectoryError(0, "a file stands there")
        if path.exists():
            os.replace(path, old)
        os.replace(new, path)
    except OSError as error:
        if old.exists() and not path.exists():
            os.replace(old, path)
        raise cannot_write(path, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def read_npz(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of an ``.npz`` file, without pickle.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is damaged, in whatever way.
    """
    import numpy as np  # here, so that the command line is there at once

    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, MemoryError):
        raise
    except Exception as error:  # zip files and NumPy raise a dozen kinds, as the damage has it
        raise ValueError(f"this is no whole .npz file: {error}") from error


def cache_folder(kind: str) -> Path:
    """Return the folder of what is kept between runs: under ``XDG_CACHE_HOME`` or ``~/.cache``.

    Raises:
        OutputError: neither is known.
    """
    try:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError as error:
        raise OutputError(
            "there is no home folder", where=f"cache {kind}", remedy="set XDG_CACHE_HOME"
        ) from error
    return Path(cache) / "trigger" / kind


def sweep(folder: Path) -> None:
    """Remove what killed processes left half-written below a folder in which nobody writes now."""
    for path in sorted(folder.rglob(f".*{PART}")):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def shared_folder(folder: Path) -> Iterator[None]:
    """Make a folder that several processes write into, swept if none of them is at work now.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        with suppress(OSError):  # others are at work, or a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            sweep(folder)
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def cannot_write(path: Path, error: OSError) -> OutputError:
    """Return the error for a path that could not be written."""
    return OutputError(
        f"cannot be written: {error.strerror or error}",
        where=path,
        remedy="choose a folder that you may write to, with room left",
    )
