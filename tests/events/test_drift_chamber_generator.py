"""Generated events: conservation laws, detector limits, seeds; and the cache that keeps them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trigger.errors import EventError, OutputError
from trigger.events import SOURCES, EventSource
from trigger.events.batch_file import read_npz
from trigger.events.cache import chunk_path, generated
from trigger.events.drift_chamber import SOURCE
from trigger.events.drift_chamber_generator import (
    CHUNK_EVENTS,
    GeneratorOptions,
    generate_chunk,
)
from trigger.events.drift_chamber_ionisation import clusters_per_cm
from trigger.events.drift_chamber_kinematics import (
    BEAM_MOMENTUM_GEV,
    JPSI_MASS_GEV,
    PSI2S_MASS_GEV,
    Reaction,
)
from trigger.events.hit_batch import NOISE_TRACK, TIME_TICK_NS, HitBatch, Species
from trigger.events.wires import CELLS, MIDPOINT_UM, NO_SENSE_WIRE, wire_index

DATA = Path(__file__).parents[1] / "data" / "drift_chamber"
EVENTS = 150


@pytest.fixture(scope="module", params=list(Reaction), ids=lambda reaction: reaction.value)
def sample(request: pytest.FixtureRequest) -> tuple[Reaction, HitBatch]:
    return request.param, generate_chunk(request.param, 0, seed=5, events=EVENTS)


def four_momenta(reaction: Reaction, batch: HitBatch) -> np.ndarray:
    assert batch.truth is not None
    momentum = batch.truth.momentum_gev
    energy = np.sqrt((momentum**2).sum(axis=2) + reaction.masses_gev**2)
    return np.concatenate([energy[..., None], momentum], axis=2)


def mass(momentum: np.ndarray) -> np.ndarray:
    return np.sqrt(momentum[..., 0] ** 2 - (momentum[..., 1:] ** 2).sum(axis=-1))


@pytest.mark.parametrize("reaction", Reaction)
def test_momentum_of_the_beams_is_conserved(reaction: Reaction) -> None:
    batch = generate_chunk(reaction, 0, 5, GeneratorOptions(radiation=False), events=EVENTS)
    total = four_momenta(reaction, batch).sum(axis=1)
    assert BEAM_MOMENTUM_GEV == (0.0405, 0, 0)
    assert total[:, 1] == pytest.approx(0.0405, abs=3e-6)  # four roundings to 1e-6
    assert total[:, 2] == pytest.approx(0.0, abs=3e-6)
    assert np.abs(total[:, 3]).max() < 5 * 0.00095 * np.sqrt(2)  # spread of the beam energies
    assert mass(total) == pytest.approx(PSI2S_MASS_GEV, abs=1e-5)


@pytest.mark.parametrize("reaction", [Reaction.JPSI_EE, Reaction.JPSI_MUMU])
def test_leptons_come_from_a_jpsi_and_pions_from_what_is_left(reaction: Reaction) -> None:
    batch = generate_chunk(reaction, 0, 5, GeneratorOptions(radiation=False), events=EVENTS)
    momenta = four_momenta(reaction, batch)
    assert mass(momenta[:, 2] + momenta[:, 3]) == pytest.approx(JPSI_MASS_GEV, abs=1e-5)
    dipion = mass(momenta[:, 0] + momenta[:, 1])
    assert dipion.max() < PSI2S_MASS_GEV - JPSI_MASS_GEV + 1e-5
    assert np.median(dipion) > 0.5  # the amplitude favours high masses; phase space alone 0.46


def test_radiation_takes_energy_from_electrons_more_than_from_muons() -> None:
    lost = {}
    for reaction in (Reaction.JPSI_EE, Reaction.JPSI_MUMU):
        batch = generate_chunk(reaction, 0, seed=5, events=EVENTS)
        energy = four_momenta(reaction, batch)[..., 0].sum(axis=1)
        assert energy.max() < np.hypot(PSI2S_MASS_GEV, 0.05)
        lost[reaction] = PSI2S_MASS_GEV - energy.mean()
    assert lost[Reaction.JPSI_EE] > 1.5 * lost[Reaction.JPSI_MUMU] > 0


def test_hits_are_on_wires_that_exist_once_per_event(sample: tuple[Reaction, HitBatch]) -> None:
    _, batch = sample
    assert np.all(batch.wire < CELLS[batch.layer])
    places = set(zip(batch.layer.tolist(), batch.wire.tolist(), strict=True))
    assert not places & set(NO_SENSE_WIRE)
    cells = batch.event_of_hit * 6796 + wire_index(batch.layer, batch.wire)
    assert len(np.unique(cells)) == batch.hits


def test_times_and_charges_are_what_the_electronics_gives(
    sample: tuple[Reaction, HitBatch],
) -> None:
    _, batch = sample
    assert TIME_TICK_NS == 0.09375
    assert batch.charge_adc.min() >= 25
    assert batch.charge_adc.max() <= 8191
    assert batch.time_ticks.min() * TIME_TICK_NS > 200
    assert batch.time_ticks.max() * TIME_TICK_NS < 1800


def test_multiplicities(sample: tuple[Reaction, HitBatch]) -> None:
    reaction, batch = sample
    signal = (batch.track != NOISE_TRACK).sum() / EVENTS
    noise = (batch.track == NOISE_TRACK).sum() / EVENTS
    assert 160 < signal < 195
    assert 52 < noise < 60  # 60 drawn, some on wires that are hit already
    per_track = np.bincount(batch.track[batch.track >= 0], minlength=4) / EVENTS
    assert np.all((per_track > 33) & (per_track < 60))
    assert batch.truth is not None
    assert set(batch.truth.species[:, 2]) == {
        Species.E_PLUS if reaction is Reaction.JPSI_EE else Species.MU_PLUS
    }


def test_tracks_bend_the_right_way() -> None:
    """In a field along -z a positive track turns counter-clockwise."""
    batch = generate_chunk(Reaction.JPSI_MUMU, 0, seed=5, events=EVENTS)
    assert batch.truth is not None
    momentum, way = batch.truth.momentum_gev, batch.truth.end_cm - batch.truth.origin_cm
    turn = momentum[..., 0] * way[..., 1] - momentum[..., 1] * way[..., 0]
    leptons = np.sign(turn[:, 2:])
    assert np.all(leptons == [1, -1])


def test_first_hit_of_a_track_is_where_its_momentum_points() -> None:
    batch = generate_chunk(
        Reaction.JPSI_MUMU, 0, 5, GeneratorOptions(radiation=False), events=EVENTS
    )
    assert batch.truth is not None
    first = (batch.layer == 0) & (batch.track >= 2)
    x, y = MIDPOINT_UM[wire_index(batch.layer, batch.wire)[first]].T
    px, py, _ = batch.truth.momentum_gev[batch.event_of_hit[first], batch.track[first]].T
    turned = np.angle(np.exp(1j * (np.arctan2(y, x) - np.arctan2(py, px))))
    assert np.abs(np.degrees(turned)).max() < 25  # half a twist of 31.5 degrees, and the curl


def test_no_noise_when_none_is_asked_for() -> None:
    batch = generate_chunk(Reaction.JPSI_EE, 0, 5, GeneratorOptions(noise_hits=0), events=20)
    assert np.all(batch.track >= 0)


def test_charge_ceiling_cuts_the_tail_and_is_off_by_default() -> None:
    assert not GeneratorOptions().charge_ceiling
    free = generate_chunk(Reaction.JPSI_EE, 0, 5, events=EVENTS)
    cut = generate_chunk(Reaction.JPSI_EE, 0, 5, GeneratorOptions(charge_ceiling=True), EVENTS)
    most = int(1800 / (3e4 * 1.602e-4) * 6.34 * 1.5 / 1.62)
    assert cut.charge_adc[cut.track >= 0].max() == most
    assert free.charge_adc.max() > most
    kept = free.charge_adc < most
    assert np.array_equal(free.charge_adc[kept], cut.charge_adc[kept])


def test_charge_by_path_grows_with_the_slope() -> None:
    """Real charge of a steep track is larger; normalised charge does not know the slope."""
    ratio = {}
    for normalised in (True, False):
        options = GeneratorOptions(path_normalised=normalised)
        batch = generate_chunk(Reaction.JPSI_MUMU, 0, 5, options, events=EVENTS)
        assert batch.truth is not None
        muon = batch.track >= 2
        momentum = batch.truth.momentum_gev[batch.event_of_hit[muon], batch.track[muon]]
        steep = np.abs(momentum[:, 2]) > np.hypot(momentum[:, 0], momentum[:, 1])
        charge = batch.charge_adc[muon]
        ratio[normalised] = np.median(charge[steep]) / np.median(charge[~steep])
    assert 0.93 < ratio[True] < 1.1
    assert ratio[False] > 1.25


def test_ionisation_against_beta_gamma() -> None:
    """29 primary clusters per cm at the minimum; electrons of 1.5 GeV make about 1.2 to 1.5 times
    what muons make."""
    assert clusters_per_cm(3.5).sum() == pytest.approx(29.0)
    grid = clusters_per_cm(np.geomspace(1, 5000, 200)).sum(axis=1)
    assert 28.5 < grid.min() <= 29.0
    electron, muon = clusters_per_cm(1.5 / np.array([0.000511, 0.105658])).sum(axis=1)
    assert 1.15 < electron / muon < 1.5
    assert np.all(np.diff(clusters_per_cm([0.3, 1, 3]).sum(axis=1)) < 0)


def test_same_seed_same_events_other_seed_other_hits() -> None:
    first = generate_chunk(Reaction.JPSI_EE, 0, seed=5, events=10)
    assert first == generate_chunk(Reaction.JPSI_EE, 0, seed=5, events=10)
    assert first != generate_chunk(Reaction.JPSI_EE, 0, seed=6, events=10)
    assert first != generate_chunk(Reaction.JPSI_EE, 1, seed=5, events=10)


def test_another_process_generates_the_same_events() -> None:
    code = (
        "from trigger.events.drift_chamber_generator import *\n"
        "batch = generate_chunk(Reaction.CONTINUUM, 3, seed=5, events=10)\n"
        "print(batch.hits, int(batch.charge_adc.sum()), int(batch.time_ticks.sum()))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    batch = generate_chunk(Reaction.CONTINUUM, 3, seed=5, events=10)
    here = [batch.hits, int(batch.charge_adc.sum()), int(batch.time_ticks.sum())]
    assert [int(word) for word in out.stdout.split()] == here


def test_fewer_events_are_the_first_of_more(tmp_path: Path) -> None:
    def chunk(name: str, index: int, seed: int, options: GeneratorOptions) -> HitBatch:
        return generate_chunk(Reaction(name), index, seed, options, events=20)

    source = replace(SOURCE, chunk_events=20, generate_chunk=chunk)
    few = generated(source, "cont", 30, 5, tmp_path / "few")
    more = generated(source, "cont", 50, 5, tmp_path / "more")
    assert len(more) == 50
    assert more.between(0, 30) == few
    assert isinstance(more, HitBatch)
    assert more.event_numbers.tolist() == list(range(50))
    alone = generate_chunk(Reaction.CONTINUUM, 1, seed=5, events=20)
    assert more.between(20, 40) == alone


def test_chunks_hold_1000_events() -> None:
    assert SOURCE.chunk_events == CHUNK_EVENTS == 1000


def test_electrons_leave_more_charge_than_muons() -> None:
    """On the frozen sample: the pions of both classes agree (as well as slow pions can in 250
    events), the leptons differ."""
    median = {}
    for name in ("ee", "mm"):
        batch = read_npz(DATA / f"{name}.npz", HitBatch)
        for kind, tracks in (("pions", batch.track // 2 == 0), ("leptons", batch.track >= 2)):
            median[name, kind] = np.median(batch.charge_adc[tracks])
    assert median["ee", "pions"] == pytest.approx(median["mm", "pions"], rel=0.1)
    assert 1.12 < median["ee", "leptons"] / median["mm", "leptons"] < 1.35


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: generated(SOURCE, "ee", -1, 1, Path()), "events is -1. Allowed: 0 or more"),
        (lambda: generated(SOURCE, "ee", 1, -1, Path()), "seed is -1. Allowed: 0 or more"),
        (lambda: GeneratorOptions(noise_hits=-1), "noise_hits is -1. Allowed: 0..2000"),
        (
            lambda: generated(SOURCE, "tautau", 1, 1, Path()),
            "there is no class 'tautau'. Allowed: ee, mm, cont",
        ),
    ],
)
def test_what_cannot_be_generated(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(EventError, match=message):
        call()


class TestCache:
    """With chunks of 8 events instead of 1000."""

    @pytest.fixture(autouse=True)
    def small_chunks(self) -> None:
        self.made: list[int] = []
        self.dies_at = -1

        def small(name: str, index: int, seed: int, options: GeneratorOptions) -> HitBatch:
            if index == self.dies_at:
                raise KeyboardInterrupt
            self.made.append(index)
            return generate_chunk(Reaction(name), index, seed, options, events=8)

        self.source = replace(SOURCE, chunk_events=8, generate_chunk=small)

    def test_what_was_made_is_read_back(self, tmp_path: Path) -> None:
        first = generated(self.source, "ee", 20, 5, tmp_path)
        assert len(first) == 20
        assert generated(self.source, "ee", 20, 5, tmp_path) == first
        assert self.made == [0, 1, 2]
        assert generated(self.source, "ee", 30, 5, tmp_path).between(0, 20) == first
        assert self.made == [0, 1, 2, 3]

    def test_a_killed_run_goes_on(self, tmp_path: Path) -> None:
        self.dies_at = 2
        with pytest.raises(KeyboardInterrupt):
            generated(self.source, "ee", 30, 5, tmp_path)
        self.dies_at = -1
        assert len(generated(self.source, "ee", 30, 5, tmp_path)) == 30
        assert self.made == [0, 1, 2, 3]
        assert not list(tmp_path.glob("*.part"))

    def test_a_damaged_chunk_is_made_anew(self, tmp_path: Path) -> None:
        first = generated(self.source, "ee", 16, 5, tmp_path)
        file = chunk_path(self.source, "ee", 5, tmp_path, GeneratorOptions(), 1)
        file.write_bytes(file.read_bytes()[:500])
        assert generated(self.source, "ee", 16, 5, tmp_path) == first
        assert self.made == [0, 1, 1]

    def test_everything_that_changes_hits_changes_the_file(self, tmp_path: Path) -> None:
        generated(self.source, "ee", 8, 5, tmp_path)
        generated(self.source, "mm", 8, 5, tmp_path)
        generated(self.source, "ee", 8, 6, tmp_path)
        generated(self.source, "ee", 8, 5, tmp_path, GeneratorOptions(noise_hits=10))
        assert len(list(tmp_path.iterdir())) == 4

    def test_progress_is_told(self, tmp_path: Path) -> None:
        told: list[tuple[int, int]] = []
        generated(self.source, "ee", 20, 5, tmp_path, progress=lambda *counts: told.append(counts))
        assert told == [(8, 20), (16, 20), (20, 20)]

    def test_a_folder_that_cannot_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(OutputError, match="cannot be written"):
            generated(self.source, "ee", 8, 5, tmp_path / "file")


def test_sources_are_named_and_light() -> None:
    assert SOURCES[EventSource.DRIFT_CHAMBER].classes == ("ee", "mm", "cont")
    code = "import sys, trigger.events; print('numba' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
