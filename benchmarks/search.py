"""Time the exact answer to a budget for a CNN of ten layers with weights.

    python benchmarks/search.py

Eight convolutions and two dense layers of random 6-bit weights, half of them zero. Printed are the
legal designs, the seconds to estimate all settings and to find the front, and the front's ends.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from trigger.budget import Budget
from trigger.design import IOType, Strategy, Target
from trigger.device import find
from trigger.fixed import FixedFormat
from trigger.layers import Conv2D, Dense, Input, Layer, Pool, Pooling2D, ReLU, Reshape
from trigger.network import Network
from trigger.search import Candidate, shrink_formats, solve

PART = "xcvu13p-flga2577-2-e"
PIXEL = FixedFormat.parse("ap_ufixed<8,0>")
WEIGHT = FixedFormat.parse("ap_fixed<6,1>")
SUM = FixedFormat.parse("ap_fixed<24,10>")
RELU = FixedFormat.parse("ap_ufixed<6,2,AP_RND_CONV,AP_SAT>")
FILTERS = (8, 8, 8, 16, 16, 16, 16, 16)
POOLED = (1, 3, 5)
"""Convolutions that a pooling of 2x2 follows."""
UNITS = (32, 5)


def deep_cnn(side: int = 32, seed: int = 1) -> Network:
    """Return eight 3x3 convolutions with zeros around the image, three poolings, two dense layers.

    Args:
        side: pixels of the image, each way; a multiple of 8.
    """
    rng = np.random.default_rng(seed)
    layers: list[Layer] = [
        Input(name="pixels", inputs=(), result=PIXEL, dimensions=(side, side, 1))
    ]
    channels = 1

    def draw(*shape: int) -> np.ndarray:
        return rng.integers(-31, 32, shape) * rng.integers(0, 2, shape)

    def product(after: int) -> dict:
        return {
            "inputs": (layers[-1].name,),
            "result": SUM,
            "kernel_format": WEIGHT,
            "bias": draw(after),
            "bias_format": WEIGHT,
            "accumulator": SUM,
            "strategy": Strategy.LATENCY,
            "reuse_factor": 1,
        }

    for number, filters in enumerate(FILTERS):
        layers.append(
            Conv2D(
                name=f"conv{number}",
                kernel=draw(3, 3, channels, filters),
                stride=(1, 1),
                padding=((1, 1), (1, 1)),
                parallelization_factor=1,
                **product(filters),
            )
        )
        layers.append(ReLU(name=f"relu{number}", inputs=(f"conv{number}",), result=RELU))
        channels = filters
        if number in POOLED:
            side //= 2
            layers.append(
                Pooling2D(
                    name=f"pool{number}",
                    inputs=(layers[-1].name,),
                    result=RELU,
                    pool=Pool.MAX,
                    size=(2, 2),
                    stride=(2, 2),
                    padding=((0, 0), (0, 0)),
                    count_padding=False,
                    accumulator=RELU,
                    io_type=IOType.PARALLEL,
                )
            )
    size = side * side * channels
    layers.append(Reshape(name="flat", inputs=(layers[-1].name,), result=RELU, dimensions=(size,)))
    for number, units in enumerate(UNITS):
        name = f"dense{number}"
        layers.append(Dense(name=name, kernel=draw(size, units), **product(units)))
        layers.append(ReLU(name=f"{name}_relu", inputs=(name,), result=RELU))
        size = units
    return Network(tuple(layers), (layers[-1].name,))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=32, help="pixels of the image, each way")
    side = parser.parse_args().side
    start = time.perf_counter()
    network = shrink_formats(deep_cnn(side))
    print(f"{side}x{side} pixels; formats shrunk in {time.perf_counter() - start:.1f} s")
    for io_type in IOType:
        candidate = Candidate(network, Target("Vitis", PART, 3.125, io_type))
        half = {"lut": 0.5, "ff": 0.5, "dsp": 0.5, "bram_18k": 0.5}
        for name, budget in (
            ("no budget", Budget()),
            ("half of an SLR", Budget(per_slr=half)),
            ("5 us and half of an SLR", Budget(latency_ns=5000, per_slr=half)),
        ):
            start = time.perf_counter()
            answer = solve([candidate], budget, find(PART))
            seconds = time.perf_counter() - start
            best = answer.best
            met = f"{len(answer.front)} on the front" if answer.met else f"{answer.excess:.3g} over"
            print(
                f"{io_type.value}, {name}: {seconds:.1f} s, {answer.designs:.2g} legal designs,"
                f" {met}; best {best.latency_ns:,.0f} ns, {best.luts:,.0f} LUT equivalents"
            )


if __name__ == "__main__":
    main()
