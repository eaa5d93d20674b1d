"""Hardware settings of one layer, and which of them leave every integer as it is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trigger.design import IOType, Strategy, Target
from trigger.estimate.descriptor import LayerDescriptor, WeightStatistics
from trigger.fixed import Overflow
from trigger.layers import (
    Conv1D,
    Conv2D,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Input,
    Layer,
    MultiplyAccumulate,
)
from trigger.layers.reuse import legal_parallelization_factors, legal_reuse_factors
from trigger.network import Network
from trigger.vendor import find_dangers

STRATEGIES = (Strategy.LATENCY, Strategy.RESOURCE)
"""Those that the estimator has laws for and that need no other generated code."""


@dataclass(frozen=True, slots=True)
class Setting:
    """hls4ml's knobs of one layer with weights."""

    strategy: Strategy
    reuse_factor: int
    parallelization_factor: int = 1
    """Pixels at once of a parallel convolution; 1 elsewhere."""

    def __str__(self) -> str:
        pixels = f" x{self.parallelization_factor}" if self.parallelization_factor > 1 else ""
        return f"{self.strategy.value} {self.reuse_factor}{pixels}"


def find_knobs(network: Network) -> tuple[MultiplyAccumulate, ...]:
    """Return the layers whose settings may change without changing an integer.

    The strategies add in different orders, which only a saturating accumulator notices; where one
    can saturate, the layer keeps its settings.
    """
    reaches = network.reaches()
    return tuple(
        layer
        for layer in network.layers
        if isinstance(layer, MultiplyAccumulate)
        and (
            layer.accumulator.overflow is Overflow.WRAP
            or not any(
                demand.overflows
                for demand in reaches[layer.name].demands
                if demand.role == "accumulator"
            )
        )
    )


def legal_settings(
    layer: MultiplyAccumulate, pixels: int, io_type: IOType, stats: WeightStatistics
) -> Iterator[tuple[Setting, ...]]:
    """Yield the settings that hls4ml takes, those together that differ in the interval alone.

    Of the Latency strategy's reuse factors, generated code knows ceil(n / factor) and
    floor(zeros / factor), which limit the multipliers, and the factor itself as the longest
    interval. So from one on that changes nothing, those with equal limits, in ascending order,
    change nothing.

    Args:
        pixels: positions of the result; 1 of a dense layer.
        stats: of the kernel.
    """
    factors: tuple[int, ...] = (1,)
    if isinstance(layer, (Conv1D, Conv2D)) and io_type is IOType.PARALLEL:
        factors = legal_parallelization_factors(pixels)
    for strategy in STRATEGIES:
        legal = legal_factors(layer, strategy)
        groups: list[tuple[int, ...]] = [(factor,) for factor in legal]
        if strategy is Strategy.LATENCY:
            groups = _with_equal_limits(legal, stats)
        for group in groups:
            for factor in factors:
                yield tuple(Setting(strategy, reuse, factor) for reuse in group)


def legal_factors(layer: MultiplyAccumulate, strategy: Strategy) -> tuple[int, ...]:
    """Return the reuse factors that hls4ml takes for a layer, ascending."""
    elements, outputs = layer.matrix.shape
    if isinstance(layer, (DepthwiseConv1D, DepthwiseConv2D)):
        elements //= outputs
    return legal_reuse_factors(elements, outputs, strategy)


def _with_equal_limits(legal: tuple[int, ...], stats: WeightStatistics) -> list[tuple[int, ...]]:
    def limit(factor: int) -> tuple[bool, int, int]:
        return factor > 1, math.ceil(stats.n / factor), stats.zeros // factor

    return [tuple(group) for _, group in itertools.groupby(legal, limit)]


def taken_settings(
    groups: Sequence[tuple[Setting, ...]], network: Network, layer: MultiplyAccumulate, on: Target
) -> tuple[tuple[Setting, ...], ...]:
    """Return the groups of settings with which the vendor's front end is known to fail least.

    Vivado HLS stops where more than 4,096 multiplications or elements are unrolled at once. The
    largest of all decides whether it is worth asking about each.
    """
    (source,) = layer.inputs
    before = Input(
        name=source,
        inputs=(),
        result=network[source].result,
        dimensions=network.shapes[source],
    )
    alone = Network((before, layer), (layer.name,))

    def failures(setting: Setting) -> int:
        changed = apply_settings(alone, {layer.name: setting})
        return sum(finding.fails for finding in find_dangers(changed, on))

    largest = max(
        (group[0] for group in groups),
        key=lambda each: (each.parallelization_factor, -each.reuse_factor),
    )
    if not failures(largest):
        return tuple(groups)
    counted = [failures(group[0]) for group in groups]
    return tuple(
        group for group, count in zip(groups, counted, strict=True) if count == min(counted)
    )


def apply_settings(network: Network, settings: Mapping[str, Setting]) -> Network:
    """Return the network with other settings; what it computes stays."""
    layers: list[Layer] = []
    for layer in network.layers:
        setting = settings.get(layer.name)
        if setting is not None and isinstance(layer, MultiplyAccumulate):
            layer = replace(layer, strategy=setting.strategy, reuse_factor=setting.reuse_factor)
            if isinstance(layer, (Conv1D, Conv2D)):
                layer = replace(layer, parallelization_factor=setting.parallelization_factor)
        layers.append(layer)
    return Network(tuple(layers), network.outputs)


def with_setting(layer: LayerDescriptor, setting: Setting) -> LayerDescriptor:
    """Return what the estimator sees of a layer with other settings."""
    partitions = layer.partitions
    if partitions is not None:
        partitions = math.ceil(layer.out_pixels / setting.parallelization_factor)
    return replace(
        layer,
        strategy=setting.strategy,
        reuse_factor=setting.reuse_factor,
        partitions=partitions,
    )
