"""What stands behind the estimate of one design: the laws it used, and how well they were kept."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.budget import Quantity
from trigger.design import Target
from trigger.estimate.coefficients import Band, Coefficients, read_coefficients
from trigger.estimate.compose import design_class
from trigger.estimate.context import context_for
from trigger.estimate.describe import describe
from trigger.estimate.laws import layer_structure
from trigger.network import Network


@dataclass(frozen=True, slots=True)
class LawBand:
    """One quantity of one law, as held-out reports had it."""

    law: str
    layers: tuple[str, ...]
    """Of the design, that it describes; empty for the class of the whole design."""
    quantity: Quantity
    band: Band | None
    """None: no report shows it."""


def find_calibration(
    network: Network, target: Target, coefficients: Coefficients | None = None
) -> tuple[LawBand, ...]:
    """Return the bands of every law that an estimate of the network uses, the total's first.

    Raises:
        UnsupportedLayerError, EstimateError: as ``estimate``.
    """
    fitted = coefficients or read_coefficients()
    layers = describe(network, target.io_type)
    context = context_for(target, layers, None)
    whole = design_class(layers, context)
    users: dict[str, list[str]] = {}
    for layer in layers:
        structure = layer_structure(layer, context, fitted)
        if structure is not None:
            users.setdefault(structure.law, []).append(layer.name)
    total = [
        LawBand(whole, (), quantity, fitted.total_bands.get((whole, quantity)))
        for quantity in Quantity
    ]
    return tuple(total) + tuple(
        LawBand(law, tuple(names), quantity, fitted.layer_bands.get((law, quantity)))
        for law, names in users.items()
        for quantity in Quantity
    )
