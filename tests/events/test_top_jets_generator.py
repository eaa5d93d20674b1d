"""The detector of jets against its definition, and the generator against what it promises."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from trigger.errors import EventError
from trigger.events import SOURCES, EventSource, top_jets_generator
from trigger.events.jet_batch import JetBatch
from trigger.events.top_jets_detector import (
    ECAL,
    FIELD_T,
    HALF_LENGTH_M,
    HCAL,
    RADIUS_M,
    Particles,
    detect,
    log_normal,
    propagate,
)
from trigger.events.top_jets_generator import JetOptions, generate_chunk


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def particles(pdg: int, charge: int, pt: float, eta: float, events: int) -> Particles:
    """One particle an event, at random azimuth."""
    phi = rng().uniform(-np.pi, np.pi, events)
    mass = {11: 0.0005, 13: 0.106, 22: 0.0}.get(abs(pdg), 0.14)
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), np.full(events, pt * np.sinh(eta))
    energy = np.sqrt(px**2 + py**2 + pz**2 + mass**2)
    whole = np.ones(events, np.int64)
    momentum = np.stack([energy, px, py, pz], axis=1)
    return Particles(np.arange(events), whole * pdg, whole * float(charge), momentum)


@pytest.mark.parametrize("pt", [0.2, 0.5, 3.0, 50.0])
@pytest.mark.parametrize("eta", [-2.4, -0.3, 0.0, 1.7, 1.9])
@pytest.mark.parametrize("charge", [-1, 1])
def test_helix_against_small_steps(pt: float, eta: float, charge: int) -> None:
    """Momentum turned by the Lorentz force, in steps of 0.1 mm, up to the cylinder's surface."""
    step = 1e-4
    turn = -charge * 0.2998 * FIELD_T / (pt * np.cosh(eta)) * step
    z_step, length = np.tanh(eta) * step, step / np.cosh(eta)
    steps = int(np.ceil(min(HALF_LENGTH_M / max(abs(z_step), 1e-9), 150_000)))
    angle = 0.4 + turn * (np.arange(steps) + 0.5)
    x, y = np.cumsum(length * np.cos(angle)), np.cumsum(length * np.sin(angle))
    outside = np.hypot(x, y) >= RADIUS_M
    last = int(np.argmax(outside)) if outside.any() else steps - 1
    seen_eta, seen_phi = propagate(*(np.array([v], float) for v in (pt, eta, 0.4, charge)))
    if not outside.any() and eta == 0:
        return  # it curls for ever
    away = np.hypot(x[last], y[last])
    off = np.angle(np.exp(1j * (seen_phi[0] - np.arctan2(y[last], x[last]))))
    assert abs(off) * away < 1e-3
    assert abs(away * np.sinh(seen_eta[0]) - (last + 1) * z_step) < 1e-2


def test_neutral_particles_go_straight() -> None:
    eta, phi = propagate(*(np.array([v]) for v in (2.0, 1.1, -3.0, 0.0)))
    assert (eta[0], phi[0]) == (1.1, -3.0)


def test_log_normal_has_the_mean_and_width_that_are_asked_for() -> None:
    drawn = log_normal(np.full(200_000, 10.0), np.full(200_000, 3.0), rng())
    assert drawn.mean() == pytest.approx(10, rel=0.005)
    assert drawn.std() == pytest.approx(3, rel=0.01)
    assert log_normal(np.zeros(2), np.ones(2), rng()).tolist() == [0, 0]


def test_photons_become_towers_of_the_card_s_resolution() -> None:
    events = 20_000
    objects = detect(particles(22, 0, 50.0, 0.5, events), rng())
    energy = 50 * np.cosh(0.5)
    assert len(objects.event) == events
    assert objects.momentum[:, 0].mean() == pytest.approx(energy, rel=0.001)
    wanted = np.hypot(0.0017 * energy, 0.101 * np.sqrt(energy))
    assert objects.momentum[:, 0].std() == pytest.approx(wanted, rel=0.03)
    eta = np.arcsinh(objects.momentum[:, 3] / np.hypot(*objects.momentum[:, 1:3].T))
    assert np.ptp(eta) <= 0.0174  # all within one tower, spread over it
    assert eta.std() == pytest.approx(0.0174 / np.sqrt(12), rel=0.03)


