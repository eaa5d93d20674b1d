"""What generated CMS objects look like, on 300 frozen events of each class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trigger.events import SOURCES, EventSource
from trigger.events.batch_file import read_npz
from trigger.events.object_batch import ObjectBatch
from trigger.rates import build_roc, dimuon_mass

SAMPLE = Path(__file__).parents[1] / "data" / "cms_objects"
NAMES = ("dy", "higgs", "jpsi", "w", "tt")


@pytest.fixture(scope="module")
def sample() -> dict[str, ObjectBatch]:
    return {name: read_npz(SAMPLE / f"{name}.npz", ObjectBatch) for name in NAMES}


def mass(batch: ObjectBatch) -> np.ndarray:
    return dimuon_mass(batch.muon_pt[:, :2], batch.muon_eta[:, :2], batch.muon_phi[:, :2])


def same_charge(batch: ObjectBatch) -> float:
    return float(np.mean(batch.muon_charge[:, 0] == batch.muon_charge[:, 1]))


def test_there_is_a_sample_of_every_labelled_class(sample):
    assert {*sample, "mixture"} == set(SOURCES[EventSource.CMS_OBJECTS].classes)
    for batch in sample.values():
        assert len(batch) == 300
        assert batch.muons.min() >= 2
        assert batch.jets.min() >= 1
        assert np.all(np.diff(batch.muon_pt) <= 0)


def test_resonances_stand_where_they_are(sample):
    z = mass(sample["dy"])
    peak = z[(z > 80) & (z < 100)]
    assert len(peak) > 0.7 * len(z)
    assert peak.mean() == pytest.approx(90.6, abs=0.8)
    assert peak.std() < 4
    assert np.median(mass(sample["jpsi"])) == pytest.approx(3.09, abs=0.02)


def test_a_few_drell_yan_events_are_tau_pairs(sample):
    """Their muons are softer and their mass lies below the peak."""
    soft = np.mean(mass(sample["dy"]) < 60)
    assert 0.01 < soft < 0.12


def test_the_second_muon_of_a_w_has_any_charge(sample):
    assert 0.38 < same_charge(sample["w"]) < 0.58
    assert same_charge(sample["dy"]) < 0.05


def test_hard_objects_are_harder_where_more_mass_decays(sample):
    second = {name: np.median(batch.muon_pt[:, 1]) for name, batch in sample.items()}
    assert second["dy"] > second["higgs"] > second["tt"] > second["jpsi"]
    assert second["tt"] > second["w"]
    missing = {name: np.median(batch.met_pt) for name, batch in sample.items()}
    assert missing["tt"] > missing["w"] > 2 * missing["dy"]


def test_muons_are_in_the_jets(sample):
    """In Drell-Yan events the leading jet is a muon more often than not."""
    batch = sample["dy"]
    eta = batch.muon_eta[:, :2] - batch.jet_eta[:, :1]
    phi = (batch.muon_phi[:, :2] - batch.jet_phi[:, :1] + np.pi) % (2 * np.pi) - np.pi
    assert np.mean(np.hypot(eta, phi).min(axis=1) < 0.2) > 0.6


def test_pile_up_brings_forward_jets(sample):
    """Beyond the tracker, where charged particles of other collisions are not taken out."""
    batch = sample["jpsi"]
    assert 0.1 < np.mean(np.abs(batch.jet_eta[batch.jet_filled]) > 2.5) < 0.8
    # of the published J/psi images with a jet, 58 % have two
    assert 0.4 < np.mean(batch.jets >= 2) < 0.7


def test_one_number_tells_some_classes_apart_and_not_others(sample):
    def auc(signal: str, background: str) -> float:
        both = sample[signal].muon_pt[:, 1], sample[background].muon_pt[:, 1]
        return build_roc(*(each.astype(float) for each in both)).auc

    assert auc("dy", "w") > 0.95
    assert 0.6 < auc("tt", "w") < 0.95
    assert 0.4 < auc("jpsi", "w") < 0.75
