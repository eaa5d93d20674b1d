"""EventReader: what every reader of event files gives back."""

from __future__ import annotations

from collections.abc import Iterator

from trigger.errors import EventError
from trigger.events.batch import HitBatch, concatenate


class EventReader(Iterator[HitBatch]):
    """Batches of a file, one after the other, with a budget for malformed events.

    A malformed line costs its whole event. Up to ``skip_bad`` of them are dropped and counted; the
    next one raises its EventError. At most one batch is in memory.
    """

    def __init__(
        self, pieces: Iterator[HitBatch | EventError], chunk_events: int, skip_bad: int
    ) -> None:
        """Read from ``pieces``, which yields single events, or the error that one would raise."""
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

    @property
    def skipped(self) -> int:
        """Malformed events dropped so far."""
        return len(self._problems)

    @property
    def problems(self) -> tuple[EventError, ...]:
        """Why each of them was dropped."""
        return tuple(self._problems)

    def __next__(self) -> HitBatch:
        events: list[HitBatch] = []
        for piece in self._pieces:
            if isinstance(piece, EventError):
                if self.skipped == self._skip_bad:
                    raise piece
                self._problems.append(piece)
                continue
            events.append(piece)
            if len(events) == self._chunk_events:
                break
        if not events:
            raise StopIteration
        return concatenate(events)