@pytest.mark.parametrize(
    ("pdg", "charge", "pt", "eta", "efficiency"),
    [(13, -1, 20, 0.2, 0.99), (13, 1, 0.6, 2.0, 0.70), (13, 1, 20, 2.7, 0), (12, 0, 20, 0, 0)],
    ids=["muon", "soft muon", "muon outside the tracker", "neutrino"],
)
def test_efficiency(pdg: int, charge: int, pt: float, eta: float, efficiency: float) -> None:
    """Of what leaves nothing in the calorimeters."""
    objects = detect(particles(pdg, charge, pt, eta, 20_000), rng())
    assert len(objects.event) / 20_000 == pytest.approx(efficiency, abs=0.01)


def test_energy_of_a_charged_hadron_is_counted_once() -> None:
    """Track, or tower where the track was lost, or both measurements averaged: never the sum."""
    events = 20_000
    objects = detect(particles(211, 1, 30.0, 0.3, events), rng())
    energy = np.bincount(objects.event, objects.momentum[:, 0], events)
    assert np.mean(energy > 0) > 0.999
    assert energy.mean() == pytest.approx(30 * np.cosh(0.3), rel=0.02)
    assert energy.std() < 0.12 * energy.mean()


def test_calorimeters_cover_the_jets() -> None:
    for calorimeter in (ECAL, HCAL):
        assert np.all(np.diff(calorimeter.eta_edges) > 0)
        assert calorimeter.eta_edges[0] <= -2.8
        assert calorimeter.eta_edges[-1] >= 2.8


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"pt_min_gev": 700}, "jets of 700 to 650 GeV"),
        ({"pt_max_gev": 5000}, "pt_max_gev < energy_gev / 4"),
        ({"abs_eta_max": 3}, "abs_eta_max is 3"),
        ({"radius": 2}, "radius is 2"),
    ],
)
def test_options_that_hold_no_jet(options: dict[str, float], told: str) -> None:
    with pytest.raises(EventError, match=told):
        JetOptions(**options)


@pytest.mark.parametrize("library", ["pythia8mc", "fastjet"])
def test_missing_libraries_are_told(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(EventError, match=rf"{library} is needed.* 'trigger\[generate\]'"):
        top_jets_generator.require_libraries()


def test_notes_say_that_figures_are_not_the_published_ones() -> None:
    source = SOURCES[EventSource.TOP_JETS]
    assert "only after a run on its files" in source.notes(source.options())[0]


@pytest.fixture(scope="module")
def few() -> dict[str, JetBatch]:
    """60 jets of each class, made once."""
    pytest.importorskip("pythia8mc")
    pytest.importorskip("fastjet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(top_jets_generator, "CHUNK_JETS", 60)
        return {name: generate_chunk(name, 3, 11, JetOptions()) for name in ("qcd", "top")}


@pytest.mark.slow
def test_generated_jets_are_in_the_window(few: dict[str, JetBatch]) -> None:
    for jets in few.values():
        assert len(jets) == 60
        seen = jets.quantities()
        assert np.all((seen["jet pT (GeV)"] > 549.99) & (seen["jet pT (GeV)"] < 650.01))
        assert np.all(seen["jet |eta|"] < 2)
    assert not few["qcd"].truth.any()
    top, jet = few["top"].truth, few["top"].constituents.sum(axis=1)
    phi = [np.arctan2(each[:, 2], each[:, 1]) for each in (top, jet)]
    assert np.all(np.abs(np.angle(np.exp(1j * (phi[0] - phi[1])))) < 0.8)
    mass = np.sqrt(top[:, 0] ** 2 - (top[:, 1:] ** 2).sum(axis=1))
    assert np.all(np.abs(mass - 172) < 25)
    assert np.median(few["top"].quantities()["jet mass (GeV)"]) == pytest.approx(173, abs=10)


@pytest.mark.slow
def test_chunks_depend_on_seed_index_and_class_alone(
    few: dict[str, JetBatch], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(top_jets_generator, "CHUNK_JETS", 5)
    again = generate_chunk("top", 3, 11, JetOptions())
    assert again.same_events(few["top"].between(0, 5))
    for index, seed in ((4, 11), (3, 12)):
        other = generate_chunk("top", index, seed, JetOptions())
        assert not np.any(other.constituents[:, 0, 0] == again.constituents[:, 0, 0])
    assert capfd.readouterr().out == ""
