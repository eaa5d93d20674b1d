"""Events taken apart into tracks: every hit of a particle is in one row, and noise in none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trigger.events import drift_chamber_text
from trigger.events.hit_batch import PARTICLES, HitBatch, Species
from trigger.events.tracks import TRACK_CLASSES, split_tracks, track_classes

DATA = Path(__file__).parents[1] / "data" / "drift_chamber"


@pytest.fixture(scope="module")
def batch() -> HitBatch:
    return HitBatch.concatenate(drift_chamber_text.read(DATA / "mm.dat.gz")).between(0, 40)


def test_every_hit_of_a_particle_is_in_its_row_and_noise_in_none(batch):
    tracks = split_tracks(batch)
    assert len(tracks) == PARTICLES * len(batch)
    assert tracks.hits == np.sum(batch.track >= 0) < batch.hits
    for event in (0, 17, 39):
        hits = slice(batch.offsets[event], batch.offsets[event + 1])
        for particle in range(PARTICLES):
            row = tracks.between(4 * event + particle, 4 * event + particle + 1)
            mine = batch.track[hits] == particle
            assert np.array_equal(row.wire, batch.wire[hits][mine])
            assert np.array_equal(row.charge_adc, batch.charge_adc[hits][mine])
            assert set(row.track) <= {particle}
            assert row.event_numbers == batch.event_numbers[event]


def test_classes_follow_the_truth_or_the_order_of_event_files(batch):
    rows = track_classes(batch).reshape(-1, 4)
    assert np.array_equal(rows, np.tile(np.arange(4), (40, 1)))
    species = batch.truth.species[0]
    names = {
        Species(code).name: TRACK_CLASSES[label]
        for code, label in zip(species, rows[0], strict=True)
    }
    assert names == {"PI_PLUS": "pi+", "PI_MINUS": "pi-", "MU_PLUS": "l+", "MU_MINUS": "l-"}
    turned = {**batch.columns(), "truth_species": batch.truth.species[:, ::-1]}
    assert np.array_equal(track_classes(HitBatch.of_columns(turned)).reshape(-1, 4), rows[:, ::-1])
    bare = {n: array for n, array in turned.items() if not n.startswith("truth")}
    assert np.array_equal(track_classes(HitBatch.of_columns(bare)), rows.ravel())


def test_no_events_have_no_tracks():
    assert len(split_tracks(HitBatch.concatenate([]))) == 0
