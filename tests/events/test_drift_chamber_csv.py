"""The CSV format: a real row, damage, round trip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trigger.errors import EventError, OutputError
from trigger.events import drift_chamber, drift_chamber_csv
from trigger.events.batch_file import read_npz
from trigger.events.hit_batch import HitBatch

SAMPLE = read_npz(
    Path(__file__).parents[1] / "data" / "drift_chamber" / "mm.npz", HitBatch
).between(0, 12)

HEADER = "ID, Layer, Wire, Stereo, X, Y, RT, RC, TRK\n"
ROW = "0, 0, 10, 1, 14.805, 74.431, 277.312, 705.0, 1\n"
SECOND = "1, 42, 0, 0, 763.346, 12.658, 600.0, 25.0, -1\n"
EVENT = HEADER + ROW + SECOND


def read_text(text: str, folder: Path, name: str = "event_3.csv") -> HitBatch:
    file = folder / name
    file.write_text(text)
    return HitBatch.concatenate(drift_chamber_csv.read(file))


def test_a_real_row(tmp_path: Path) -> None:
    batch = read_text(EVENT, tmp_path)
    assert batch.event_numbers.tolist() == [3]
    assert batch.layer.tolist() == [0, 42]
    assert batch.wire.tolist() == [10, 0]
    assert batch.time_ticks.tolist() == [2958, 6400]
    assert batch.charge_adc.tolist() == [705, 25]
    assert batch.track.tolist() == [1, -1]
    assert batch.truth is None


def test_a_row_is_written_as_it_was_read(tmp_path: Path) -> None:
    (file,) = drift_chamber_csv.write(read_text(HEADER + ROW, tmp_path), tmp_path / "out")
    assert file.name == "event_000003.csv"
    assert file.read_text() == HEADER + ROW


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("ID,", "Id;", 1, "expected ID, Layer, Wire, .* got 'Id; Layer"),
        (EVENT, "", 1, "got an empty file"),
        ("0, 10,", "0,", 2, "expected 9 numbers, ID, .* got '0, 0, 1, 14.805"),
        ("277.312", "x", 2, "expected RT as a number, got 'x'"),
        ("277.312", "", 2, "expected RT as a number, got ''"),
        ("277.312", "nan", 2, "expected RT as a number, got 'nan'"),
        ("277.312", "277.35", 2, "expected a multiple of 0.09375 ns"),
        ("705.0", "705.5", 2, "whole number of ADC counts, 0 or more, got RC 705.5"),
        ("14.805", "14.905", 2, "expected 14.805000 within 0.01 mm, .* got X 14.905000 mm"),
        (
            "1, 42, 0",
            "1, 42, 288",
            3,
            r"expected a whole number 0\.\.287 in layer 42, got wire 288",
        ),
        ("-1\n", "-", 3, "expected TRK as a number, got '-'"),
    ],
)
def test_a_malformed_file_is_named(
    old: str, new: str, line: int, message: str, tmp_path: Path
) -> None:
    assert old in EVENT
    with pytest.raises(EventError, match=message) as caught:
        read_text(EVENT.replace(old, new, 1), tmp_path)
    assert caught.value.where == f"{tmp_path / 'event_3.csv'}:{line}"


def test_a_line_cut_anywhere_is_an_error(tmp_path: Path) -> None:
    start = len(HEADER + ROW)
    for length in range(start + 1, len(EVENT) - 1):
        with pytest.raises(EventError, match="expected"):
            read_text(EVENT[:length], tmp_path)


def test_an_event_may_have_no_hits(tmp_path: Path) -> None:
    assert read_text(HEADER, tmp_path).hits_per_event.tolist() == [0]


def test_round_trip_of_a_folder(tmp_path: Path) -> None:
    drift_chamber_csv.write(SAMPLE, tmp_path)
    read = HitBatch.concatenate(drift_chamber.read(tmp_path, chunk_events=5))
    for name in ("event_numbers", "offsets", "layer", "wire", "time_ticks", "charge_adc", "track"):
        assert np.array_equal(getattr(read, name), getattr(SAMPLE, name)), name


def test_files_of_a_folder_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (10, 9, 100):
        (tmp_path / f"event{number}.csv").write_text(EVENT)
    assert HitBatch.concatenate(drift_chamber_csv.read(tmp_path)).event_numbers.tolist() == [
        9,
        10,
        100,
    ]
    listed = [tmp_path / "event100.csv", str(tmp_path / "event9.csv")]
    assert HitBatch.concatenate(drift_chamber_csv.read(listed)).event_numbers.tolist() == [100, 9]


def test_skip_bad_drops_files_and_counts_them(tmp_path: Path) -> None:
    drift_chamber_csv.write(SAMPLE, tmp_path)
    for number in (2, 5):
        (tmp_path / f"event_{number:06d}.csv").write_text(HEADER + "rubbish\n")
    reader = drift_chamber_csv.read(tmp_path, skip_bad=2)
    kept = HitBatch.concatenate(reader).event_numbers.tolist()
    assert kept == [0, 1, 3, 4, 6, 7, 8, 9, 10, 11]
    assert reader.skipped == 2
    with pytest.raises(EventError, match=r"event_000005\.csv:2: expected 9 numbers"):
        list(drift_chamber_csv.read(tmp_path, skip_bad=1))


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(EventError, match="no CSV files"):
        drift_chamber_csv.read(tmp_path)
    with pytest.raises(EventError, match="no such file"):
        drift_chamber_csv.read([tmp_path / "none.csv"])


def test_two_events_of_one_number_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(EventError, match="two events have the same number"):
        drift_chamber_csv.write(SAMPLE.select([1, 1]), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        drift_chamber_csv.write(SAMPLE, tmp_path / "file")
