"""Images a second of every encoding that the reference designs use, on one core.

    python benchmarks/encoders.py [DESIGN ...]

Events of each class are generated (a chunk of each, kept under hls_projects/.events) and repeated;
the time is that of the process, from batch to raw pixels. Designs of equal input are measured once.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from trigger.config import load_design
from trigger.events import SOURCES, generated
from trigger.images import encode, fit

EVENTS = 20_000
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("designs", nargs="*", type=Path)
    parser.add_argument("--events", type=int, default=EVENTS)
    arguments = parser.parse_args()
    measured = set()
    print(f"{'source':14} {'encoding':14} {'input':>12} {'images/s':>10}")
    for path in arguments.designs or sorted(Path("models").glob("*.yaml")):
        design = load_design(path)
        if design.events is None or design.events.generate is None or design.input in measured:
            continue
        measured.add(design.input)
        source = SOURCES[design.events.source]
        options, seed = design.events.generate.options, design.events.generate.seed
        cache = Path("hls_projects/.events")
        batch = source.batch.concatenate(
            generated(source, name, source.chunk_events, seed or design.seed, cache, options)
            for name in design.events.classes
        )
        batch = batch.select(np.arange(arguments.events) % len(batch))
        contract = fit(design.input, batch)
        encode(batch.between(0, 100), contract)  # tables are built once
        best = min(_seconds(batch, contract) for _ in range(ROUNDS))
        size = "x".join(map(str, contract.input_shape))
        print(
            f"{source.kind.value:14} {contract.encoding.value:14} {size:>12} "
            f"{arguments.events / best:10,.0f}"
        )


def _seconds(batch, contract) -> float:
    begun = time.process_time()
    encode(batch, contract)
    return time.process_time() - begun


if __name__ == "__main__":
    main()
