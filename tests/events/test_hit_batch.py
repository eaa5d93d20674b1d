"""HitBatch: its guards, and that events survive cutting and joining."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger.errors import EventError, OutputError
from trigger.events.batch_file import read_npz, write_npz
from trigger.events.hit_batch import HitBatch, Truth

SAMPLE = read_npz(
    Path(__file__).parents[1] / "data" / "drift_chamber" / "ee.npz", HitBatch
).between(0, 30)


def columns(**changes: Any) -> dict[str, Any]:
    """Two events with two hits and one hit."""
    good = {
        "event_numbers": [7, 8],
        "t0": [500, 501],
        "offsets": [0, 2, 3],
        "layer": [0, 1, 42],
        "wire": [39, 43, 287],
        "time_ticks": [100, 200, 300],
        "charge_adc": [600, 0, 8191],
        "track": [0, 3, -1],
    }
    return good | changes


def test_columns_are_typed_and_read_only() -> None:
    batch = HitBatch(**columns())
    assert len(batch) == 2
    assert batch.hits == 3
    assert batch.hits_per_event.tolist() == [2, 1]
    assert batch.event_of_hit.tolist() == [0, 0, 1]
    assert batch.layer.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        batch.layer[0] = 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"t0": [500]}, r"t0 has shape \(1,\). Allowed: shape \(2,\)"),
        ({"wire": [0, 1]}, r"wire has shape \(2,\). Allowed: shape \(3,\)"),
        ({"offsets": [0, 2]}, r"offsets has shape \(2,\)"),
        ({"offsets": [0, 2, 4]}, "offsets run from 0 to 4 over 3 hits"),
        ({"offsets": [1, 2, 3]}, "offsets run from 1"),
        ({"offsets": [0, 4, 3]}, "never fall"),
        ({"layer": [0, 1, 43]}, r"layer spans 0..43. Allowed: 0..42"),
        ({"layer": [0, 1, 256]}, "layer holds a number that uint8 cannot hold"),
        ({"wire": [40, 43, 287]}, r"wire 40 in layer 0. Allowed: 0..39"),
        ({"charge_adc": [600, -1, 8191]}, "charge_adc spans -1..8191"),
        ({"charge_adc": [600, 0.5, 8191]}, "charge_adc holds a number that int32 cannot hold"),
        ({"track": [0, 4, -1]}, r"track spans -1..4. Allowed: -1..3"),
        ({"truth": SAMPLE.between(0, 3).truth}, "truth of 3 events. Allowed: 2 events"),
    ],
)
def test_a_batch_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(EventError, match=message):
        HitBatch(**columns(**changes))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("species", np.zeros((2, 3)), r"species has shape \(2, 3\)"),
        ("species", np.full((2, 4), 6), r"species spans 6..6. Allowed: 0..5"),
        ("end_cm", np.zeros((2, 4)), r"end_cm has shape \(2, 4\)"),
        ("momentum_gev", np.full((2, 4, 3), np.nan), "momentum_gev is not finite"),
    ],
)
def test_a_truth_that_cannot_be_is_refused(name: str, value: Any, message: str) -> None:
    points = np.zeros((2, 4, 3))
    fields = {"momentum_gev": points, "origin_cm": points, "end_cm": points}
    with pytest.raises(EventError, match=message):
        Truth(**({"species": np.zeros((2, 4))} | fields | {name: value}))


@given(st.lists(st.integers(0, 30), max_size=4))
def test_cut_and_joined_is_the_same(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), 30]
    pieces = [SAMPLE.between(a, b) for a, b in pairwise(edges)]
    assert HitBatch.concatenate(pieces) == SAMPLE


@given(st.lists(st.integers(0, 29), max_size=8))
def test_select_takes_whole_events_in_order(events: list[int]) -> None:
    assert SAMPLE.select(events) == HitBatch.concatenate(
        [SAMPLE.between(0, 0), *(SAMPLE.between(e, e + 1) for e in events)]
    )


def test_select_refuses_positions_outside() -> None:
    with pytest.raises(EventError, match=r"a position spans -1..30. Allowed: 0..29"):
        SAMPLE.select([-1, 30])


def test_between_cuts_what_is_outside() -> None:
    assert len(SAMPLE.between(28, 99)) == 2
    assert len(SAMPLE.between(5, 3)) == 0


def test_equality_sees_every_column_and_the_truth() -> None:
    batch = HitBatch(**columns())
    assert batch == HitBatch(**columns())
    assert batch != HitBatch(**columns(charge_adc=[600, 1, 8191]))
    assert batch != HitBatch(**columns(truth=SAMPLE.between(0, 2).truth))
    assert SAMPLE.between(0, 1) != SAMPLE.between(1, 2)


def test_no_batches_make_an_empty_one() -> None:
    empty = HitBatch.concatenate([])
    assert (len(empty), empty.hits) == (0, 0)


def test_truth_is_kept_only_if_all_have_it() -> None:
    with_truth = SAMPLE.between(0, 2)
    assert HitBatch.concatenate([with_truth, HitBatch(**columns())]).truth is None


def test_npz_round_trip(tmp_path: Path) -> None:
    for batch in (SAMPLE, HitBatch(**columns())):
        write_npz(batch, tmp_path / "batch.npz")
        assert read_npz(tmp_path / "batch.npz", HitBatch) == batch
    assert [file.name for file in tmp_path.iterdir()] == ["batch.npz"]


def test_damaged_npz_is_an_event_error(tmp_path: Path) -> None:
    file = tmp_path / "batch.npz"
    write_npz(HitBatch(**columns()), file)
    whole = file.read_bytes()
    for length in range(0, len(whole), 37):
        file.write_bytes(whole[:length])
        with pytest.raises(EventError, match="cannot be read"):
            read_npz(file, HitBatch)


def test_npz_of_something_else_is_an_event_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", pixels=np.zeros(3))
    with pytest.raises(EventError, match="holds the columns pixels"):
        read_npz(tmp_path / "other.npz", HitBatch)


def test_a_folder_that_is_a_file_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_npz(SAMPLE, tmp_path / "file" / "batch.npz")
