"""The table of figures as Markdown and JSON."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from trigger.report.cells import Cell, Column, Table
from trigger.report.codec import encode
from trigger.report.figures import FigureTable, Line, Published, Spread, System, Training
from trigger.report.files import indent_json, write_together
from trigger.report.markdown import escape, table_lines

NAME = "figures"
"""Of the files, without suffix."""
PLUS_MINUS = " ± "
DECIMALS = 4
"""Of figures up to 1; larger ones get three significant digits."""
NOT_THERE = Cell("n/a")


def write_figures(table: FigureTable, folder: Path) -> tuple[Path, ...]:
    """Write ``figures.json`` and ``figures.md``, whole or not at all, and return their paths.

    Raises:
        OutputError: the folder cannot be written.
    """
    data = {"schema": "trigger-figures-1", **encode(table, FigureTable, NAME)}
    texts = {f"{NAME}.json": indent_json(data), f"{NAME}.md": render_figures(table)}
    return write_together(folder, texts)


def render_figures(table: FigureTable) -> str:
    """Return the table as GitHub-flavoured Markdown."""
    every = (each for system in table.systems for line in system.lines for each in line.engines)
    names = list(dict.fromkeys(each.engine for each in every))
    lines = [
        "# Figures",
        "",
        f"Made by `{table.command}`.",
        "",
        f"A design is trained {table.asked} times, or as often as stands below: the generated "
        "events stay; the weights' start, the order of images and the choice of test events change "
        "with the seed. A figure is the mean over the trainings ± their standard deviation, on "
        "events that the training has not seen; the loss is that of firmware (emulated, bit by bit "
        "what C simulation gives) against the float model, training by training.",
        "",
        *table_lines(_table(table, names)),
    ]
    for system in table.systems:
        lines += ["", f"## {escape(system.design)}", ""]
        lines += [f"- {escape(words)}" for words in _words(system)]
    return "\n".join(lines) + "\n"


def _table(table: FigureTable, engines: list[str]) -> Table:
    titles = ("figure", *engines, "loss", "loss within the limit", "published")
    columns = (Column("design"), *(Column(title, numeric=title != "figure") for title in titles))
    rows = []
    for system in table.systems:
        done = sum(bool(training.figures) for training in system.trainings)
        for line in system.lines:
            spreads = {each.engine: each.spread for each in line.engines}
            rows.append(
                (
                    Cell(system.design, mark="code"),
                    Cell(line.quantity),
                    *(_spread_cell(spreads.get(engine), done) for engine in engines),
                    _spread_cell(line.loss, done),
                    _kept_cell(line),
                    _published_cell(line.published),
                )
            )
        if not system.lines:
            empty = (NOT_THERE,) * (len(titles) - 1)
            why = "n/a, see below" if system.trainings else "no training yet"
            rows.append((Cell(system.design, mark="code"), Cell(why), *empty))
    return Table(NAME, "Figures", columns, tuple(rows))


def _spread_cell(spread: Spread | None, trainings: int) -> Cell:
    """Return mean and deviation, and how many trainings have the figure if not all do."""
    if spread is None:
        return NOT_THERE
    mean, deviation = spread.mean, spread.deviation
    decimals = DECIMALS if max(abs(value) for value in spread.values) <= 1 else None
    text = _word(mean, decimals)
    if deviation is not None:
        text += PLUS_MINUS + _word(deviation, decimals)
    count = len(spread.values)
    return Cell(text if count == trainings else f"{text} in {count} of {trainings}")


def _word(value: float, decimals: int | None) -> str:
    return f"{value:.3g}" if decimals is None else f"{value:.{decimals}f}"


def _kept_cell(line: Line) -> Cell:
    if line.loss is None or line.limit is None:
        return NOT_THERE
    return Cell(f"{line.kept} of {len(line.loss.values)}, at most {line.limit:g}")


def _published_cell(published: tuple[Published, ...]) -> Cell:
    return Cell("; ".join(_value(each) for each in published)) if published else NOT_THERE


def _value(published: Published) -> str:
    error = "" if published.error is None else PLUS_MINUS + f"{published.error:g}"
    return f"{published.value:g}{error}"


def _words(system: System) -> Iterable[str]:
    yield f"{system.question}."
    done = [training for training in system.trainings if training.figures]
    if done:
        first = done[0]
        sample = f"{first.train_images:,} training and {first.test_images:,} test {first.subject}"
        if first.background:
            sample += f" ({first.background})"
        yield f"{sample} in each of {len(done)} trainings (seeds {_seeds(done)})."
        integers = sum(training.integers for training in done)
        mismatches = sum(training.mismatches for training in done)
        yield f"Emulator against C simulation: {mismatches:,} mismatches in {integers:,} integers."
    for training in system.trainings:
        if training.problem:
            yield f"Seed {training.seed}: {training.problem}"
    for each in system.published:
        yield f"Published: {each.quantity} {_value(each)}, {each.of} ({each.origin})."
    if not system.published:
        yield "Published: no figure."
    if system.difference:
        yield f"How the events differ: {system.difference}"


def _seeds(trainings: list[Training]) -> str:
    return ", ".join(str(training.seed) for training in trainings)
