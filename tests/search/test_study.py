"""Trials are kept, gone on with after an interruption, and the same for the same seed."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sqlite3
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import sqlalchemy

from trigger.errors import OutputError
from trigger.processes import map_as_done
from trigger.search import study
from trigger.search.knob import Knob
from trigger.search.neighbours import FEW, draw_neighbour, give_back, remembered
from trigger.search.study import Hopeless, Outcome, choose, explore, keep_front

KNOBS = (Knob("bits", 2, 8, first=8, last=2), Knob("sparsity", 0, 90, step=10))
HERE = partial(map_as_done, processes=1)


def evaluate(choice, earlier):
    """Return more quality for more bits, and a cost that sparsity lowers."""
    if choice["bits"] == 3:
        raise Hopeless("too few bits")
    cost = choice["bits"] * (100 - choice["sparsity"])
    quality = choice["bits"] - (choice["sparsity"] / 50) ** 4
    return Outcome(quality, cost, max(1.0, cost / 600), {"earlier": len(earlier)})


def search(folder, function=evaluate, trials=10, where=HERE, seed=1, generation=4):
    return explore(
        KNOBS,
        function,
        where,
        storage=f"sqlite:///{folder}/study.db",
        name="s",
        trials=trials,
        seed=seed,
        generation=generation,
    )


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A database without trials, which takes a while to be made."""
    folder = tmp_path_factory.mktemp("template")
    assert search(folder, trials=0) == ()
    return folder / "study.db"


