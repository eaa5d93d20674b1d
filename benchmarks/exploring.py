"""How far a search over training knobs comes in few trials, on made-up tasks that cost no training.

Each task has twelve knobs: eight widths and four shares of zeros. Below a width of its own each
costs quality, steeply; above it nothing; a bit's or a weight's price differs from knob to knob, and
chance moves the quality as one training does. Printed is the cost of the cheapest trial that loses
no more than 0.002, over that of the start, for draws over all knobs alone (Optuna's TPE) and with
neighbours of good trials among them.

    python benchmarks/exploring.py --trials 36 --tasks 8
"""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np

from trigger.processes import map_as_done
from trigger.search import study
from trigger.search.knob import Choice, Knob
from trigger.search.study import Outcome, Trial, explore

LEAST = 0.918


class Task:
    """A made-up design whose trials take no time."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self.knobs = (
            *(Knob(f"layer{number}.bits", 2, 8, first=8, last=2) for number in range(8)),
            *(Knob(f"layer{number}.sparsity", 0, 95, 5, first=50, last=95) for number in range(4)),
        )
        self._bits, self._zeros = self._random.uniform(2, 6, 8), self._random.uniform(55, 90, 4)
        self._prices = self._random.uniform(0.2, 1, 12)

    def __call__(self, choice: Choice, earlier: tuple[Trial, ...]) -> Outcome:
        values = np.array([choice[knob.name] for knob in self.knobs], dtype=float)
        bits, zeros = values[:8], values[8:]
        lost = 0.04 * np.sum(np.maximum(0, self._bits - bits) ** 1.5)
        lost += 0.00005 * np.sum(np.maximum(0, zeros - self._zeros) ** 2)
        quality = max(0.5, 0.92 - lost + 0.0007 * self._random.normal())
        return Outcome(quality, float(self._prices @ [*bits, *(100 - zeros) / 6]), 1.0)


def cheapest(seed: int, trials: int) -> float:
    """Return the cost of the cheapest trial that is good enough, over that of the first one."""
    task = Task(seed)
    found = explore(
        task.knobs,
        task,
        partial(map_as_done, processes=1),
        storage="sqlite:///:memory:",
        name="made up",
        trials=trials,
        seed=seed,
        generation=6,
        least=LEAST,
    )
    outcomes = [trial.outcome for trial in found if trial.outcome is not None]
    good = [outcome.cost for outcome in outcomes if outcome.quality >= LEAST]
    return min(good, default=outcomes[0].cost) / outcomes[0].cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=36)
    parser.add_argument("--tasks", type=int, default=8)
    asked = parser.parse_args()
    for share in (0.0, study.NEIGHBOURS):
        study.NEIGHBOURS = share
        costs = [cheapest(seed, asked.trials) for seed in range(asked.tasks)]
        shown = " ".join(f"{cost:.2f}" for cost in costs)
        print(f"neighbours {share:.2f}: mean {np.mean(costs):.3f} of the start ({shown})")


if __name__ == "__main__":
    main()
