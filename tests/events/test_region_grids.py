"""Region grids: rates and spectra of the generator, files and their faults."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trigger.errors import EventError
from trigger.events import SOURCES, EventSource, region_grids
from trigger.events.kinematics import boost, on_shell, two_body
from trigger.events.region_grids import RegionBatch, RegionOptions, generate_chunk, read, write
from trigger.events.region_grids_generator import ETA_EDGES, MOST_COUNTS, Process, generate
from trigger.events.region_grids_processes import (
    HIGGS_GEV,
    dijets,
    higgs_to_four_bottoms,
    momenta,
    soft_bomb,
    top_pairs,
)

h5py = pytest.importorskip("h5py")

DATA = Path(__file__).parents[1] / "data" / "region_grids"
SAMPLE = {name: next(read(DATA / f"{name}.npz")) for name in ("zero_bias", "ttbar", "suep")}


def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.fixture(scope="module")
def made() -> dict[Process, np.ndarray]:
    return {process: generate(process, 1500, RegionOptions(), rng()) for process in Process}


def test_grids_are_ten_bit_integers(made: dict[Process, np.ndarray]) -> None:
    for grids in made.values():
        assert grids.shape == (1500, 18, 14)
        assert grids.dtype == np.uint16
        assert grids.max() <= MOST_COUNTS


def test_zero_bias_follows_area_and_pileup(made: dict[Process, np.ndarray]) -> None:
    """Mean energy per area is flat in eta and phi, and proportional to the pile-up. Counts are
    rounded down, half a count on average where there is energy."""
    grids = made[Process.ZERO_BIAS]
    width = np.diff(ETA_EDGES)
    density = (grids.mean(axis=(0, 1)) + 0.4) / width
    assert np.allclose(density, density.mean(), rtol=0.1)
    by_phi = grids.mean(axis=(0, 2))
    assert np.allclose(by_phi, by_phi.mean(), rtol=0.1)
    half = generate(Process.ZERO_BIAS, 1500, RegionOptions(pileup=25), rng())
    assert 1.8 < (grids.mean() + 0.4) / (half.mean() + 0.4) < 2.2
    empty = generate(Process.ZERO_BIAS, 200, RegionOptions(pileup=0), rng())
    assert empty.mean() < 0.03


def test_signals_stand_out_in_their_own_ways(made: dict[Process, np.ndarray]) -> None:
    """Sum, highest region and share of events with a region above 50 GeV."""
    total = {process: grids.sum(axis=(1, 2)).mean() for process, grids in made.items()}
    hard = {process: np.mean(grids.max(axis=(1, 2)) > 100) for process, grids in made.items()}
    del total[Process.OUTLIERS]  # no signal: anything
    assert min(total, key=total.__getitem__) is Process.ZERO_BIAS
    assert hard[Process.ZERO_BIAS] < 0.01
    assert hard[Process.SOFT_BOMB] < 0.03  # much energy, no jet
    assert total[Process.SOFT_BOMB] > 1.2 * total[Process.ZERO_BIAS]
    assert hard[Process.DIJET_RESONANCE] > 0.9
    assert hard[Process.TOP_PAIRS] > 0.5
    assert 0.02 < hard[Process.HIGGS_FOUR_BOTTOMS] < 0.3


def test_dijets_follow_the_cross_sections() -> None:
    """Shares above 30 and 50 GeV of all above 15: 0.0912 and 0.0135."""
    pairs = 200_000
    pt = dijets(np.zeros(pairs, np.int64), rng()).pt_gev[:pairs]
    for threshold, share in ((15, 1.0), (30, 0.0912), (50, 0.01354)):
        error = 5 * np.sqrt(share * (1 - share) / pairs)
        assert np.mean(pt >= threshold) == pytest.approx(share, abs=error + 1e-9)


def test_decays_conserve_momentum() -> None:
    parents = momenta(rng().gamma(2, 50, 500), rng().normal(0, 1, 500), np.zeros(500), HIGGS_GEV)
    first, second = two_body(parents, 4.8, 40.0, rng())
    assert np.allclose(first + second, parents, rtol=1e-9)
    for daughter, mass in ((first, 4.8), (second, 40.0)):
        square = daughter[:, 0] ** 2 - (daughter[:, 1:] ** 2).sum(axis=1)
        assert np.allclose(square, mass**2, rtol=1e-6, atol=1e-3)
    rest = on_shell(np.zeros((500, 3)), HIGGS_GEV)
    assert np.allclose(boost(rest, parents[:, 1:] / parents[:, :1]), parents)


def test_what_processes_leave() -> None:
    """Two b quarks in each t t-bar, and two quarks of 67.4 % of the W; four of h -> a a; the energy
    of a soft bomb is that of the mediator on average."""
    events = 4000
    tops = top_pairs(events, rng())
    quarks = np.bincount(tops.event[tops.grains > 3], minlength=events)
    assert quarks.min() == 2
    assert quarks.max() == 6
    assert quarks.mean() == pytest.approx(2 + 4 * 0.674, abs=0.1)
    assert np.all(np.bincount(higgs_to_four_bottoms(events, 40.0, rng()).event) == 4)
    bomb = soft_bomb(500, 400.0, 2.0, rng())
    energy = np.hypot(bomb.pt_gev * np.cosh(bomb.eta), 2.0)
    assert energy.sum() / 500 > 390  # boosted: a little more than the mass
    assert np.median(bomb.pt_gev) < 10


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"pileup": -1}, r"pileup is -1. Allowed: 0 to 300"),
        ({"scalar_gev": 63}, r"scalar_gev is 63. Allowed: 12 to 62.5"),
        ({"suep_temperature_gev": 0}, "suep_temperature_gev is 0"),
        ({"zprime_gev": float("nan")}, "zprime_gev is nan"),
    ],
)
def test_options_are_checked(options: dict[str, float], problem: str) -> None:
    with pytest.raises(EventError, match=problem):
        RegionOptions(**options)


def test_chunks_depend_on_their_arguments_alone() -> None:
    first = generate_chunk("haa4b", 0, 1, RegionOptions())
    assert len(first) == SOURCES[EventSource.REGION_GRIDS].chunk_events
    assert first.same_events(generate_chunk("haa4b", 0, 1, RegionOptions()))
    assert not first.same_events(generate_chunk("haa4b", 1, 1, RegionOptions()))
    assert not first.same_events(generate_chunk("haa4b", 0, 2, RegionOptions()))


@pytest.mark.parametrize("suffix", SOURCES[EventSource.REGION_GRIDS].suffixes)
def test_files_give_back_what_was_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"ttbar{suffix}"
    write(SAMPLE["ttbar"], "ttbar", path)
    batches = list(read(path, chunk_events=70))
    assert [len(batch) for batch in batches] == [70, 70, 60]
    assert RegionBatch.concatenate(batches).same_events(SAMPLE["ttbar"])


def hdf5(path: Path, sets: dict[str, Any]) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in sets.items():
            file[name] = values
    return path


def test_files_of_the_cicada_project(tmp_path: Path) -> None:
    """float64 with an acceptance flag, thirds in phi, a last axis of 1, and rows of 252."""
    batch = SAMPLE["suep"]
    grids = batch.et.astype(np.float64)
    flags = np.ones(len(batch), bool)
    forms: list[dict[str, Any]] = [
        {"CaloRegions": grids, "AcceptanceFlag": flags},
        {f"CaloRegions{third + 1}": grids[:, 6 * third : 6 * third + 6] for third in range(3)},
        {"CaloRegions": grids[..., None]},
        {"CaloRegions": batch.et.reshape(-1, 252)},
    ]
    for number, sets in enumerate(forms):
        path = hdf5(tmp_path / f"{number}.h5", sets)
        assert RegionBatch.concatenate(read(path)).same_events(batch)


def npy(array: np.ndarray) -> bytes:
    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    buffer = BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


GRIDS = SAMPLE["zero_bias"].et[:10]
HUGE = npy(GRIDS).replace(b"(10, 18, 14)", b"(9999999999, 18, 14)").replace(b" " * 10, b"", 1)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.npy", npy(GRIDS[:, :17]), r"shape is \(10, 17, 14\). Allowed: \(n, 18, 14\)"),
        ("a.npy", npy(np.float32(1)), r"shape is \(\)"),
        ("a.npy", npy(np.array([{}])), "cannot be read"),
        ("a.npy", npy(GRIDS.astype("S3")), "holds .S3. Allowed: numbers"),
        ("a.npy", npy(GRIDS[:0]), "holds no events"),
        ("a.npy", npy(GRIDS)[:1000], "cannot be read"),
        ("a.npy", HUGE, "cannot be read"),
        ("a.npy", b"", "cannot be read"),
        ("a.npz", npz(regions=GRIDS), "holds regions. Allowed: CaloRegions"),
        ("a.npz", npz(CaloRegions=GRIDS)[:900], "cannot be read"),
        ("a.npz", b"PK\x03\x04", "cannot be read"),
        ("a.h5", b"HDF", "cannot be read"),
    ],
)
def test_wrong_files(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EventError, match=problem):
        list(read(tmp_path / name))


def test_wrong_hdf5_files(tmp_path: Path) -> None:
    with pytest.raises(EventError, match=r"no data set CaloRegions\. Allowed: it, not et"):
        list(read(hdf5(tmp_path / "a.h5", {"et": GRIDS})))
    with pytest.raises(EventError, match="there is no data set CaloRegions2"):
        list(read(hdf5(tmp_path / "b.h5", {"CaloRegions1": GRIDS[:, :6]})))
    for name in ("no.npy", "no.h5"):
        with pytest.raises(EventError, match="no such file"):
            list(read(tmp_path / name))


@pytest.mark.parametrize(
    ("value", "told"), [(np.nan, "nan"), (-1, "-1"), (1024, "1024"), (0.5, "0.5"), (np.inf, "inf")]
)
def test_wrong_energies_cost_their_crossing(tmp_path: Path, value: float, told: str) -> None:
    grids = GRIDS.astype(np.float64)
    grids[3, 17, 13] = grids[9, 0, 0] = value
    (tmp_path / "a.npy").write_bytes(npy(grids))
    problem = rf"event 3: a region holds {told}. Allowed: whole numbers from 0 to 1023"
    with pytest.raises(EventError, match=problem):
        list(read(tmp_path / "a.npy"))
    reader = read(tmp_path / "a.npy", skip_bad=2, chunk_events=4)
    kept = RegionBatch.concatenate(reader)
    assert reader.skipped == 2
    assert np.array_equal(kept.et, np.delete(GRIDS, [3, 9], axis=0))


def test_batch_refuses_eleven_bits() -> None:
    with pytest.raises(EventError, match="et is 1024"):
        RegionBatch(np.full((1, 18, 14), 1024))


@given(
    st.sampled_from(["npy", "npz", "h5"]),
    st.lists(st.tuples(st.integers(0, 1 << 30), st.integers(0, 255)), max_size=4),
    st.floats(0, 1),
)
@settings(max_examples=80, deadline=None)
def test_damaged_files_are_told_or_read(
    tmp_path_factory: pytest.TempPathFactory,
    suffix: str,
    changes: list[tuple[int, int]],
    kept: float,
) -> None:
    """Bytes changed anywhere and the end cut: an EventError or grids, and nothing else."""
    path = tmp_path_factory.mktemp("damaged") / f"grids.{suffix}"
    write(SAMPLE["ttbar"].between(0, 5), "ttbar", path)
    content = bytearray(path.read_bytes())
    for place, value in changes:
        content[place % min(len(content), 4000)] = value
    path.write_bytes(content[: round(kept * len(content))])
    with suppress(EventError):
        assert sum(map(len, read(path))) > 0


def test_empty_batches_have_quantities() -> None:
    for source in (EventSource.REGION_GRIDS, EventSource.SHOWERS):
        empty = SOURCES[source].batch.concatenate([])
        assert all(len(values) == 0 for values in empty.quantities().values())


def test_notes_name_the_pileup() -> None:
    assert "60 collisions" in " ".join(region_grids.notes(RegionOptions(pileup=60)))
