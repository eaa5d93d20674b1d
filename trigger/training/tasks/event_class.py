"""Which class an event is of."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.images import InputContract
from trigger.training.tasks.base import Task


@dataclass(frozen=True, slots=True)
class EventClass(Task):
    """Tell the classes of events apart: a score each, or one score for two classes."""

    def outputs(self, contract: InputContract, events: tuple[str, ...]) -> list[tuple[int, ...]]:
        classes = len(events)
        return [(classes,), (1,)] if classes == 2 else [(classes,)]
