"""The momentum of each track of a drift chamber, and that of all four together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from trigger.errors import DesignError, EventError
from trigger.events import EventBatch
from trigger.events.hit_batch import PARTICLES
from trigger.events.tracks import TRACK_CLASSES, split_tracks, track_classes
from trigger.images import InputContract
from trigger.training.loss import Loss, SquaredError
from trigger.training.tasks.base import Drawn, Lesson, Material, OutputContract, Task
from trigger.training.tasks.track_class import (
    BY_TRUTH,
    check_hits,
    check_min_hits,
    hits_of,
    require_rows,
)

COMPONENTS = ("px", "py", "pz")


@dataclass(frozen=True, slots=True)
class Momentum(Task):
    """Give px, py and pz of each track, one image per track.

    The loss is ``mean (p - p_true)^2 + sum_weight * |sum_k p_k - p_beam|^2`` over the four tracks
    of an event, in units of ``scale_gev``: the tracks together carry the momentum of the beams.
    Events in which one of the four left too few hits are left out.
    """

    sum_weight: float = 0.0
    """0 leaves the momentum of the beams unused."""
    beam_momentum_gev: tuple[float, ...] = (0.0405, 0.0, 0.0)
    """Of both beams together; at BEPCII they cross at 22 mrad."""
    scale_gev: float = 2.0
    """The momentum that becomes the output 1.0, so that outputs fit a narrow format."""
    min_hits: int = 5

    def __post_init__(self) -> None:
        check_min_hits(self.min_hits)
        if not 0 < self.scale_gev < math.inf:
            raise DesignError(f"scale_gev is {self.scale_gev:g}", where="task", allowed="> 0")
        if not 0 <= self.sum_weight < math.inf:
            raise DesignError(f"sum_weight is {self.sum_weight:g}", where="task", allowed=">= 0")
        if len(self.beam_momentum_gev) != len(COMPONENTS):
            raise DesignError(
                f"beam_momentum_gev has {len(self.beam_momentum_gev)} numbers",
                where="task",
                allowed=", ".join(COMPONENTS),
            )

    @property
    def subject(self) -> str:
        return "tracks"

    @property
    def tracks(self) -> int:
        """Of an event; their images lie side by side."""
        return PARTICLES

    @property
    def group(self) -> int:
        return self.tracks if self.sum_weight else 1

    def labels(self, events: tuple[str, ...]) -> tuple[str, ...]:
        return TRACK_CLASSES

    def classes(self, events: tuple[str, ...]) -> tuple[str, ...]:
        return ()

    def outputs(self, contract: InputContract, events: tuple[str, ...]) -> list[tuple[int, ...]]:
        check_hits(contract)
        return [(len(COMPONENTS),)]

    @property
    def loss(self) -> Loss:
        beam = tuple(value / self.scale_gev for value in self.beam_momentum_gev)
        return SquaredError(self.sum_weight, beam)

    def draw(self, batches: Sequence[EventBatch]) -> Drawn:
        together = hits_of(batches)
        if together.truth is None:
            raise EventError(
                "the events have no truth",
                where="task",
                allowed="events with the momentum of each particle",
                remedy="take event text or generated events",
            )
        tracks = split_tracks(together)
        seen = (tracks.hits_per_event >= self.min_hits).reshape(-1, PARTICLES).all(axis=1)
        rows = np.flatnonzero(np.repeat(seen, PARTICLES))
        require_rows(len(rows), self.min_hits)
        labels = track_classes(together)[rows]
        left_out = len(tracks) - len(rows)
        momentum = together.truth.momentum_gev.reshape(-1, len(COMPONENTS))[rows]
        batch = tracks.select(rows)
        return Drawn(batch, labels, rows // PARTICLES, left_out, momentum)

    def lesson(self, given: Material) -> Lesson:
        drawn, sample = given.drawn, given.sample
        assert drawn.quantities is not None  # as draw() gave them
        targets = (drawn.quantities / self.scale_gev).astype(np.float32)
        output = OutputContract(COMPONENTS, "GeV", 0.0, self.scale_gev)
        return Lesson(replace(sample, targets=targets), output)

    def warnings(self) -> tuple[str, ...]:
        return (BY_TRUTH,)
