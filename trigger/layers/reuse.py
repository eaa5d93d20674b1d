"""Which reuse factors a layer may have: the law of hls4ml's FPGA backends."""

from __future__ import annotations

from trigger.design import Strategy


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
