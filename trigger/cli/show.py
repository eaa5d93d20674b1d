"""How commands speak: tables and JSON on standard output, progress on standard error."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from trigger.budget import Check, Cost, Figure, Verdict
    from trigger.report.record import Agreement
    from trigger.training import Progress
    from trigger.vendor import Finding

MARKS = {"pass": "pass", "fail": "FAIL", "unknown": "unknown"}


class ConsoleListener:
    """Prints a line per step, and a bar (or, without a terminal, nothing) within it."""

    def __init__(self) -> None:
        self._bar: Any = None

    def begin(self, name: str, number: int, of: int) -> None:
        print(f"[{number}/{of}] {name} ...", file=sys.stderr, flush=True)

    def phase(self, name: str) -> None:
        print(f"      {name}", file=sys.stderr, flush=True)

    def end(self, name: str, seconds: float, summary: str) -> None:
        text = f"      {name} took {seconds:.1f} s"
        print(f"{text}: {summary}" if summary else text, file=sys.stderr, flush=True)

    def counter(self, label: str) -> Callable[[int, int], None]:
        if not sys.stderr.isatty():
            return lambda done, total: None
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        bar = Progress(
            "{task.description}",
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        task = bar.add_task(label, total=None)
        bar.start()

        def count(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            if done >= total:
                bar.stop()

        return count

    def training(self) -> Progress:
        from trigger.training import build_progress

        return build_progress()


def command_line() -> str:
    """Return what the user typed, without the machine's path to the program."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def print_json(record: Any) -> None:
    print(json.dumps(record, indent=1))


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of text under their columns; the first column to the left, others to the right."""
    widths = [max(len(row[index]) for row in [columns, *rows]) for index in range(len(columns))]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        others = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
        return "  ".join([first, *others]).rstrip()

    print(title)
    print(line(columns))
    print("  ".join("-" * width for width in widths))
    for row in rows:
        print(line(row))


def exit_by(verdict: Verdict) -> None:
    """Exit with 3 where a limit is not met or not known to be; without a budget there is none."""
    if verdict.checks and verdict.outcome.value != "pass":
        raise typer.Exit(3)


def print_verdict(verdict: Verdict) -> None:
    """Print a verdict as a table: value, limit, margin, source, answer, and each note below."""
    if not verdict.checks:
        print("Verdict: none, the design has no budget")
        return
    rows = [
        (
            check.name,
            _number(check.value),
            _number(check.limit),
            _number(check.margin),
            check.unit,
            check.source.value if check.source else "unknown",
            MARKS[check.outcome.value],
        )
        for check in verdict.checks
    ]
    columns = ("check", "value", "limit", "margin", "unit", "source", "answer")
    print_table(f"Verdict: {MARKS[verdict.outcome.value]}", columns, rows)
    for check in verdict.checks:
        if check.note:
            print(f"  {check.name}: {check.note}")


QUANTITIES = ("latency_cycles", "interval_cycles", "dsp", "lut", "ff", "bram_18k", "uram")


def print_totals(costs: Sequence[Cost]) -> None:
    """Print the totals of several sources below one another; nothing for one alone."""
    if len(costs) < 2:
        return
    rows = [
        (
            f"{cost.source.value} ({cost.origin})",
            *(_figure(getattr(cost.total, quantity)) for quantity in QUANTITIES),
        )
        for cost in costs
    ]
    print_table("Totals by source", ("source", *QUANTITIES), rows)


def print_warnings(warnings: Sequence[str]) -> None:
    for warning in warnings:
        print(f"warning: {warning}")


def print_agreement(agreement: Agreement) -> None:
    """Print in how many integers emulator and C simulation differ."""
    print(
        f"Emulation against C simulation: {agreement.mismatches} mismatches in "
        f"{agreement.elements:,} integers of {agreement.events:,} events, every layer"
    )


def print_dangers(dangers: Sequence[Finding]) -> None:
    """Print what the vendor's front end is known, or likely, not to take."""
    for danger in dangers:
        print(f"{'will fail' if danger.fails else 'may fail'}: {danger}")


def print_cost(cost: Cost) -> None:
    """Print a cost: a row per layer and the total, each estimate with its band."""
    rows = [
        (row.name, *(_figure(getattr(row, quantity)) for quantity in QUANTITIES))
        for row in (*cost.layers, cost.total)
    ]
    made_for = (cost.part, f"{cost.clock_period_ns:g} ns", cost.tool)
    title = f"Cost by {cost.source.value} for {', '.join(text for text in made_for if text)}"
    print_table(title, ("layer", *QUANTITIES), rows)
    bands = {
        getattr(cost.total, quantity).coverage
        for quantity in QUANTITIES
        if getattr(cost.total, quantity) is not None
    } - {None}
    if bands:
        shares = ", ".join(f"{share:.0%}" for share in sorted(bands))
        print(f"  In brackets: the {shares} band. From {cost.origin}")


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON data."""
    return {
        "outcome": verdict.outcome.value,
        "checks": [_check_record(check) for check in verdict.checks],
    }


def cost_record(cost: Cost) -> dict[str, Any]:
    """Return a cost as JSON data, in the form of the report."""
    from trigger.budget import Cost as Record
    from trigger.report.codec import encode

    record: dict[str, Any] = encode(cost, Record, "cost")
    return record


def _check_record(check: Check) -> dict[str, Any]:
    from trigger.budget import Check as Record
    from trigger.report.codec import encode

    record: dict[str, Any] = encode(check, Record, "check")
    return record


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def _figure(figure: Figure | None) -> str:
    if figure is None:
        return "unknown"
    if figure.low is None or figure.high is None:
        return _number(figure.value)
    return f"{_number(figure.value)} ({_number(figure.low)}-{_number(figure.high)})"
