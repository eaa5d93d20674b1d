"""Libraries that only generators and some file formats need, imported when they are used."""

from __future__ import annotations

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
