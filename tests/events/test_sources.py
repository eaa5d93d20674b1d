"""What holds for every kind of event: batches, files of columns, gains, the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trigger.events import SOURCES, EventBatch, EventSource
from trigger.events.batch_file import read_npz, write_npz
from trigger.events.object_batch import MOST_JETS, MOST_MUONS, ObjectBatch
from trigger.images import ENCODERS, Encoding

DATA = Path(__file__).parents[1] / "data"
FILES = {
    EventSource.DRIFT_CHAMBER: "drift_chamber/ee.dat.gz",
    EventSource.TOP_JETS: "top_jets/sample.h5",
    EventSource.SHOWERS: "showers/eplus.h5",
    EventSource.REGION_GRIDS: "region_grids/zero_bias.npz",
}
"""A frozen sample of each kind whose files are small."""
AMPLITUDE = {
    EventSource.DRIFT_CHAMBER: "charge (ADC counts)",
    EventSource.TOP_JETS: "jet pT (GeV)",
    EventSource.SHOWERS: "energy in cells (GeV)",
    EventSource.REGION_GRIDS: "sum of regions (GeV)",
    EventSource.CMS_OBJECTS: "missing pT (GeV)",
}


def objects(events: int) -> ObjectBatch:
    """Events with two muons, a jet and missing momentum, each different."""
    number = np.arange(events)
    muons, jets = np.zeros((events, MOST_MUONS)), np.zeros((events, MOST_JETS))
    filled = muons + np.arange(MOST_MUONS) < 2
    return ObjectBatch(
        muon_pt=np.where(filled, 30 + number[:, None], 0),
        muon_eta=np.where(filled, 0.1, 0),
        muon_phi=np.where(filled, 1.5, 0),
        muon_charge=np.where(filled, np.where(np.arange(MOST_MUONS) == 0, 1, -1), muons),
        muons=np.full(events, 2),
        jet_pt=np.where(jets + np.arange(MOST_JETS) < 1, 50 + number[:, None], 0),
        jet_eta=jets,
        jet_phi=jets,
        jets=np.full(events, 1),
        met_pt=20.0 + number,
        met_phi=np.zeros(events),
    )


@pytest.fixture(scope="module", params=list(EventSource), ids=lambda kind: kind.value)
def sample(request: pytest.FixtureRequest) -> tuple[EventSource, EventBatch]:
    kind = request.param
    if kind not in FILES:
        return kind, objects(20)
    return kind, next(SOURCES[kind].read(DATA / FILES[kind], chunk_events=20)).between(0, 20)


def test_the_tables_name_every_kind_and_every_encoding() -> None:
    assert set(SOURCES) == set(EventSource)
    assert set(ENCODERS) == set(Encoding)
    drawn = {encoder.batch for encoder in ENCODERS.values()}
    assert drawn == {source.batch for source in SOURCES.values()}
    for kind, source in SOURCES.items():
        assert source.kind is kind
        assert source.notes(source.options())
        assert source.classes


def test_batches_are_cut_and_joined(sample: tuple[EventSource, EventBatch]) -> None:
    kind, batch = sample
    assert type(batch) is SOURCES[kind].batch
    assert len(batch) == 20
    again = type(batch).concatenate([batch.between(0, 7), batch.between(7, 99)])
    assert again.same_events(batch)
    assert batch.select([3, 1]).same_events(
        type(batch).concatenate([batch.between(3, 4), batch.between(1, 2)])
    )
    assert len(type(batch).concatenate([])) == 0
    assert not batch.between(0, 2).same_events(batch.between(1, 3))


def test_columns_survive_a_file(sample: tuple[EventSource, EventBatch], tmp_path: Path) -> None:
    _, batch = sample
    write_npz(batch, tmp_path / "batch.npz")
    assert read_npz(tmp_path / "batch.npz", type(batch)).same_events(batch)


def test_a_gain_scales_what_was_measured(sample: tuple[EventSource, EventBatch]) -> None:
    kind, batch = sample
    assert batch.amplified(1.0).same_events(batch)
    name = AMPLITUDE[kind]
    plain, louder = (each.quantities()[name] for each in (batch, batch.amplified(1.25)))
    step = {EventSource.DRIFT_CHAMBER: 0.5, EventSource.REGION_GRIDS: 0.25 * 252}.get(kind, 1e-4)
    assert np.abs(louder - 1.25 * plain).max() <= step + 1e-5 * plain.max()
    assert louder.sum() > plain.sum() > 0
