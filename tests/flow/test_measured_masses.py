"""``trigger mass``: files of unlabelled events through a firmware that is known by heart."""

from __future__ import annotations

import numpy as np
import pytest

from tests.by_heart import DESIGN, write_by_heart
from tests.object_events import some_objects
from trigger.errors import DesignError, EventError, ProjectError
from trigger.events.cms_objects_root import write
from trigger.flow.mass import measure_masses

uproot = pytest.importorskip("uproot")
ak = pytest.importorskip("awkward")
pytestmark = pytest.mark.csim


class Quiet:
    def counter(self, what):
        return lambda done, of: None


@pytest.fixture
def folder(tmp_path):
    return write_by_heart(tmp_path)


def test_masses_by_the_class_that_the_firmware_gives(folder, tmp_path):
    paths = [tmp_path / "a.root", tmp_path / "b.root"]
    batches = [some_objects(60, seed=1), some_objects(40, seed=2)]
    for batch, path in zip(batches, paths, strict=True):
        write(batch, "dy", path)
    found = measure_masses(folder, paths, "dy", Quiet())
    taken = np.concatenate([batch.muon_pt[:, 1] >= 20.5 for batch in batches])
    assert 0 < taken.sum() < 100
    assert found.classified == {"w": 100 - taken.sum(), "tt": 0, "dy": taken.sum()}
    assert (found.events, found.skipped, found.deselected) == (100, 0, 0)
    pt, eta, phi = (
        np.concatenate([getattr(batch, f"muon_{name}")[:, :2] for batch in batches]).astype(float)
        for name in ("pt", "eta", "phi")
    )
    opening = np.cosh(eta[:, 0] - eta[:, 1]) - np.cos(phi[:, 0] - phi[:, 1])
    mass = np.sqrt(2 * pt[:, 0] * pt[:, 1] * opening)
    assert found.spectra["dy"] == tuple(np.histogram(mass[taken], range(0, 151, 2))[0])
    peak = (mass >= 80) & (mass < 100)
    assert found.peak.before.peak == peak.sum()
    assert found.peak.after.peak == (peak & taken).sum()


def test_bad_and_deselected_events_are_counted(folder, tmp_path):
    path = tmp_path / "x.root"
    two = [[30.0, 25.0], [40.0], [np.nan, 9.0]]
    content = {"numbermuon": np.int32([2, 1, 2]), "numberjet": np.int32([1, 1, 1])}
    content |= {"muon_pt": two}
    content |= {name: [[0.5] * len(row) for row in two] for name in ("muon_eta", "muon_phi")}
    content["muon_ch"] = [[1.0] * len(row) for row in two]
    content |= {f"jet_{name}": [[30 if name == "pt" else 0.5]] * 3 for name in ("pt", "eta", "phi")}
    content |= {"met_pt": np.float32([9, 9, 9]), "met_phi": np.float32([0, 0, 0])}
    with uproot.recreate(path) as file:
        arrays = {name: ak.Array(rows) for name, rows in content.items()}
        file.mktree("events", {name: ak.type(rows).content for name, rows in arrays.items()})
        file["events"].extend(arrays)
    with pytest.raises(EventError, match="entry 2: muon_pt is not finite"):
        measure_masses(folder, [path], "dy", Quiet())
    found = measure_masses(folder, [path], "dy", Quiet(), skip_bad=1)
    assert (found.events, found.skipped, found.deselected) == (1, 1, 1)


def test_what_is_no_design_of_muon_pairs_is_refused(folder, tmp_path):
    with pytest.raises(ProjectError, match="no folder of a compiled design"):
        measure_masses(tmp_path, [], "dy", Quiet())
    with pytest.raises(DesignError, match=r"no class 'zz'.*w, tt, dy"):
        measure_masses(folder, [], "zz", Quiet())
    other = DESIGN.replace("cms_objects, classes: [w, tt, dy]", "drift_chamber, classes: [mm, ee]")
    for old, new in (("[7, 7]", "[8, 8]"), ("ap_fixed<11,2>", "ap_ufixed<8,0>")):
        other = other.replace(old, new)
    other = (
        other.replace(", scale: 512", "")
        .replace("object_set", "per_hit")
        .replace("units: 3", "units: 1")
    )
    (folder / "design.yaml").write_text(other)
    with pytest.raises(DesignError, match="no muon pairs"):
        measure_masses(folder, [], "ee", Quiet())
