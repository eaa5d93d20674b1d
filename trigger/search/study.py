"""A search over knobs that need training: trials that are kept, gone on with, and repeated.

Trials are proposed a generation at a time, from the seed and from the trials of the generations
before alone, and so they are the same wherever and in whichever order their evaluations end. A
database keeps each as soon as it is finished, in one transaction: a trial is finished or it never
was. An interrupted generation is proposed again as it was, and only what is missing of it is
evaluated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from trigger.errors import OutputError, ToolError
from trigger.search.knob import STARTS, Choice, Knob
from trigger.search.neighbours import Promise, draw_neighbour, give_back, remembered

GENERATION = 8
"""Trials that are proposed together."""
LOCK_SECONDS = 10.0
"""How long another program may keep an SQLite database to itself; it is tried five times."""
REDRAWS = 20
"""Choices that are drawn in place of one that was tried before."""
NEIGHBOURS = 0.8
"""Share of a generation, after the first, that differs little from trials that are good enough.
What it is worth: ``benchmarks/exploring.py``."""


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
    """Counted from 0, in the order in which trials are proposed."""
    choice: Choice
    outcome: Outcome | None
    """None of one that was given up."""
    given_up: str = ""
    """Why."""


class Hopeless(Exception):
    """An evaluation that ends early: whatever the training gives, the choice is not wanted."""


Evaluate = Callable[[Choice, tuple[Trial, ...]], Outcome]
"""Says what a choice gives, told the finished trials of earlier generations; or is Hopeless."""


Spread = Callable[..., Iterable[Trial]]
"""A map over rows, as ``scaleout.spread`` gives it."""


def explore(
    knobs: Sequence[Knob],
    evaluate: Evaluate,
    where: Spread,
    *,
    storage: str,
    name: str,
    trials: int,
    seed: int,
    generation: int = GENERATION,
    least: float = -math.inf,
    promise: Promise = lambda choice: None,
    progress: Callable[[Sequence[Trial], int], None] = lambda finished, total: None,
) -> tuple[Trial, ...]:
    """Evaluate choices until so many are finished; return them all, by number.

    Finished ones of earlier calls with the same name, seed and size of a generation count. An
    exception of ``evaluate`` ends the search, and so does Ctrl-C; what is finished stays.

    Args:
        evaluate: can be pickled where other processes are to do it; raises ``Hopeless`` to give up
            on a choice, which then counts as finished.
        where: evaluations are made; it yields each when it is done.
        storage: URL of a database, ``sqlite:///path`` or any that SQLAlchemy knows.
        trials: finished ones, in all calls together.
        generation: trials that are proposed together, at most so many at a time.
        least: quality that is asked for; near the cheapest trials that have it others are tried.
        promise: says where a knob that may be idle is.
        progress: called with the finished trials and ``trials``.

    Raises:
        ToolError: Optuna is not installed.
        OutputError: the database cannot be reached or written.
    """
    optuna = _optuna()
    with _database(storage):
        study = _open(optuna, storage, f"{name}, seed {seed}, {generation} at a time")
        finished = _read(optuna, study)
    progress(_by_number(finished), trials)
    promise = remembered(promise)
    for first in range(0, trials, generation):
        numbers = range(first, min(first + generation, trials))
        missing = [number for number in numbers if number not in finished]
        if not missing:
            continue
        earlier = tuple(finished[number] for number in range(first))
        proposed = _propose(optuna, knobs, earlier, seed, generation, least, promise)
        choices = [proposed[number - first] for number in missing]
        for trial in where(partial(_try, evaluate, earlier), missing, choices):
            with _database(storage):
                study.add_trial(_frozen(optuna, knobs, trial))
            finished[trial.number] = trial
            progress(_by_number(finished), trials)
    return _by_number(finished)


def keep_front(trials: Sequence[Trial]) -> tuple[tuple[Trial, Outcome], ...]:
    """Return the trials within the budget, if there is one, that none betters; the best first."""
    found = [(trial, trial.outcome) for trial in trials if trial.outcome is not None]
    within = [pair for pair in found if pair[1].excess <= 1] or found
    front: list[tuple[Trial, Outcome]] = []
    for trial, outcome in sorted(within, key=lambda pair: (*_order(pair[1]), pair[0].number)):
        if not front or outcome.cost < front[-1][1].cost:
            front.append((trial, outcome))
    return tuple(front)


def choose(trials: Sequence[Trial], least: float) -> Trial | None:
    """Return the cheapest of ``keep_front`` that is good enough, or the best if none is."""
    return next(iter(_preferred(trials, least)), None)


def _preferred(trials: Sequence[Trial], least: float) -> list[Trial]:
    """Return the trials of the front that are good enough, the cheapest first; else the best."""
    front = keep_front(trials)
    good = [trial for trial, outcome in front if outcome.quality >= least]
    return good[::-1] or [trial for trial, _ in front[:1]]


def _order(outcome: Outcome) -> tuple[float, float]:
    return -outcome.quality, outcome.cost


def _by_number(finished: Mapping[int, Trial]) -> tuple[Trial, ...]:
    return tuple(finished[number] for number in sorted(finished))


def _try(evaluate: Evaluate, earlier: tuple[Trial, ...], number: int, choice: Choice) -> Trial:
    """Return a finished trial, wherever this runs."""
    try:
        return Trial(number, choice, evaluate(choice, earlier))
    except Hopeless as reason:
        return Trial(number, choice, None, str(reason))


def _propose(
    optuna: Any,
    knobs: Sequence[Knob],
    earlier: Sequence[Trial],
    seed: int,
    generation: int,
    least: float,
    promise: Promise,
) -> list[Choice]:
    """Return the choices of the generation after some trials: what they were, and nothing else,
    decides; those of one generation keep apart from each other.

    Where one knob too far ruins the whole, few draws over all knobs are of use: most of the choices
    are neighbours of the cheapest trials that are good enough.
    """
    study = optuna.create_study(
        directions=_DIRECTIONS,
        sampler=optuna.samplers.TPESampler(
            seed=1_000_003 * seed + len(earlier), n_startup_trials=generation, constant_liar=True
        ),
    )
    study.add_trials([_frozen(optuna, knobs, trial) for trial in earlier])
    for number in range(0 if earlier else STARTS):
        values = {knob.name: knob.start(number) for knob in knobs}
        known = {name: value for name, value in values.items() if value is not None}
        if known:
            study.enqueue_trial(known)
    tried = [dict(trial.choice) for trial in earlier]
    random = np.random.default_rng([seed, len(earlier)])
    parents = _parents(earlier, least)
    for _ in range(round(NEIGHBOURS * generation) if parents else 0):
        study.enqueue_trial(draw_neighbour(knobs, parents, random), skip_if_exists=True)
    for _ in range(generation):
        for _ in range(REDRAWS):
            asked = study.ask()
            choice = {
                knob.name: asked.suggest_int(knob.name, knob.low, knob.high, step=knob.step)
                for knob in knobs
            }
            if tried:  # the first trial is the design itself
                choice = dict(give_back(knobs, choice, promise))
            if choice not in tried:
                break
        tried.append(choice)
    return list(tried[len(earlier) :])


def _parents(earlier: Sequence[Trial], least: float) -> list[Choice]:
    return [trial.choice for trial in _preferred(earlier, least)]


_DIRECTIONS = ("maximize", "minimize")


def _frozen(optuna: Any, knobs: Sequence[Knob], trial: Trial) -> Any:
    """Return a trial as Optuna has it."""
    spaces = {
        knob.name: optuna.distributions.IntDistribution(knob.low, knob.high, step=knob.step)
        for knob in knobs
    }
    made = partial(optuna.trial.create_trial, params=dict(trial.choice), distributions=spaces)
    found = trial.outcome
    if found is None:
        attributes = {"number": trial.number, "hopeless": trial.given_up}
        return made(state=optuna.trial.TrialState.PRUNED, user_attrs=attributes)
    return made(
        values=(found.quality, found.cost),
        constraints={"budget": found.excess - 1},  # not above 0 is within
        user_attrs={"number": trial.number, "excess": found.excess, "notes": dict(found.notes)},
    )


def _open(optuna: Any, storage: str, name: str) -> Any:
    options: dict[str, Any] = {"pool_pre_ping": True}  # a server ends what is idle for a trial long
    if storage.startswith("sqlite"):
        options = {"connect_args": {"timeout": LOCK_SECONDS}}
    return optuna.create_study(
        storage=optuna.storages.RDBStorage(storage, engine_kwargs=options),
        study_name=name,
        directions=_DIRECTIONS,
        load_if_exists=True,
    )


def _read(optuna: Any, study: Any) -> dict[int, Trial]:
    """Return the finished trials by number."""
    states = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    finished: dict[int, Trial] = {}
    for trial in study.get_trials(deepcopy=False, states=states):
        said = trial.user_attrs
        number, choice = said["number"], dict(trial.params)
        if trial.values is None:
            found = Trial(number, choice, None, said["hopeless"])
        else:
            quality, cost = trial.values
            found = Trial(number, choice, Outcome(quality, cost, said["excess"], said["notes"]))
        finished.setdefault(number, found)  # of two programs at once, the first
    return finished


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
        remedies = [remedy for word, remedy in _REMEDIES.items() if word in cause]
        first = remedies[0] if remedies else "mend it"
        raise OutputError(
            f"the database cannot be used: {cause}",
            where=_PASSWORD.sub(":***@", storage),
            allowed="sqlite:///FILE, or the URL of a database that SQLAlchemy knows",
            remedy=f"{first}, and give the same command again: finished trials are kept",
        ) from error


_PASSWORD = re.compile(r":[^:/@]*@")
_REMEDIES = {
    "is full": "make room on its disk",
    "is locked": "end the program that keeps it",
    "malformed": "put a copy in its place, or remove it",
    "not a database": "put a copy in its place, or remove it",
}
"""What to do, by a word of what SQLite says."""
