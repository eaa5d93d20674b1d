"""The report as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from trigger.report import charts
from trigger.report.charts import Drawing
from trigger.report.pictures import build_galleries, build_scale
from trigger.report.record import Physics, Report
from trigger.report.sections import FigureKind, FigurePlace, build_sections, build_tiles

TEMPLATES = Path(__file__).with_name("templates")

PHYSICS_DRAWINGS: dict[FigureKind, Callable[[Physics], Drawing]] = {
    FigureKind.ROC: charts.roc_drawing,
    FigureKind.SCORES: charts.scores_drawing,
    FigureKind.TURN_ON: charts.turn_on_drawing,
}


def render_html(report: Report) -> str:
    """Return the report as a page that needs no network and no other file."""
    sections = build_sections(report)
    drawings = {
        (place.kind, place.cost): draw(report, place)
        for section in sections
        for place in section.figures
    }
    return _page().render(
        report=report,
        tiles=build_tiles(report),
        sections=sections,
        drawings=drawings,
        galleries=build_galleries(report.classes),
        scale=build_scale(),
        markup=Markup,
        css=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
        script=Markup((TEMPLATES / "sort.js").read_text(encoding="utf-8")),
    )


def draw(report: Report, place: FigurePlace) -> Drawing:
    """Return the figure of a place."""
    if place.kind in PHYSICS_DRAWINGS:
        physics = report.physics
        assert isinstance(physics, Physics)  # the place exists only where there is physics
        return PHYSICS_DRAWINGS[place.kind](physics)
    cost = report.costs[place.cost]
    name = f"{place.kind.value}-{place.cost + 1}"
    if place.kind is FigureKind.RESOURCES:
        return charts.resources_drawing(cost, name)
    limit = charts.latency_limit_cycles(report.verdict.checks, cost.clock_period_ns)
    return charts.latency_drawing(cost, limit, name)


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
