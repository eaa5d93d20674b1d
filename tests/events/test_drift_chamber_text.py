"""The text format: real spelling, every way to damage it, and that nothing is lost silently."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trigger.errors import EventError, OutputError
from trigger.events import drift_chamber_text
from trigger.events.batch_file import read_npz
from trigger.events.hit_batch import HitBatch, Species

DATA = Path(__file__).parents[1] / "data" / "drift_chamber"

EVENT = """\
Event number: 0
Number of digis: 2
T0: 656
MC truth information:
Pi+: px=0.242978 py=-0.029811 pz=-0.234886 xi=0.021781 yi=-0.154217 zi=0.625080 xf=87.543005 \
yf=50.414698 zf=-104.047484
Pi-: px=0.1 py=0.2 pz=0.3 xi=1 yi=2 zi=3 xf=4 yf=5 zf=6
e+: px=1.1 py=1.2 pz=1.3 xi=1 yi=2 zi=3 xf=4 yf=5 zf=6
e-: px=-1.1 py=-1.2 pz=-1.3 xi=1 yi=2 zi=3 xf=4 yf=5 zf=6
Detector information:
layer=0,\twire=21,\tstereo=1,\tXE=-76.671368,\tYE=-18.407167,\tXW=-74.990806,\tYW=24.365990,\
\tRT=500.156250,\tRC=2097,\tTRK=1
layer=0,\twire=10,\tstereo=1,\tXE=-6.186500,\tYE=78.606932,\tXW=35.797151,\tYW=70.255865,\
\tRT=277.312500,\tRC=705,\tTRK=-1
"""


def small_file(events: int = 2) -> str:
    return "".join(EVENT.replace("number: 0", f"number: {number}") for number in range(events))


def read_text(text: str, folder: Path, **options: int) -> HitBatch:
    file = folder / "events.dat"
    file.write_text(text)
    return HitBatch.concatenate(drift_chamber_text.read(file, **options))


def test_every_number_of_an_event(tmp_path: Path) -> None:
    batch = read_text(EVENT, tmp_path)
    assert batch.event_numbers.tolist() == [0]
    assert batch.t0.tolist() == [656]
    assert batch.layer.tolist() == [0, 0]
    assert batch.wire.tolist() == [21, 10]
    assert batch.time_ticks.tolist() == [5335, 2958]  # 500.15625 and 277.3125 / 0.09375
    assert batch.charge_adc.tolist() == [2097, 705]
    assert batch.track.tolist() == [1, -1]
    truth = batch.truth
    assert truth is not None
    assert truth.species.tolist() == [
        [Species.PI_PLUS, Species.PI_MINUS, Species.E_PLUS, Species.E_MINUS]
    ]
    assert truth.momentum_gev[0, 0].tolist() == [0.242978, -0.029811, -0.234886]
    assert truth.origin_cm[0, 0].tolist() == [0.021781, -0.154217, 0.625080]
    assert truth.end_cm[0, 0].tolist() == [87.543005, 50.414698, -104.047484]


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        pytest.param("\n", "\r\n", id="windows line ends"),
        pytest.param("\n", "\n\n", id="blank lines"),
        pytest.param(",\t", ", ", id="spaces for tabs"),
        pytest.param(",\t", "\t", id="no commas"),
        pytest.param(",\t", ",\n", id="a field a line"),
        pytest.param("=", " = ", id="spaces around ="),
        pytest.param("(?<=[0-9]) (?=[pxyz])", "\n", id="line breaks in the truth"),
        pytest.param(r"\nNumber", " Number", id="header on one line"),
        pytest.param("information:\n", "information: ", id="title and content on one line"),
        pytest.param("Event number: ", "Event  number :", id="spaces in the header"),
        pytest.param("Pi([+-])", r"pi\1", id="small letters"),
        pytest.param("TRK=-1", "TRK=99", id="another number for noise"),
        pytest.param("RC=705", "RC=705.0", id="charge with a point"),
        pytest.param("px=0.1 ", "px=1e-1 ", id="exponent"),
        pytest.param(r"\Z", "\n \n", id="white space at the end"),
        pytest.param(r"\A", "\n \n", id="white space at the start"),
        pytest.param(r"\n\Z", "", id="no line end at the end"),
    ],
)
def test_spelling_does_not_matter(pattern: str, replacement: str, tmp_path: Path) -> None:
    text = re.sub(pattern, replacement, small_file())
    assert text != small_file()
    assert read_text(text, tmp_path) == read_text(small_file(), tmp_path)


MALFORMED = [
    ("layer=0,\twire=21", "layer=0,\twire=x", 10, "expected wire=<number>, got 'wire=x"),
    ("layer=0,\twire=21", "layer=0", 10, "expected wire=<number>, got 'stereo=1"),
    ("layer=0,\twire=21", "layer=43,\twire=21", 10, r"whole number 0\.\.42, got layer 43"),
    ("wire=10", "wire=40", 11, r"expected a whole number 0\.\.39 in layer 0, got wire 40"),
    ("wire=10", "wire=10.5", 11, r"got wire 10\.5"),
    ("wire=10", "1wire=10", 11, "expected wire=<number>, got '1wire=10"),
    ("wire=10", "wire=1 0", 11, "expected stereo=<number>, got '0,"),
    ("wire=10,\tstereo=1", "wire=10,\tstereo=0", 11, "expected stereo 1 in layer 0, got stereo 0"),
    ("wire=21", "wire=20", 10, "XE -76.671368 mm, which is not where wire 20 of layer 0 is"),
    ("YW=24.365990", "YW=24.385990", 10, "expected 24.365990 within 0.01 mm, as in the geometry"),
    ("RT=500.156250", "RT=500.17", 10, "expected a multiple of 0.09375 ns, 0 or more, got RT"),
    ("RT=500.156250", "RT=-500.156250", 10, "got RT -500.156"),
    ("RT=500.156250", "RT=1e300", 10, r"got RT 1e\+300"),
    ("RT=500.156250", "RT=1.2.3", 10, r"expected RC=<number>, got '\.3"),
    ("RT=500.156250,\tRC=2097", "RT=500.156250 2097,\tRC=", 10, "expected RC=<number>"),
    ("RC=2097", "RC=-1", 10, "expected a whole number of ADC counts, 0 or more, got RC -1"),
    ("RC=2097", "RC=2097.5", 10, r"got RC 2097\.5"),
    ("TRK=-1", "TRK=0.5", 11, "expected a whole number, got TRK 0.5"),
    ("TRK=-1", "TRK=nan", 11, "expected TRK=<number>, got 'TRK=nan'"),
    ("digis: 2", "digis: 3", 12, "expected hit 3 of the 3 of 'Number of digis', got the end"),
    ("digis: 2", "digis: 1", 11, "expected 1 hits as 'Number of digis' says, got more"),
    ("digis: 2", "digis: -2", 2, "expected Number of digis: <integer>, got 'Number of digis: -2'"),
    ("digis: 2", "digis: 99999999999999999", 12, "expected hit 3"),
    ("T0: 656", "T1: 656", 3, "expected T0: <integer>, got 'T1: 656'"),
    ("e-: px", "K-: px", 8, "expected a particle, Pi. Pi- e. e- mu. mu-, and a colon, got 'K-"),
    ("e-: px=-1.1", "e-: px=", 8, "expected px=<number>, got 'px= py=-1.2"),
    ("e-: px=-1.1", "e-: px=1e999", 8, "beyond float64"),
    ("Detector information", "Detector", 9, "expected Detector information:"),
    ("Event number: 0", "Event number: none", 1, "expected Event number: <integer>"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "message"), MALFORMED)
def test_a_malformed_line_is_named(
    old: str, new: str, line: int, message: str, tmp_path: Path
) -> None:
    """The second of three events is damaged; the first has 11 lines."""
    events = [EVENT, EVENT.replace(old, new, 1), EVENT]
    assert events[1] != EVENT
    with pytest.raises(EventError, match=message) as caught:
        read_text("".join(events), tmp_path)
    place = int(caught.value.where.rsplit(":", 1)[1])
    assert caught.value.where.startswith(str(tmp_path / "events.dat"))
    # where something is missing, the next thing is what is wrong
    assert place - 11 in ((line, line + 1) if "beyond" in message else (line,))


@pytest.mark.parametrize(("old", "new", "line", "message"), MALFORMED)
def test_skip_bad_drops_the_event_and_counts_it(
    old: str, new: str, line: int, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "events.dat"
    middle = EVENT.replace(old, new, 1).replace("number: 0", "number: 1")
    file.write_text(EVENT + middle + EVENT.replace("number: 0", "number: 2"))
    reader = drift_chamber_text.read(file, skip_bad=1)
    assert HitBatch.concatenate(reader).event_numbers.tolist() == [0, 2]
    assert reader.skipped == 1
    assert re.search(message, str(reader.problems[0]))


def test_one_bad_event_too_many(tmp_path: Path) -> None:
    bad = EVENT.replace("RC=705", "RC=")
    file = tmp_path / "events.dat"
    file.write_text(bad + EVENT + bad + EVENT + bad)
    reader = drift_chamber_text.read(file, skip_bad=2, chunk_events=1)
    assert len(next(reader)) == 1
    assert len(next(reader)) == 1
    with pytest.raises(EventError, match=r"events\.dat:55: expected RC=<number>"):
        next(reader)
    assert reader.skipped == 2


def test_rubbish_between_events_costs_no_event(tmp_path: Path) -> None:
    file = tmp_path / "events.dat"
    file.write_text(EVENT + "rubbish\n" + EVENT)
    with pytest.raises(EventError, match=r"events.dat:12: expected the next event, got 'rubbish'"):
        list(drift_chamber_text.read(file))
    reader = drift_chamber_text.read(file, skip_bad=1)
    assert len(HitBatch.concatenate(reader)) == 2
    assert reader.skipped == 1


def test_a_file_cut_anywhere_is_an_error_or_loses_nothing(tmp_path: Path) -> None:
    whole = small_file(2)
    first = len(EVENT)
    expected = read_text(whole, tmp_path)
    file = tmp_path / "cut.dat"
    complete = {first - 1: 1, first: 1, len(whole) - 1: 2, len(whole): 2}  # with or without "\n"
    for length in range(len(whole) + 1):
        file.write_text(whole[:length])
        if length in complete:
            events = HitBatch.concatenate(drift_chamber_text.read(file))
            assert events == expected.between(0, complete[length])
        else:
            with pytest.raises(EventError, match=r"expected|holds no event"):
                list(drift_chamber_text.read(file))


def test_a_gzipped_file_cut_anywhere_is_an_error(tmp_path: Path) -> None:
    packed = gzip.compress(small_file(2).encode())
    file = tmp_path / "cut.dat.gz"
    for length in range(len(packed)):
        file.write_bytes(packed[:length])
        with pytest.raises(EventError, match=r"cannot be read to its end|holds no event"):
            list(drift_chamber_text.read(file, skip_bad=9))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(EVENT) - 1), st.binary(min_size=1, max_size=3))
def test_any_bytes_anywhere_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, position: int, junk: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "junk.dat"
    text = EVENT.encode()
    file.write_bytes(text[:position] + junk + text[position + len(junk) :])
    try:
        batch = HitBatch.concatenate(drift_chamber_text.read(file))
    except EventError:
        return
    assert len(batch) == 1
    assert batch.hits_per_event.tolist() == [2]


def test_not_gzip_at_all(tmp_path: Path) -> None:
    file = tmp_path / "events.dat.gz"
    file.write_text(EVENT)
    with pytest.raises(EventError, match="cannot be read to its end"):
        list(drift_chamber_text.read(file))


def test_a_file_without_events_does_not_fill_the_memory(tmp_path: Path) -> None:
    file = tmp_path / "zeros.dat"
    file.write_bytes(bytes(1 << 24))
    with pytest.raises(EventError, match="an event is longer than"):
        list(drift_chamber_text.read(file))


def test_missing_file_and_empty_file(tmp_path: Path) -> None:
    with pytest.raises(EventError, match="no such file"):
        drift_chamber_text.read(tmp_path / "none.dat")
    with pytest.raises(EventError, match="holds no event"):
        read_text(" \n", tmp_path)


@pytest.mark.parametrize("options", [{"chunk_events": 0}, {"skip_bad": -1}])
def test_options_of_the_reader_are_checked(options: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(EventError, match="chunk_events 1 or more, skip_bad 0 or more"):
        read_text(EVENT, tmp_path, **options)


@pytest.mark.parametrize("name", ["events.dat", "events.dat.gz"])
@pytest.mark.parametrize("class_name", ["ee", "mm", "cont"])
def test_round_trip(name: str, class_name: str, tmp_path: Path) -> None:
    sample = DATA / f"{class_name}.dat.gz"
    batch = HitBatch.concatenate(drift_chamber_text.read(sample))
    assert batch == read_npz(DATA / f"{class_name}.npz", HitBatch).between(0, 40)
    drift_chamber_text.write([batch.between(0, 11), batch.between(11, 40)], tmp_path / name)
    written = (tmp_path / name).read_bytes()
    text = gzip.decompress(written) if name.endswith("gz") else written
    assert text == gzip.decompress(sample.read_bytes())
    assert HitBatch.concatenate(drift_chamber_text.read(tmp_path / name, chunk_events=7)) == batch


def test_batches_have_the_size_asked_for() -> None:
    sizes = [len(batch) for batch in drift_chamber_text.read(DATA / "ee.dat.gz", chunk_events=15)]
    assert sizes == [15, 15, 10]


def test_events_across_the_edge_of_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read_text(small_file(3), tmp_path)
    for size in (1, 2, 7, 100, 1000):
        monkeypatch.setattr(drift_chamber_text, "_BLOCK_BYTES", size)
        assert read_text(small_file(3), tmp_path) == expected


def test_writing_fails_whole(tmp_path: Path) -> None:
    batch = HitBatch.concatenate(drift_chamber_text.read(DATA / "ee.dat.gz")).between(0, 2)
    hits = HitBatch(
        batch.event_numbers, batch.t0, batch.offsets, batch.layer, batch.wire,
        batch.time_ticks, batch.charge_adc, batch.track,
    )  # fmt: skip
    with pytest.raises(EventError, match="the events have no truth"):
        drift_chamber_text.write([batch, hits], tmp_path / "events.dat")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "folder.dat").mkdir()
    with pytest.raises(OutputError, match=r"folder\.dat.*cannot be written"):
        drift_chamber_text.write(batch, tmp_path / "folder.dat")
    assert [file.name for file in tmp_path.iterdir()] == ["folder.dat"]


def test_wire_ends_may_be_off_by_their_rounding(tmp_path: Path) -> None:
    text = EVENT.replace("XE=-76.671368", "XE=-76.67")
    assert np.array_equal(read_text(text, tmp_path).wire, [21, 10])
