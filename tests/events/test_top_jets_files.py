"""The reference layout of jets: what is written is read, what is wrong is told with its row."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trigger.errors import EventError
from trigger.events.jet_batch import JetBatch
from trigger.events.top_jets_hdf5 import (
    FLAGS,
    MOMENTA,
    RECORD,
    read,
    write,
    write_labelled,
)

h5py = pytest.importorskip("h5py")
hdf5plugin = pytest.importorskip("hdf5plugin")

SAMPLE = Path(__file__).parents[1] / "data" / "top_jets" / "sample.h5"
"""300 generated jets of each class, in turn."""
BLOCK = "values_block_0"


def all_of(path: Path, **options: Any) -> JetBatch:
    return JetBatch.concatenate(read(path, **options))


def stored(path: Path = SAMPLE) -> np.ndarray:
    with h5py.File(path) as file:
        return file["table/table"][:]


def put(path: Path, records: np.ndarray, names: dict[str, Any] | None = None, **how: Any) -> Path:
    with h5py.File(path, "w") as file:
        data = file.create_dataset("table/table", data=records, **how)
        data.attrs.update(names or {})
    return path


def test_the_sample_is_of_the_reference_layout() -> None:
    records = stored()
    assert records.dtype == RECORD
    assert records.dtype.itemsize == 8 + 804 * 4 + 2 * 8
    assert records["values_block_1"][:, 1].tolist() == [0, 1] * 300
    first = records[BLOCK][0]
    assert MOMENTA[:5] == ("E_0", "PX_0", "PY_0", "PZ_0", "E_1")
    assert first[0] == pytest.approx(np.linalg.norm(first[1:4]), rel=1e-5)
    assert all_of(SAMPLE).constituents[0, 0].tolist() == first[:4].tolist()
    assert all_of(SAMPLE, class_name="top").truth[0].tolist() == records[BLOCK][1][-4:].tolist()


def test_jets_of_the_sample_are_what_was_asked_for() -> None:
    for name in ("qcd", "top"):
        seen = all_of(SAMPLE, class_name=name).quantities()
        assert len(seen["jet pT (GeV)"]) == 300
        assert np.all((seen["jet pT (GeV)"] > 549.99) & (seen["jet pT (GeV)"] < 650.01))
        assert np.all(seen["jet |eta|"] < 2)
    assert 160 < np.median(seen["jet mass (GeV)"]) < 185


@pytest.mark.parametrize("rows", [1, 7, 600, 5000])
def test_slices_do_not_matter(rows: int) -> None:
    whole = all_of(SAMPLE, class_name="top")
    reader = read(SAMPLE, class_name="top", chunk_events=rows)
    assert len(next(reader)) <= rows
    assert all_of(SAMPLE, class_name="top", chunk_events=rows).same_events(whole)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    jets = all_of(SAMPLE)
    for name in ("top", "qcd"):
        write(jets, name, tmp_path / f"{name}.h5")
        assert all_of(tmp_path / f"{name}.h5", class_name=name).same_events(jets)
    assert not len(all_of(tmp_path / "top.h5", class_name="qcd"))
    with pytest.raises(EventError, match=r"no class 'higgs'. Allowed: qcd, top"):
        write(jets, "higgs", tmp_path / "higgs.h5")
    with pytest.raises(EventError, match=r"no class 'higgs'. Allowed: qcd, top"):
        read(SAMPLE, class_name="higgs")


@pytest.mark.parametrize(
    "filter_of",
    [
        lambda: {"compression": "gzip", "compression_opts": 9},
        lambda: hdf5plugin.Blosc(cname="blosclz", clevel=9, shuffle=1),
        lambda: hdf5plugin.Blosc(cname="zlib", clevel=3, shuffle=1),
        lambda: {},
    ],
    ids=["zlib", "blosc", "blosc-zlib", "none"],
)
def test_filters_that_people_use(filter_of: Callable[[], dict[str, Any]], tmp_path: Path) -> None:
    path = put(tmp_path / "test.h5", stored(), chunks=(40,), **filter_of())
    assert all_of(path).same_events(all_of(SAMPLE))


def test_columns_are_taken_by_name(tmp_path: Path) -> None:
    """As pandas names them, in another order."""
    records, shuffled = stored(), np.random.default_rng(1).permutation(len(MOMENTA))
    records[BLOCK] = records[BLOCK][:, shuffled]
    records["values_block_1"] = records["values_block_1"][:, ::-1]
    names = {
        "values_block_0_kind": np.bytes_(pickle.dumps([MOMENTA[k] for k in shuffled], protocol=2)),
        "values_block_1_kind": np.bytes_(pickle.dumps(list(FLAGS[::-1]), protocol=0)),
    }
    path = put(tmp_path / "test.h5", records, names)
    assert all_of(path).same_events(all_of(SAMPLE))
    assert all_of(path, class_name="top").same_events(all_of(SAMPLE, class_name="top"))


@pytest.mark.parametrize(
    "names",
    [["E_0"], [*MOMENTA[:-1], "mass"], [*MOMENTA[:-1], "E_0"]],
    ids=["few", "other", "twice"],
)
def test_columns_of_other_names_are_refused(names: list[str], tmp_path: Path) -> None:
    kind = {"values_block_0_kind": np.bytes_(pickle.dumps(names, protocol=0))}
    path = put(tmp_path / "test.h5", stored(), kind)
    with pytest.raises(EventError, match=r"columns of values_block_0 differ.*E_0, PX_0 \.\.\."):
        next(read(path))


def test_a_pickle_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "run",))

    path = put(
        tmp_path / "t.h5", stored(), {"values_block_0_kind": np.bytes_(pickle.dumps(Trap()))}
    )
    with pytest.raises(EventError, match="differ from the reference"):
        next(read(path))
    assert not (tmp_path / "run").exists()


def _set(block: str, place: Any, value: float) -> Callable[[np.ndarray], None]:
    def change(records: np.ndarray) -> None:
        records[block][(11, *np.atleast_1d(place))] = value

    return change


def _swap(records: np.ndarray) -> None:
    records[BLOCK][11, :8] = np.roll(records[BLOCK][11, :8], 4)
    assert records[BLOCK][11, 0] > 0


def _hole(records: np.ndarray) -> None:
    records[BLOCK][11, 4:8] = 0


def _first_empty(records: np.ndarray) -> None:
    records[BLOCK][11, :-4] = 0


WRONG = {
    "nan": (_set(BLOCK, 5, np.nan), "a momentum that is not finite"),
    "inf in truth": (_set(BLOCK, 802, np.inf), "a momentum that is not finite"),
    "negative energy": (_set(BLOCK, 4, -3), "a negative energy"),
    "huge": (_set(BLOCK, 0, 1e30), "an energy that no collider reaches"),
    "no constituent": (_first_empty, "no constituent at the first place"),
    "hole": (_hole, "zeros do not follow"),
    "tachyon": (_set(BLOCK, 0, 1.0), "smaller than the momentum"),
    "unsorted": (_swap, "not sorted"),
    "label 2": (_set("values_block_1", 1, 2), "is_signal_new is 2. Allowed: 0"),
    "label -1": (_set("values_block_1", 1, -1), "is_signal_new is -1"),
}


@pytest.mark.parametrize(("change", "told"), WRONG.values(), ids=WRONG)
def test_bad_rows_are_told_or_counted(
    change: Callable[[np.ndarray], None], told: str, tmp_path: Path
) -> None:
    records = stored()
    change(records)
    path = put(tmp_path / "test.h5", records)
    with pytest.raises(EventError, match=rf"test.h5, row 11: .*{told}"):
        list(read(path, chunk_events=5))
    reader = read(path, skip_bad=1)
    assert sum(map(len, reader)) == 599
    assert reader.skipped == 1
    assert told.split(".")[0] in str(reader.problems[0])


def test_a_batch_of_bad_jets_is_refused() -> None:
    jets = all_of(SAMPLE)
    with pytest.raises(EventError, match="jet batch, jet 3: a negative energy"):
        JetBatch(np.where(np.arange(600)[:, None, None] == 3, -1, jets.constituents), jets.truth)


def _other_layouts() -> dict[str, tuple[Callable[[Any], Any], str]]:
    wide = np.dtype([*RECORD.descr[:1], ("values_block_0", "f8", (804,)), RECORD.descr[2]])
    few = np.dtype([*RECORD.descr[:1], ("values_block_0", "f4", (800,)), RECORD.descr[2]])
    return {
        "no table": (lambda file: file.create_group("jets"), "no data set table/table"),
        "a group": (lambda file: file.create_group("table/table"), "no data set table/table"),
        "pandas fixed": (
            lambda file: file.create_dataset("table/block0_values", data=np.zeros((3, 804))),
            "no data set table/table",
        ),
        "plain": (
            lambda file: file.create_dataset("table/table", data=np.zeros((3, 804))),
            "holds float64 in shape",
        ),
        "float64": (
            lambda file: file.create_dataset("table/table", data=np.zeros(3, wide)),
            "Allowed: a table of",
        ),
        "800 columns": (
            lambda file: file.create_dataset("table/table", data=np.zeros(3, few)),
            "Allowed: a table of",
        ),
        "no rows": (
            lambda file: file.create_dataset("table/table", data=np.zeros(0, RECORD)),
            "holds no events",
        ),
        "huge count": (
            lambda file: file.create_dataset("table/table", (1 << 40,), RECORD, chunks=(40,)),
            "declares 1,099,511,627,776 events and holds none",
        ),
    }


@pytest.mark.parametrize("case", _other_layouts())
def test_other_files_are_refused(case: str, tmp_path: Path) -> None:
    make, told = _other_layouts()[case]
    with h5py.File(tmp_path / "test.h5", "w") as file:
        make(file)
    with pytest.raises(EventError, match=told):
        next(read(tmp_path / "test.h5"))


def test_a_huge_count_behind_few_rows(tmp_path: Path) -> None:
    """Rows that nobody wrote are zeros, so the first of them is no jet."""
    with h5py.File(tmp_path / "test.h5", "w") as file:
        data = file.create_dataset("table/table", (1 << 40,), RECORD, chunks=(40,))
        data[:600] = stored()
    reader = read(tmp_path / "test.h5", chunk_events=600)
    assert len(next(reader)) == 600
    with pytest.raises(EventError, match="row 600: no constituent at the first place"):
        next(reader)


def test_no_file_and_no_hdf5(tmp_path: Path) -> None:
    with pytest.raises(EventError, match="no such file"):
        next(read(tmp_path / "test.h5"))
    (tmp_path / "test.h5").write_text("E_0 PX_0")
    with pytest.raises(EventError, match="cannot be read"):
        next(read(tmp_path / "test.h5"))


def test_cut_files_are_told(tmp_path: Path) -> None:
    content = SAMPLE.read_bytes()
    path = tmp_path / "test.h5"
    for end in np.linspace(0, len(content) - 1, 60).astype(int):
        path.write_bytes(content[:end])
        with pytest.raises(EventError):
            list(read(path))


@given(
    changes=st.lists(
        st.tuples(st.integers(0, 1 << 20) | st.integers(0, 6000), st.integers(0, 255)),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=60, deadline=None)
def test_damaged_files_are_told_or_read(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    """Bytes changed anywhere: an EventError, or all jets, and nothing else."""
    content = bytearray(SAMPLE.read_bytes())
    for place, value in changes:
        content[place % len(content)] = value
    path = tmp_path_factory.mktemp("damaged") / "test.h5"
    path.write_bytes(content)
    with suppress(EventError):
        assert sum(map(len, read(path))) == 600
    shutil.rmtree(path.parent)


def test_missing_libraries_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("h5py", "hdf5plugin"):
        with monkeypatch.context() as without:
            without.setitem(__import__("sys").modules, name, None)
            with pytest.raises(EventError, match=r"pip install 'trigger\[formats\]'"):
                next(read(SAMPLE))


def test_write_labelled_keeps_the_labels(tmp_path: Path) -> None:
    jets = all_of(SAMPLE).between(0, 3)
    write_labelled(jets, np.array([1, 0, 1]), tmp_path / "test.h5")
    assert stored(tmp_path / "test.h5")["values_block_1"].tolist() == [[0, 1], [0, 0], [0, 1]]
