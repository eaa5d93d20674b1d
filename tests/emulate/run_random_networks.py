"""Run many random networks: python -m tests.emulate.run_random_networks --seed 0 --count 5000

Compares reference and native engine on every layer of every network, and with ``--calls`` each
layer with hls4ml's C++ function, too. Prints every seed that differs, then how many networks
agreed; exits with 4 on a mismatch. With ``--done FILE`` it remembers the seeds behind it, so that
it can be interrupted and go on.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis.errors import UnsatisfiedAssumption

from tests.emulate.cpp_calls import calls_of
from tests.emulate.random_networks import picker
from tests.emulate.test_random_networks import STOPS, check, check_calls
from tests.layers.nnet import Case
from trigger.emulate.native import compile as native_compile

AGREES, DIFFERS, NONE = "agrees", "differs", "none"
"""What became of a seed; none: its shapes do not fit."""

BATCH = 25
"""Networks whose calls are compiled together."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--calls", action="store_true", help="compare with hls4ml's C++, too")
    parser.add_argument("--done", type=Path, help="file of the seeds that are done")
    options = parser.parse_args()
    # small networks: the compiler's own time is all that counts
    native_compile.FLAGS = ("-O1", *native_compile.FLAGS[1:])
    outcomes = _read(options.done)
    seeds = [
        seed for seed in range(options.seed, options.seed + options.count) if seed not in outcomes
    ]
    compared: Counter[str] = Counter()
    for start in range(0, len(seeds), BATCH):
        batch = _outcomes(seeds[start : start + BATCH], options.calls, compared)
        outcomes |= batch
        if options.done:
            with options.done.open("a") as file:
                file.writelines(f"{seed} {outcome}\n" for seed, outcome in batch.items())
    counts = Counter(outcomes.values())
    wrong = sorted(seed for seed, outcome in outcomes.items() if outcome == DIFFERS)
    if options.calls:
        print(f"{compared['agree']} calls agree with the C++, which stops in {compared[STOPS]}")
    print(f"{counts[AGREES]} networks agree, {len(wrong)} do not: {wrong}")
    return 4 if wrong else 0


def _read(done: Path | None) -> dict[int, str]:
    lines = done.read_text().splitlines() if done and done.exists() else []
    return {int(seed): outcome for seed, outcome in (line.split() for line in lines)}


def _outcomes(seeds: list[int], with_calls: bool, compared: Counter[str]) -> dict[int, str]:
    """Return what became of some seeds; count the calls in ``compared``."""
    outcomes: dict[int, str] = {}
    calls: list[tuple[int, Case]] = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as cache:
            os.environ["XDG_CACHE_HOME"] = cache
            try:
                network, results = check(picker(seed))
                outcomes[seed] = AGREES
                calls += [(seed, call) for call in calls_of(network, results)]
            except UnsatisfiedAssumption:
                outcomes[seed] = NONE
            except Exception as error:  # whatever happens, the other seeds are to be seen, too
                print(f"seed {seed}: {type(error).__name__}: {error}", flush=True)
                outcomes[seed] = DIFFERS
    if with_calls and calls:
        with tempfile.TemporaryDirectory() as folder:
            problems = check_calls([call for _, call in calls], Path(folder))
        for (seed, _), problem in zip(calls, problems, strict=True):
            compared[problem or "agree"] += 1
            if problem not in (None, STOPS):
                print(f"seed {seed}: {problem}", flush=True)
                outcomes[seed] = DIFFERS
    return outcomes


if __name__ == "__main__":
    raise SystemExit(main())
