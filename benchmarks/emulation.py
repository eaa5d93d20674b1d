"""Measure the native engine against hls4ml's C simulation and QKeras, in one run on one core.

Every row is one model, converted once and run by all engines on the same events; native and C
simulation must agree on every integer, or the run fails. Run it as ``taskset -c 0 python
benchmarks/emulation.py``. ``--growth`` adds models of 5,000
to 500,000 multiplications, native only.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trigger.design import (
    Design,
    IOType,
    Knobs,
    LayerKnobs,
    LayerSpec,
    ModelSpec,
    Strategy,
    Target,
)
from trigger.emulate import native, reference
from trigger.fixed import FixedFormat
from trigger.layers import Conv2D, Dense, Input, Layer, Pool, Pooling2D, ReLU, Reshape
from trigger.network import Network

PIXEL = FixedFormat.parse("ap_ufixed<8,0>")
WEIGHT = FixedFormat.parse("ap_fixed<6,1>")
ACTIVATION = FixedFormat.parse("ap_ufixed<6,0,AP_RND_CONV,AP_SAT>")
NO_PADDING = ((0, 0), (0, 0))


@dataclass(frozen=True)
class Row:
    """What was measured on one model."""

    model: str
    multiplications: int
    """By a constant, per event, as the layers count them."""
    zero_weights: float
    events_per_second: float
    ratio_to_csim: float | None
    ratio_to_qkeras: float | None
    build_seconds: float
    """Network to loaded library, nothing in the cache."""
    csim_build_seconds: float | None
    source_bytes: int
    library_bytes: int
    compared_elements: int
    """Integers compared with C simulation, or else with the reference engine; all equal."""


def cnn(
    zeros: float,
    side: int = 20,
    filters: tuple[int, ...] = (8, 8),
    dense: tuple[int, ...] = (16, 3),
    seed: int = 0,
) -> Network:
    """Return an image network: 3x3 convolutions with ReLU and pooling, then dense layers."""
    rng = np.random.default_rng(seed)

    def weights(*shape: int) -> npt.NDArray[np.int64]:
        raw = rng.integers(-31, 32, shape)
        return np.where(rng.random(shape) < zeros, 0, np.where(raw == 0, 1, raw))

    layers: list[Layer] = [
        Input(name="pixels", inputs=(), result=PIXEL, dimensions=(side, side, 1))
    ]
    shape: tuple[int, ...] = (side, side, 1)

    def add(layer: Layer) -> None:
        nonlocal shape
        layers.append(layer)
        shape = layer.shape(shape)

    def arithmetic(kernel: npt.NDArray[np.int64]) -> dict[str, object]:
        product = FixedFormat.for_product(layers[-1].result, WEIGHT)
        sums = FixedFormat.for_sum(product, int(np.prod(kernel.shape[:-1])) + 1)
        return {
            "inputs": (layers[-1].name,),
            "result": sums,
            "kernel": kernel,
            "kernel_format": WEIGHT,
            "bias": weights(kernel.shape[-1]),
            "bias_format": WEIGHT,
            "accumulator": sums,
            "strategy": Strategy.LATENCY,
            "reuse_factor": 1,
        }

    def activate(name: str) -> None:
        add(ReLU(name=name, inputs=(layers[-1].name,), result=ACTIVATION))

    for number, count in enumerate(filters, 1):
        add(
            Conv2D(
                name=f"conv{number}",
                **arithmetic(weights(3, 3, shape[2], count)),  # type: ignore[arg-type]
                stride=(1, 1),
                padding=NO_PADDING,
                parallelization_factor=1,
            )
        )
        activate(f"relu{number}")
        add(
            Pooling2D(
                name=f"pool{number}",
                inputs=(layers[-1].name,),
                result=ACTIVATION,
                pool=Pool.MAX,
                size=(2, 2),
                stride=(2, 2),
                padding=NO_PADDING,
                count_padding=False,
                accumulator=ACTIVATION.grid,
                io_type=IOType.PARALLEL,
            )
        )
    flat = (int(np.prod(shape)),)
    add(Reshape(name="flat", inputs=(layers[-1].name,), result=ACTIVATION, dimensions=flat))
    for number, count in enumerate(dense, 1):
        add(Dense(name=f"dense{number}", **arithmetic(weights(shape[0], count))))  # type: ignore[arg-type]
        if number < len(dense):
            activate(f"dense{number}_relu")
    return Network(tuple(layers), (layers[-1].name,))


GROWTH = {
    "dense 5k": lambda: cnn(0, side=8, filters=(), dense=(64, 16, 3)),
    "cnn 16k": lambda: cnn(0, side=14, filters=(6, 6)),
    "cnn 52k": lambda: cnn(0),
    "cnn 167k": lambda: cnn(0, side=28, filters=(8, 12), dense=(32, 3)),
    "cnn 500k": lambda: cnn(0, side=32, filters=(16, 16), dense=(64, 3)),
    "dense 500k": lambda: cnn(0, side=28, filters=(), dense=(512, 160, 32, 3)),
}
"""Native-only models of growing size."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="a JSON list of rows on stdout")
    parser.add_argument("--growth", action="store_true", help="models of 5k to 500k, native only")
    parser.add_argument("--no-csim", action="store_true", help="leave hls4ml and QKeras out")
    parser.add_argument("--seconds", type=float, default=1.0, help="per measurement")
    options = parser.parse_args()
    for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[variable] = "1"  # TensorFlow is imported later
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        rows = []
        for zeros in (0.0, 0.5, 0.75):
            name = f"cnn 52k, {zeros:.0%} zeros"
            if options.no_csim:
                rows.append(measure(name, cnn(zeros), options.seconds))
            else:
                rows.append(measure_beside_rivals(name, zeros, options.seconds))
            show(rows[-1], options.json)
        for name, make in GROWTH.items() if options.growth else ():
            rows.append(measure(name, make(), options.seconds))
            show(rows[-1], options.json)
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    return 0


