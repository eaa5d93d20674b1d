"""Comparison of two engines: == on integers, and the first difference by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trigger.errors import NetworkError
from trigger.fixed import FixedFormat, RawArray
from trigger.network import Network


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first place where two engines differ."""

    event: int
    layer: str
    element: tuple[int, ...]
    left_raw: int
    right_raw: int
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
) -> Agreement:
    """Compare the layers that both engines traced, integer by integer.

    Args:
        left, right: raw results by layer name, (events, *shape) each.
        names: what the two engines are called.

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
        first = None
        if count:
            event, *element = (int(index) for index in np.argwhere(differs)[0])
            place = (event, *element)
            first = Mismatch(
                event, layer.name, tuple(element), int(ours[place]), int(theirs[place]), layer.result
            )
        rows.append(LayerAgreement(layer.name, int(ours.size), count, first))
    return Agreement(*names, events, tuple(rows))
