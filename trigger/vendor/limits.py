"""What a project asks of the vendor's front end that is illegal, or that it is known to refuse.

Found from the network alone, before any tool is called. Each limit has its source in ``LIMITS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from math import prod
from types import MappingProxyType

from trigger.design import IOType, Strategy, Target
from trigger.layers import (
    Conv1D,
    Conv2D,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Layer,
    MultiplyAccumulate,
)
from trigger.layers.reuse import legal_parallelization_factors, legal_reuse_factors
from trigger.network import Network

VIVADO_ELEMENTS = 4096
PUBLISHED_LAYER = 11_220
PUBLISHED_DESIGN = 16_980
STACK_BYTES = 8 * 2**20


class Danger(Enum):
    """What goes wrong when a limit is passed."""

    REUSE_FACTOR = "illegal reuse factor"
    PARALLELIZATION_FACTOR = "illegal parallelization factor"
    UNROLL = "multiplications unrolled at once"
    PARTITION = "elements of an array kept in registers"
    LAYER_SIZE = "multiplications unrolled in a layer"
    DESIGN_SIZE = "multiplications unrolled in the design"
    STACK = "bytes of stack in C simulation"


@dataclass(frozen=True, slots=True)
class Limit:
    """What is known of a limit."""

    fails: bool
    """The tool, or hls4ml, is known to stop there; otherwise only that nobody went further."""
    source: str


LIMITS: Mapping[Danger, Limit] = MappingProxyType(
    {
        Danger.REUSE_FACTOR: Limit(True, "nnet_dense_resource.h: blocks must be whole"),
        Danger.PARALLELIZATION_FACTOR: Limit(True, "hls4ml: parts of the image must be equal"),
        Danger.UNROLL: Limit(
            True,
            "Vivado HLS stops with XFORM 203-504 beyond 4096 (fastmachinelearning/hls4ml#904)",
        ),
        Danger.PARTITION: Limit(
            True,
            "Vivado HLS stops with XFORM 203-103 beyond config_array_partition -maximum_size,"
            " which hls4ml sets to 4096 (fastmachinelearning/hls4ml#1157)",
        ),
        Danger.LAYER_SIZE: Limit(
            False,
            "largest in 80 published Vitis HLS reports of hls4ml projects (2021.1, dense, Latency)",
        ),
        Danger.DESIGN_SIZE: Limit(
            False, "largest in 80 published Vitis HLS reports of hls4ml projects (2021.1)"
        ),
        Danger.STACK: Limit(True, "default stack of Linux, 8 MiB; the tools' simulation has it"),
    }
)
"""By danger: whether it is sure, and where the number comes from."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One limit that a layer, or the design (``layer`` is ""), does not keep."""

    danger: Danger
    layer: str
    value: int
    limit: int
    """Largest value that goes; for an illegal factor the nearest legal one."""
    change: str
    """The cheapest change that helps."""

    @property
    def fails(self) -> bool:
        return LIMITS[self.danger].fails

    def __str__(self) -> str:
        where = self.layer or "the design"
        known = "at most" if self.fails else "nobody published more than"
        if self.danger in (Danger.REUSE_FACTOR, Danger.PARALLELIZATION_FACTOR):
            known = "the nearest legal one is"
        return (
            f"{where}: {self.value:,} {self.danger.value}, {known} {self.limit:,}"
            f" ({LIMITS[self.danger].source}). To do: {self.change}"
        )


def find_dangers(network: Network, target: Target) -> tuple[Finding, ...]:
    """Return every limit that a network does not keep on a target, in the order of its layers."""
    found = [finding for rule in RULES for finding in rule(network, target)]
    order = {layer.name: number for number, layer in enumerate(network.layers)}
    return tuple(sorted(found, key=lambda finding: order.get(finding.layer, -1)))


def _products(network: Network) -> Iterator[MultiplyAccumulate]:
    for layer in network.layers:
        if isinstance(layer, MultiplyAccumulate):
            yield layer


def _parallel_pixels(layer: Layer, target: Target) -> int:
    """Return how many windows are computed at once."""
    if target.io_type is IOType.PARALLEL and isinstance(layer, (Conv1D, Conv2D)):
        return layer.parallelization_factor
    return 1


