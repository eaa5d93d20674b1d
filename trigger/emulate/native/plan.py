"""Which layers share a function, in which lanes tensors lie, and with which frame of zeros."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trigger.design import IOType
from trigger.emulate.native.accumulate import plan_sum
from trigger.emulate.native.elementwise import is_per_element
from trigger.emulate.native.emitters import emitter_of
from trigger.emulate.native.kernel import Group
from trigger.emulate.native.lanes import Lane, narrowest
from trigger.emulate.native.multiply import padding_of
from trigger.emulate.native.places import Frame, Place
from trigger.emulate.native.split import blaming, needed
from trigger.emulate.native.steps import Term, is_monotonic
from trigger.layers import (
    BatchNormalization,
    BatchNormalizationTanh,
    Conv1D,
    Conv2D,
    DistributedArithmetic,
    Layer,
    LeakyReLU,
    MultiplyAccumulate,
    Pool,
    Pooling2D,
    Reach,
    Reshape,
    ZeroPadding1D,
    ZeroPadding2D,
)
from trigger.network import Network

MOVES = (Reshape, ZeroPadding1D, ZeroPadding2D)
"""Layers that only decide where the numbers before them are stored."""

MOST_CELLS = 16
"""Largest pooling window whose sums are kept in registers at once."""


@dataclass(frozen=True)
class Plan:
    """What is to be written, before any of it is."""

    network: Network
    reaches: Mapping[str, Reach]
    wanted: tuple[str, ...]
    """Tensors that leave the engine."""
    groups: tuple[Group, ...]
    places: Mapping[str, tuple[Place, ...]]
    """Where each group's tensor lies: first as it is made, then copies in other lanes."""

    def sources(self, layer: Layer) -> tuple[Place, ...]:
        """Return the places that a group's head reads, in the order of its inputs."""
        return tuple(
            next(
                place
                for place in self.places[tensor]
                if place.lane is _wanted_lane(layer, self.reaches[tensor])
            )
            for tensor in layer.inputs
        )


def make_plan(network: Network, wanted: tuple[str, ...]) -> Plan:
    """Plan the functions of a network.

    Raises:
        Refusal: a layer that the native engine does not cover, or wide integers.
    """
    network = with_products(network)
    layers = needed(network, wanted)
    for layer in layers:
        with blaming(layer):
            emitter_of(layer)
    reaches = network.reaches()
    readers = {
        layer.name: [other for other in layers if layer.name in other.inputs] for layer in layers
    }
    groups: dict[str, Group] = {}  # by the name of their tail so far
    for layer in layers:
        before = groups.get(layer.inputs[0]) if len(layer.inputs) == 1 else None
        private = before is not None and before.tail.name not in wanted
        alone = private and len(readers[layer.inputs[0]]) == 1
        if before is not None and alone and _joins(network, reaches, readers, before, layer):
            del groups[before.tail.name]
            groups[layer.name] = Group(before.head, (*before.chain, layer))
        else:
            groups[layer.name] = Group(layer)
    position = {layer.name: index for index, layer in enumerate(network.layers)}
    ordered = sorted(groups.values(), key=lambda group: position[group.head.name])
    shapes = network.shapes
    places = {}
    for group in ordered:
        name = group.tail.name
        reach = reaches[name]
        with blaming(*group.layers):
            narrow = narrowest(reach.raw_min, reach.raw_max)
        lanes = []
        for reader in readers[name]:
            with blaming(reader):
                lanes.append(_wanted_lane(reader, reach))
        lanes = list(dict.fromkeys(lanes)) or [narrow]
        frame = _frame(len(shapes[name]), readers[name])
        places[name] = tuple(Place(name, shapes[name], lane, frame) for lane in lanes)
    return Plan(network, reaches, wanted, tuple(ordered), places)


def with_products(network: Network) -> Network:
    """Return the network with a matrix product for each adder graph that is one, exactly."""
    if not any(isinstance(layer, DistributedArithmetic) for layer in network.layers):
        return network
    reaches = network.reaches()
    layers = []
    for layer in network.layers:
        product = None
        if isinstance(layer, DistributedArithmetic):
            product = layer.as_product(reaches[layer.inputs[0]])
        layers.append(product or layer)
    return Network(tuple(layers), network.outputs)


def _wanted_lane(layer: Layer, reach: Reach) -> Lane:
    """Return the lane in which a layer reads an input."""
    if isinstance(layer, MultiplyAccumulate):
        return plan_sum(layer, reach).lane
    return narrowest(reach.raw_min, reach.raw_max)


def _frame(rank: int, readers: list[Layer]) -> Frame:
    """Return the zeros that all readers together want around a tensor."""
    windowed = (MultiplyAccumulate, DistributedArithmetic)
    paddings = [padding_of(layer) for layer in readers if isinstance(layer, windowed)]
    paddings.append(((0, 0),) * rank)
    return tuple(
        (max(pad[axis][0] for pad in paddings), max(pad[axis][1] for pad in paddings))
        for axis in range(rank)
    )


def _joins(
    network: Network,
    reaches: Mapping[str, Reach],
    readers: Mapping[str, list[Layer]],
    group: Group,
    layer: Layer,
) -> bool:
    """Tell whether a layer can be part of the group whose tail it alone reads."""
    if not emitter_of(layer).joins or isinstance(group.head, DistributedArithmetic):
        return False
    moved = any(isinstance(each, MOVES) for each in group.layers)
    match layer:
        case LeakyReLU() if layer.alpha.size > 1:
            return not moved and not is_per_element(layer)
        case BatchNormalization() | BatchNormalizationTanh():
            # its channels are those of the head
            return not moved and not is_per_element(group.head)
        case Pooling2D():
            return _pools_in_registers(network, reaches, group, layer)
        case Reshape() if isinstance(group.head, MultiplyAccumulate):
            # results must lie at equal distances, which a frame in the new shape would break
            convolutions = (Conv1D, Conv2D, DistributedArithmetic)
            return not any(
                isinstance(each, (ZeroPadding1D, ZeroPadding2D, *convolutions))
                for name in (layer.name,)
                for each in _downstream(readers, name)
            )
    return True


def _downstream(readers: Mapping[str, list[Layer]], name: str) -> list[Layer]:
    """Return the readers of a tensor and of what only moves or reformats it."""
    found = []
    for layer in readers[name]:
        found.append(layer)
        if emitter_of(layer).joins:
            found += _downstream(readers, layer.name)
    return found


def _pools_in_registers(
    network: Network, reaches: Mapping[str, Reach], group: Group, layer: Pooling2D
) -> bool:
    """Tell whether a maximum can be taken before its cells are stored."""
    size, stride = layer.size, layer.stride
    apart = all(step >= window for step, window in zip(stride, size, strict=True))
    padded = any(any(pad) for pad in layer.padding)
    others = (*MOVES, Pooling2D, BatchNormalization)
    source = reaches[layer.inputs[0]]
    term = Term(Lane.I64, source.raw_min, source.raw_max, source.format.fractional)
    return (
        layer.pool is Pool.MAX
        and isinstance(group.head, Conv2D)
        and not any(isinstance(each, others) for each in group.chain)
        and apart
        and not padded
        and size[0] * size[1] <= MOST_CELLS
        and (layer.io_type is IOType.PARALLEL or is_monotonic(term, layer.accumulator))
    )
