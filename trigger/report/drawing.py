"""What a figure is, and how matplotlib draws it as SVG in the colours of the page's theme."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

WIDTH_IN = 4.8
"""Narrow enough that the text stays legible on a phone, where the page scales it to the width."""

INK, MUTED, RULE, PAPER = "#010203", "#010204", "#010205", "#010206"
SERIES = ("#010207", "#010208", "#010209", "#01020a")
THEME: dict[str, str] = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    RULE: "var(--rule)",
    PAPER: "var(--paper)",
    **{colour: f"var(--series-{index})" for index, colour in enumerate(SERIES, 1)},
}
"""Colours that stand in for the page's own while matplotlib draws."""

STROKES: tuple[tuple[str, float], ...] = (("-", 3.2), ("--", 2.2), ("-", 1.1), (":", 2.0))
"""Line style and width by series: curves that lie on each other can all be seen."""

STYLE: dict[str, object] = {
    "svg.fonttype": "none",  # real text: small, selectable, in the page's font
    "svg.hashsalt": "trigger",  # the same report gives the same bytes
    "text.parse_math": False,  # a $ in a name is a $
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": INK,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "figure.facecolor": "none",
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure with the words that stand for it where it cannot be seen."""

    name: str
    title: str
    description: str
    svg: str


def render(
    name: str, title: str, description: str, height_in: float, draw: Callable[[Canvas], None]
) -> str:
    """Return a figure as an ``svg`` element for the middle of a page."""
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        canvas = Canvas(figsize=(WIDTH_IN, height_in), layout="constrained")
        draw(canvas)
        buffer = io.StringIO()
        canvas.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.DOTALL)
    head, body = text.split(">", 1)
    view = re.search(r'viewBox="[^"]*"', head)
    body = re.sub(r'(<image\b[^>]*?) id="[^"]+"', r"\1", body)  # equal pictures have equal ones
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    body = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{name}-\1"', body)
    body = re.sub(r"'DejaVu Sans'[^;\"]*", "var(--font)", body)
    for stand_in, colour in THEME.items():
        body = body.replace(stand_in, colour)
    return (
        f'<svg {view.group() if view else ""} role="img" '
        f'aria-labelledby="{name}-title {name}-words">'
        f'<title id="{name}-title">{_escape(title)}</title>'
        f'<desc id="{name}-words">{_escape(description)}</desc>{body.strip()}'
    )


def _escape(text: str) -> str:
    return html.escape(text, quote=False)