def _unrolled(layer: MultiplyAccumulate) -> int:
    """Return the multiplications of one window that the C++ unrolls.

    The Latency strategies unroll all of them and let the tool share multipliers; the Resource
    strategies loop over the reuse factor.
    """
    size = int(layer.kernel.size)
    if layer.strategy in (Strategy.RESOURCE, Strategy.RESOURCE_UNROLLED):
        return -(-size // layer.reuse_factor)
    return size


def _is_vivado(target: Target) -> bool:
    return target.backend.lower().startswith("vivado")


def _legality(network: Network, target: Target) -> Iterator[Finding]:
    for layer in _products(network):
        if isinstance(layer, (DepthwiseConv1D, DepthwiseConv2D)):
            continue
        elements, outputs = layer.matrix.shape
        legal = legal_reuse_factors(elements, outputs, layer.strategy)
        if layer.reuse_factor not in legal:
            near = min(legal, key=lambda factor: abs(factor - layer.reuse_factor))
            yield Finding(
                Danger.REUSE_FACTOR,
                layer.name,
                layer.reuse_factor,
                near,
                f"ReuseFactor: {near}",
            )
        if isinstance(layer, (Conv1D, Conv2D)) and target.io_type is IOType.PARALLEL:
            pixels = prod(network.shapes[layer.name][:-1])
            factor = layer.parallelization_factor
            if pixels % factor:
                near = min(
                    legal_parallelization_factors(pixels), key=lambda each: abs(each - factor)
                )
                yield Finding(
                    Danger.PARALLELIZATION_FACTOR,
                    layer.name,
                    factor,
                    near,
                    f"ParallelizationFactor: {near}",
                )


def _unroll(network: Network, target: Target) -> Iterator[Finding]:
    if not _is_vivado(target):
        return
    for layer in _products(network):
        value = _unrolled(layer)
        if value > VIVADO_ELEMENTS:
            yield Finding(
                Danger.UNROLL,
                layer.name,
                value,
                VIVADO_ELEMENTS,
                _share(layer, VIVADO_ELEMENTS),
            )


def _partition(network: Network, target: Target) -> Iterator[Finding]:
    """Arrays between layers, and the windows of a parallel convolution."""
    if not _is_vivado(target) or target.io_type is not IOType.PARALLEL:
        return
    for layer in network.layers:
        value = prod(network.shapes[layer.name])
        if value > VIVADO_ELEMENTS:
            change = "IOType: io_stream, or fewer pixels or channels"
            yield Finding(Danger.PARTITION, layer.name, value, VIVADO_ELEMENTS, change)
        if isinstance(layer, (Conv1D, Conv2D)):
            window = layer.matrix.shape[0]
            value = layer.parallelization_factor * window
            if value > VIVADO_ELEMENTS:
                yield Finding(
                    Danger.PARTITION,
                    layer.name,
                    value,
                    VIVADO_ELEMENTS,
                    _fewer_pixels(network, layer, VIVADO_ELEMENTS // window),
                )


def _size(network: Network, target: Target) -> Iterator[Finding]:
    """What Vitis HLS, which has no fixed limit, may take days and all memory for."""
    if _is_vivado(target):
        return
    sizes = {
        layer: _unrolled(layer) * _parallel_pixels(layer, target) for layer in _products(network)
    }
    for layer, value in sizes.items():
        if value > PUBLISHED_LAYER:
            change = _smaller(network, target, layer, PUBLISHED_LAYER)
            yield Finding(Danger.LAYER_SIZE, layer.name, value, PUBLISHED_LAYER, change)
    whole = sum(sizes.values())
    if whole > PUBLISHED_DESIGN:
        largest = max(sizes, key=lambda layer: sizes[layer])
        room = max(1, PUBLISHED_DESIGN - (whole - sizes[largest]))
        change = _smaller(network, target, largest, room)
        yield Finding(Danger.DESIGN_SIZE, "", whole, PUBLISHED_DESIGN, f"{largest.name}: {change}")


def _stack(network: Network, target: Target) -> Iterator[Finding]:
    """Arrays that the C++ keeps on the stack: all tensors, and the largest layer's own."""
    if target.io_type is not IOType.PARALLEL:
        return
    tensors = sum(
        prod(network.shapes[layer.name]) * _bytes(layer.result.width) for layer in network.layers
    )
    own = {
        layer: _unrolled(layer) * _bytes(layer.accumulator.width)
        + _parallel_pixels(layer, target)
        * layer.matrix.shape[0]
        * _bytes(network.input_formats(layer)[0].width)
        for layer in _products(network)
    }
    largest = max(own, key=lambda layer: own[layer], default=None)
    value = tensors + (own[largest] if largest is not None else 0)
    if value > STACK_BYTES:
        change = "IOType: io_stream, or raise the limit of the shell (ulimit -s unlimited)"
        yield Finding(Danger.STACK, "", value, STACK_BYTES, change)


RULES: tuple[Callable[[Network, Target], Iterator[Finding]], ...] = (
    _legality,
    _unroll,
    _partition,
    _size,
    _stack,
)


def _bytes(width: int) -> int:
    """Return the memory of an ``ap_fixed`` in C simulation: 1, 2, 4, then whole words of 8."""
    return next((size for size in (1, 2, 4) if width <= 8 * size), 8 * (-(-width // 64)))


def _share(layer: MultiplyAccumulate, most: int) -> str:
    """Say the smallest reuse factor of the Resource strategy that unrolls no more than ``most``."""
    elements, outputs = layer.matrix.shape
    size = int(layer.kernel.size)
    legal = legal_reuse_factors(elements, outputs, Strategy.RESOURCE)
    enough = next((factor for factor in legal if -(-size // factor) <= most), None)
    if enough is None:
        return "fewer outputs or inputs"
    return f"Strategy: Resource, ReuseFactor: {enough}"


def _fewer_pixels(network: Network, layer: Conv1D | Conv2D, most: int) -> str:
    """Say the largest parallelization factor up to ``most``."""
    pixels = prod(network.shapes[layer.name][:-1])
    legal = [factor for factor in legal_parallelization_factors(pixels) if factor <= most]
    return f"ParallelizationFactor: {legal[-1]}" if legal else "IOType: io_stream"


def _smaller(network: Network, target: Target, layer: MultiplyAccumulate, most: int) -> str:
    """Say how a layer unrolls no more than ``most``: fewer pixels at once, else shared products."""
    pixels = _parallel_pixels(layer, target)
    if pixels > 1 and isinstance(layer, (Conv1D, Conv2D)) and _unrolled(layer) <= most:
        return _fewer_pixels(network, layer, most // _unrolled(layer))
    change = _share(layer, most)
    return f"{change}, ParallelizationFactor: 1" if pixels > 1 else change
