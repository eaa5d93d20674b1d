"""Showers: profiles against their definition, physics of the generator, files and their faults."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trigger.errors import EventError
from trigger.events import SOURCES, EventSource, showers
from trigger.events.showers import ShowerBatch, ShowerOptions, generate_chunk, read, write
from trigger.events.showers_calorimeter import (
    CRITICAL_ENERGY_MEV,
    LAYERS,
    MOLIERE_RADIUS_MM,
    RADIATION_LENGTH_MM,
    share_of_cells,
)
from trigger.events.showers_cascades import COLUMNS, electromagnetic, hadronic, track
from trigger.events.showers_generator import Particle, Showers, generate

h5py = pytest.importorskip("h5py")

DATA = Path(__file__).parents[1] / "data" / "showers"


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_mean_medium() -> None:
    """Radiation length from the table of the Particle Data Group: 0.56 cm of lead and 14.0 cm of
    argon in the ratio 1 : 2."""
    assert pytest.approx(6 / (2 / 5.612 + 4 / 140.6), rel=0.01) == RADIATION_LENGTH_MM
    assert 8.5 < CRITICAL_ENERGY_MEV < 9.5
    assert pytest.approx(21.2 / CRITICAL_ENERGY_MEV * RADIATION_LENGTH_MM) == MOLIERE_RADIUS_MM


@pytest.mark.parametrize("layer", LAYERS, ids=["strips", "middle", "back"])
def test_share_of_cells_is_the_integral_of_the_profile(layer: Any) -> None:
    """Against points thrown from 2 r R^2 / (r^2 + R^2)^2, for a source off the centre."""
    points, radius, x, y = 400_000, 30.0, 13.0, -31.0
    uniform, azimuth = rng().random((2, points))
    r = radius * np.sqrt(uniform / (1 - uniform))
    azimuth *= 2 * np.pi
    thrown, _, _ = np.histogram2d(
        x + r * np.cos(azimuth), y + r * np.sin(azimuth), bins=layer.edges_mm
    )
    share = share_of_cells(layer, np.array([x]), np.array([y]), np.array([radius]))[0]
    assert share.shape == layer.shape
    assert np.abs(share - thrown / points).max() < 5 * np.sqrt(share.max() / points)
    assert share.sum() == pytest.approx(thrown.sum() / points, abs=0.002)


@given(st.floats(-300, 300), st.floats(-300, 300), st.floats(0.1, 400), st.sampled_from(range(3)))
def test_share_of_cells_is_a_share_and_mirrors(x: float, y: float, r: float, number: int) -> None:
    layer = LAYERS[number]
    place = np.array([[x], [y], [r]])
    share = share_of_cells(layer, *place)[0]
    assert share.min() >= 0
    assert share.sum() < 1 + 1e-4
    mirrored = share_of_cells(layer, -place[0], place[1], place[2])[0]
    assert np.allclose(mirrored, share[::-1], atol=1e-5)


def test_cascades_keep_energy() -> None:
    energy = np.geomspace(0.05, 200, 40)
    start = np.linspace(-50, 600, 40)
    for means in (
        electromagnetic(energy, start, np.full((40, 2), 0.1), rng()),
        hadronic(energy, start),
    ):
        assert means.shape == (40, COLUMNS)
        assert means.min() >= 0
        assert np.allclose(means.sum(axis=1), energy, rtol=1e-4)
    assert track(np.array([-5.0, 0.0])).sum() == 0
    assert np.allclose(track(np.array([480.0, 999.0])).sum(axis=1), 0.480 * 0.5646, rtol=1e-3)


def test_cascades_reach_deeper_with_energy() -> None:
    """The maximum moves by ln E: by one radiation length from 10 to 27 GeV."""
    energy = np.repeat([10.0, 27.18, 73.9], 3000)
    means = electromagnetic(energy, np.zeros(9000), np.zeros((9000, 2)), rng())
    strips = means[:, : LAYERS[0].cells].sum(axis=1) / energy
    low, middle, high = strips.reshape(3, -1).mean(axis=1)
    assert low > 1.2 * middle > 1.2 * 1.2 * high


@pytest.fixture(scope="module")
def made() -> dict[Particle, Showers]:
    return {particle: generate(particle, 1500, ShowerOptions(), rng()) for particle in Particle}


def energy_in(shower: Showers) -> np.ndarray:
    return np.stack([layer.sum(axis=(1, 2)) for layer in shower.layers], axis=1)


@pytest.mark.parametrize(
    ("particle", "seen", "front"),
    [
        (Particle.POSITRON, (0.97, 1.0), (0.17, 0.25)),
        (Particle.PHOTON, (0.97, 1.0), (0.11, 0.18)),
        (Particle.PION, (0.15, 0.45), (0.04, 0.15)),
    ],
    ids=lambda value: getattr(value, "value", None),
)
def test_energy_and_its_share_in_front(
    made: dict[Particle, Showers],
    particle: Particle,
    seen: tuple[float, float],
    front: tuple[float, float],
) -> None:
    """Cascades of e+ and gamma are contained, photons begin later; pions leak."""
    shower = made[particle]
    layers = energy_in(shower)
    total = layers.sum(axis=1)
    assert np.all(total + shower.overflow.sum(axis=1) <= 1001 * shower.energy_gev)
    assert seen[0] < np.mean(total / 1000 / shower.energy_gev) < seen[1]
    assert front[0] < np.mean(layers[:, 0] / total) < front[1]
    assert shower.energy_gev.min() >= 1
    assert shower.energy_gev.max() <= 100


def test_pions_punch_through_as_minimum_ionising(made: dict[Particle, Showers]) -> None:
    total = energy_in(made[Particle.PION]).sum(axis=1)
    ionising = np.mean(np.abs(total - 271) < 100)
    assert 0.2 < ionising < 0.45  # exp(-480 / 436) = 0.33, and some interact at the very end


def test_showers_are_symmetric_on_average(made: dict[Particle, Showers]) -> None:
    for shower in made.values():
        for layer in shower.layers:
            mean = layer.mean(axis=0)
            error = layer.std(axis=0) / np.sqrt(len(layer))
            for axis in (0, 1):
                difference = np.abs(mean - np.flip(mean, axis))
                assert np.all(difference <= 8 * error + 0.02 * mean.max())


def test_material_in_front_takes_energy_and_starts_cascades() -> None:
    energy = ShowerOptions(lowest_energy_gev=20, highest_energy_gev=21)
    behind = ShowerOptions(20, 21, material_in_front_x0=3.0)
    free, late = (
        energy_in(generate(Particle.PHOTON, 500, each, rng())) for each in (energy, behind)
    )
    assert late.sum() < 0.995 * free.sum()
    assert late[:, 0].sum() > 1.5 * free[:, 0].sum()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"lowest_energy_gev": 5, "highest_energy_gev": 5}, "energies from 5 to 5 GeV"),
        ({"lowest_energy_gev": 0.0}, "energies from 0 to 100 GeV.*Allowed: a range within 0.1"),
        ({"material_in_front_x0": -1}, "material_in_front_x0 is -1"),
    ],
)
def test_options_are_checked(options: dict[str, float], problem: str) -> None:
    with pytest.raises(EventError, match=problem):
        ShowerOptions(**options)


def test_chunks_depend_on_their_arguments_alone() -> None:
    options = ShowerOptions()
    first = generate_chunk("piplus", 3, 1, options)
    assert len(first) == SOURCES[EventSource.SHOWERS].chunk_events
    assert first.same_events(generate_chunk("piplus", 3, 1, options))
    for others in (("piplus", 4, 1), ("piplus", 3, 2)):
        assert not first.same_events(generate_chunk(*others, options))


SAMPLE = {name: next(read(DATA / f"{name}.h5")) for name in SOURCES[EventSource.SHOWERS].classes}


def test_frozen_sample() -> None:
    for batch in SAMPLE.values():
        assert len(batch) == 100
        assert set(batch.quantities()) >= {"energy of the particle (GeV)", "share of layer 0"}
    layer_2 = [SAMPLE[name].layer_2.sum() for name in ("eplus", "gamma", "piplus")]
    assert layer_2[2] > 10 * max(layer_2[:2])


def test_file_is_of_the_real_format(tmp_path: Path) -> None:
    """As the data set's own conversion writes it: float64, one column of energies, no compression;
    energies in MeV but for the particle's, in GeV."""
    batch = SAMPLE["gamma"]
    with h5py.File(tmp_path / "gamma.h5", "w") as file:
        for name in ("layer_0", "layer_1", "layer_2", "overflow"):
            file[name] = getattr(batch, name).astype(np.float64)
        file["energy"] = batch.energy_gev.astype(np.float64).reshape(-1, 1)
    assert ShowerBatch.concatenate(read(tmp_path / "gamma.h5")).same_events(batch)
    write(batch, "gamma", tmp_path / "own.h5")
    with h5py.File(tmp_path / "own.h5") as file:
        assert {name: file[name].shape for name in file} == {
            "energy": (100, 1),
            "layer_0": (100, 3, 96),
            "layer_1": (100, 12, 12),
            "layer_2": (100, 12, 6),
            "overflow": (100, 3),
        }


