"""One strategy and one reuse factor for all layers: what is set by hand, before any solving."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from trigger.budget import Budget, Cost, Outcome, Part, judge
from trigger.design import Strategy, Target
from trigger.estimate import estimate
from trigger.network import Network
from trigger.search.limits import hardware_part
from trigger.search.settings import (
    STRATEGIES,
    Setting,
    apply_settings,
    find_knobs,
    legal_factors,
)
from trigger.search.solve import weigh_luts


def find_uniform(network: Network, target: Target, budget: Budget, device: Part) -> Cost | None:
    """Return the cost of the cheapest firmware within a budget that has one reuse factor.

    As with hls4ml's ``Model: {Strategy, ReuseFactor}``, a layer that cannot have the factor takes
    the legal one next to it. Cheapest is the smallest count of LUTs, DSP blocks weighed in; of
    equally cheap ones the fastest.

    Returns:
        None where no factor keeps every limit of the hardware, or what it keeps is not known.

    Raises:
        UnsupportedLayerError, EstimateError: no law covers the network.
    """
    wanted = hardware_part(budget)
    costs = (estimate(each, target) for each in uniform_networks(network))
    within = [cost for cost in costs if judge(wanted, cost, device).outcome is Outcome.PASS]
    return min(within, key=_price, default=None)


def uniform_networks(network: Network) -> Iterator[Network]:
    """Yield the network with each strategy and each reuse factor that Resource takes for a layer.

    Latency would take any other, too; but thousands of factors, of which those that divide no
    layer's work leave a multiplier idle, are not what somebody sets by hand.
    """
    layers = find_knobs(network)
    wanted = {factor for layer in layers for factor in legal_factors(layer, Strategy.RESOURCE)}
    for strategy in STRATEGIES:
        legal = {layer.name: legal_factors(layer, strategy) for layer in layers}
        for factor in sorted(wanted):
            settings = {name: Setting(strategy, _next(own, factor)) for name, own in legal.items()}
            yield apply_settings(network, settings)


def _next(legal: Sequence[int], factor: int) -> int:
    """Return the legal factor next to another; of two as near, the smaller."""
    place = bisect_left(legal, factor)
    return min(legal[max(0, place - 1) : place + 1], key=lambda own: abs(own - factor))


def _price(cost: Cost) -> tuple[float, float]:
    luts, cycles = weigh_luts(cost), cost.total.latency_cycles
    assert luts is not None  # it keeps the budget
    assert cycles is not None
    return luts, cycles.value
