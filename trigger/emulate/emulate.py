"""Scores of a network: the one call that most users need."""

from __future__ import annotations

import numpy.typing as npt

from trigger.emulate.choice import choose
from trigger.fixed import RawArray
from trigger.network import Network


def emulate(network: Network, *pixels: npt.ArrayLike) -> RawArray | tuple[RawArray, ...]:
    """Return the raw scores of the firmware, exactly.

    The native engine computes them; where it cannot (no C compiler, say), the reference does.
    ``choose`` tells which and why, and keeps the engine for further calls.

    Args:
        network: what the firmware computes.
        pixels: one array per input, (events, *shape): integers are raw values of the input's
            format, floating-point numbers are quantised to it as ``ap_fixed(double)`` does.

    Returns:
        Raw integers, (events, *shape), in the format of the output; a tuple of such arrays where
        the network has several outputs. ``network[network.outputs[0]].result.values(raw)`` gives
        real numbers.

    Raises:
        NetworkError: wrong number or shape of inputs, or raw pixels outside the input format.
    """
    results = choose(network).run(*pixels)
    scores = tuple(results[name] for name in network.outputs)
    return scores[0] if len(scores) == 1 else scores
