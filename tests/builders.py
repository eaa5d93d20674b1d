"""Small networks for tests."""

from __future__ import annotations

import numpy as np

from trigger.design import IOType, Strategy
from trigger.fixed import FixedFormat
from trigger.layers import Conv2D, Dense, Input, Layer, Linear, Pool, Pooling2D, ReLU, Reshape
from trigger.network import Network

PIXEL = FixedFormat.parse("ap_ufixed<8,0>")
WEIGHT = FixedFormat.parse("ap_fixed<6,1>")
WIDE = FixedFormat.parse("ap_fixed<24,10>")
RELU = FixedFormat.parse("ap_ufixed<6,2,AP_RND_CONV,AP_SAT>")
NO_PADDING = ((0, 0), (0, 0))


def weights(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return raw 6-bit weights, half of them zero."""
    return rng.integers(-31, 32, shape) * rng.integers(0, 2, shape)


def pixels_in(shape=(8, 8, 1), form=PIXEL) -> Input:
    return Input(name="pixels", inputs=(), result=form, dimensions=shape)


def dense(name: str, source: str, kernel, bias, **fields) -> Dense:
    defaults = {
        "result": WIDE,
        "kernel_format": WEIGHT,
        "bias_format": WEIGHT,
        "accumulator": WIDE,
        "strategy": Strategy.LATENCY,
        "reuse_factor": 1,
    }
    return Dense(
        name=name,
        inputs=(source,),
        kernel=np.asarray(kernel),
        bias=np.asarray(bias),
        **{**defaults, **fields},
    )


def conv2d(name: str, source: str, kernel, bias, **fields) -> Conv2D:
    defaults = {
        "result": WIDE,
        "kernel_format": WEIGHT,
        "bias_format": WEIGHT,
        "accumulator": WIDE,
        "strategy": Strategy.LATENCY,
        "reuse_factor": 1,
        "stride": (1, 1),
        "padding": NO_PADDING,
        "parallelization_factor": 1,
    }
    return Conv2D(
        name=name,
        inputs=(source,),
        kernel=np.asarray(kernel),
        bias=np.asarray(bias),
        **{**defaults, **fields},
    )


def relu(name: str, source: str, form: FixedFormat = RELU) -> ReLU:
    return ReLU(name=name, inputs=(source,), result=form)


def linear(name: str, source: str, form: FixedFormat) -> Linear:
    return Linear(name=name, inputs=(source,), result=form)


def pooling2d(name: str, source: str, form: FixedFormat = RELU, **fields) -> Pooling2D:
    defaults = {
        "pool": Pool.MAX,
        "size": (2, 2),
        "stride": (2, 2),
        "padding": NO_PADDING,
        "count_padding": False,
        "accumulator": form,
        "io_type": IOType.PARALLEL,
    }
    return Pooling2D(name=name, inputs=(source,), result=form, **{**defaults, **fields})


def small_cnn(seed: int = 0) -> Network:
    """Return conv - relu - pool - flatten - dense on 8x8 pixels: 2 scores."""
    rng = np.random.default_rng(seed)
    layers: tuple[Layer, ...] = (
        pixels_in(),
        conv2d("conv", "pixels", weights(rng, 3, 3, 1, 4), weights(rng, 4)),
        relu("relu", "conv"),
        pooling2d("pool", "relu"),
        Reshape(name="flat", inputs=("pool",), result=RELU, dimensions=(36,)),
        dense("score", "flat", weights(rng, 36, 2), weights(rng, 2)),
    )
    return Network(layers, ("score",))
