"""Projects that hls4ml has just written: both readers agree, and the C++ does what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trigger import emulate
from trigger.convert import convert
from trigger.design import Design, IOType, Knobs, LayerKnobs, LayerSpec, ModelSpec, Strategy, Target
from trigger.fixed import FixedFormat
from trigger.network import Network
from trigger.project import build, choose_vectors, read_project, run
from trigger.zoo import build as build_model

pytestmark = [pytest.mark.training, pytest.mark.csim, pytest.mark.slow]

WEIGHTS = {
    "kernel_quantizer": "quantized_bits(5,0,alpha=1)",
    "bias_quantizer": "quantized_bits(5,0,alpha=1)",
}
PARALLEL, STREAM = IOType.PARALLEL, IOType.STREAM


def layer(kind: str, name: str, **options: object) -> LayerSpec:
    return LayerSpec(kind, name, options)


def relu(name: str, bits: str = "5,1") -> LayerSpec:
    return layer("QActivation", name, activation=f"quantized_relu({bits})")


IMAGE_MODEL = ModelSpec(
    (9, 7, 2),
    FixedFormat.parse("ap_ufixed<5,1>"),
    (
        layer("QConv2D", "first", filters=3, kernel_size=[3, 2], padding="same", **WEIGHTS),
        layer("BatchNormalization", "norm"),
        relu("act"),
        layer("MaxPooling2D", "biggest", pool_size=2),
        layer("QConv2D", "second", filters=2, kernel_size=2, strides=2, **WEIGHTS),
        layer("QActivation", "cut", activation="quantized_bits(6,2,alpha=1)"),
        layer("Flatten", "flat"),
        layer("QDense", "hidden", units=4, **WEIGHTS),
        relu("act2", "4,1"),
        layer("QDense", "scores", units=2, **WEIGHTS),
    ),
)
MEAN_MODEL = ModelSpec(
    (6, 6, 3),
    FixedFormat.parse("ap_fixed<6,2>"),
    (
        layer("AveragePooling2D", "mean", pool_size=[3, 2]),
        layer("QConv2D", "point", filters=4, kernel_size=1, **WEIGHTS),
        relu("act"),
        layer("Flatten", "flat"),
        layer("QDense", "scores", units=3, **WEIGHTS),
    ),
)
DENSE_MODEL = ModelSpec(
    (12,),
    FixedFormat.parse("ap_fixed<7,3>"),
    (
        layer("QDense", "one", units=6, **WEIGHTS),
        relu("act"),
        layer("QDense", "two", units=4, **WEIGHTS),
    ),
)
RESHAPED_MODEL = ModelSpec(
    (16,),
    FixedFormat.parse("ap_ufixed<4,1>"),
    (
        layer("Reshape", "square", target_shape=[4, 4, 1]),
        layer("QConv2D", "conv", filters=2, kernel_size=3, **WEIGHTS),
        layer("Flatten", "flat"),
        layer("QDense", "scores", units=2, **WEIGHTS),
    ),
)


def knobs(**layers: LayerKnobs) -> Knobs:
    return Knobs(LayerKnobs(strategy=Strategy.LATENCY, reuse_factor=1), layers)


CASES = {
    "image-parallel": (IMAGE_MODEL, "Vitis", PARALLEL, knobs()),
    "image-stream": (IMAGE_MODEL, "Vivado", STREAM, knobs()),
    "image-resource-stream": (
        IMAGE_MODEL,
        "Vitis",
        STREAM,
        knobs(
            second=LayerKnobs(strategy=Strategy.RESOURCE, reuse_factor=6),
            hidden=LayerKnobs(strategy=Strategy.RESOURCE, reuse_factor=2),
        ),
    ),
    "image-resource-parallel": (
        IMAGE_MODEL,
        "Vitis",
        PARALLEL,
        knobs(
            first=LayerKnobs(strategy=Strategy.RESOURCE, reuse_factor=4, parallelization_factor=9),
        ),
    ),
    "mean-parallel": (MEAN_MODEL, "Vivado", PARALLEL, knobs()),
    "mean-stream": (MEAN_MODEL, "Vitis", STREAM, knobs()),
    "repacked-stream": (RESHAPED_MODEL, "Vitis", STREAM, knobs()),
    "dense-parallel": (DENSE_MODEL, "Vitis", PARALLEL, knobs()),
    "dense-stream": (
        DENSE_MODEL,
        "Vitis",
        STREAM,
        knobs(one=LayerKnobs(strategy=Strategy.RESOURCE, reuse_factor=24)),
    ),
    **{
        f"saturating-reuse-{reuse}": (
            DENSE_MODEL,
            "Vitis",
            PARALLEL,
            knobs(
                one=LayerKnobs(
                    strategy=Strategy.RESOURCE if reuse > 1 else Strategy.LATENCY,
                    reuse_factor=reuse,
                    precision={"accum": "ap_fixed<7,2,AP_RND,AP_SAT>", "result": "ap_fixed<9,4>"},
                )
            ),
        )
        for reuse in (1, 4, 24)
    },
}


@pytest.mark.parametrize("case", CASES)
def test_readers_and_engines_agree(case: str, tmp_path: Path) -> None:
    spec, backend, io_type, settings = CASES[case]
    target = Target(backend, "xcvu13p-flga2577-2-e", 5.0, io_type)
    model = build_model(spec, seed=3)
    generator = np.random.default_rng(3)
    model.set_weights([_random_weights(w.shape, generator) for w in model.get_weights()])
    converted = convert(model, Design(case, spec, settings, target), tmp_path / "hls").network

    network = read_project(tmp_path / "hls")
    assert str(network) == str(converted)
    assert network == converted
    assert_csim_agrees(network, tmp_path)


def _random_weights(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    return (
        generator.integers(1, 16, shape) / 16 * generator.choice([-1, 1], shape) ** (len(shape) > 1)
    )


def assert_csim_agrees(network: Network, folder: Path) -> None:
    """Compare every layer that the C++ computes, on patterns and random images."""
    simulation = build(folder / "hls", folder / "build")
    vectors = choose_vectors(network, random=200)
    layers = tuple(layer.name for layer in network.layers if layer.name in simulation.layers)
    assert set(simulation.layers) == set(layers)
    ours = emulate.run(network, *vectors.pixels, layers=layers)
    theirs = run(simulation, *vectors.pixels, layers=layers, shapes=network.shapes)
    agreement = emulate.compare(network, ours, theirs, names=("reference", "csim"))
    assert agreement.first is None
    assert agreement.elements > 0
