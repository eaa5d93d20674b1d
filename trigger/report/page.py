"""The report as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from trigger.report import alternative_charts, charts, cost_charts, study_charts
from trigger.report.drawing import Drawing
from trigger.report.pictures import build_galleries, build_maps, build_scale
from trigger.report.record import Physics, Report
from trigger.report.sections import FigureKind, FigurePlace, build_sections, build_tiles

TEMPLATES = Path(__file__).with_name("templates")

Draw = Callable[[Report, int], Drawing]


def render_html(report: Report) -> str:
    """Return the report as a page that needs no network and no other file."""
    sections = build_sections(report)
    drawings = {
        (place.kind, place.index): draw(report, place)
        for section in sections
        for place in section.figures
    }
    return _page().render(
        report=report,
        tiles=build_tiles(report),
        sections=sections,
        drawings=drawings,
        galleries=build_galleries(report.classes),
        maps=build_maps(report.widths),
        scale=build_scale(),
        markup=Markup,
        css=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
        script=Markup((TEMPLATES / "sort.js").read_text(encoding="utf-8")),
    )


def draw(report: Report, place: FigurePlace) -> Drawing:
    """Return the figure of a place."""
    return DRAWINGS[place.kind](report, place.index)


def _of_physics(kind: FigureKind, drawing: Callable[[Physics, str], Drawing]) -> Draw:
    def draw(report: Report, index: int) -> Drawing:
        assert report.physics is not None  # the place exists only where there is physics
        physics = (report.physics, *report.further_physics)[index]
        return drawing(physics, f"{kind.value}-{index + 1}" if index else kind.value)

    return draw


def _latency(report: Report, index: int) -> Drawing:
    cost = report.costs[index]
    limit = cost_charts.latency_limit_cycles(report.verdict.checks, cost.clock_period_ns)
    return cost_charts.latency_drawing(cost, limit, f"latency-{index + 1}")


def _resources(report: Report, index: int) -> Drawing:
    return cost_charts.resources_drawing(
        report.costs[index], report.device, f"resources-{index + 1}"
    )


def _fault(report: Report, index: int) -> Drawing:
    assert report.robustness is not None
    return study_charts.fault_drawing(report.robustness, report.robustness.faults[index])


def _gain(report: Report, _: int) -> Drawing:
    assert report.robustness is not None
    return study_charts.gain_drawing(report.robustness)


def _alternatives(report: Report, _: int) -> Drawing:
    assert report.alternatives is not None
    return alternative_charts.alternatives_drawing(report.alternatives)


def _score_pair(report: Report, index: int) -> Drawing:
    return study_charts.score_pair_drawing(report.comparisons[index], index)


DRAWINGS: dict[FigureKind, Draw] = {
    FigureKind.ROC: _of_physics(FigureKind.ROC, charts.roc_drawing),
    FigureKind.SCORES: _of_physics(FigureKind.SCORES, charts.scores_drawing),
    FigureKind.TURN_ON: _of_physics(FigureKind.TURN_ON, charts.turn_on_drawing),
    FigureKind.LATENCY: _latency,
    FigureKind.RESOURCES: _resources,
    FigureKind.SCORE_PAIR: _score_pair,
    FigureKind.FAULT: _fault,
    FigureKind.GAIN: _gain,
    FigureKind.ALTERNATIVES: _alternatives,
}


@cache
def _page() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")
