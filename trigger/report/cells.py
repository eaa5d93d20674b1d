"""What a table is, and how one value becomes a cell of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from trigger.budget import Figure, Outcome, Source
from trigger.report.wording import (
    NOT_APPLICABLE,
    OUTCOME_WORDS,
    SPACE,
    UNKNOWN,
    Origin,
    word_number,
    word_origin,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, small print below it, and what it sorts by."""

    text: str
    detail: str = ""
    sort: float | None = None
    """None sorts by the text, and unknown numbers last."""
    mark: str = ""
    """Style class: ``pass``, ``fail``, ``unknown``, ``absent``, ``warning``, ``code`` or ""."""


UNKNOWN_CELL = Cell(UNKNOWN, mark="unknown")
ABSENT_CELL = Cell(NOT_APPLICABLE, mark="absent")


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    numeric: bool = False


Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column names the row."""

    name: str
    """Unique in the report; becomes the id."""
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    footer: tuple[Row, ...] = ()
    """Totals, which stay below when the rows are sorted."""


def outcome_cell(outcome: Outcome) -> Cell:
    order = {Outcome.FAIL: 0, Outcome.UNKNOWN: 1, Outcome.PASS: 2}
    return Cell(OUTCOME_WORDS[outcome], sort=order[outcome], mark=outcome.value)


def figure_cell(figure: Figure | None, said: Origin) -> Cell:
    """Return a number with its band and source, or the word unknown."""
    if figure is None:
        return UNKNOWN_CELL
    text = word_number(figure.value, figure.low, figure.high)
    return Cell(text, word_origin(figure, said), figure.value)


def share_cell(figure: Figure | None, said: Origin) -> Cell:
    """Return a share as per cent, otherwise as `figure_cell`."""
    if figure is None:
        return UNKNOWN_CELL
    cell = figure_cell(_in_percent(figure), said)
    return replace(cell, text=f"{cell.text}{SPACE}%", sort=figure.value)


def points_cell(figure: Figure, said: Origin) -> Cell:
    """Return the change of a share in percentage points, with its sign."""
    cell = figure_cell(_in_percent(figure), said)
    sign = "+" if figure.value > 0 else ""
    return replace(cell, text=f"{sign}{cell.text}", sort=figure.value)


def _in_percent(figure: Figure) -> Figure:
    low, high = (None if end is None else 100 * end for end in (figure.low, figure.high))
    return replace(figure, value=100 * figure.value, low=low, high=high)


def source_cell(source: Source | None) -> Cell:
    return UNKNOWN_CELL if source is None else Cell(source.value)


def number_cell(value: float | None) -> Cell:
    """Return a plain number, or the word unknown."""
    return UNKNOWN_CELL if value is None else Cell(word_number(value), sort=value)


def count_cell(count: int) -> Cell:
    return Cell(f"{count:,}", sort=count)


def curve_cell(share: float) -> Cell:
    return Cell(f"{share:.5f}", sort=share)
