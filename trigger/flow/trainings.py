"""Designs trained several times: each training is a run of its own, kept, and read back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from trigger.config import DesignFile, load_design
from trigger.config.binding import bind, read_yaml
from trigger.design import digest_of
from trigger.errors import AgreementError, OutputError, ReportError, TriggerError
from trigger.events import SOURCES
from trigger.files import write_text
from trigger.flow.comparison import EMULATED, FLOAT, QKERAS
from trigger.flow.derived import write_derived
from trigger.flow.figures import Figures
from trigger.flow.listener import Listener
from trigger.flow.simulation import COMPARISON
from trigger.flow.steps import Flow, require_exact
from trigger.report import EnginePhysics, Report, codec
from trigger.report.figure_table import write_figures
from trigger.report.figures import (
    EngineSpread,
    FigureTable,
    Line,
    Measured,
    Published,
    Spread,
    System,
    Training,
)
from trigger.report.files import indent_json
from trigger.report.record import EngineRegression, Regression

REFERENCES = Path(__file__).parents[1] / "data" / "references.yaml"
"""What others have published, by design."""
ENGINES = (FLOAT, QKERAS, EMULATED)
AUC, ACCURACY = "AUC", "accuracy"
LIMITS: Mapping[str, float] = {AUC: 0.005, ACCURACY: 0.01}
"""What firmware may lose against the float model."""

_Row = TypeVar("_Row", EnginePhysics, EngineRegression)


@dataclass(frozen=True, slots=True)
class About:
    """What the data file of references says of one design."""

    difference: str
    """How the events of the design differ from those of the published figures."""
    published: tuple[Published, ...] = ()


@dataclass(frozen=True, slots=True)
class _Run:
    """One training to be made."""

    design: str
    seed: int
    file: DesignFile
    folder: Path


def measure_figures(
    designs: Sequence[Path],
    folder: Path,
    trainings: int,
    events_per_class: int | None,
    listener: Listener,
    command: str = "",
    *,
    fresh: bool = False,
) -> FigureTable:
    """Train each design several times, and return the figures, which are also written.

    Trainings differ in ``training.seed``, counted up from that of the design: the weights' start,
    the order of images, and which events are for training and test. Generated events stay. Each is
    a design file and a run in ``folder``, which shares its events with the others; one that is
    finished is read back. The first training of every design comes first, and the table is written
    after each, so that it is there whenever one stops. What fails is told in the table.

    Args:
        events_per_class: to be generated in place of the design's own number; files stay.
        fresh: make anew what is finished, as after a change of the code: only the designs, the
            events and what is compared are known to have changed by themselves.

    Raises:
        DesignError: a design file that cannot be read.
        OutputError: the folder cannot be written, or another run works in it.
    """
    files = [load_design(path) for path in designs]
    abouts = read_references(REFERENCES)
    runs = [
        _plan(path, file, number, events_per_class, folder)
        for number in range(trainings)
        for path, file in zip(designs, files, strict=True)
    ]
    made: list[Training] = []
    table = FigureTable((), trainings, command)
    for number, run in enumerate(runs):
        left = _time_left(made, len(runs) - number)
        listener.phase(f"training {number + 1} of {len(runs)}: {run.file.name}{left}")
        found = None if fresh else _find(run)
        made.append(found or _train(run, listener, command, fresh))
        systems = [
            _system(file, [each for each in made if each.design == file.name], abouts)
            for file in files
        ]
        table = replace(table, systems=tuple(systems))
        write_figures(table, folder)
    return table


def read_references(path: Path) -> Mapping[str, About]:
    """Return what others have published, by design.

    Raises:
        DesignError: the file cannot be read, or says something else.
    """
    references: Mapping[str, About] = bind(read_yaml(path)[0], Mapping[str, About])
    return references


def _plan(
    path: Path, file: DesignFile, number: int, events_per_class: int | None, folder: Path
) -> _Run:
    """Write the design file of one training, which only says what differs, and read it."""
    seed = number + (file.seed if file.training is None else file.training.seed)
    name = f"{file.name}_seed_{seed}"
    changes: dict[str, Any] = {}
    if file.training is not None:
        changes["training"] = {"seed": seed}
    if file.events is not None and file.events.generate is not None:
        generate: dict[str, Any] = {"event_files": False}  # they would say the same
        if events_per_class is not None:
            generate["events_per_class"] = events_per_class
        changes["events"] = {"generate": generate}
    own = write_derived(path, folder / f"{name}.yaml", changes)
    return _Run(file.name, seed, own, folder / name)


def _key(file: DesignFile) -> str:
    """Return the digest of what the figures of a design are made from."""
    version = None if file.events is None else SOURCES[file.events.source].version
    return digest_of(file.text, version, COMPARISON)


def _find(run: _Run) -> Training | None:
    """Return a finished training; None where it has to be made."""
    try:
        data = json.loads(_record(run).read_text(encoding="utf-8"))
        found: Training = codec.decode(data, Training, str(_record(run)))
    except (OSError, ValueError, ReportError):
        return None
    return found if found.key == _key(run.file) else None


def _record(run: _Run) -> Path:
    return run.folder / "figures.json"


def _train(run: _Run, listener: Listener, command: str, fresh: bool) -> Training:
    begun = time.monotonic()
    settings: dict[str, Any] = {"command": command, "fresh": fresh, "simulated_events": 1}
    try:
        with Flow(run.file, run.folder, listener, **settings) as flow:
            report, split = flow.report, flow.images.split
            assert report.agreement is not None  # a run simulates
            training = Training(
                run.design,
                run.seed,
                _key(run.file),
                len(split.train),
                len(split.test),
                run.file.task.subject,
                _background(report),
                report.agreement.elements,
                report.agreement.mismatches,
                tuple(_measured(report)),
                round(time.monotonic() - begun, 1),
                _problem(report),
            )
            write_text(_record(run), indent_json(codec.encode(training, Training, "training")))
    except OutputError:
        raise
    except TriggerError as error:
        seconds = round(time.monotonic() - begun, 1)
        return Training(run.design, run.seed, "", 0, 0, "", "", 0, 0, (), seconds, str(error))
    return training


def _problem(report: Report) -> str:
    try:
        require_exact(report)
    except AgreementError as error:
        return str(error)
    return ""


def _background(report: Report) -> str:
    """Return what the figures of background rest on."""
    found = report.physics
    return f"{found.background_events:,} {found.unit} of {found.background}" if found else ""


def _measured(report: Report) -> Iterator[Measured]:
    """Yield the figures of every engine, whatever the task."""
    found = Figures.of(report)
    for physics in found.physics:
        # where there are more signals than one, each has lines of its own
        of = f", {physics.signal}" if len(found.physics) > 1 else ""
        share = physics.rejection_efficiency
        for row in _by_engine(physics.engines):
            named = {AUC: row.auc, ACCURACY: row.accuracy}
            if share is not None:
                named[f"1/background at {share:.0%} signal"] = row.rejection
            for quantity, figure in named.items():
                if figure is not None:
                    yield Measured(quantity + of, row.engine, float(figure.value))
    if found.regression is not None:
        yield from _regression(found.regression)


def _regression(found: Regression) -> Iterator[Measured]:
    unit = f" ({found.unit})" if found.unit else ""
    for row in _by_engine(found.engines):
        for quantity in row.quantities:
            if quantity.r2 is not None:
                yield Measured(f"R2 of {quantity.name}", row.engine, float(quantity.r2.value))
            if quantity.resolution is not None:
                value = float(quantity.resolution.value)
                yield Measured(f"resolution of {quantity.name}{unit}", row.engine, value, True)
        if row.sum_residual is not None:
            yield Measured(
                f"{found.sum_name}{unit}", row.engine, float(row.sum_residual.value), True
            )


def _by_engine(rows: Sequence[_Row]) -> Iterator[_Row]:
    """Yield the rows of the engines that stand in the table; others are no models of the design."""
    return (row for row in rows if row.engine in ENGINES)


def _system(file: DesignFile, made: list[Training], abouts: Mapping[str, About]) -> System:
    about = abouts.get(file.name, About(""))
    quantities = dict.fromkeys(each.quantity for training in made for each in training.figures)
    return System(
        file.name,
        _question(file),
        tuple(_line(quantity, made, about.published) for quantity in quantities),
        tuple(made),
        about.published,
        about.difference,
    )


def _question(file: DesignFile) -> str:
    classes, size = file.event_classes, "x".join(map(str, file.input.input_shape))
    text = f"{', '.join(classes)} by {file.input.encoding.value} images of {size} in "
    text += str(file.input.format)
    if len(file.classes) > 2 and file.trigger is not None:
        text += f"; AUC of {file.trigger.signal} against {file.trigger.background}"
    return text


def _line(quantity: str, made: list[Training], published: tuple[Published, ...]) -> Line:
    def values(engine: str) -> Spread | None:
        found = (training.find(quantity, engine) for training in made)
        return _spread(each.value for each in found if each is not None)

    def losses() -> Iterator[float]:
        for training in made:
            ours, theirs = (training.find(quantity, engine) for engine in (EMULATED, FLOAT))
            if ours is not None and theirs is not None:
                worse = theirs.value - ours.value
                yield -worse if ours.smaller_is_better else worse

    return Line(
        quantity,
        tuple(EngineSpread(engine, values(engine)) for engine in ENGINES),
        _spread(losses()),
        LIMITS.get(quantity.partition(",")[0]),
        tuple(each for each in published if each.quantity == quantity),
    )


def _spread(values: Iterable[float]) -> Spread | None:
    found = tuple(values)
    return Spread(found) if found else None


def _time_left(made: list[Training], runs: int) -> str:
    """Return what to say of the time that is left, judged by the trainings that were made."""
    times = [training.seconds for training in made if training.figures]
    if not times:
        return ""
    return f", about {max(1, round(runs * sum(times) / len(times) / 60))} min left"