def show(row: Row, quiet: bool) -> None:
    ratios = [
        f"{ratio:,.0f} x {name}"
        for ratio, name in ((row.ratio_to_csim, "csim"), (row.ratio_to_qkeras, "QKeras"))
        if ratio is not None
    ]
    print(
        f"{row.model:20} {row.multiplications:9,} multiplications "
        f"{row.events_per_second:12,.0f} events/s  built in {row.build_seconds:.2f} s  "
        f"{row.library_bytes / 1024:,.0f} KiB  {', '.join(ratios)}",
        file=sys.stderr if quiet else sys.stdout,
        flush=True,
    )


def measure(name: str, network: Network, seconds: float) -> Row:
    """Build and time the native engine on one core; compare it with the reference."""
    os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(dir=os.environ["XDG_CACHE_HOME"])
    engine = native.build(network)
    shapes = network.shapes
    multiplications = sum(
        layer.multiplications(*(shapes[source] for source in layer.inputs))
        for layer in network.layers
    )
    # short runs: the fastest of them is one that nothing else disturbed
    pixels = events_of(network, min(max(10**9 // multiplications, 2_000), 20_000))
    few = pixels[:50]
    expected, found = reference.run(network, few), native.run(engine, few)
    if any((expected[name] != found[name]).any() for name in network.outputs):
        raise SystemExit(f"{name}: native and reference differ")
    rate = rate_of(lambda: native.run(engine, pixels, threads=1), len(pixels), seconds)
    return Row(
        model=name,
        multiplications=multiplications,
        zero_weights=zero_share(network),
        events_per_second=rate,
        ratio_to_csim=None,
        ratio_to_qkeras=None,
        build_seconds=engine.build_seconds,
        csim_build_seconds=None,
        source_bytes=len(engine.program.source),
        library_bytes=engine.path.stat().st_size,
        compared_elements=sum(raw.size for raw in expected.values()),
    )


def events_of(network: Network, events: int) -> npt.NDArray[np.uint8]:
    (port,) = network.inputs
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (events, *port.dimensions), dtype=np.uint8)


def zero_share(network: Network) -> float:
    kernels = [layer.kernel for layer in network.layers if isinstance(layer, (Conv2D, Dense))]
    return float(np.mean(np.concatenate([kernel.ravel() for kernel in kernels]) == 0))


def rate_of(run: Callable[[], object], events: int, seconds: float) -> float:
    """Return events per second of the fastest of several runs."""
    run()
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - begin)
    return events / best


def quantised_cnn() -> ModelSpec:
    """Return the model of 52,000 multiplications as QKeras spells it."""
    weights = {
        "kernel_quantizer": "quantized_bits(6,0,alpha=1)",
        "bias_quantizer": "quantized_bits(6,0,alpha=1)",
    }
    relu = {"activation": "quantized_relu(6,0)"}
    return ModelSpec(
        (20, 20, 1),
        PIXEL,
        (
            LayerSpec("QConv2D", "conv1", {"filters": 8, "kernel_size": 3, **weights}),
            LayerSpec("QActivation", "relu1", relu),
            LayerSpec("MaxPooling2D", "pool1", {"pool_size": 2}),
            LayerSpec("QConv2D", "conv2", {"filters": 8, "kernel_size": 3, **weights}),
            LayerSpec("QActivation", "relu2", relu),
            LayerSpec("MaxPooling2D", "pool2", {"pool_size": 2}),
            LayerSpec("Flatten", "flat"),
            LayerSpec("QDense", "dense1", {"units": 16, **weights}),
            LayerSpec("QActivation", "relu3", relu),
            LayerSpec("QDense", "dense2", {"units": 3, **weights}),
        ),
    )


def measure_beside_rivals(name: str, zeros: float, seconds: float) -> Row:
    """Build one model for native, hls4ml's C simulation and QKeras, and time all three."""
    import hls4ml

    from trigger import zoo
    from trigger.convert import convert

    spec = quantised_cnn()
    model = zoo.build(spec, seed=1)
    rng = np.random.default_rng(0)
    for layer in model.layers:
        raw = [rng.integers(1, 32, array.shape) for array in layer.get_weights()]
        raw = [array * rng.choice([-1, 1], array.shape) for array in raw]
        layer.set_weights([array * (rng.random(array.shape) >= zeros) / 32 for array in raw])
    target = Target("Vitis", "xcvu13p-flga2577-2-e", 5.0, IOType.PARALLEL)
    knobs = Knobs(LayerKnobs(strategy=Strategy.LATENCY, reuse_factor=1))
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        conversion = convert(model, Design("benchmark", spec, knobs, target), Path(folder) / "hls")
        begin = time.perf_counter()
        with contextlib.chdir(conversion.folder):  # the project calls its own folder "."
            graph = hls4ml.converters.link_existing_project(".")
            graph.compile()
        csim_build = time.perf_counter() - begin
        network = conversion.network
        row = measure(name, network, seconds)
        raw = events_of(network, 4000)
        values = (raw / 256.0).astype(np.float32)
        simulated = graph.predict(values)
        engine = native.build(network)
        (output,) = network.outputs
        scores = native.run(engine, raw, threads=1)[output]
        exact = network[output].result.values(scores)
        if not np.array_equal(exact.reshape(simulated.shape), simulated):
            raise SystemExit(f"{name}: native and C simulation differ")
        many = events_of(network, 20_000)
        ours = rate_of(lambda: native.run(engine, many, threads=1), len(many), seconds)
        csim = rate_of(lambda: graph.predict(values), len(values), seconds)
        predict = partial(model.predict, values, batch_size=1024, verbose=0)
        floats = rate_of(predict, len(values), seconds)
        ours = max(ours, rate_of(lambda: native.run(engine, many, threads=1), len(many), seconds))
    return replace(
        row,
        events_per_second=ours,
        ratio_to_csim=ours / csim,
        ratio_to_qkeras=ours / floats,
        csim_build_seconds=csim_build,
        compared_elements=int(scores.size),
    )


if __name__ == "__main__":
    raise SystemExit(main())
