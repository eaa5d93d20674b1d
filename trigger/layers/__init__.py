"""The layers that a Network is made of: one file per layer, all named in ``LAYERS``."""

from __future__ import annotations

from trigger.layers.base import Layer, Shape, Tensor
from trigger.layers.batch_normalisation import BatchNormalization
from trigger.layers.conv1d import Conv1D
from trigger.layers.conv2d import Conv2D
from trigger.layers.dense import Dense
from trigger.layers.input import Input
from trigger.layers.linear import Linear
from trigger.layers.multiply_accumulate import MultiplyAccumulate
from trigger.layers.pooling2d import Pool, Pooling2D
from trigger.layers.reach import Demand, Reach
from trigger.layers.relu import ReLU
from trigger.layers.reshape import Reshape
from trigger.layers.zero_padding2d import ZeroPadding2D

LAYERS: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        Input,
        Dense,
        Conv1D,
        Conv2D,
        BatchNormalization,
        Linear,
        ReLU,
        Pooling2D,
        Reshape,
        ZeroPadding2D,
    )
}
"""Every layer by the name that files, tables and errors use."""

__all__ = [
    "LAYERS",
    "BatchNormalization",
    "Conv1D",
    "Conv2D",
    "Demand",
    "Dense",
    "Input",
    "Layer",
    "Linear",
    "MultiplyAccumulate",
    "Pool",
    "Pooling2D",
    "ReLU",
    "Reach",
    "Reshape",
    "Shape",
    "Tensor",
    "ZeroPadding2D",
]
