"""Which reuse factors a layer may have: the law of hls4ml's FPGA backends."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from trigger.design import Strategy

_Number = TypeVar("_Number", bound=np.generic)

STORED = (Strategy.RESOURCE, Strategy.RESOURCE_UNROLLED)
"""Strategies whose multipliers take stored weights in turn."""


def legal_reuse_factors(elements: int, outputs: int, strategy: Strategy) -> tuple[int, ...]:
    """Return the legal values of ``ReuseFactor``, ascending.

    Args:
        elements: window elements that meet one output's weights (``n_in``).
        outputs: outputs or filters (``n_out``).

    The Resource strategies share multipliers in whole blocks (``nnet_dense_resource.h``): the
    factor divides ``elements * outputs``, and is a divisor of ``elements`` or a multiple of it.
    ``Resource_unrolled`` leaves out 1 and the largest. Latency takes any number of repetitions up
    to one multiplier; distributed arithmetic has no multiplier to share.
    """
    multiplications = elements * outputs
    match strategy:
        case Strategy.DISTRIBUTED_ARITHMETIC:
            return (1,)
        case Strategy.LATENCY:
            return tuple(range(1, multiplications + 1))
        case Strategy.RESOURCE:
            return _blocks(elements, multiplications)
        case Strategy.RESOURCE_UNROLLED:
            return _blocks(elements, multiplications)[1:-1]


def _blocks(elements: int, multiplications: int) -> tuple[int, ...]:
    return tuple(
        factor
        for factor in range(1, multiplications + 1)
        if multiplications % factor == 0
        and (elements % factor == 0 if factor < elements else factor % elements == 0)
    )


def legal_parallelization_factors(pixels: int) -> tuple[int, ...]:
    """Return the legal values of ``ParallelizationFactor``, ascending: the divisors of the pixels.

    Args:
        pixels: output positions of the convolution; each of equal parts takes as many at once.
    """
    return tuple(factor for factor in range(1, pixels + 1) if pixels % factor == 0)


def in_order_of_multipliers(
    kernel: npt.NDArray[_Number], *, depthwise: bool = False
) -> npt.NDArray[_Number]:
    """Return the weights in the order in which the multipliers of a Resource strategy take them.

    Multiplier m takes numbers m * ReuseFactor, ..., (m + 1) * ReuseFactor - 1, one in each cycle:
    ``weights[cycle + rf * m]`` of the kernel that hls4ml has transposed to (outputs, *window), in
    all three functions of ``nnet_dense_resource.h``, which streamed convolutions call too, in
    ``nnet_conv1d_resource.h`` and ``nnet_conv2d_resource.h``, and in the code that is generated
    for ``Resource_unrolled``. Those of ``nnet_depthwise_product.h`` take the kernel as it is.

    Args:
        kernel: (*window, outputs); of a depthwise layer (*window, channels).
    """
    if depthwise:
        return kernel.ravel()
    return kernel.reshape(-1, kernel.shape[-1]).T.ravel()
