"""Which particle a single track of a drift chamber is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trigger.errors import DesignError, EventError
from trigger.events import EventBatch
from trigger.events.hit_batch import PARTICLES, HitBatch
from trigger.events.tracks import TRACK_CLASSES, split_tracks, track_classes
from trigger.images import ENCODERS, InputContract
from trigger.training.tasks.base import Drawn, Task

BY_TRUTH = (
    "Hits were given to tracks by their truth label: a trigger has to find the tracks first, and "
    "what it loses there is not in these figures."
)


@dataclass(frozen=True, slots=True)
class TrackClass(Task):
    """Tell pi+, pi-, l+ and l- apart, one image per track, with a score each."""

    min_hits: int = 5
    """Tracks with fewer hits are left out: no track finder would hand them on."""

    def __post_init__(self) -> None:
        check_min_hits(self.min_hits)

    @property
    def subject(self) -> str:
        return "tracks"

    def labels(self, events: tuple[str, ...]) -> tuple[str, ...]:
        return TRACK_CLASSES

    def outputs(self, contract: InputContract, events: tuple[str, ...]) -> list[tuple[int, ...]]:
        check_hits(contract)
        return [(len(TRACK_CLASSES),)]

    def draw(self, batches: Sequence[EventBatch]) -> Drawn:
        together = hits_of(batches)
        tracks = split_tracks(together)
        kept = np.flatnonzero(tracks.hits_per_event >= self.min_hits)
        require_rows(len(kept), self.min_hits)
        labels = track_classes(together)[kept]
        left_out = len(tracks) - len(kept)
        return Drawn(tracks.select(kept), labels, kept // PARTICLES, left_out)

    def warnings(self) -> tuple[str, ...]:
        return (BY_TRUTH,)


def hits_of(batches: Sequence[EventBatch]) -> HitBatch:
    """Return all events of a drift chamber in one batch."""
    found = [batch for batch in batches if isinstance(batch, HitBatch)]
    assert len(found) == len(batches)  # as check_hits saw before
    return HitBatch.concatenate(found)


def check_hits(contract: InputContract) -> None:
    """Raise DesignError unless the images are of drift-chamber hits."""
    if ENCODERS[contract.encoding].batch is not HitBatch:
        known = [each.value for each, encoder in ENCODERS.items() if encoder.batch is HitBatch]
        raise DesignError(
            f"{contract.encoding.value} draws no tracks", where="task", allowed=", ".join(known)
        )


def check_min_hits(min_hits: int) -> None:
    if min_hits < 1:
        raise DesignError(f"min_hits is {min_hits}", where="task", allowed=">= 1")


def require_rows(kept: int, min_hits: int) -> None:
    if not kept:
        raise EventError(
            f"no track has {min_hits} hits or more",
            where="task",
            allowed="hits that name their track",
            remedy="lower task min_hits, or take events whose hits name their tracks",
        )
