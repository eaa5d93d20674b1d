"""Hardware settings of one layer, and which of them leave every integer as it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from trigger.design import IOType, Strategy
from trigger.estimate.descriptor import LayerDescriptor, WeightStatistics
from trigger.fixed import Overflow
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
) -> Iterator[Setting]:
    """Yield the settings that hls4ml takes, without those that another one can only improve on.

    Of the Latency strategy's reuse factors, hls4ml's generated code knows ceil(n / factor) and
    floor(zeros / factor) alone (the limit of multipliers), and the factor as the longest interval:
    of those with equal limits the smallest is as cheap as any and not slower.

    Args:
        pixels: positions of the result; 1 of a dense layer.
        stats: of the kernel.
    """
    elements, outputs = layer.matrix.shape
    if isinstance(layer, (DepthwiseConv1D, DepthwiseConv2D)):
        elements = layer.matrix.shape[0] // outputs
    factors: tuple[int, ...] = (1,)
    if isinstance(layer, (Conv1D, Conv2D)) and io_type is IOType.PARALLEL:
        factors = legal_parallelization_factors(pixels)
    for strategy in STRATEGIES:
        legal = legal_reuse_factors(elements, outputs, strategy)
        if strategy is Strategy.LATENCY:
            legal = _first_of_each_limit(legal, stats)
        for reuse_factor in legal:
            for factor in factors:
                yield Setting(strategy, reuse_factor, factor)


def _first_of_each_limit(legal: tuple[int, ...], stats: WeightStatistics) -> tuple[int, ...]:
    first: dict[tuple[bool, int, int], int] = {}
    for factor in legal:
        limit = (factor > 1, math.ceil(stats.n / factor), stats.zeros // factor)
        first.setdefault(limit, factor)
    return tuple(first.values())


def setting_of(layer: MultiplyAccumulate) -> Setting:
    """Return the settings that a layer has."""
    factor = layer.parallelization_factor if isinstance(layer, (Conv1D, Conv2D)) else 1
    return Setting(layer.strategy, layer.reuse_factor, factor)


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


def describe_setting(layer: LayerDescriptor, setting: Setting) -> LayerDescriptor:
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
