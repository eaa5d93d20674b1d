"""EventReader: what every reader of event files gives back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from trigger.errors import EventError
from trigger.events.batch import EventBatch

Batch = TypeVar("Batch", bound=EventBatch)


class EventReader(Iterator[Batch], Generic[Batch]):
    """Batches of a file, one after the other, with a budget for malformed events.

    A malformed event is lost whole. Up to ``skip_bad`` of them are dropped and counted; the next
    one raises its EventError. At most one batch is in memory, of ``chunk_events`` events or as many
    more as the last piece of it has.
    """

    def __init__(
        self, pieces: Iterator[Batch | EventError], chunk_events: int, skip_bad: int
    ) -> None:
        """Read from ``pieces``, which yields events, or the error that a bad one would raise."""
        if chunk_events < 1 or skip_bad < 0:
            raise EventError(
                f"chunk_events is {chunk_events} and skip_bad is {skip_bad}",
                where="event reader",
                allowed="chunk_events 1 or more, skip_bad 0 or more",
            )
        self._pieces = pieces
        self._chunk_events = chunk_events
        self._skip_bad = skip_bad
        self._problems: list[EventError] = []
        self.deselected = 0
        """Sound events so far that the reader's selection left out."""

    @property
    def skipped(self) -> int:
        """Malformed events dropped so far."""
        return len(self._problems)

    @property
    def problems(self) -> tuple[EventError, ...]:
        """Why each of them was dropped."""
        return tuple(self._problems)

    def __next__(self) -> Batch:
        pieces: list[Batch] = []
        events = 0
        for piece in self._pieces:
            if isinstance(piece, EventError):
                if self.skipped == self._skip_bad:
                    raise piece
                self._problems.append(piece)
                continue
            pieces.append(piece)
            events += len(piece)
            if events >= self._chunk_events:
                break
        if not events:
            raise StopIteration
        return type(pieces[0]).concatenate(pieces)
