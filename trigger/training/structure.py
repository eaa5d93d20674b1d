"""Which weights of a kernel go together, and which numbers they may be: laws on arrays alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from trigger.errors import DesignError
from trigger.fixed import FixedFormat
from trigger.layers.reuse import in_order_of_multipliers
from trigger.training.spec import PruningSpec, PruningStructure

_Number = TypeVar("_Number", bound=np.generic)
_Level = TypeVar("_Level", np.int64, np.float64)

Groups = npt.NDArray[np.intp]
"""(groups, weights of each): positions in the flattened kernel."""

_WIDEST = 24
"""Bits of a weight that a float32 holds exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class Constants:
    """What the weights of a kernel may be."""

    levels: npt.NDArray[Any]
    """The numbers, ascending."""
    sizes: int | None = None
    """Different sizes, besides 0, of the weights that each input meets, at most; None is any
    number of them."""

    def nearest(self, kernel: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the allowed kernel next to one; levels and kernel are in the same units."""
        if self.sizes is None:
            return nearest_level(kernel, self.levels)
        return nearest_of_sizes(kernel, self.levels, self.sizes)


def prune_bias(kernel: npt.NDArray[np.generic], bias: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    """Return the biases of a pruned kernel's outputs, 0 where no weight is left."""
    return np.where(kernel.reshape(-1, bias.size).any(axis=0), bias, bias.dtype.type(0))


def without_inputs(
    kernel: npt.NDArray[_Number], unread: npt.NDArray[np.bool_], *, depthwise: bool = False
) -> npt.NDArray[_Number]:
    """Return the kernel with zeros where it meets some of its inputs.

    Args:
        kernel: (*window, inputs, outputs); of a depthwise layer (*window, inputs).
        unread: (inputs,) which ones.
    """
    return np.where(unread if depthwise else unread[:, None], kernel.dtype.type(0), kernel)


def restrictions(pruning: PruningSpec, *, depthwise: bool = False) -> tuple[str, ...]:
    """Return what keeps weights from being any numbers, by its key in the design.

    Args:
        depthwise: each input of the kernel meets one weight, so that none can be equal.
    """
    keys = ("signed_digits", *(() if depthwise else ("equal_constants",)))
    return tuple(key for key in keys if getattr(pruning, key) is not None)


def allowed_constants(
    form: FixedFormat,
    pruning: PruningSpec,
    *,
    symmetric: bool = False,
    depthwise: bool = False,
    where: object = "pruning",
) -> Constants | None:
    """Return what weights of a format may be, as raw integers; None where all are allowed.

    Args:
        symmetric: the most negative number of the format does not count.
        depthwise: as for ``restrictions``.

    Raises:
        DesignError: weights of more than 24 bits.
    """
    wanted = restrictions(pruning, depthwise=depthwise)
    if form.width == 1 or not wanted:
        return None
    if form.width > _WIDEST:
        raise DesignError(
            f"{wanted[0]} is set, but weights have {form.width} bits",
            where=where,
            allowed=f"at most {_WIDEST} bits",
        )
    if pruning.signed_digits is not None:
        levels = signed_digit_levels(form, pruning.signed_digits, symmetric=symmetric)
    else:
        levels = np.arange(form.raw_min + symmetric, form.raw_max + 1)
    return Constants(levels, None if depthwise else pruning.equal_constants)


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


def nearest_of_sizes(
    kernel: npt.NDArray[_Number], levels: npt.NDArray[_Level], sizes: int
) -> npt.NDArray[_Level]:
    """Return the kernel next to one, in squares, whose inputs each meet few different sizes.

    A product of an input with a constant gives those with its negative and with equal constants.
    Weights may become zero, which is no product and counts for none of the sizes; zeros stay.

    Args:
        kernel: (*window, inputs, outputs): an input is a row of (*window * inputs, outputs).
        levels: ascending; its positive numbers are the sizes, their negatives are levels too.
        sizes: at most so many, 1 or more.
    """
    matrix = kernel.reshape(-1, kernel.shape[-1])
    size = np.abs(matrix).astype(np.float64)
    nearest = np.zeros(matrix.shape, dtype=levels.dtype)
    for each in _best_sizes(np.sort(size, axis=1), levels[levels > 0], sizes):
        closer = np.abs(size - each[:, None]) < np.abs(size - nearest)
        nearest = np.where(closer, each[:, None], nearest)
    signed: npt.NDArray[_Level] = (np.sign(matrix) * nearest).astype(levels.dtype)
    return signed.reshape(kernel.shape)


def _best_sizes(
    ordered: npt.NDArray[np.float64], levels: npt.NDArray[_Level], sizes: int
) -> npt.NDArray[_Level]:
    """Return the sizes next to which, or to 0, the numbers of each row are: (sizes, rows).

    Numbers of one size follow each other in order, the smallest becoming 0, and the best size of
    some is the level next to their mean. So the best sizes of the first n numbers follow from
    those of fewer (Fisher, "On grouping for maximum homogeneity", 1958).

    Args:
        ordered: (rows, numbers) not negative, ascending in each row.
        levels: positive, ascending.

    Returns:
        Ascending in each row, but for sizes that are not needed, which are 0.
    """
    rows, numbers = ordered.shape
    middles = (levels[1:] + levels[:-1]) / 2
    sums, squares = (
        np.concatenate([np.zeros((rows, 1)), np.cumsum(power, axis=1)], axis=1)
        for power in (ordered, np.square(ordered))
    )
    error = np.empty((sizes + 1, rows, numbers + 1))  # least of the first numbers, by their count
    error[0], error[:, :, 0] = squares, 0.0
    begin = np.zeros((sizes, rows, numbers + 1), dtype=np.intp)  # of those with the last size
    for end in range(1, numbers + 1):
        count = np.arange(end, 0, -1)
        total = sums[:, end, None] - sums[:, :end]
        level = levels[np.searchsorted(middles, total / count)]
        own = squares[:, end, None] - squares[:, :end] + level * (count * level - 2 * total)
        for last in range(sizes):
            each = error[last, :, :end] + own
            first = np.argmin(each, axis=1)
            least = np.take_along_axis(each, first[:, None], axis=1)[:, 0]
            fewer = error[last, :, end]
            begin[last, :, end] = np.where(least < fewer, first, end)
            error[last + 1, :, end] = np.minimum(least, fewer)
    found = np.zeros((sizes, rows), dtype=levels.dtype)
    row, ends = np.arange(rows), np.full(rows, numbers)
    for last in reversed(range(sizes)):
        begins = begin[last, row, ends]
        mean = (sums[row, ends] - sums[row, begins]) / np.maximum(ends - begins, 1)
        found[last] = np.where(begins < ends, levels[np.searchsorted(middles, mean)], 0)
        ends = begins
    return found
