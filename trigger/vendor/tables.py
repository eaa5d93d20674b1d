"""The text of a vendor's report: its lines, and the tables drawn in them with ``+-+`` and ``|``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trigger.errors import VendorReportError

FIRST_YEAR, LAST_YEAR = 2018, 2025
"""Versions of the tools whose layouts are known; another one is refused, not guessed."""

UNKNOWN_CELLS = frozenset({"", "-", "?", "undef", "n/a", "na", "x"})
"""How reports write what they do not know."""

_RULE = re.compile(r"^\s*\+[-+=]*-[-+=]*\+\s*$")
_COUNT = re.compile(r"^(\d+(?:\.\d+)?)(?:\s*\(~?\d+(?:\.\d+)?%?\))?$")
_TIME = re.compile(r"^(-?\d+(?:\.\d+)?)(?:\s*ns)?$")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table, as text between bars."""

    cells: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the lines of its head and of its body."""

    head: tuple[Row, ...]
    rows: tuple[Row, ...]
    line: int
    closed: bool
    """Ends with a rule; otherwise the report was cut off inside."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns: the last line of the head (those above span several)."""
        return self.head[-1].cells if self.head else ()

    @property
    def title(self) -> str:
        """All words of the head, to recognise its layout by."""
        return " ".join(cell for row in self.head for cell in row.cells if cell)

    def row(self, name: str) -> Row | None:
        """Return the first row whose first cell is ``name``."""
        return next((row for row in self.rows if row.cells[0] == name), None)


@dataclass(frozen=True, slots=True)
class ReportText:
    """A report's lines, with errors that say where in it something is wrong."""

    path: Path
    lines: tuple[str, ...]

    def error(
        self, problem: str, line: int | None = None, allowed: str = "", remedy: str = ""
    ) -> VendorReportError:
        where = f"{self.path}, line {line}" if line else str(self.path)
        return VendorReportError(
            problem,
            where=where,
            allowed=allowed or f"a whole report of Vivado or Vitis {FIRST_YEAR} to {LAST_YEAR}",
            remedy=remedy or "run the vendor's tool again, or take the report away",
        )

    def search(self, pattern: str) -> tuple[re.Match[str], int] | None:
        """Return the first match in a line, with the line's number."""
        for number, line in enumerate(self.lines, 1):
            match = re.search(pattern, line)
            if match:
                return match, number
        return None

    def find(self, pattern: str, what: str) -> tuple[str, int]:
        """Return the first group of the first line that matches, with the line's number.

        Raises:
            VendorReportError: there is none; ``what`` says what is missing.
        """
        found = self.search(pattern)
        if found is None:
            raise self.error(f"says no {what}: cut off, or of an unknown layout", len(self.lines))
        return found[0].group(1).strip(), found[1]

    def version(self, pattern: str) -> str:
        """Return the version of the tool.

        Raises:
            VendorReportError: there is none, or its layout is not known.
        """
        version, line = self.find(pattern, "version of the tool")
        check_version(self, version, line)
        return version

    def cells(self, table: Table, row: Row) -> tuple[str, ...]:
        """Return the cells of a row, as many as the table has columns.

        Raises:
            VendorReportError: there are more or fewer.
        """
        if len(row.cells) != len(table.columns):
            raise self.error(f"has {len(row.cells)} cells of {len(table.columns)}", row.line)
        return row.cells

    def count(self, cell: str, line: int) -> float | None:
        """Return the number in a cell such as ``30`` or ``30 (13%)``; None where it is unknown.

        Raises:
            VendorReportError: the cell is something else.
        """
        if cell.lower() in UNKNOWN_CELLS:
            return None
        match = _COUNT.match(cell)
        if match is None:
            raise self.error(f"{cell!r} is not a count", line)
        return float(match[1])

    def time_ns(self, cell: str, line: int) -> float | None:
        """Return a time such as ``5.00 ns`` or ``5.00``; None where it is unknown.

        Raises:
            VendorReportError: the cell is something else.
        """
        if cell.lower() in UNKNOWN_CELLS:
            return None
        match = _TIME.match(cell)
        if match is None:
            raise self.error(f"{cell!r} is not a time in ns", line)
        return float(match[1])


def check_version(text: ReportText, version: str, line: int | None) -> None:
    """Raise VendorReportError unless the layouts of this version are known."""
    match = re.match(r"(\d{4})\.\d", version)
    if match is None:
        raise text.error(f"version {version!r} of the tool is not understood", line)
    if not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        raise text.error(
            f"was written by version {version}, whose layout is not known",
            line,
            remedy="compare its layout with trigger/vendor, and extend FIRST_YEAR, LAST_YEAR there",
        )


def read_text(path: Path) -> ReportText:
    """Return the lines of a report.

    Raises:
        VendorReportError: it cannot be read, is not text, or is empty.
    """
    try:
        lines = tuple(path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise VendorReportError(
            f"cannot be read: {error}", where=path, allowed="a report as the tool writes it"
        ) from error
    text = ReportText(path, lines)
    if not any(line.strip() for line in lines):
        raise text.error("is empty")
    return text


def tables(lines: tuple[str, ...], first: int = 1) -> Iterator[Table]:
    """Yield the tables in some lines, whose first one has the number ``first``.

    A table's head ends at its second rule; a table whose head is all that it has gives no rows.
    """
    groups: list[list[Row]] = []
    begun, closed = 0, False
    for number, line in enumerate((*lines, ""), first):
        if _RULE.match(line):
            if not groups:
                begun = number
            groups.append([])
            closed = True
        elif groups and line.lstrip().startswith("|"):
            inner = line.strip().removeprefix("|").removesuffix("|")
            groups[-1].append(Row(tuple(cell.strip() for cell in inner.split("|")), number))
            closed = False
        elif groups:
            head, *bodies = groups
            rows = tuple(row for body in bodies for row in body)
            yield Table(tuple(head), rows, begun, closed)
            groups = []