@given(st.integers(1, 130))
@settings(max_examples=10, deadline=None)
def test_streaming_does_not_change_showers(chunk_events: int) -> None:
    batches = list(read(DATA / "eplus.h5", chunk_events=chunk_events))
    assert max(map(len, batches)) == min(chunk_events, 100)
    assert ShowerBatch.concatenate(batches).same_events(SAMPLE["eplus"])


def columns() -> dict[str, np.ndarray]:
    batch = SAMPLE["piplus"].between(0, 10)
    found = {name: np.array(values) for name, values in batch.columns().items()}
    return found | {"energy": found.pop("energy_gev")[:, None]}


def stored(path: Path, sets: dict[str, Any]) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in sets.items():
            file[name] = values
    return path


Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda c: {k: v for k, v in c.items() if k != "layer_1"}, "there is no data set layer_1"),
        (lambda c: c | {"layer_2": c["layer_1"]}, r"layer_2: shape is \(10, 12, 12\).*12, 6"),
        (
            lambda c: c | {"energy": c["energy"][:, 0]},
            r"energy: shape is \(10,\).*Allowed: \(n, 1\)",
        ),
        (lambda c: c | {"energy": np.float32(3)}, r"energy: shape is \(\)"),
        (lambda c: c | {"overflow": c["overflow"][:9]}, "overflow has 9, energy has 10 events"),
        (lambda c: c | {"overflow": np.full((10, 3), b"x")}, "overflow: holds .S1"),
        (lambda c: {k: v[:0] for k, v in c.items()}, "holds no events"),
        (lambda c: {}, "Allowed: it, not nothing"),
    ],
    ids=["missing", "shape", "flat", "scalar", "lengths", "text", "none", "empty"],
)
def test_wrong_data_sets(tmp_path: Path, change: Change, problem: str) -> None:
    path = stored(tmp_path / "bad.h5", change(columns()))
    with pytest.raises(EventError, match=problem):
        list(read(path))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("layer_0", np.nan, "layer_0 holds nan"),
        ("layer_1", -0.5, "layer_1 holds -0.5"),
        ("layer_2", np.inf, "layer_2 holds inf"),
        ("overflow", 1e12, r"overflow holds 1e\+12"),
        ("energy", 0.0, "energy holds 0"),
    ],
)
def test_wrong_energies_cost_their_shower(
    tmp_path: Path, name: str, value: float, told: str
) -> None:
    sets = columns()
    for row in (4, 9):
        sets[name][row].flat[-1] = value
    path = stored(tmp_path / "bad.h5", sets)
    with pytest.raises(EventError, match=f"event 4: {told}. Allowed: finite energies"):
        list(read(path))
    with pytest.raises(EventError, match=f"event 9: {told}"):
        list(read(path, skip_bad=1))
    reader = read(path, skip_bad=2, chunk_events=3)
    kept = ShowerBatch.concatenate(reader)
    assert reader.skipped == 2
    rows = [row for row in range(10) if row not in (4, 9)]
    assert kept.same_events(SAMPLE["piplus"].select(rows))


