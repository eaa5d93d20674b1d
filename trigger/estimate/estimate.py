"""Latency and resources of a design, without a vendor tool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trigger.budget import Cost, Figure, LayerCost, Quantity, Source
from trigger.design import Target
from trigger.estimate.coefficients import COVERAGE, Band, Coefficients, read_coefficients
from trigger.estimate.compose import Values, design_class, structure
from trigger.estimate.context import Context, context_for
from trigger.estimate.describe import describe
from trigger.estimate.descriptor import LayerDescriptor
from trigger.estimate.laws import layer_structure
from trigger.network import Network

FEW_REPORTS = 10
FEW_GROUPS = 3
"""An estimate with less behind it says so."""
WIDE = 2.5
"""A band without a report behind it spans at least this factor either way."""


def estimate(network: Network, target: Target, tool_year: float | None = None) -> Cost:
    """Estimate what C synthesis would report of a network, from its real weights and knobs.

    Args:
        tool_year: version of the tool as a number, 2023.2, where it is known.

    Raises:
        UnsupportedLayerError: a layer class that the estimator does not know.
        EstimateError: a backend whose tool no law describes.
    """
    layers = describe(network, target.io_type)
    return estimate_layers(layers, context_for(target, layers, tool_year))


def estimate_layers(
    layers: Sequence[LayerDescriptor],
    context: Context,
    coefficients: Coefficients | None = None,
) -> Cost:
    """Estimate what C synthesis would report, per layer and in total.

    A quantity that no law covers is None, and so is every total that it is part of.
    """
    fitted = coefficients or read_coefficients()
    structures = [layer_structure(layer, context, fitted) for layer in layers]
    values: list[Values] = [
        {quantity: fitted.value(found, quantity) if found else None for quantity in Quantity}
        for found in structures
    ]
    rows = []
    for layer, found, value in zip(layers, structures, values, strict=True):
        law = found.law if found else ""
        figures = {
            quantity: _figure(number, quantity, fitted.layer_bands.get((law, quantity)), law)
            for quantity, number in value.items()
        }
        rows.append(_layer_cost(layer.name, layer.kind.value, figures))
    top = structure(layers, values, context)
    kind = design_class(layers, context)
    totals = {
        quantity: _figure(
            fitted.value(top, quantity), quantity, _total_band(fitted, kind, quantity), kind
        )
        for quantity in Quantity
    }
    return Cost(
        source=Source.ESTIMATE,
        total=_layer_cost("total", kind, totals),
        layers=tuple(rows),
        part=context.part or "",
        clock_period_ns=context.clock_period_ns,
        tool=context.tool.value + (f" {context.tool_year:g}" if context.tool_year else ""),
        origin=fitted.origin,
    )


def _total_band(fitted: Coefficients, kind: str, quantity: Quantity) -> Band | None:
    """Return the band of this class of design; of all designs where no report shows the class."""
    own = fitted.total_bands.get((kind, quantity))
    pooled = fitted.total_bands.get(("any", quantity))
    return own or (pooled and replace(pooled, support=0, groups=0))


def _figure(value: float | None, quantity: Quantity, band: Band | None, law: str) -> Figure | None:
    if value is None:
        return None
    whole = float(round(value))
    if band is None:
        band = Band(1 / WIDE, WIDE, 0, 0)
    if band.groups == 0:
        band = replace(band, low=min(band.low, 1 / WIDE), high=max(band.high, WIDE))
    low, high = band.around(value, quantity)
    note = law
    if band.support < FEW_REPORTS or band.groups < FEW_GROUPS:
        note += f"; rests on {band.support} reports of {band.groups} repositories: take the band"
    return Figure(
        whole,
        Source.ESTIMATE,
        min(low, whole),
        max(high, whole),
        COVERAGE,
        band.support,
        note,
    )


def _layer_cost(name: str, kind: str, figures: dict[Quantity, Figure | None]) -> LayerCost:
    return LayerCost(name, kind, **{quantity.value: figures[quantity] for quantity in Quantity})
