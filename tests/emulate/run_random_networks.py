"""Run many random networks: python -m tests.emulate.run_random_networks --seed 0 --count 5000

Prints every seed whose engines differ, then how many networks agreed; exits with 4 on a mismatch.
"""

from __future__ import annotations

import argparse
import os
import tempfile

import numpy as np
from hypothesis.errors import UnsatisfiedAssumption

from tests.emulate.test_random_networks import check


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=100)
    options = parser.parse_args()
    agreed, wrong = 0, []
    for seed in range(options.seed, options.seed + options.count):
        rng = np.random.default_rng(seed)

        def pick(low: int, high: int, rng: np.random.Generator = rng) -> int:
            return int(rng.integers(low, high, endpoint=True))

        with tempfile.TemporaryDirectory() as cache:
            os.environ["XDG_CACHE_HOME"] = cache
            try:
                check(pick)
                agreed += 1
            except UnsatisfiedAssumption:
                pass  # no network: its shapes did not fit
            except AssertionError as error:
                wrong.append(seed)
                print(f"seed {seed}: {error}", flush=True)
    print(f"{agreed} networks agree, {len(wrong)} do not: {wrong}")
    return 4 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
