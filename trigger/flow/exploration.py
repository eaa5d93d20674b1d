"""Bits and filters per layer and sparsity, searched with training and the estimator in the loop.

Every trial starts from the design's trained weights, or where it has fewer filters from those of a
float model with as many, is converted, gets the cheapest or fastest firmware settings within the
budget (``search.solve``), and is judged by its emulated scores on the validation events; the test
events stay unseen.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trigger.config import DesignFile
from trigger.design import digest_of
from trigger.errors import DesignError
from trigger.flow.alternatives import refresh_report
from trigger.flow.bench import Bench, write_bench
from trigger.flow.claims import EQUAL_AUC
from trigger.flow.derived import write_derived
from trigger.flow.listener import Listener
from trigger.flow.pretrained import keep_weights
from trigger.flow.steps import Flow
from trigger.flow.training_knobs import describe_changes, find_knobs
from trigger.flow.trial import BY_DEFAULT, Evaluation, Goal, found_in
from trigger.report.front import (
    FOLDER,
    Against,
    Chosen,
    Found,
    Front,
    Objective,
    Tried,
    weights_of,
    write_front,
)
from trigger.scaleout import spread
from trigger.search.study import GENERATION, Trial, choose, explore, keep_front
from trigger.training import predict
from trigger.training.tasks import EventClass

DATABASE = "study.db"
LOSSES: Mapping[Objective, float] = {Objective.AUC: EQUAL_AUC, Objective.EFFICIENCY: 0.02}
"""What is allowed where neither the command nor the budget says."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How a search is to be made."""

    trials: int
    """Finished ones, in all calls together."""
    epochs: int | None = None
    """Of each trial; None is the design's for its quantised model."""
    goal: Goal = BY_DEFAULT
    loss: float | None = None
    """Of the objective against the float model, that is allowed; None is the budget's, or
    ``LOSSES``."""
    generation: int = GENERATION
    """Trials that are proposed together."""
    storage: str | None = None
    """URL of a database; None is a file in the design's folder."""
    scheduler: str = ""
    """Where trials are made, as ``scaleout.spread`` has it."""
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Exploration:
    """What a search over training knobs found."""

    front: Front
    """Every finished trial, as ``search/front.json`` has it."""
    best: tuple[Tried, ...]
    """Those that none betters, the best first."""
    chosen: Tried | None
    """The cheapest, or fastest, of them that loses no more than is allowed; the best if all lose
    more."""
    folder: Path
    """Of the record, of a design file for each of the best, for ``trigger run``, and of its
    weights, for ``trigger compile --weights``."""


def explore_design(flow: Flow, listener: Listener, asked: Asked) -> Exploration:
    """Search until so many trials are finished; same answer wherever they are made.

    Args:
        flow: of the design; what is missing of its run up to the compilation is made.

    Raises:
        DesignError: the design tells no classes apart, names no working point where efficiency is
            asked for, or has nothing that could be chosen.
        ToolError, OutputError: as ``search.study.explore`` and ``scaleout.spread``.
        Further errors of training, which end the search, and before it of the compilation.
    """
    file = flow.file
    _check(file, asked.goal)
    knobs = tuple(find_knobs(file))
    if not knobs:
        raise DesignError(
            "nothing can be chosen",
            where=file.source,
            allowed="quantized_bits or quantized_relu of more than two bits, several filters in a "
            "layer that another one follows, or pruning",
        )
    home = (flow.workspace.folder / FOLDER).resolve()
    bench = write_bench(flow, home)
    here = not asked.scheduler and asked.processes == 1
    progress = listener.training() if here else None
    evaluate = Evaluation(home, bench.key, asked.goal, asked.epochs, progress)
    own, least = evaluate.start(), _least(bench, asked)
    network = flow.compiled.network.digest  # what goes wrong there is told before the trials
    with spread(asked.scheduler, asked.processes, in_order=False) as where:
        found = explore(
            knobs,
            evaluate,
            where,
            storage=asked.storage or f"sqlite:///{home / DATABASE}",
            name=f"{file.name} {digest_of(bench.key, asked.goal, asked.epochs, least)[:16]}",
            trials=asked.trials,
            seed=file.seed,
            generation=asked.generation,
            least=least,
            promise=evaluate.promise,
            progress=_Teller(listener, asked.goal, least).tell,
        )
    kept = _keep(flow, evaluate, own, found, least, network)
    refresh_report(flow.workspace.folder)
    return kept


def _check(file: DesignFile, goal: Goal) -> None:
    if not isinstance(file.task, EventClass) or file.training is None:
        raise DesignError(
            "trials are compared by how they tell classes apart, and there are none",
            where=file.source,
            allowed="designs that are trained to tell classes of events apart",
        )
    if goal.objective is Objective.EFFICIENCY and file.trigger is None:
        raise DesignError(
            "efficiency is asked for, and there is no working point",
            where=file.source,
            allowed="a section trigger",
        )


