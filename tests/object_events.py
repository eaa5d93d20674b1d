"""Physics objects for tests: within the ranges of real ones, of no physics."""

from __future__ import annotations

import numpy as np

from trigger.events.object_batch import MOST_JETS, MOST_MUONS, ObjectBatch


def some_objects(events: int, seed: int, least_jets: int = 1) -> ObjectBatch:
    """Return events with two muons or more."""
    rng = np.random.default_rng(seed)

    def filled(number, most, low, high):
        values = rng.uniform(low, high, (events, most)).astype(np.float32)
        return np.where(np.arange(most) < number[:, None], values, np.float32(0))

    muons = rng.integers(2, MOST_MUONS + 1, events)
    jets = rng.integers(least_jets, MOST_JETS + 1, events)
    charge = rng.choice((-1, 1), (events, MOST_MUONS))
    return ObjectBatch(
        muon_pt=-np.sort(-filled(muons, MOST_MUONS, 3, 100)),
        muon_eta=filled(muons, MOST_MUONS, -2.4, 2.4),
        muon_phi=filled(muons, MOST_MUONS, -np.pi, np.pi),
        muon_charge=np.where(np.arange(MOST_MUONS) < muons[:, None], charge, 0),
        muons=muons,
        jet_pt=-np.sort(-filled(jets, MOST_JETS, 20, 200)),
        jet_eta=filled(jets, MOST_JETS, -4.7, 4.7),
        jet_phi=filled(jets, MOST_JETS, -np.pi, np.pi),
        jets=jets,
        met_pt=rng.uniform(0, 100, events).astype(np.float32),
        met_phi=rng.uniform(-np.pi, np.pi, events).astype(np.float32),
    )
