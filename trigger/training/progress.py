"""What the reader sees while a model is fitted: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any, Protocol, TextIO

from trigger.training.spec import EpochRecord


class Progress(Protocol):
    """What a fit tells, in this order; steps are batches."""

    def start(self, label: str, epochs: int, first_epoch: int, steps: int) -> None:
        """Begin; ``first_epoch`` counts from 0 and is larger after an interruption."""

    def step(self) -> None:
        """One batch is done."""

    def epoch(self, record: EpochRecord) -> None:
        """One epoch is done and kept."""

    def finish(self) -> None:
        """The fit is over, also where it failed."""


class SilentProgress:
    """Say nothing."""

    def start(self, label: str, epochs: int, first_epoch: int, steps: int) -> None: ...

    def step(self) -> None: ...

    def epoch(self, record: EpochRecord) -> None: ...

    def finish(self) -> None: ...


class LineProgress:
    """One plain line per epoch, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._label, self._epochs, self._first = "", 0, 0
        self._begun = 0.0

    def start(self, label: str, epochs: int, first_epoch: int, steps: int) -> None:
        self._label, self._epochs, self._first = label, epochs, first_epoch
        self._begun = time.monotonic()
        if first_epoch:
            self._say(f"{label}: resumed after epoch {first_epoch}")

    def step(self) -> None: ...

    def epoch(self, record: EpochRecord) -> None:
        done = record.epoch - self._first
        left = (time.monotonic() - self._begun) / done * (self._epochs - record.epoch)
        self._say(f"{self._label}: {describe(record, self._epochs)}, {left:.0f} s left")

    def finish(self) -> None: ...

    def _say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class BarProgress:
    """A bar with the epoch and the time left, drawn by rich."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: Any = None
        self._task: Any = None
        self._epochs = 0

    def start(self, label: str, epochs: int, first_epoch: int, steps: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._epochs = epochs
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[epoch]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(file=self._stream),
        )
        self._bar.start()
        begun = f"epoch {first_epoch}/{epochs}"
        self._task = self._bar.add_task(
            label, total=epochs * steps, completed=first_epoch * steps, epoch=begun
        )

    def step(self) -> None:
        self._bar.advance(self._task)

    def epoch(self, record: EpochRecord) -> None:
        self._bar.update(self._task, epoch=describe(record, self._epochs))

    def finish(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def build_progress(stream: TextIO | None = None) -> Progress:
    """Return a bar where ``stream`` (default: standard error) is a terminal, lines elsewhere."""
    stream = sys.stderr if stream is None else stream
    return BarProgress(stream) if stream.isatty() else LineProgress(stream)


def describe(record: EpochRecord, epochs: int) -> str:
    """Return the line of an epoch."""
    qualities = {"accuracy": record.validation_accuracy, "R2": record.validation_r2}
    words = [f"epoch {record.epoch}/{epochs}", f"loss {record.loss:.4f}"]
    words.append(f"validation loss {record.validation_loss:.4f}")
    words += [f"{name} {value:.4f}" for name, value in qualities.items() if value is not None]
    return ", ".join([*words, f"{record.seconds:.1f} s"])
