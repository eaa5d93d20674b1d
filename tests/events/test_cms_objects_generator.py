"""The generator of CMS objects: detector laws without Pythia, and (slow) its events."""

from __future__ import annotations

import numpy as np
import pytest

from tests.object_events import some_objects
from trigger.errors import EventError
from trigger.events import cms_objects_generator as generator
from trigger.events import optional
from trigger.events.cms_objects_detector import (
    Candidates,
    assemble,
    become_muons,
    candidates,
    cluster,
    missing,
    visible,
)
from trigger.events.cms_objects_generator import ObjectOptions, generate_chunk
from trigger.events.cms_objects_processes import Process
from trigger.events.object_batch import ObjectBatch


def particle(code: int, pt: float, eta: float, phi: float, charge: int = 0, mass: float = 0.0):
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    return (code, 3 * charge, px, py, pz, np.sqrt(px**2 + py**2 + pz**2 + mass**2))


def test_muons_and_decays_in_flight_have_their_chances():
    given = np.array(
        [
            particle(13, 20, 1, 0.5, -1),
            particle(-13, 2.9, 1, 0.5, 1),
            particle(13, 20, 2.5, 0.5, -1),
            particle(211, 10, 0, 1.0, 1),
            particle(-321, 10, 0, 1.0, -1),
            particle(22, 50, 0, 0),
        ]
    )
    found = candidates(given)
    pion = 0.5 * (1 - np.exp(-1.29 * 0.13957 / (10 * 7.805)))
    kaon = 0.5 * 0.6356 * (1 - np.exp(-1.29 * 0.49368 / (10 * 3.711)))
    assert found.chance == pytest.approx([0.97, 0, 0, pion, kaon, 0])
    assert found.charge[:5].tolist() == [-1, 1, -1, 1, -1]


def test_a_decay_in_flight_takes_momentum_away():
    rng = np.random.default_rng(1)
    many = 4000
    kaons = Candidates(
        np.tile([30.0, 0.5, 1.0], (many, 1)), np.ones(many), np.ones(many), np.full(many, 0.49368)
    )
    pt = become_muons(kaons, rng).momentum[:, 0]
    least = 30 * (0.10566 / 0.49368) ** 2  # and what falls below 3 GeV is left out
    assert pt.mean() == pytest.approx((30 + 3) / 2, rel=0.02)
    assert len(pt) == pytest.approx(many * (30 - 3) / (30 - least), rel=0.01)


def flagged(chance: list[float], tries: int) -> np.ndarray:
    rng = np.random.default_rng(2)
    count = len(chance)
    maybe = Candidates(np.ones((count, 3)), np.ones(count), np.array(chance), np.zeros(count))
    return np.array([generator._found(Process.W_JETS, maybe, rng) for _ in range(tries)])


def test_the_second_muon_of_a_w_is_found_in_proportion_to_its_chance():
    """Kept events times RARE_CHANCE_MAX are the events without the enhancement."""
    found = flagged([0.97, 0.01, 0.03], 20_000)
    kept = found.any(axis=1)
    assert np.all(found[kept, 0])
    assert np.all(found[kept, 1:].any(axis=1))
    scale = generator.RARE_CHANCE_MAX
    assert kept.mean() * scale == pytest.approx(0.97 * (1 - 0.99 * 0.97), rel=0.03)
    assert found[:, 1].mean() * scale == pytest.approx(0.97 * 0.01, rel=0.08)
    assert found[:, 2].mean() * scale == pytest.approx(0.97 * 0.03, rel=0.05)
    assert found[:, 1:].all(axis=1).mean() * scale == pytest.approx(0.97 * 0.0003, rel=0.5)


def test_a_w_without_a_prompt_or_a_rare_muon_is_dropped():
    assert not flagged([0.05, 0.05], 500).any()
    assert not flagged([0.97], 500).any()


