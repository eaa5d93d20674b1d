"""The layers that a Network is made of: one file per layer, all named in ``LAYERS``."""

from __future__ import annotations

from trigger.layers.argmax import Argmax
from trigger.layers.base import Layer, Shape, Tensor
from trigger.layers.batch_normalisation import BatchNormalization
from trigger.layers.batch_normalisation_tanh import BatchNormalizationTanh
from trigger.layers.bounded_relu import BoundedReLU
from trigger.layers.clone import Clone
from trigger.layers.concatenate import Concatenate
from trigger.layers.conv1d import Conv1D
from trigger.layers.conv2d import Conv2D
from trigger.layers.cropping import Cropping
from trigger.layers.dense import Dense
from trigger.layers.depthwise_conv1d import DepthwiseConv1D
from trigger.layers.depthwise_conv2d import DepthwiseConv2D
from trigger.layers.distributed_arithmetic import DistributedArithmetic
from trigger.layers.dot import Dot
from trigger.layers.einsum import Einsum
from trigger.layers.einsum_dense import EinsumDense
from trigger.layers.elu import ELU
from trigger.layers.embedding import Embedding
from trigger.layers.global_pooling import GlobalPooling
from trigger.layers.gru import GRU
from trigger.layers.hard_sigmoid import HardSigmoid, HardTanh
from trigger.layers.input import Input
from trigger.layers.layer_normalisation import LayerNormalization
from trigger.layers.leaky_relu import LeakyReLU
from trigger.layers.legacy_softmax import LegacySoftmax
from trigger.layers.linear import Linear
from trigger.layers.lstm import LSTM
from trigger.layers.merge import Merge, Operation
from trigger.layers.multiply_accumulate import MultiplyAccumulate
from trigger.layers.pointwise import Pointwise
from trigger.layers.pooling1d import Pooling1D
from trigger.layers.pooling2d import Pool, Pooling2D
from trigger.layers.reach import Demand, Reach
from trigger.layers.recurrent import Recurrent, Squash
from trigger.layers.relu import ReLU
from trigger.layers.reshape import Reshape
from trigger.layers.selu import SELU
from trigger.layers.sign_tanh import BinaryTanh, TernaryTanh
from trigger.layers.slices import Sliced
from trigger.layers.softmax import Softmax
from trigger.layers.stable_softmax import StableSoftmax
from trigger.layers.table_activation import TableActivation
from trigger.layers.tables import Function
from trigger.layers.thresholded_relu import ThresholdedReLU
from trigger.layers.time_distributed import TimeDistributed
from trigger.layers.transpose import Transpose
from trigger.layers.upsampling import Upsampling
from trigger.layers.zero_padding1d import ZeroPadding1D
from trigger.layers.zero_padding2d import ZeroPadding2D

LAYERS: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        Input,
        Dense,
        Conv1D,
        Conv2D,
        DepthwiseConv1D,
        DepthwiseConv2D,
        DistributedArithmetic,
        BatchNormalization,
        Linear,
        Clone,
        ReLU,
        BoundedReLU,
        LeakyReLU,
        ThresholdedReLU,
        ELU,
        SELU,
        TableActivation,
        HardSigmoid,
        HardTanh,
        BinaryTanh,
        TernaryTanh,
        BatchNormalizationTanh,
        Softmax,
        StableSoftmax,
        LegacySoftmax,
        Argmax,
        Pooling1D,
        Pooling2D,
        GlobalPooling,
        Reshape,
        Transpose,
        ZeroPadding1D,
        ZeroPadding2D,
        Cropping,
        Upsampling,
        Merge,
        Concatenate,
        Dot,
        Embedding,
        LayerNormalization,
        LSTM,
        GRU,
        EinsumDense,
        Einsum,
        TimeDistributed,
    )
}
"""Every layer by the name that files, tables and errors use."""

__all__ = [
    "ELU",
    "GRU",
    "LAYERS",
    "LSTM",
    "SELU",
    "Argmax",
    "BatchNormalization",
    "BatchNormalizationTanh",
    "BinaryTanh",
    "BoundedReLU",
    "Clone",
    "Concatenate",
    "Conv1D",
    "Conv2D",
    "Cropping",
    "Demand",
    "Dense",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "DistributedArithmetic",
    "Dot",
    "Einsum",
    "EinsumDense",
    "Embedding",
    "Function",
    "GlobalPooling",
    "HardSigmoid",
    "HardTanh",
    "Input",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "LegacySoftmax",
    "Linear",
    "Merge",
    "MultiplyAccumulate",
    "Operation",
    "Pointwise",
    "Pool",
    "Pooling1D",
    "Pooling2D",
    "ReLU",
    "Reach",
    "Recurrent",
    "Reshape",
    "Shape",
    "Sliced",
    "Softmax",
    "Squash",
    "StableSoftmax",
    "TableActivation",
    "Tensor",
    "TernaryTanh",
    "ThresholdedReLU",
    "TimeDistributed",
    "Transpose",
    "Upsampling",
    "ZeroPadding1D",
    "ZeroPadding2D",
]
