"""The tracked record of the reference design still comes out, integer by integer."""

from __future__ import annotations

from pathlib import Path

import pytest

from trigger.emulate import choose, compare, run
from trigger.network import Network
from trigger.project.golden import read
from trigger.report import read_json

FOLDER = Path(__file__).parents[2] / "hls_projects" / "jpsi_dilepton"


@pytest.mark.parametrize("engine", ["reference", "chosen"])
def test_the_golden_vectors_come_out_of_every_engine(engine):
    network, golden = Network.load(FOLDER / "network.json"), read(FOLDER / "golden")
    layers = tuple(golden.results)
    results = (
        run(network, *golden.pixels, layers=layers)
        if engine == "reference"
        else choose(network, layers).run(*golden.pixels, layers=layers)
    )
    agreement = compare(network, results, golden.results, names=(engine, "golden"))
    assert agreement.first is None
    assert agreement.elements == 316_283


def test_network_report_and_vectors_are_of_one_firmware():
    network = Network.load(FOLDER / "network.json")
    report = read_json(FOLDER / "report.json")
    digests = {each.name: each.sha256 for each in report.provenance.digests}
    assert digests["network"] == network.digest == read(FOLDER / "golden").network_digest
    assert digests["HLS project"] == read(FOLDER / "golden").project_hash


def test_the_design_file_is_the_one_in_models():
    models = FOLDER.parents[1] / "models" / "jpsi_dilepton.yaml"
    assert (FOLDER / "design.yaml").read_text() == models.read_text()
