"""Reports of quantities and of several signals: their tables, and names that stay unique."""

from __future__ import annotations

from dataclasses import replace

from trigger.budget import Figure, Source
from trigger.report import Report
from trigger.report.page import render_html
from trigger.report.record import (
    EngineRegression,
    Entry,
    QuantityResolution,
    Regression,
)
from trigger.report.sections import build_sections, build_tiles


def figure(value: float) -> Figure:
    return Figure(value, Source.MEASURED, value * 0.9, value * 1.1, 0.95)


def engine(name: str, resolution: float) -> EngineRegression:
    pz = QuantityResolution("pz", figure(3 * resolution), figure(0.01), figure(0.6))
    px = QuantityResolution("px", figure(resolution), figure(-0.01), None)
    return EngineRegression(name, (px, pz), figure(0.2))


REGRESSION = Regression(
    "truth",
    400,
    "GeV",
    "tracks",
    (EngineRegression("truth", (), figure(0.004)), engine("float", 0.1), engine("emulated", 0.12)),
    "sum of momenta less that of the beams",
)


def tables_of(report: Report) -> dict[str, list[list[str]]]:
    return {
        table.name: [[cell.text for cell in row] for row in table.rows]
        for section in build_sections(report)
        for table in section.tables
    }


def test_resolutions_stand_in_the_place_of_an_auc(report):
    found = replace(
        report,
        physics=None,
        regression=REGRESSION,
        output_contract=(Entry("unit", "GeV"), Entry("scale", "2.0")),
    )
    tables = tables_of(found)
    assert [row[0] for row in tables["resolution-table"]] == [
        "float, px",
        "float, pz",
        "emulated, px",
        "emulated, pz",
    ]
    assert tables["resolution-table"][0][3] == "unknown"
    assert [row[0] for row in tables["sum-table"]] == ["truth", "float", "emulated"]
    assert tables["output-table"] == [["unit", "GeV"], ["scale", "2.0"]]
    tile = build_tiles(found)[-1]
    assert (tile.title, tile.text.split()[0]) == ("Resolution of pz, emulated", "0.360")
    assert "physics-table" not in tables


def test_every_signal_has_tables_and_curves_of_its_own(report):
    first = replace(
        report.physics,
        engines=tuple(replace(each, accuracy=None) for each in report.physics.engines),
    )
    found = replace(report, physics=first, further_physics=(replace(first, signal="jets"),))
    tables = tables_of(found)
    assert len(tables["physics-table"][0]) == len(tables["physics-table-2"][0])
    assert "Accuracy" not in [
        column.title
        for section in build_sections(found)
        for table in section.tables
        if table.name == "physics-table"
        for column in table.columns
    ]
    page = render_html(replace(found, robustness=None, comparisons=()))
    ids = [part.split('"')[0] for part in page.split(' id="')[1:]]
    assert len(ids) == len(set(ids))
    assert "roc-2-title" in ids
