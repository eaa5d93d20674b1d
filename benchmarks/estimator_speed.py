"""Time the estimate of a whole CNN from its real weights, after import.

    python benchmarks/estimator_speed.py [FOLDER]

The first estimate in a process also reads the coefficients; the others are those of a search.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from trigger.design import IOType, Target
from trigger.estimate import estimate
from trigger.flow.networks import read_network

TARGET = Target("Vitis", "xcvu13p-flga2577-2-e", 3.125, IOType.STREAM)
REPEATS = 50


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "hls_projects/jpsi_dilepton")
    network = read_network(folder)
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        cost = estimate(network, TARGET)
        times.append(1000 * (time.perf_counter() - start))
    print(
        f"{folder}: {len(cost.layers)} layers; first estimate {times[0]:.1f} ms,"
        f" then {statistics.median(times[1:]):.1f} ms (slowest {max(times[1:]):.1f} ms)"
    )


if __name__ == "__main__":
    main()
