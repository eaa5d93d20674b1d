"""What zeros, few signed digits and equal constants would save, before anything is trained again.

The estimator is asked about the very constants that would be left, at each layer's own strategy
and reuse factor; nothing is assumed to be saved that its laws do not know of.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from trigger.budget import Cost
from trigger.design import Strategy, Target
from trigger.errors import DesignError
from trigger.estimate import estimate
from trigger.fixed import RawArray
from trigger.layers import (
    DepthwiseConv1D,
    DepthwiseConv2D,
    DistributedArithmetic,
    Layer,
    MultiplyAccumulate,
    Reach,
)
from trigger.layers.reuse import STORED
from trigger.network import Network
from trigger.search.settings import legal_factors
from trigger.training.spec import PruningSpec, PruningStructure
from trigger.training.structure import (
    allowed_constants,
    group_weights,
    prune_bias,
    prune_kernel,
    without_inputs,
)


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """A firmware with other constants, and what is estimated of it."""

    pruning: PruningSpec
    network: Network
    cost: Cost
    lost: float
    """Share of the squared norm of all kernels that is gone."""
    zeros: int
    weights: int
    constants: int
    """Different sizes of the constants that each input meets, added up over the inputs of all
    kernels: the products that constant weights need, as equal ones are made once."""


def predict_pruning(
    network: Network, target: Target, pruning: PruningSpec, layers: Collection[str]
) -> Prediction:
    """Return what a firmware would cost with its kernels pruned, as they are, without retraining.

    Args:
        network: with the weights that pruning would begin with.
        pruning: what is wanted; its schedule does not matter here, reuse factors are the layers'.
        layers: names of those that a model trains; others keep their weights.

    Raises:
        DesignError: a layer without a kernel that could be pruned, or as ``group_weights`` and
            ``allowed_constants``.
        UnsupportedLayerError, EstimateError: as ``estimate``.
    """
    pruned = prune_network(network, pruning, layers)
    before = [layer for layer in network.layers if _has_kernel(layer, layers)]
    lost = whole = zeros = weights = constants = 0.0
    for old in before:
        new = pruned[old.name]
        assert isinstance(old, MultiplyAccumulate)
        assert isinstance(new, MultiplyAccumulate)
        step = float(old.kernel_format.step)
        whole += _squares(old.kernel, step)
        lost += _squares(old.kernel - new.kernel, step)
        zeros += np.count_nonzero(new.kernel == 0)
        weights += new.kernel.size
        constants += count_constants(new.kernel, depthwise=_is_depthwise(new))
    return Prediction(
        pruning,
        pruned,
        estimate(pruned, target),
        lost / whole if whole else 0.0,
        int(zeros),
        int(weights),
        int(constants),
    )


def prune_network(network: Network, pruning: PruningSpec, layers: Collection[str]) -> Network:
    """Return the network with the kernels that a fit would begin with if it pruned at once.

    Raises:
        DesignError: a layer without a kernel that could be pruned, or as ``group_weights`` and
            ``allowed_constants``.
    """
    names = [layer.name for layer in network.layers if _has_kernel(layer, layers)]
    unit = pruning.structure is PruningStructure.UNIT
    dense = {*pruning.keep, *(names[-1:] if unit else ())}

    def change(layer: Layer) -> Layer:
        if layer.name not in names or layer.name in pruning.keep:
            return layer
        assert isinstance(layer, MultiplyAccumulate)
        kernel, bias = layer.kernel, layer.bias
        depthwise = _is_depthwise(layer)
        if layer.name not in dense:
            groups = group_weights(
                pruning.structure,
                kernel.shape,
                reuse_factor=layer.reuse_factor if layer.strategy in STORED else 1,
                depthwise=depthwise,
                where=layer.name,
            )
            kernel = prune_kernel(kernel, groups, pruning.sparsity_of(layer.name))
            if unit:
                bias = prune_bias(kernel, bias)
        allowed = allowed_constants(
            layer.kernel_format, pruning, depthwise=depthwise, where=layer.name
        )
        kernel = kernel if allowed is None else allowed.nearest(kernel)
        return replace(layer, kernel=kernel, bias=bias)

    pruned = Network(tuple(change(layer) for layer in network.layers), network.outputs)
    return _without_unread(pruned, names) if unit else pruned


def _without_unread(network: Network, names: Collection[str]) -> Network:
    """Return the network with zeros for the weights that read only zeros, as a fit ends with."""
    changed: list[Layer] = []
    reaches: dict[str, Reach] = {}
    for layer in network.layers:
        inputs = [reaches[name] for name in layer.inputs]
        if layer.name in names:
            assert isinstance(layer, MultiplyAccumulate)
            (read,) = inputs
            silent = (read.low == 0) & (read.high == 0)
            unread = silent.reshape(-1, silent.shape[-1]).all(axis=0)
            kernel = without_inputs(layer.kernel, unread, depthwise=_is_depthwise(layer))
            layer = replace(layer, kernel=kernel)
        reaches[layer.name] = layer.reach(*inputs)
        changed.append(layer)
    return Network(tuple(changed), network.outputs)


def count_constants(kernel: RawArray, *, depthwise: bool = False) -> int:
    """Return how many products a kernel of constants makes: of each input, one for each size.

    Equal constants of one input share a product, and so do a constant and its negative, which the
    sum subtracts.

    Args:
        kernel: raw (*window, outputs).
        depthwise: each weight has an input of its own.
    """
    outputs = 1 if depthwise else kernel.shape[-1]
    rows = np.sort(np.abs(kernel.reshape(-1, outputs)), axis=1)
    first = np.diff(rows, axis=1, prepend=0) != 0  # what is zero is no product
    return int(np.count_nonzero(first))


def saves_nothing(layer: Layer) -> bool:
    """Tell whether zeros of a layer save nothing: its multipliers read stored weights."""
    return (
        isinstance(layer, MultiplyAccumulate)
        and layer.strategy is Strategy.RESOURCE
        and layer.reuse_factor > 1
    )


def with_unrolled_code(network: Network) -> Network:
    """Return the network with Resource_unrolled for the layers whose zeros else save nothing.

    The same integers come out; where hls4ml does not take the reuse factor, a layer stays.
    """

    def change(layer: Layer) -> Layer:
        if not saves_nothing(layer) or _is_depthwise(layer):
            return layer
        assert isinstance(layer, MultiplyAccumulate)
        if layer.reuse_factor not in legal_factors(layer, Strategy.RESOURCE_UNROLLED):
            return layer
        return replace(layer, strategy=Strategy.RESOURCE_UNROLLED)

    return Network(tuple(change(layer) for layer in network.layers), network.outputs)


def _has_kernel(layer: Layer, layers: Collection[str]) -> bool:
    if layer.name not in layers:
        return False
    if isinstance(layer, DistributedArithmetic):
        raise DesignError(
            "its adders are made from the trained weights, and have no kernel to prune",
            where=layer.name,
            allowed="Strategy: Latency, Resource or Resource_unrolled",
        )
    return isinstance(layer, MultiplyAccumulate)


def _is_depthwise(layer: Layer) -> bool:
    return isinstance(layer, (DepthwiseConv1D, DepthwiseConv2D))


def _squares(raw: RawArray, step: float) -> float:
    return float(np.square(raw.astype(np.float64)).sum()) * step * step
