"""Comparison of two engines: == on integers, and the first difference by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.errors import NetworkError
from trigger.fixed import FixedFormat, RawArray
from trigger.layers import Layer
from trigger.network import Network


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first place where two engines differ."""

    event: int
    layer: str
    element: tuple[int, ...]
    left_raw: int | float
    """A whole number, except where an engine that computes in floats left the format's grid."""
    right_raw: int | float
    format: FixedFormat

    def __str__(self) -> str:
        step = float(self.format.step)
        return (
            f"event {self.event}, layer {self.layer}, element {list(self.element)}: "
            f"{self.left_raw} against {self.right_raw} in {self.format} "
            f"({self.left_raw * step:g} against {self.right_raw * step:g})"
        )


@dataclass(frozen=True, slots=True)
class LayerAgreement:
    """How many integers of one layer two engines share."""

    layer: str
    elements: int
    mismatches: int
    first: Mismatch | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two engines agree on the same events."""

    left: str
    """Name of an engine: reference, native, csim, QKeras."""
    right: str
    events: int
    layers: tuple[LayerAgreement, ...]
    """In execution order."""

    @property
    def mismatches(self) -> int:
        """Number of integers that differ, over all layers and events."""
        return sum(layer.mismatches for layer in self.layers)

    @property
    def elements(self) -> int:
        """Number of integers compared."""
        return sum(layer.elements for layer in self.layers)

    @property
    def first(self) -> Mismatch | None:
        """The first difference in execution order: the layer that moved first."""
        return next((layer.first for layer in self.layers if layer.first is not None), None)


def compare(
    network: Network,
    left: Mapping[str, RawArray],
    right: Mapping[str, RawArray],
    *,
    names: tuple[str, str],
    first_event: int = 0,
) -> Agreement:
    """Compare the layers that both engines traced, integer by integer.

    Args:
        left, right: raw results by layer name, (events, *shape) each.
        names: what the two engines are called.
        first_event: number of the first of these events, where they are a part of more.

    Raises:
        NetworkError: nothing in common, an output missing on one side, or other shapes.
    """
    common = [layer for layer in network.layers if layer.name in left and layer.name in right]
    missing = [name for name in network.outputs if name not in left or name not in right]
    if missing or not common:
        raise NetworkError(
            f"{names[0]} and {names[1]} do not both have {', '.join(missing) or 'any layer'}",
            where="comparison",
            allowed="every output of the network, and any further layer",
        )
    events = len(left[common[0].name])
    rows = []
    for layer in common:
        ours, theirs = left[layer.name], right[layer.name]
        if ours.shape != theirs.shape or len(ours) != events:
            raise NetworkError(
                f"{names[0]} has shape {ours.shape}, {names[1]} {theirs.shape}",
                where=layer.name,
                allowed=f"({events}, *{network.shapes[layer.name]}) on both sides",
            )
        differs = ours != theirs
        count = int(np.count_nonzero(differs))
        first = first_mismatch(layer, ours, theirs, differs, first_event)
        rows.append(LayerAgreement(layer.name, int(ours.size), count, first))
    return Agreement(*names, events, tuple(rows))


def first_mismatch(
    layer: Layer,
    left: RawArray,
    right: RawArray,
    differs: npt.NDArray[np.bool_],
    first_event: int = 0,
) -> Mismatch | None:
    """Return the first place of a layer, (events, *shape), where ``differs`` holds, if any."""
    places = np.argwhere(differs)
    if not len(places):
        return None
    event, *element = (int(index) for index in places[0])
    place = (event, *element)
    numbers = [
        raw[place].item() if isinstance(raw[place], np.generic) else raw[place]
        for raw in (left, right)
    ]
    return Mismatch(first_event + event, layer.name, tuple(element), *numbers, layer.result)


def merge(parts: Sequence[Agreement]) -> Agreement:
    """Return the agreement over all events from those of consecutive parts of them.

    Raises:
        NetworkError: no parts, or parts that compare other engines or layers.
    """
    kinds = {(part.left, part.right, tuple(row.layer for row in part.layers)) for part in parts}
    if len(kinds) != 1:
        raise NetworkError(
            f"{len(parts)} parts of {len(kinds)} kinds",
            where="merge of agreements",
            allowed="one part or more, all of the same engines and layers",
        )
    rows = []
    for same in zip(*(part.layers for part in parts), strict=True):
        first = next((row.first for row in same if row.first is not None), None)
        elements = sum(row.elements for row in same)
        mismatches = sum(row.mismatches for row in same)
        rows.append(LayerAgreement(same[0].layer, elements, mismatches, first))
    events = sum(part.events for part in parts)
    return Agreement(parts[0].left, parts[0].right, events, tuple(rows))


def in_steps(
    network: Network, values: Mapping[str, npt.NDArray[np.float64]]
) -> dict[str, npt.NDArray[np.float64]]:
    """Return real numbers by layer as multiples of the layer's step, to be compared with raw ones.

    A value that is not on the format's grid gives a fraction, which equals no integer. float64 is
    exact here: the scaling is by a power of two.
    """
    return {
        name: np.ldexp(value, network[name].result.fractional) for name, value in values.items()
    }