@pytest.fixture(scope="module")
def whole(template, tmp_path_factory):
    """The trials of a search that nothing interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copy(template, folder)
    return search(folder)


@pytest.fixture
def folder(template, tmp_path):
    shutil.copy(template, tmp_path)
    return tmp_path


def backwards(function, *columns):
    """Map over rows as a place does whose last worker is the fastest."""
    return iter([function(*row) for row in zip(*columns, strict=True)][::-1])


class Stopped:
    """Evaluates so many choices, then does something else instead."""

    def __init__(self, after, action=lambda: None):
        self.left, self.action, self.seen = after, action, []

    def __call__(self, choice, earlier):
        if not self.left:
            self.action()
        self.left -= 1
        found = evaluate(choice, earlier)
        self.seen.append(dict(choice))
        return found


def interrupt():
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("after", "place"), [(0, HERE), (6, backwards)], ids=["at once", "in the middle"]
)
def test_an_interrupted_search_ends_as_one_that_was_not(folder, whole, after, place):
    stopped = Stopped(after, interrupt)
    with pytest.raises(KeyboardInterrupt):
        search(folder, stopped)
    resumed = Stopped(-1)
    assert search(folder, resumed, where=place) == whole
    finished = [trial.choice for trial in whole if trial.outcome is not None]
    both = sorted(map(str, stopped.seen + resumed.seen))
    assert both == sorted(map(str, finished))  # each once, the interrupted one too
    assert search(folder, interrupt) == whole  # nothing is left to do


def test_trials_are_told_of_earlier_generations_alone_and_numbered_as_proposed(whole):
    assert [trial.number for trial in whole] == list(range(10))
    told = [(trial.number, trial.outcome.notes["earlier"]) for trial in whole if trial.outcome]
    assert told == [(number, number // 4 * 4) for number, _ in told]
    # the design's own value first, then those towards the last
    assert [trial.choice["bits"] for trial in whole[:4]] == [8, 7, 6, 5]
    choices = [trial.choice for trial in whole]
    assert all(one != other for one, other in itertools.combinations(choices, 2))


@pytest.mark.parametrize(
    ("knob", "values"),
    [
        (Knob("k", 2, 8, first=8, last=2), [8, 7, 6, 5]),
        (Knob("k", 8, 16, 2, first=16, last=8), [16, 16, 14, 12]),
        (Knob("k", 0, 95, 5, first=50, last=95), [50, 55, 60, 70]),
        (Knob("k", 0, 9, first=5), [5, None, None, None]),
        (Knob("k", 0, 9), [None] * 4),
    ],
)
def test_knobs_go_from_their_first_to_their_last_value_in_steps(knob, values):
    assert [knob.start(number) for number in range(4)] == values


def test_a_longer_search_begins_as_a_shorter_one(folder, whole):
    assert search(folder, trials=6) == whole[:6]
    assert search(folder) == whole
    assert search(folder, trials=6) == whole


def test_another_seed_or_size_of_a_generation_is_another_search(folder, whole):
    others = [search(folder, trials=3, seed=2), search(folder, trials=5, generation=5)]
    for other in others:
        assert [trial.choice for trial in other] != [each.choice for each in whole[: len(other)]]
    assert search(folder, trials=4) == whole[:4]  # in the same database


def test_the_front_keeps_the_budget_and_none_of_it_is_bettered(whole):
    front = [outcome for _, outcome in keep_front(whole)]
    assert all(outcome.excess == 1 for outcome in front)
    for better, cheaper in itertools.pairwise(front):
        assert better.quality > cheaper.quality
        assert better.cost > cheaper.cost
    for trial in whole:
        outcome = trial.outcome
        assert (outcome is None) == (trial.choice["bits"] == 3) == (trial.given_up != "")
        if outcome is not None and outcome.excess == 1:
            assert any(
                each.quality >= outcome.quality and each.cost <= outcome.cost for each in front
            )


def dies_once(folder, choice, earlier):
    """Be killed at one choice, the first time."""
    flag = folder / "killed"
    if choice["bits"] == 8 and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return evaluate(choice, earlier)


@pytest.mark.slow
def test_a_killed_worker_costs_its_trial_alone(folder, whole):
    two = partial(map_as_done, processes=2)
    assert search(folder, partial(dies_once, folder), trials=4, where=two) == whole[:4]
    assert (folder / "killed").exists()


class Trouble:
    """Does something to the database at one trial, between its proposal and its end, once."""

    def __init__(self, action, at=6, function=evaluate):
        self.action, self.left, self.function = action, at, function

    def __call__(self, choice, earlier):
        self.left -= 1
        if self.left == 0:
            self.action()
        return self.function(choice, earlier)


def test_a_full_disk_loses_no_finished_trial(folder, whole):
    """SQLite may not have one page more, which it answers as it does a full disk."""
    event, engine = sqlalchemy.event, sqlalchemy.Engine

    def limit(connection, *_):
        connection.connection.execute("PRAGMA max_page_count = 1")

    def big(choice, earlier):
        found = evaluate(choice, earlier)
        return replace(found, notes={**found.notes, "padding": "x" * 20_000})

    full = Trouble(lambda: event.listen(engine, "before_cursor_execute", limit), function=big)
    try:
        with pytest.raises(OutputError, match=r"or disk is full.*make room.*same command.*kept"):
            search(folder, full)
    finally:
        event.remove(engine, "before_cursor_execute", limit)
    rest = Stopped(-1)
    trials = search(folder, rest)
    assert [trial.choice for trial in trials] == [trial.choice for trial in whole]
    assert len(rest.seen) <= 5


def test_a_database_that_is_locked_is_waited_for_and_named(folder, whole, monkeypatch):
    monkeypatch.setattr(study, "LOCK_SECONDS", 0.01)
    monkeypatch.setattr("optuna.storages._rdb.storage.time.sleep", lambda seconds: None)
    other = sqlite3.connect(folder / "study.db", isolation_level=None)
    locked = Trouble(lambda: other.execute("BEGIN EXCLUSIVE"))
    with pytest.raises(OutputError, match=r"is locked.*end the program that keeps it"):
        search(folder, locked)
    other.close()
    rest = Stopped(-1)
    assert search(folder, rest) == whole
    assert len(rest.seen) <= 5


def test_a_database_that_dies_in_the_middle_goes_on_from_a_copy(folder, whole):
    place, copy = folder / "study.db", folder / "copy.db"

    def die():
        shutil.copy(place, copy)
        place.write_bytes(b"not a database " * 10_000)

    with pytest.raises(OutputError, match=r"(not a database|malformed).*put a copy in its place"):
        search(folder, Trouble(die))
    with pytest.raises(OutputError, match=r"not a database.*put a copy in its place"):
        search(folder)
    shutil.copy(copy, place)
    rest = Stopped(-1)
    assert search(folder, rest) == whole
    assert len(rest.seen) <= 5


def test_a_database_that_cannot_be_reached_is_named_without_its_password(tmp_path):
    with pytest.raises(OutputError, match=r"missing/study.db: the database cannot be used.*SQLAl"):
        search(tmp_path / "missing", trials=1)
    with pytest.raises(OutputError, match=r"//me:\*\*\*@host/db: the database cannot be used"):
        explore(KNOBS, evaluate, HERE, storage="no://me:secret@host/db", name="", trials=1, seed=1)


MANY = tuple(
    Knob(f"knob{number}", 0, 10 * number, max(1, number), first=10 * number, last=0)
    for number in range(1, 9)
)


def test_a_neighbour_turns_a_few_knobs_of_a_good_trial_and_keeps_to_their_steps():
    random = np.random.default_rng(1)
    parents = [{knob.name: knob.high for knob in MANY}, {knob.name: 0 for knob in MANY}]
    turned, lower, first = [], 0, 0
    for _ in range(300):
        choice = draw_neighbour(MANY, parents, random)
        for knob in MANY:
            assert knob.low <= choice[knob.name] <= knob.high
            assert (choice[knob.name] - knob.low) % knob.step == 0
        parent = min(parents, key=lambda each: sum(choice[name] != each[name] for name in each))
        turned.append(sum(choice[name] != parent[name] for name in parent))
        lower += sum(choice.values()) < sum(parents[0].values())
        first += parent is parents[0]
    assert set(turned) == set(range(1, FEW + 1))
    assert lower == 300  # at its end a knob is turned back
    assert 170 < first < 230  # two of three, by rank


ZEROS = Knob("zeros", 0, 95, 5, first=50, last=95, may_idle=True)


@pytest.mark.parametrize(
    ("above", "chosen", "kept"), [(0, 80, 5), (45, 80, 50), (78, 80, 80), (45, 45, 0), (81, 80, 0)]
)
def test_an_idle_knob_is_turned_back_as_far_as_it_costs_nothing(above, chosen, kept):
    bits = Knob("bits", 2, 8, first=8, last=2)
    choice = {"bits": 5, "zeros": chosen}

    def promise(choice):
        return 1000 - 100 * (choice["zeros"] > above) - choice["zeros"] / 100

    assert give_back((bits, ZEROS), choice, promise) == {"bits": 5, "zeros": kept}
    assert give_back((bits, ZEROS), choice, lambda choice: None) == choice  # nobody knows
    asked = []
    once = remembered(lambda choice: asked.append(choice) or promise(choice))
    assert give_back((ZEROS, bits, ZEROS), choice, once) == {"bits": 5, "zeros": kept}
    assert all(one != other for one, other in itertools.combinations(asked, 2))
    assert give_back((bits, replace(ZEROS, may_idle=False)), choice, promise) == choice


def test_trials_give_back_what_saves_nothing_but_the_first_is_the_design(tmp_path):
    def evaluate(choice, earlier):
        return Outcome(0.9 - choice["zeros"] / 1000, 100.0, 1.0)

    storage = f"sqlite:///{tmp_path / 'study.db'}"
    found = explore(
        (ZEROS, Knob("bits", 2, 8, first=8, last=2)),
        evaluate,
        HERE,
        storage=storage,
        name="idle",
        trials=7,
        seed=1,
        generation=4,
        promise=lambda choice: 100.0,
    )
    assert [trial.choice["zeros"] for trial in found] == [50, 0, 0, 0, 0, 0, 0]
    assert [trial.choice["bits"] for trial in found[:4]] == [8, 7, 6, 5]


def test_after_the_first_generation_most_trials_are_near_the_cheapest_good_one(tmp_path):
    def evaluate(choice, earlier):
        values = np.array([choice[knob.name] / knob.high for knob in MANY])
        return Outcome(1 - np.square(1 - values).mean() / 2, values.sum(), 1.0)

    found = explore(
        MANY,
        evaluate,
        HERE,
        storage=f"sqlite:///{tmp_path}/study.db",
        name="s",
        trials=12,
        seed=1,
        generation=6,
        least=0.9,
    )
    parents = study._parents(found[:6], 0.9)
    costs = [sum(parent[knob.name] / knob.high for knob in MANY) for parent in parents]
    assert costs == sorted(costs)
    assert parents
    near = [
        min(sum(trial.choice[name] != each[name] for name in each) for each in parents)
        for trial in found[6:]
    ]
    assert sum(turned <= FEW for turned in near) >= 4
    chosen = choose(found, 0.9)
    good = [trial.outcome.cost for trial in found if trial.outcome.quality >= 0.9]
    assert chosen.outcome.cost == min(good)
    assert choose(found, 2.0).outcome.quality == max(trial.outcome.quality for trial in found)
    assert choose((), 0.9) is None
    assert study._parents(found, 2.0) == [choose(found, 2.0).choice]
