"""A compiler for Level-1 trigger decisions: event images in, firmware and its proof out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from trigger.config import load_design
    from trigger.project import read_project

__all__ = ["__version__", "emulate", "estimate", "load_design", "read_project"]

_HOMES = {"load_design": "trigger.config", "read_project": "trigger.project"}
_ROOMS = ("emulate", "estimate")


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for, so that ``import trigger`` stays light."""
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _ROOMS:
        return import_module(f"trigger.{name}")
    raise AttributeError(f"module 'trigger' has no attribute {name!r}")
