"""What an estimate needs to know of a layer: shapes, knobs, formats and statistics of weights.

A descriptor stands between the estimator and whatever describes a layer: a ``Network`` with its
real weights, or a record of a published synthesis report that has only their statistics.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from trigger.design import IOType, Strategy
from trigger.errors import EstimateError
from trigger.fixed import FixedFormat

CSD_CLASSES = 4
"""Weights are counted by whether they have at least 1, 2, 3 and 4 non-zero CSD digits."""


class Kind(Enum):
    """Families of layers that HLS builds in different ways."""

    DENSE = "dense"
    CONV = "conv"
    DEPTHWISE = "depthwise"
    POOLING = "pooling"
    GLOBAL_POOLING = "global_pooling"
    RELU = "relu"
    LINEAR = "linear"
    """A change of format, and nothing else."""
    LEAKY = "leaky"
    """relu with a slope, fixed or per element: one multiplication each."""
    TABLE = "table"
    """A function by table lookup: sigmoid, tanh, elu, ..."""
    SOFTMAX = "softmax"
    BATCHNORM = "batchnorm"
    ZERO_PADDING = "zero_padding"
    RESHAPE = "reshape"
    """Flatten, reshape, transpose, repack: wires, or beats of a stream."""
    MERGE = "merge"
    """Two inputs, element by element: added, compared, averaged."""
    MULTIPLY = "multiply"
    """Two inputs multiplied, element by element or summed (dot)."""
    UPSAMPLING = "upsampling"
    EMBEDDING = "embedding"
    RECURRENT = "recurrent"
    NORMALISATION = "normalisation"
    """Mean and deviation of what enters: layer normalisation."""
    TIME_DISTRIBUTED = "time_distributed"
    """Layers that are run once per step of a sequence."""
    EINSUM = "einsum"
    """Matrix products along any axes."""


ELEMENTWISE = frozenset(
    {Kind.RELU, Kind.LINEAR, Kind.LEAKY, Kind.TABLE, Kind.SOFTMAX, Kind.BATCHNORM}
)
"""Kinds whose result has the shape of their input."""


@dataclass(frozen=True, slots=True)
class WeightStatistics:
    """Counts over the integer weights of one layer.

    Constants decide what HLS builds: a zero nothing, a power of two wires, few canonical-signed-
    digit (CSD) digits adders, more digits a multiplier; equal constants of one input share it.
    """

    n: int
    zeros: int
    csd_digits: int
    """Non-zero CSD digits of all weights together."""
    row_distinct_by_csd: tuple[int, int, int, int]
    """Weights with at least 1, 2, 3, 4 non-zero CSD digits, each value counted once per input (row
    of the kernel matrix)."""

    @property
    def nonzeros(self) -> int:
        return self.n - self.zeros


@dataclass(frozen=True, slots=True)
class AdderStatistics:
    """Counts over the shifts and additions that stand for one matrix product."""

    additions: int
    bits: int
    """Of all sums together: each takes one bit of a carry chain."""
    depth: int
    """Additions on the longest way from an input to an output."""


@dataclass(frozen=True, slots=True)
class LayerDescriptor:
    """One layer as the estimator sees it; what is unknown or does not apply is None."""

    name: str
    kind: Kind
    in_shape: tuple[int, ...]
    """(height, width, channels), (length, channels) or (features,); padding not included."""
    out_shape: tuple[int, ...]
    io_type: IOType
    input: FixedFormat | None = None
    result: FixedFormat | None = None
    strategy: Strategy | None = None
    reuse_factor: int = 1
    weight: FixedFormat | None = None
    bias: FixedFormat | None = None
    accumulator: FixedFormat | None = None
    weights: WeightStatistics | None = None
    adders: AdderStatistics | None = None
    """Of a product that is built without multipliers."""
    zero_multipliers: int = 0
    """Multipliers of stored weights whose weights are all zero, at ``reuse_factor``."""
    kernel: tuple[int, ...] = ()
    """(height, width) or (length,) of a window."""
    stride: tuple[int, ...] = ()
    padding: tuple[int, ...] = ()
    """Zeros around the image inside this layer, in total per axis: (vertical, horizontal)."""
    partitions: int | None = None
    """Times that a parallel convolution runs its window block: pixels / ParallelizationFactor."""
    table_size: int | None = None
    average: bool = False
    """Pooling by average; otherwise by maximum."""
    parts: tuple[LayerDescriptor, ...] = ()
    """Matrix products inside a recurrent layer: of a step's input, and of the state."""

    @property
    def n_in(self) -> int:
        """Inputs of one matrix product: features, or window size times channels."""
        if self.kind is Kind.CONV:
            return math.prod(self.kernel) * self.in_shape[-1]
        if self.kind is Kind.DEPTHWISE:
            return math.prod(self.kernel)
        return math.prod(self.in_shape)

    @property
    def n_out(self) -> int:
        """Outputs of one matrix product: features or filters."""
        return self.out_shape[-1] if self.kind is not Kind.DENSE else math.prod(self.out_shape)

    @property
    def products(self) -> int:
        """Multiplications of one matrix product."""
        if self.kind is Kind.DEPTHWISE:
            return math.prod(self.kernel) * self.in_shape[-1]
        return self.n_in * self.n_out

    @property
    def in_pixels(self) -> int:
        """Pixels that enter, the layer's own padding included; 1 without a spatial axis."""
        padding = self.padding or (0,) * (len(self.in_shape) - 1)
        return math.prod(
            side + zeros for side, zeros in zip(self.in_shape[:-1], padding, strict=False)
        )

    @property
    def out_pixels(self) -> int:
        return math.prod(self.out_shape[:-1])


def weight_statistics(weights: npt.NDArray[np.int64]) -> WeightStatistics:
    """Count what decides the cost of constant multiplications.

    Args:
        weights: raw integers, the last axis being the outputs and all others together the inputs
            of the matrix product (``(n_in, n_out)``, ``(kh, kw, channels, filters)``).

    Raises:
        EstimateError: no weights, or not integers.
    """
    raw = np.asarray(weights)
    if raw.size == 0 or raw.ndim < 1 or not np.issubdtype(raw.dtype, np.integer):
        raise EstimateError(
            f"weights have shape {raw.shape} and type {raw.dtype}",
            where="weight statistics",
            allowed="a non-empty array of raw integers",
        )
    matrix = raw.reshape(-1, raw.shape[-1])
    digits = csd_digit_counts(matrix)
    # Equal neighbours of a sorted row are one multiplier.
    order = np.argsort(matrix, axis=1, kind="stable")
    ordered = np.take_along_axis(matrix, order, axis=1)
    first = np.ones(matrix.shape, dtype=bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first_digits = np.take_along_axis(digits, order, axis=1)[first]
    classes = range(1, CSD_CLASSES + 1)
    return WeightStatistics(
        n=int(matrix.size),
        zeros=int(np.count_nonzero(digits == 0)),
        csd_digits=int(digits.sum()),
        row_distinct_by_csd=_four(
            int(np.count_nonzero(first_digits >= least)) for least in classes
        ),
    )


def csd_digit_counts(raw: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the number of non-zero canonical-signed-digit digits of each integer.

    For x >= 0 the digits of the non-adjacent form are the bits of (x ^ 3x) >> 1 (Reitwiesner).
    """
    size = np.abs(np.asarray(raw).astype(np.int64))
    count: npt.NDArray[np.int64] = np.bitwise_count((size ^ (3 * size)) >> 1).astype(np.int64)
    return count


def _four(counts: Iterable[int]) -> tuple[int, int, int, int]:
    first, second, third, fourth = counts
    return first, second, third, fourth
