"""ROOT files of CMS objects: both layouts, and files that are damaged or lie."""

from __future__ import annotations

import numpy as np
import pytest

from tests.object_events import some_objects
from trigger.errors import EventError, OutputError
from trigger.events import cms_objects_root
from trigger.events.cms_objects_root import MUON_BRANCHES, read, write
from trigger.events.object_batch import MOST_JETS, MOST_MUONS, ObjectBatch

uproot = pytest.importorskip("uproot")
ak = pytest.importorskip("awkward")


def branches(batch: ObjectBatch) -> dict:
    """What a file holds of a batch."""
    held = {"numbermuon": batch.muons.astype("i4"), "numberjet": batch.jets.astype("i4")}
    for kind, names in (("muon", ("pt", "eta", "phi", "charge")), ("jet", ("pt", "eta", "phi"))):
        for name in names:
            flat = getattr(batch, f"{kind}_{name}")[getattr(batch, f"{kind}_filled")]
            key = f"{kind}_{name}".replace("charge", "ch")
            held[key] = ak.unflatten(flat.astype("f4"), getattr(batch, f"{kind}s"))
    return held | {"met_pt": batch.met_pt, "met_phi": batch.met_phi}


def put(path, content: dict, tree: str = "events"):
    with uproot.recreate(path) as file:
        file.mktree(tree, {k: ak.type(ak.Array(v)).content for k, v in content.items()})
        file[tree].extend(content)
    return path


@pytest.fixture
def batch() -> ObjectBatch:
    return some_objects(40, seed=3)


def test_what_was_written_is_read(tmp_path, batch):
    path = tmp_path / "dy.root"
    write(batch, "dy", path)
    reader = read(path)
    assert ObjectBatch.concatenate(reader).same_events(batch)
    assert (reader.skipped, reader.deselected) == (0, 0)
    with uproot.open(path) as file:
        counters = {f"n{name}" for name in MUON_BRANCHES}
        assert counters <= set(file["events"].keys())


def test_a_file_is_read_in_steps(tmp_path, batch, monkeypatch):
    monkeypatch.setattr(cms_objects_root, "_STEP_EVENTS", 7)
    write(batch, "dy", tmp_path / "x.root")
    parts = list(read(tmp_path / "x.root", chunk_events=10))
    assert [len(part) for part in parts] == [14, 14, 12]
    assert ObjectBatch.concatenate(parts).same_events(batch)


def test_an_empty_file_has_no_events(tmp_path):
    write(ObjectBatch.concatenate([]), "dy", tmp_path / "none.root")
    assert list(read(tmp_path / "none.root")) == []


def test_unmerged_trees_are_read_together(tmp_path, batch):
    held = branches(batch)
    path = tmp_path / "poet.root"
    with uproot.recreate(path) as file:
        for kind, tree in (("muon", "mymuons"), ("jet", "myjets"), ("met", "mymets")):
            part = {k: v for k, v in held.items() if kind in k}
            file.mktree(
                f"{tree}/Events", {k: ak.type(ak.Array(v)).content for k, v in part.items()}
            )
            file[f"{tree}/Events"].extend(part)
    assert ObjectBatch.concatenate(read(path)).same_events(batch)


def test_a_file_of_the_newer_kind_is_read_too(tmp_path, batch):
    with uproot.recreate(tmp_path / "x.root") as file:
        file.mkrntuple("events", {k: ak.Array(v) for k, v in branches(batch).items()})
    assert ObjectBatch.concatenate(read(tmp_path / "x.root")).same_events(batch)


def test_trees_of_unequal_length_are_refused(tmp_path, batch):
    held = branches(batch)
    path = tmp_path / "poet.root"
    with uproot.recreate(path) as file:
        for kind, tree, last in (
            ("muon", "mymuons", 40),
            ("jet", "myjets", 39),
            ("met", "mymets", 40),
        ):
            part = {k: v[:last] for k, v in held.items() if kind in k}
            file.mktree(
                f"{tree}/Events", {k: ak.type(ak.Array(v)).content for k, v in part.items()}
            )
            file[f"{tree}/Events"].extend(part)
    with pytest.raises(EventError, match="myjets/Events 39"):
        list(read(path))


def test_events_without_two_muons_and_a_jet_are_left_out_and_counted(tmp_path, batch):
    held = branches(batch)
    for kind, event, kept in (("muon", 4, 1), ("jet", 7, 0)):
        for name in [k for k in held if k.startswith(f"{kind}_")]:
            rows = held[name].to_list()
            rows[event] = rows[event][:kept]
            held[name] = ak.values_astype(ak.Array(rows), np.float32)
        held[f"number{kind}"][event] = kept
    reader = read(put(tmp_path / "x.root", held))
    others = [event for event in range(40) if event not in (4, 7)]
    assert ObjectBatch.concatenate(reader).same_events(batch.select(others))
    assert reader.deselected == 2