def _least(bench: Bench, asked: Asked) -> float:
    """Return the quality that trials are asked for, on the validation events.

    Rounded, so that the last bit of a float model's sums changes no search.
    """
    goal, sample = asked.goal, bench.validation
    quality = goal.measure(bench.file, sample, predict(bench.twin, sample.pixels_raw)).value
    budget = bench.file.budget
    allowed = {
        Objective.AUC: budget.auc_loss,
        Objective.EFFICIENCY: budget.quality.get("efficiency_loss"),
    }[goal.objective]
    losses = (asked.loss, allowed, LOSSES[goal.objective])
    return round(quality - next(loss for loss in losses if loss is not None), 4)


def _keep(
    flow: Flow,
    evaluate: Evaluation,
    own: Found,
    found: Sequence[Trial],
    least: float,
    network: str,
) -> Exploration:
    """Write the record, and the designs of the front with what they have trained."""
    file, goal, home = flow.file, evaluate.goal, evaluate.home
    best = [trial for trial, _ in keep_front(found)]
    designs = {trial.number: _write(file, goal, trial, home).name for trial in best}
    for trial in best:
        trained = evaluate.model(trial.choice)
        if trained is not None:
            images, weights = flow.images, home / weights_of(designs[trial.number])
            keep_weights(trained, images.contract, weights, images.output)
    tried = {trial.number: _record(trial, designs.get(trial.number, "")) for trial in found}
    front = Front(
        file.name, goal.objective, goal.against, own, tuple(tried.values()), network, least
    )
    write_front(front, home)
    chosen = choose(found, least)
    return Exploration(
        front,
        tuple(tried[trial.number] for trial in best),
        None if chosen is None else tried[chosen.number],
        home,
    )


def _record(trial: Trial, design: str) -> Tried:
    choice = tuple(Chosen(name, value) for name, value in trial.choice.items())
    found = found_in(trial.outcome) if trial.outcome is not None else None
    return Tried(trial.number, choice, found, trial.given_up, bool(design), design)


def _write(file: DesignFile, goal: Goal, trial: Trial, home: Path) -> Path:
    """Write the design of a trial, on the one that it changes."""
    assert trial.outcome is not None
    path = home / f"{file.name}_trial{trial.number}.yaml"
    record = describe_changes(file, trial.choice)
    pruning = file.training.pruning if file.training else None
    if pruning is None or not pruning.reuse_factors:  # other factors would prune other weights
        record["hls"] = {"HLSConfig": {"LayerName": trial.outcome.notes["settings"]}}
    write_derived(file.source, path, record, f"Found by `trigger explore`: {describe(goal, trial)}")
    return path


class _Teller:
    """Tells of every finished trial: what it gave, the best so far, and the time that is left."""

    def __init__(self, listener: Listener, goal: Goal, least: float) -> None:
        self._listener, self._goal, self._least = listener, goal, least
        self._begun = time.monotonic()
        self._told: set[int] | None = None
        self._before = 0

    def tell(self, finished: Sequence[Trial], total: int) -> None:
        if self._told is None:
            self._told = {trial.number for trial in finished}
            self._before = len(finished)
            if finished:
                done = f"{len(finished)} of {total} trials are finished"
                self._listener.phase(done + self._best(finished))
            return
        for trial in finished:
            if trial.number not in self._told:
                self._told.add(trial.number)
                text = f"{len(finished)} of {total}: trial {trial.number}, "
                text += describe(self._goal, trial) + self._best(finished)
                self._listener.phase(text + self._left(len(finished), total))

    def _best(self, finished: Sequence[Trial]) -> str:
        best = choose(finished, self._least)
        if best is None:
            return ""
        return f"; best so far trial {best.number}, {describe(self._goal, best)}"

    def _left(self, done: int, total: int) -> str:
        if done >= total:
            return ""
        seconds = (time.monotonic() - self._begun) / (done - self._before) * (total - done)
        minutes = round(seconds / 60)
        return f"; about {f'{minutes} min' if minutes else f'{round(seconds)} s'} left"


def describe(goal: Goal, trial: Trial) -> str:
    """Return in a few words what a trial gave."""
    if trial.outcome is None:
        return f"given up: {trial.given_up}"
    quality = "AUC" if goal.objective is Objective.AUC else "efficiency"
    unit = "LUTs" if goal.against is Against.COST else "ns"
    over = f", {trial.outcome.excess:.3g} times the budget" if trial.outcome.excess > 1 else ""
    return f"{quality} {trial.outcome.quality:.4f}, {trial.outcome.cost:,.0f} {unit}{over}"
