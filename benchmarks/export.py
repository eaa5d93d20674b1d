"""Measure an exported emulator, called from C++, against the native engine on the same events.

Run it as ``taskset -c 0 python -m benchmarks.export``. Every score of the last round is compared.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.emulation import cnn, events_of
from trigger.emulate import native
from trigger.emulate.export import build_emulator, write_emulator
from trigger.emulate.native.compile import find_compiler

CLIENT = Path(__file__).parents[1] / "tests" / "emulate" / "exported" / "throughput.cpp"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    compiler = find_compiler()
    for zeros in (0.0, 0.5, 0.75):
        network = cnn(zeros)
        pixels = events_of(network, options.events)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            emulator = write_emulator(network, folder, "small", "benchmark", compiler)
            build_emulator(emulator, compiler)
            client = folder / "throughput"
            command = ["g++", "-std=c++17", "-O2", f"-I{folder}", CLIENT, emulator.library]
            subprocess.run(
                [*map(str, command), f"-Wl,-rpath,{folder}", "-o", str(client)], check=True
            )
            pixels.tofile(folder / "pixels")
            engine = native.build(network)
            ours = theirs = 0.0
            run = [client, options.events, folder / "pixels", folder / "scores", 2]
            for _ in range(options.rounds):
                done = subprocess.run([*map(str, run)], check=True, capture_output=True, text=True)
                theirs = max(theirs, float(done.stdout))
                begun = time.perf_counter()
                scores = native.run(engine, pixels, threads=1)[network.outputs[0]]
                ours = max(ours, options.events / (time.perf_counter() - begun))
            found = np.fromfile(folder / "scores", dtype=np.int64).reshape(scores.shape)
        if (found != scores).any():
            raise SystemExit(f"{zeros:.0%} zeros: exported and native engine differ")
        print(
            f"cnn 52k, {zeros:.0%} zeros: exported {theirs:,.0f} events/s, native {ours:,.0f}, "
            f"ratio {theirs / ours:.2f}, {found.size:,} scores equal",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
