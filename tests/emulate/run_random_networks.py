"""Run many random networks: python -m tests.emulate.run_random_networks --seed 0 --count 5000

Prints every seed whose engines differ, then how many networks agreed; exits with 4 on a mismatch.
With ``--done FILE`` it remembers the seeds behind it, so that it can be interrupted and go on.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis.errors import UnsatisfiedAssumption

from tests.emulate.random_networks import picker
from tests.emulate.test_random_networks import check
from trigger.emulate.native import compile as native_compile

AGREES, DIFFERS, NONE = "agrees", "differs", "none"
"""What became of a seed; none: its shapes do not fit."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--done", type=Path, help="file of the seeds that are done")
    options = parser.parse_args()
    # small networks: the compiler's own time is all that counts
    native_compile.FLAGS = ("-O1", *native_compile.FLAGS[1:])
    outcomes = _read(options.done)
    for seed in range(options.seed, options.seed + options.count):
        if seed not in outcomes:
            outcomes[seed] = _outcome(seed)
            if options.done:
                with options.done.open("a") as file:
                    file.write(f"{seed} {outcomes[seed]}\n")
    counts = Counter(outcomes.values())
    wrong = sorted(seed for seed, outcome in outcomes.items() if outcome == DIFFERS)
    print(f"{counts[AGREES]} networks agree, {len(wrong)} do not: {wrong}")
    return 4 if wrong else 0


def _read(done: Path | None) -> dict[int, str]:
    lines = done.read_text().splitlines() if done and done.exists() else []
    return {int(seed): outcome for seed, outcome in (line.split() for line in lines)}


def _outcome(seed: int) -> str:
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        try:
            check(picker(seed))
        except UnsatisfiedAssumption:
            return NONE
        except Exception as error:  # whatever happens, the other seeds are to be seen, too
            print(f"seed {seed}: {type(error).__name__}: {error}", flush=True)
            return DIFFERS
    return AGREES


if __name__ == "__main__":
    raise SystemExit(main())