def test_batch_refuses_what_no_shower_has() -> None:
    sets = dict(SAMPLE["eplus"].columns())
    sets["layer_1"] = -sets["layer_1"]
    with pytest.raises(EventError, match="shower batch, event 0: layer_1 holds -"):
        ShowerBatch(**sets)


def test_huge_counts_are_told(tmp_path: Path) -> None:
    """A header that declares far more events than the file has room for."""
    with h5py.File(tmp_path / "huge.h5", "w") as file:
        for name, values in columns().items():
            shape = (10**12, *values.shape[1:])
            file.create_dataset(name, shape, "f4", chunks=(1, *values.shape[1:]))
    with pytest.raises(EventError, match="declares 1,000,000,000,000 events and holds none"):
        list(read(tmp_path / "huge.h5"))
    with h5py.File(tmp_path / "partly.h5", "w") as file:
        for name, values in columns().items():
            shape = (10**12, *values.shape[1:])
            file.create_dataset(name, shape, "f4", chunks=(1, *values.shape[1:]))[:10] = values
    with pytest.raises(EventError, match="event 10: energy holds 0"):
        list(read(tmp_path / "partly.h5"))
    with h5py.File(tmp_path / "chunk.h5", "w") as file:
        for name, values in columns().items():
            shape = (10**8, *values.shape[1:])
            file.create_dataset(name, shape, "f4", chunks=(10**6, *shape[1:]))
    with pytest.raises(EventError, match=r"chunks of \(1000000, 3, 96\).*1 GiB each"):
        list(read(tmp_path / "chunk.h5"))


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(EventError, match="no such file"):
        list(read(tmp_path / "nowhere.h5"))
    (tmp_path / "text.h5").write_text("energy, layer_0")
    with pytest.raises(EventError, match=r"cannot be read.*Allowed: a whole HDF5 file"):
        list(read(tmp_path / "text.h5"))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_cut_files(tmp_path: Path, share: float) -> None:
    whole = (DATA / "gamma.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(EventError, match="cannot be read"):
        list(read(tmp_path / "cut.h5"))


@given(
    st.lists(st.tuples(st.integers(0, 1 << 30), st.integers(0, 255)), min_size=1, max_size=6),
    st.sampled_from([300, 3000, 1 << 30]),
)
@settings(max_examples=100, deadline=None)
def test_damaged_files_are_told_or_read(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], reach: int
) -> None:
    """Bytes changed in the headers or anywhere: an EventError or showers, and nothing else."""
    content = bytearray((DATA / "piplus.h5").read_bytes())
    for place, value in changes:
        content[place % min(reach, len(content))] = value
    path = tmp_path_factory.mktemp("damaged") / "piplus.h5"
    path.write_bytes(content)
    with suppress(EventError):
        assert sum(map(len, read(path))) == 100


def test_missing_h5py_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(EventError, match=r"h5py is needed.* pip install 'trigger\[f"):
        list(read(DATA / "gamma.h5"))
    with pytest.raises(EventError, match="h5py is needed"):
        write(SAMPLE["gamma"], "gamma", tmp_path / "gamma.h5")


def test_notes_say_what_is_missing() -> None:
    plain = " ".join(showers.notes(ShowerOptions()))
    assert "no material in front" in plain
    assert "easier to tell apart than in an experiment" in plain
    assert "2 radiation lengths" in " ".join(showers.notes(ShowerOptions(material_in_front_x0=2)))
