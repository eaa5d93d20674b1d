"""A search over knobs that need training: trials that are kept, gone on with, and repeated.

Optuna proposes, a database keeps. A trial is finished or it never was: one that was interrupted is
done again, with the same proposal, for the proposals follow from the seed and from what is
finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from trigger.errors import OutputError, ToolError

Choice = Mapping[str, int]
"""A value of every knob, by name."""


@dataclass(frozen=True, slots=True)
class Knob:
    """Something that is chosen: a whole number between two bounds."""

    name: str
    low: int
    high: int
    step: int = 1
    first: int | None = None
    """Value of the first trial; None is drawn."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an evaluation says."""

    quality: float
    """Larger is better."""
    cost: float
    """Smaller is better."""
    excess: float
    """Smallest factor by which the budget would have to be raised; 1 keeps it."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else is to be kept, as JSON has it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A finished trial: what a choice gave, or why it was given up."""

    number: int
    choice: Choice
    outcome: Outcome | None
    """None of one that was given up."""
    given_up: str = ""
    """Why."""


class Hopeless(Exception):
    """An evaluation that ends early: whatever the training gives, the choice is not wanted."""


def explore(
    knobs: Sequence[Knob],
    evaluate: Callable[[Choice], Outcome],
    *,
    storage: str,
    name: str,
    trials: int,
    seed: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Trial, ...]:
    """Evaluate choices until so many are finished; return them all.

    Finished ones of earlier calls with the same name count. An exception of ``evaluate`` ends the
    search, and so does Ctrl-C; what is finished stays.

    Args:
        evaluate: raises ``Hopeless`` to give up on a choice, which then counts as finished.
        storage: URL of a database, ``sqlite:///path`` or any that SQLAlchemy knows.
        trials: finished ones, in all calls together.
        progress: called with (finished, trials).

    Raises:
        ToolError: Optuna is not installed.
        OutputError: the database cannot be reached or written.
    """
    optuna = _optuna()
    states = optuna.trial.TrialState
    with _database(storage):
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            directions=["maximize", "minimize"],
            load_if_exists=True,
        )
        for left in study.get_trials(deepcopy=False, states=(states.RUNNING,)):
            study.tell(left.number, state=states.FAIL)
    while True:
        with _database(storage):
            done = len(study.get_trials(deepcopy=False, states=(states.COMPLETE, states.PRUNED)))
            progress(done, trials)
            if done >= trials:
                return _finished(study, states)
            study.sampler = optuna.samplers.TPESampler(seed=1_000_003 * seed + done)
            own = {knob.name: knob.first for knob in knobs if knob.first is not None}
            if done == 0 and own:
                study.enqueue_trial(own, skip_if_exists=False)
            trial = study.ask()
            choice = {
                knob.name: trial.suggest_int(knob.name, knob.low, knob.high, step=knob.step)
                for knob in knobs
            }
        try:
            outcome = evaluate(choice)
        except Hopeless as reason:
            with _database(storage):
                trial.set_user_attr("hopeless", str(reason))
                study.tell(trial, state=states.PRUNED)
            continue
        with _database(storage):
            trial.set_user_attr("excess", outcome.excess)
            trial.set_constraint("budget", outcome.excess - 1)  # not above 0 is within
            trial.set_user_attr("notes", dict(outcome.notes))
            study.tell(trial, (outcome.quality, outcome.cost))


def keep_front(trials: Sequence[Trial]) -> tuple[tuple[Trial, Outcome], ...]:
    """Return the trials within the budget, if there is one, that none betters; the best first."""
    found = [(trial, trial.outcome) for trial in trials if trial.outcome is not None]
    within = [pair for pair in found if pair[1].excess <= 1] or found
    front: list[tuple[Trial, Outcome]] = []
    for trial, outcome in sorted(within, key=lambda pair: (*_order(pair[1]), pair[0].number)):
        if not front or outcome.cost < front[-1][1].cost:
            front.append((trial, outcome))
    return tuple(front)


def _order(outcome: Outcome) -> tuple[float, float]:
    return -outcome.quality, outcome.cost


def _finished(study: Any, states: Any) -> tuple[Trial, ...]:
    """Return the finished trials by number."""
    return tuple(
        Trial(number, dict(trial.params), *_outcome(trial))
        for number, trial in enumerate(
            study.get_trials(deepcopy=False, states=(states.COMPLETE, states.PRUNED))
        )
    )


def _outcome(trial: Any) -> tuple[Outcome | None, str]:
    if trial.values is None:
        return None, trial.user_attrs["hopeless"]
    quality, cost = trial.values
    said = trial.user_attrs
    return Outcome(quality, cost, said["excess"], said["notes"]), ""


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise ToolError(
            "Optuna is not installed", where="search", remedy="pip install 'trigger[search]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


@contextmanager
def _database(storage: str) -> Iterator[None]:
    """Let what a database refuses be told as an error of the library."""
    import optuna
    import sqlalchemy

    try:
        yield
    except (optuna.exceptions.StorageInternalError, sqlalchemy.exc.SQLAlchemyError) as error:
        cause = str(error.__cause__ or error).splitlines()[0]
        raise OutputError(
            f"the database cannot be used: {cause}",
            where=storage,
            allowed="sqlite:///FILE, or the URL of a database that SQLAlchemy knows",
            remedy="mend it and give the same command again: finished trials are kept",
        ) from error
