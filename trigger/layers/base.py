"""What every layer of a Network is: frozen data with a shape law and an exact meaning."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trigger.errors import NetworkError
from trigger.fixed import FixedFormat, RawArray
from trigger.layers.reach import Reach

Shape = tuple[int, ...]
"""Shape of one event's tensor, without the event axis; channels last."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """Raw integers of many events, with the format that gives them their meaning."""

    raw: RawArray
    """Shape (events, *shape), int64 or object."""
    format: FixedFormat


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer(ABC):
    """One step of the firmware: reads tensors by the names of their layers, makes one tensor."""

    name: str
    inputs: tuple[str, ...]
    """Names of the layers whose results it reads, in the order of the C++ call."""
    result: FixedFormat
    """Format of what it makes (``result_t``)."""

    @abstractmethod
    def shape(self, *inputs: Shape) -> Shape:
        """Return the result's shape for one event.

        Raises:
            NetworkError: the layer cannot read tensors of these shapes.
        """

    @abstractmethod
    def evaluate(self, *inputs: Tensor) -> RawArray:
        """Return the raw result, (events, *shape) in ``self.result``, exactly as the C++ does."""

    def reach(self, *inputs: Reach) -> Reach:
        """Return which integers the result can hold, given those of the inputs.

        A layer that states no law of its own may hold whatever its format holds.
        """
        return Reach.full(self.shape(*(tensor.low.shape for tensor in inputs)), self.result)

    def weights(self) -> dict[str, tuple[RawArray, FixedFormat]]:
        """Return the constants of the layer by their role, each with its format; {} without any."""
        return {}

    def multiplications(self, *inputs: Shape) -> int:
        """Return how many multiplications by a constant one event takes."""
        return 0


def only(inputs: tuple[Shape, ...], layer: Layer, rank: int | None = None) -> Shape:
    """Return the one input shape of a layer that reads one tensor.

    Raises:
        NetworkError: another number of inputs, or another rank.
    """
    if len(inputs) != 1 or (rank is not None and len(inputs[0]) != rank):
        wanted = "one input" if rank is None else f"one input of rank {rank}"
        raise NetworkError(f"inputs have shapes {list(inputs)}", where=layer.name, allowed=wanted)
    return inputs[0]


def expect(condition: bool, layer: Layer, problem: str, allowed: str) -> None:
    """Raise a NetworkError that names the layer unless ``condition`` holds."""
    if not condition:
        raise NetworkError(problem, where=layer.name, allowed=allowed)


def frozen_array(values: object, bits: int) -> RawArray:
    """Return integers as a read-only array: int64 where numbers of ``bits`` bits fit it."""
    array = np.array(values, dtype=np.int64 if bits <= 63 else object)
    array.setflags(write=False)
    return array


def pad(raw: RawArray, margins: Sequence[tuple[int, int]], fill: int = 0) -> RawArray:
    """Return an array with ``fill`` around it; ``np.pad`` would put int64 among Python integers.

    Args:
        margins: (before, behind) of each axis.
    """
    lengths = zip(raw.shape, margins, strict=True)
    padded: RawArray = np.full([n + sum(margin) for n, margin in lengths], fill, raw.dtype)
    inside = (slice(before, before + n) for n, (before, _) in zip(raw.shape, margins, strict=True))
    padded[tuple(inside)] = raw
    return padded