def test_what_is_seen():
    rng = np.random.default_rng(3)
    given = np.array(
        [
            particle(14, 50, 0, 0),  # a neutrino
            particle(211, 0.2, 0, 0, 1),  # curls up
            particle(211, 20, 0, 0, 1),
            particle(22, 20, 3, 1),
            particle(211, 20, 3, 2, 1),  # beyond the tracker
            particle(22, 20, 6, 0),
        ]
    )
    hard = visible(given, rng, pile_up=False)
    assert hard[:, 0].tolist() == [211, 22, 211]
    assert hard[:, 1].tolist() == [3, 0, 0]
    assert visible(given, rng, pile_up=True)[:, 0].tolist() == [22, 211]
    size, _ = missing(hard, 0, rng)
    assert size == pytest.approx(np.hypot(*hard[:, 2:4].sum(axis=0)))


def test_jets_are_found_and_identified():
    pytest.importorskip("fastjet")
    charged = [particle(211, 15, 0.1 * k, 0.1 * k, 1, 0.14) for k in range(3)]
    neutral = [particle(22, 30, 2, 2.0), particle(22, 5, 2.1, 2.0)]
    soft = [particle(211, 5, -1, -1, 1, 0.14), particle(211, 6, -1.1, -1, 1, 0.14)]
    first, second = cluster([np.array(charged + neutral + soft), np.array(soft)])
    # photons alone are no jet where there is a tracker
    assert len(first) == 1
    assert first[0, 0] == pytest.approx(45, rel=0.02)
    assert first[0, 1:] == pytest.approx([0.1, 0.1], abs=0.01)
    assert second.shape == (0, 3)


def test_batches_keep_the_hardest_in_order():
    muons = Candidates(
        np.array([[k, 0.1, 0.2] for k in (5.0, 9, 4, 7, 6)]),
        np.ones(5),
        np.ones(5),
        np.zeros(5),
    )
    batch = assemble([muons], [np.array([[30.0, 1, 2]])], [(12.0, 0.5)])
    assert batch.muon_pt[0].tolist() == [9, 7, 6, 5]
    assert (batch.muons[0], batch.jets[0]) == (4, 1)


@pytest.mark.parametrize(
    ("options", "told"),
    [({"pile_up": -1}, "pile_up is -1"), ({"least_jets": 7}, "least_jets is 7")],
)
def test_impossible_options_are_refused(options, told):
    with pytest.raises(EventError, match=told):
        ObjectOptions(**options)


def test_without_pythia_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(optional, "import_module", lambda name: __import__("no_such_module"))
    with pytest.raises(EventError, match=r"pythia8mc is needed.*trigger\[generate\]"):
        generate_chunk("dy", 0, 1, ObjectOptions())


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("muons", lambda a: a + 9, "muons is above 4"),
        ("muon_pt", lambda a: a * 0 + 1, "muon_pt is not 0 where there is no muon"),
        ("jet_pt", lambda a: -a, "jet_pt is not above 0"),
        ("jet_eta", lambda a: a * 100, "jet_eta is beyond 10"),
        ("muon_charge", lambda a: a * 2, "muon_charge is neither"),
        ("met_pt", lambda a: a - 200, "met_pt is below 0"),
        ("met_phi", lambda a: a + 9, "met_phi is beyond pi"),
    ],
)
def test_a_batch_refuses_what_cannot_be(name, change, told):
    columns = some_objects(20, seed=4).columns()
    with pytest.raises(EventError, match=told):
        ObjectBatch.of_columns(columns | {name: change(columns[name])})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dy", "w", "mixture"])
def test_generated_events_depend_on_the_arguments_alone(monkeypatch, name):
    pytest.importorskip("pythia8mc")
    pytest.importorskip("fastjet")
    monkeypatch.setattr(generator, "CHUNK_EVENTS", 4)
    monkeypatch.setattr(generator, "_CLUSTERED_TOGETHER", 4)
    monkeypatch.setattr(generator, "POOL_COLLISIONS", 10)
    quick = {Process.DRELL_YAN: 1.0, Process.TOP_PAIRS: 1.0}
    monkeypatch.setattr(generator, "SELECTED_PB", quick)
    batch = generate_chunk(name, 0, 5, ObjectOptions(least_jets=2))
    assert len(batch) == 4
    assert batch.muons.min() >= 2
    assert batch.jets.min() >= 2
    if name == "dy":
        assert generate_chunk("dy", 0, 5, ObjectOptions(least_jets=2)).same_events(batch)
        assert not generate_chunk("dy", 1, 5, ObjectOptions(least_jets=2)).same_events(batch)
