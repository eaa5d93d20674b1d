"""Which weights of a kernel go together, and which numbers they may be: laws on arrays alone."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from trigger.errors import DesignError
from trigger.fixed import FixedFormat
from trigger.layers.reuse import in_order_of_multipliers
from trigger.training.spec import PruningStructure

_Number = TypeVar("_Number", bound=np.generic)
_Level = TypeVar("_Level", np.int64, np.float64)

Groups = npt.NDArray[np.intp]
"""(groups, weights of each): positions in the flattened kernel."""


def group_weights(
    structure: PruningStructure,
    shape: tuple[int, ...],
    *,
    reuse_factor: int = 1,
    depthwise: bool = False,
    where: object = "pruning",
) -> Groups:
    """Return which weights become zero together.

    Args:
        shape: of the kernel, (*window, outputs); of a depthwise layer (*window, channels).
        reuse_factor: weights that one multiplier takes in turn; 1 where none is shared.

    Raises:
        DesignError: the reuse factor does not divide the number of weights.
    """
    positions = np.arange(math.prod(shape)).reshape(shape)
    match structure:
        case PruningStructure.WEIGHT:
            return positions.reshape(-1, 1)
        case PruningStructure.UNIT:
            return positions.reshape(-1, shape[-1]).T
        case PruningStructure.MULTIPLIER:
            if positions.size % reuse_factor:
                raise DesignError(
                    f"{positions.size} weights are not shared by multipliers of {reuse_factor}",
                    where=where,
                    allowed="a ReuseFactor that divides their number",
                )
            ordered = in_order_of_multipliers(positions, depthwise=depthwise)
            return ordered.reshape(-1, reuse_factor)


def zero_groups(groups: int, sparsity: float) -> int:
    """Return how many groups become zero: the share, rounded to whole ones; one always stays."""
    return groups - max(1, round(groups * (1 - sparsity)))


def prune_kernel(
    kernel: npt.NDArray[_Number], groups: Groups, sparsity: float
) -> npt.NDArray[_Number]:
    """Return the kernel without the groups of the smallest norm, as a fit chooses them.

    No other choice of so many groups takes less of the kernel's norm.
    """
    flat = kernel.ravel().copy()
    norms = np.sum(np.square(flat[groups].astype(np.float64)), axis=1)
    order = np.argsort(norms, kind="stable")
    flat[groups[order[: zero_groups(len(groups), sparsity)]]] = 0
    return flat.reshape(kernel.shape)


def signed_digit_levels(
    form: FixedFormat, digits: int, *, symmetric: bool = False
) -> npt.NDArray[np.int64]:
    """Return the raw numbers of a format that are sums of so many signed powers of two, ascending.

    A multiplication by one of them takes one addition less than it has digits, and shifts, which
    are wires. The canonical form has the fewest digits of all, so these are the numbers with at
    most so many non-zero canonical-signed-digit (CSD) digits (Reitwiesner).

    Args:
        symmetric: the most negative number of the format does not count.
    """
    low, high = form.raw_min + symmetric, form.raw_max
    powers = 2 ** np.arange(form.width + 1, dtype=np.int64)
    terms = np.concatenate([-powers, powers, [0]])
    levels = np.zeros(1, dtype=np.int64)
    for _ in range(digits):
        levels = np.unique(levels[:, None] + terms)
    return levels[(levels >= low) & (levels <= high)]


def nearest_level(values: npt.NDArray[_Number], levels: npt.NDArray[_Level]) -> npt.NDArray[_Level]:
    """Return the level next to each value, the lower one of two as near.

    Args:
        levels: ascending.
    """
    middles = (levels[1:] + levels[:-1]) / 2
    return levels[np.searchsorted(middles, values)]
