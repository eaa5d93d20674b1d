"""Drift-chamber events taken apart into tracks, by the truth label of each hit."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from trigger.events.hit_batch import PARTICLES, HitBatch, Species

TRACK_CLASSES = ("pi+", "pi-", "l+", "l-")
"""What a track may be; l is an electron or a muon, as the event has it."""

_CLASS_OF: Mapping[Species, int] = MappingProxyType(
    {
        Species.PI_PLUS: 0,
        Species.PI_MINUS: 1,
        Species.E_PLUS: 2,
        Species.MU_PLUS: 2,
        Species.E_MINUS: 3,
        Species.MU_MINUS: 3,
    }
)


def split_tracks(batch: HitBatch) -> HitBatch:
    """Return a batch with a row for each of the four particles of each event, noise left out.

    Row ``4 * event + particle`` has the hits of that particle, in their order; a particle that left
    no hit has an empty row. Event number and start time are the event's; there is no truth.
    """
    of_track = np.flatnonzero(batch.track >= 0)
    row = PARTICLES * batch.event_of_hit[of_track] + batch.track[of_track]
    order = np.argsort(row, kind="stable")
    hits = of_track[order]
    counts = np.bincount(row, minlength=PARTICLES * len(batch))
    return HitBatch(
        event_numbers=np.repeat(batch.event_numbers, PARTICLES),
        t0=np.repeat(batch.t0, PARTICLES),
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        layer=batch.layer[hits],
        wire=batch.wire[hits],
        time_ticks=batch.time_ticks[hits],
        charge_adc=batch.charge_adc[hits],
        track=batch.track[hits],
    )


def track_classes(batch: HitBatch) -> npt.NDArray[np.int64]:
    """Return the place in TRACK_CLASSES of each row of ``split_tracks``, (4 * events,).

    Without a truth the particles stand in the order of TRACK_CLASSES, as event files have them.
    """
    if batch.truth is None:
        return np.tile(np.arange(PARTICLES), len(batch))
    table = np.array([_CLASS_OF[species] for species in Species])
    return np.asarray(table[batch.truth.species.ravel()])
