"""Trials are kept, gone on with after an interruption, and the same for the same seed."""

from __future__ import annotations

import itertools

import pytest

from trigger.errors import OutputError
from trigger.search.study import Hopeless, Knob, Outcome, explore, keep_front

KNOBS = (Knob("bits", 2, 8, first=8), Knob("sparsity", 0, 90, step=10))


def evaluate(choice):
    """Return more quality for more bits, and a cost that sparsity lowers."""
    if choice["bits"] == 3:
        raise Hopeless("too few bits")
    cost = choice["bits"] * (100 - choice["sparsity"])
    quality = choice["bits"] - (choice["sparsity"] / 50) ** 4
    return Outcome(quality, cost, max(1.0, cost / 600), {"cost": cost})


def search(folder, trials=14, seed=1, function=evaluate):
    storage = f"sqlite:///{folder}/study.db"
    return explore(KNOBS, function, storage=storage, name="s", trials=trials, seed=seed)


def test_an_interrupted_search_goes_on_and_ends_as_one_that_was_not(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    seen = []

    def stops(choice):
        if len(seen) == 5:
            raise KeyboardInterrupt
        seen.append(dict(choice))
        return evaluate(choice)

    expected = []

    def recorded(choice):
        expected.append(dict(choice))
        return evaluate(choice)

    front = search(whole, function=recorded)
    with pytest.raises(KeyboardInterrupt):
        search(parts, function=stops)
    again = []

    def goes_on(choice):
        again.append(dict(choice))
        return evaluate(choice)

    resumed = search(parts, function=goes_on)
    assert seen + again == expected  # the interrupted trial is done again, and no other
    assert resumed == front
    assert expected[0]["bits"] == 8  # the design's own value first
    assert search(parts, function=stops) == resumed  # nothing is left to do


def test_another_seed_tries_something_else(tmp_path):
    choices = {}
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        choices[seed] = []

        def recorded(choice, seen=choices[seed]):
            seen.append(dict(choice))
            return evaluate(choice)

        search(folder, 5, seed, recorded)
    assert choices[1] != choices[2]


def test_the_front_keeps_the_budget_and_none_of_it_is_bettered(tmp_path):
    trials = search(tmp_path)
    front = [outcome for _, outcome in keep_front(trials)]
    assert all(outcome.excess == 1 for outcome in front)
    for better, cheaper in itertools.pairwise(front):
        assert better.quality > cheaper.quality
        assert better.cost > cheaper.cost
    assert front[0].notes == {"cost": front[0].cost}
    for trial in trials:
        outcome = trial.outcome
        assert (outcome is None) == (trial.choice["bits"] == 3) == (trial.given_up != "")
        if outcome is not None and outcome.excess == 1:
            assert any(
                each.quality >= outcome.quality and each.cost <= outcome.cost for each in front
            )


def test_a_database_that_cannot_be_reached_is_named(tmp_path):
    with pytest.raises(OutputError, match=r"missing/study.db: the database cannot be used.*SQLAl"):
        search(tmp_path / "missing", 1)
