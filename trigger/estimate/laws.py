"""The table of laws: which module describes which kind of layer."""

from __future__ import annotations

from collections.abc import Mapping

from trigger.budget import Quantity
from trigger.estimate import elementwise, plumbing, products, recurrent
from trigger.estimate.coefficients import Coefficients
from trigger.estimate.context import Context
from trigger.estimate.descriptor import Kind, LayerDescriptor
from trigger.estimate.structure import Builder, Depth, Structure

DEPTH_LAW = "depth"

LAWS: Mapping[Kind, Builder] = {
    Kind.DENSE: products.structure,
    Kind.CONV: products.structure,
    Kind.DEPTHWISE: products.structure,
    Kind.RELU: elementwise.structure,
    Kind.LINEAR: elementwise.structure,
    Kind.LEAKY: elementwise.structure,
    Kind.TABLE: elementwise.structure,
    Kind.SOFTMAX: elementwise.structure,
    Kind.BATCHNORM: elementwise.structure,
    Kind.POOLING: plumbing.structure,
    Kind.GLOBAL_POOLING: plumbing.structure,
    Kind.ZERO_PADDING: plumbing.structure,
    Kind.RESHAPE: plumbing.structure,
    Kind.MERGE: plumbing.structure,
    Kind.UPSAMPLING: plumbing.structure,
    Kind.MULTIPLY: plumbing.structure,
    Kind.RECURRENT: recurrent.structure,
}
"""Kinds that are not here have no law: their figures are unknown."""


def layer_structure(
    layer: LayerDescriptor, context: Context, coefficients: Coefficients
) -> Structure | None:
    """Describe a layer, None where no law covers its kind."""
    builder = LAWS.get(layer.kind)
    return builder(layer, context, depth_law(coefficients)) if builder else None


def depth_law(coefficients: Coefficients) -> Depth:
    """Return the fitted depth of matrix products.

    The delay over the clock period counts the cycles that are begun; a register stands at the end
    of each but the last, hence the half cycle less.
    """

    def depth(layer: LayerDescriptor, context: Context) -> float:
        terms = products.depth_terms(layer, context)
        structure = Structure(DEPTH_LAW, {}, {Quantity.LATENCY_CYCLES: terms})
        begun = coefficients.value(structure, Quantity.LATENCY_CYCLES) or 0.0
        return max(0.0, begun - 0.5)

    return depth
