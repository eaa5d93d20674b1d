"""The report takes in what searches and comparisons have left in the design's folder."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.conftest import TINY
from tests.report.example_alternatives import build_solved
from trigger.budget import Figure, Source, Verdict
from trigger.flow.alternatives import OTHER_FIRMWARE, OTHER_START, refresh_report, with_alternatives
from trigger.flow.comparison import EMULATED
from trigger.report import Digest, EnginePhysics, Physics, Provenance, Report, read_json, write
from trigger.report.alternatives import AlternativeKind, Sample
from trigger.report.baselines import write_baselines
from trigger.report.front import Against, Chosen, Found, Front, Objective, Tried, write_front
from trigger.report.rivals import Baselines, Firmware, Rival, RivalKind
from trigger.report.solved import place_of, write_solved

NETWORK = "7" * 64


def auc(value: float) -> Figure:
    return Figure(value, Source.MEASURED)


def firmware(latency_ns: float, luts: float, fits: bool = True) -> Firmware:
    return Firmware(latency_ns, luts, 0.0, None, luts, fits)


BASELINES = Baselines(
    "tiny",
    NETWORK,
    55,
    (
        Rival("float", RivalKind.FLOAT, auc(0.92), None),
        Rival("wide", RivalKind.CONVERTED, auc(0.91), firmware(500, 9000.0, False)),
        Rival(
            *("4 bits", RivalKind.TRAINED, auc(0.9), firmware(500, 700.0)),
            (firmware(500, 600.0), firmware(700, 300.0)),
            training_seconds=12.0,
        ),
        Rival(
            *("this design", RivalKind.DESIGN, auc(0.915), firmware(500, 1000.0)),
            (firmware(500, 900.0), firmware(600, 800.0), firmware(700, 500.0)),
            solving_seconds=0.25,
        ),
    ),
    (),
    (),
)
FRONT = Front(
    "tiny",
    Objective.AUC,
    Against.COST,
    Found(auc(0.917), 500.0, 700.0, 1.0),
    (
        Tried(0, (Chosen("conv", 4),), Found(auc(0.916), 400.0, 700.0, 1.0), on_front=True),
        Tried(1, (Chosen("conv", 3),), None, "hopeless"),
        Tried(2, (Chosen("conv", 2),), Found(auc(0.93), 90.0, 700.0, 1.5)),
    ),
    NETWORK,
)


@pytest.fixture
def report() -> Report:
    engine = EnginePhysics(EMULATED, auc(0.915), None, None, None, None)
    physics = Physics("ee", "mm", 50, 50, 0.1, (engine,))
    made = Provenance("trigger run", "2026-11-22", 1, (Digest("network", NETWORK),), ())
    return Report("tiny", Verdict(()), None, (), made, physics=physics)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "design.yaml").write_text(TINY)
    return tmp_path


def test_a_design_alone_has_no_alternatives(report, folder):
    assert with_alternatives(report, folder) == report
    assert refresh_report(folder) is None  # there is no report to put them into


def test_baselines_trials_and_settings_come_together_with_the_limits(report, folder):
    write_baselines(BASELINES, folder)
    write_front(FRONT, folder / "search")
    write_solved(build_solved(), place_of(folder, "tiny"))
    found = with_alternatives(report, folder).alternatives
    assert found.quality == "AUC"
    assert found.latency_limit_ns == pytest.approx(6400)
    assert found.lut_limit == pytest.approx(0.5 * 1_728_000)
    rows = [(row.name, row.kind, row.cost_luts, row.fits, row.on_front) for row in found.rows]
    kind = AlternativeKind
    assert rows == [
        ("other settings, searched", kind.SETTINGS, 450.0, True, True),
        ("wide", kind.CONVERTED, 9000.0, False, False),
        ("4 bits", kind.ONE_WIDTH, 700.0, True, False),
        ("4 bits, solved", kind.ONE_WIDTH, 300.0, True, True),
        ("this design", kind.DESIGN, 1000.0, True, False),
        ("this design, solved", kind.DESIGN, 500.0, True, False),
        ("other settings", kind.SETTINGS, 900.0, True, False),
        ("other settings", kind.SETTINGS, 800.0, True, False),
        ("this design, solved", kind.DESIGN, 500.0, True, True),
        ("trial 0", kind.TRIAL, 400.0, True, True),
        ("trial 2", kind.TRIAL, 90.0, False, False),
    ]
    assert [row.sample for row in found.rows[-3:]] == 3 * [Sample.VALIDATION]
    assert found.rows[0].quality == auc(0.915)
    assert found.words == (
        "The design's settings were found in 0.2 s.",
        "Trainings with one width for all (1): 12 s.",
    )


def test_what_is_of_other_firmware_is_left_out_and_told(report, folder):
    write_baselines(replace(BASELINES, network_sha256="8" * 64), folder)
    write_solved(replace(build_solved(), compiled_sha256="8" * 64), place_of(folder, "tiny"))
    assert with_alternatives(report, folder).alternatives is None
    write_front(replace(FRONT, objective=Objective.EFFICIENCY), folder / "search")
    found = with_alternatives(report, folder).alternatives
    assert found.quality == "efficiency"
    assert {row.sample for row in found.rows} == {Sample.VALIDATION}
    assert found.words == (OTHER_FIRMWARE,)
    write_baselines(BASELINES, folder)
    write_front(replace(FRONT, network_sha256="8" * 64), folder / "search")
    found = with_alternatives(report, folder).alternatives
    assert AlternativeKind.TRIAL not in {row.kind for row in found.rows}
    assert OTHER_START in found.words


def test_rendering_again_takes_in_what_came_later(report, folder, command):
    write(report, folder)
    assert "Alternatives" not in (folder / "report.md").read_text()
    write_baselines(BASELINES, folder)
    assert command("report", folder).code == 0
    assert "4 bits, solved" in (folder / "report.md").read_text()
    assert "AUC against cost and latency" in (folder / "report.html").read_text()
    assert read_json(folder / "report.json") == refresh_report(folder)


def test_a_damaged_record_of_a_search_ends_a_report_with_words(report, folder, command):
    write(report, folder)
    path = place_of(folder, "tiny")
    path.parent.mkdir()
    path.write_text('{"front": [')
    said = command("report", folder)
    assert said.code == 2
    assert "tiny_solved.json: cannot be read" in said.err
    assert "give `trigger search` again" in said.err