def test_more_objects_than_places_are_cut(tmp_path, batch):
    held = branches(batch)
    for name in [k for k in held if k.startswith(("muon_", "jet_"))]:
        rows = held[name].to_list()
        rows[0] = (rows[0] * 10)[:10]
        held[name] = ak.values_astype(ak.Array(rows), np.float32)
    held["numbermuon"][0] = held["numberjet"][0] = 10
    first = next(read(put(tmp_path / "x.root", held)))
    assert (first.muons[0], first.jets[0]) == (MOST_MUONS, MOST_JETS)


def spoilt(held: dict, name: str, event: int, value: float) -> None:
    if name.startswith("met"):
        held[name] = held[name].copy()
        held[name][event] = value
        return
    rows = held[name].to_list()
    rows[event][0] = value
    held[name] = ak.values_astype(ak.Array(rows), np.float32)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("muon_pt", np.nan, "muon_pt is not finite"),
        ("jet_phi", np.inf, "jet_phi is not finite"),
        ("met_phi", np.nan, "met_phi is not finite"),
        ("met_pt", -1, "met_pt is below 0"),
        ("jet_pt", -20, "jet_pt is not above 0"),
        ("jet_eta", 40, "jet_eta is beyond 10"),
        ("muon_phi", 7, "muon_phi is beyond pi"),
        ("met_phi", 7, "met_phi is beyond pi"),
        ("muon_ch", 0, "muon_ch is neither"),
    ],
)
def test_a_number_that_cannot_be_costs_its_event(tmp_path, batch, name, value, told):
    held = branches(batch)
    spoilt(held, name, 5, value)
    path = put(tmp_path / "x.root", held)
    with pytest.raises(EventError, match=f"entry 5: {told}"):
        list(read(path))
    reader = read(path, skip_bad=1)
    others = [event for event in range(40) if event != 5]
    assert ObjectBatch.concatenate(reader).same_events(batch.select(others))
    assert (reader.skipped, reader.deselected) == (1, 0)


@pytest.mark.parametrize("kind", ["muon", "jet"])
def test_a_number_of_objects_that_contradicts_them_costs_its_event(tmp_path, batch, kind):
    held = branches(batch)
    held[f"number{kind}"][3] = 2_000_000_000
    with pytest.raises(EventError, match=f"entry 3: number{kind} contradicts the length of {kind}"):
        list(read(put(tmp_path / "x.root", held)))


def test_a_missing_branch_is_named(tmp_path, batch):
    held = branches(batch)
    del held["jet_eta"]
    with pytest.raises(EventError, match="events has no branch jet_eta"):
        list(read(put(tmp_path / "x.root", held)))


def test_other_trees_are_named(tmp_path, batch):
    with pytest.raises(EventError, match="the trees are other"):
        list(read(put(tmp_path / "x.root", branches(batch), "other")))


@pytest.mark.parametrize("name", ["muon_pt", "numberjet", "met_pt"])
def test_a_branch_of_another_kind_is_an_error(tmp_path, batch, name):
    held = branches(batch)
    held[name] = batch.met_pt if name == "muon_pt" else held["muon_pt"]
    with pytest.raises(EventError, match=r"cannot be read|contradicts"):
        list(read(put(tmp_path / "x.root", held)))


def test_no_file_and_no_root_file(tmp_path):
    with pytest.raises(EventError, match="cannot be read"):
        list(read(tmp_path / "none.root"))
    (tmp_path / "text.root").write_text("no tree in here")
    with pytest.raises(EventError, match="cannot be read"):
        list(read(tmp_path / "text.root"))


def test_damaged_files_are_told_or_their_events_are_sound(tmp_path, batch):
    """Cut and flipped bytes: an EventError, or events that pass every check."""
    path = tmp_path / "x.root"
    write(batch, "dy", path)
    whole = path.read_bytes()
    rng = np.random.default_rng(5)
    told = 0
    for trial in range(24):
        if trial % 2:
            damaged = whole[: rng.integers(0, len(whole))]
        else:
            content = bytearray(whole)
            for place in rng.integers(0, len(whole), 20):
                content[place] ^= int(rng.integers(1, 256))
            damaged = bytes(content)
        path.write_bytes(damaged)
        try:
            list(read(path, skip_bad=40))
        except EventError:
            told += 1
    assert told >= 12  # every cut, at least


def test_a_folder_that_cannot_be_made_is_told(tmp_path, batch):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot"):
        write(batch, "dy", tmp_path / "file" / "x.root")
