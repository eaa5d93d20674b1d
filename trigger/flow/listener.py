"""What a run tells while it goes: steps and counts. The command line draws it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from trigger.training import Progress


class StepListener(Protocol):
    """Hears of steps."""

    def begin(self, name: str, number: int, of: int) -> None:
        """A step begins; steps count from 1."""

    def phase(self, name: str) -> None:
        """A step has come to some point of its way."""

    def end(self, name: str, seconds: float, summary: str) -> None:
        """A step ended well; ``summary`` says in some words what it made."""


class Listener(StepListener, Protocol):
    """Hears of steps and of progress within a step."""

    def counter(self, label: str) -> Callable[[int, int], None]:
        """Return what is to be called with (done, total) of something countable."""

    def training(self) -> Progress:
        """Return what hears of a fit."""
