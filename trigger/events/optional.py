"""Libraries that only generators and some file formats need, imported when they are used."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from trigger.errors import EventError


def library(name: str, extra: str, where: object) -> Any:
    """Return a module that one of the package's extras installs.

    Raises:
        EventError: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise EventError(
            f"{name} is needed, which is not installed",
            where=where,
            remedy=f"pip install 'trigger[{extra}]'",
        ) from error


@contextmanager
def silent_stdout() -> Iterator[None]:
    """Let nothing that C++ prints reach standard output, which belongs to the command's answer."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
