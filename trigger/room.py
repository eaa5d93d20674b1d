"""A room that is called by its own name: ``trigger.emulate(...)`` is ``emulate.emulate``."""

from __future__ import annotations

from types import ModuleType
from typing import Any


class CallableRoom(ModuleType):
    """The class of a room whose main verb is its own name.

    A package cannot hold a function and a sub-package of one name, and both names are what a user
    would type; so the module itself is made callable.
    """

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return getattr(self, self.__name__.rpartition(".")[2])(*arguments, **options)
