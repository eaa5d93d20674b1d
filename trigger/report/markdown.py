"""The report as Markdown: the same words and tables as the page, without its pictures."""

from __future__ import annotations

import re

from trigger.report.cells import Cell, Row, Table
from trigger.report.record import Report
from trigger.report.sections import Section, build_sections, build_tiles


def render_markdown(report: Report) -> str:
    """Return the report as GitHub-flavoured Markdown."""
    head = [f"# {escape(report.design)}", ""]
    for tile in build_tiles(report):
        detail = f" ({escape(tile.detail)})" if tile.detail else ""
        head.append(f"- **{escape(tile.title)}**: {escape(tile.text)}{detail}")
    body = [line for section in build_sections(report) for line in _section(section)]
    return "\n".join([*head, *body]) + "\n"


def _section(section: Section) -> list[str]:
    lines = ["", f"## {section.title}"]
    for words in section.words:
        lines += ["", escape(words)]
    for table in (*section.tables, *section.folded):
        lines += ["", f"### {escape(table.caption)}", "", *table_lines(table)]
    if section.figures or section.galleries:
        lines += ["", "The figures are in `report.html`, the numbers behind them in `report.json`."]
    return lines


def table_lines(table: Table) -> list[str]:
    titles = [escape(column.title) for column in table.columns]
    rules = ["---:" if column.numeric else ":---" for column in table.columns]
    return [
        _line(titles),
        _line(rules),
        *(_row(row) for row in table.rows),
        *(_row(row, bold=True) for row in table.footer),
    ]


def _row(row: Row, *, bold: bool = False) -> str:
    name, *rest = (_cell(cell) for cell in row)
    return _line([f"**{name}**" if bold else name, *rest])


def _cell(cell: Cell) -> str:
    text = f"`{cell.text}`" if cell.mark == "code" else escape(cell.text)
    return f"{text} ({escape(cell.detail)})" if cell.detail else text


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def escape(text: str) -> str:
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", " ".join(text.split()))
