"""The one table that says how each layer becomes C."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trigger.emulate.native import door, elementwise, multiply, pooling
from trigger.emulate.native.kernel import Kernel
from trigger.errors import UnsupportedLayerError
from trigger.layers import (
    BatchNormalization,
    Clone,
    Conv1D,
    Conv2D,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Input,
    Layer,
    Linear,
    Pooling2D,
    ReLU,
    Reshape,
    ZeroPadding2D,
)


@dataclass(frozen=True)
class Emitter:
    """How one kind of layer is written."""

    emit: Callable[[Kernel], None]
    """Writes the function of a group with this layer at its head."""
    joins: bool
    """Whether it may be part of the function of the layer that it reads."""


EMITTERS: dict[type[Layer], Emitter] = {
    Input: Emitter(door.emit, joins=False),
    Dense: Emitter(multiply.emit, joins=False),
    Conv1D: Emitter(multiply.emit, joins=False),
    Conv2D: Emitter(multiply.emit, joins=False),
    DepthwiseConv1D: Emitter(multiply.emit, joins=False),
    DepthwiseConv2D: Emitter(multiply.emit, joins=False),
    BatchNormalization: Emitter(elementwise.emit, joins=True),
    Linear: Emitter(elementwise.emit, joins=True),
    Clone: Emitter(elementwise.emit, joins=True),
    ReLU: Emitter(elementwise.emit, joins=True),
    Pooling2D: Emitter(pooling.emit, joins=True),
    Reshape: Emitter(elementwise.emit, joins=True),
    ZeroPadding2D: Emitter(elementwise.emit, joins=True),
}


def emitter_of(layer: Layer) -> Emitter:
    """Return how a layer is written.

    Raises:
        UnsupportedLayerError: the native engine does not cover its kind.
    """
    if type(layer) not in EMITTERS:
        raise UnsupportedLayerError(
            f"the native engine does not cover {type(layer).__name__}",
            where=layer.name,
            allowed=", ".join(kind.__name__ for kind in EMITTERS),
            remedy="use the reference engine, which covers every layer",
        )
    return EMITTERS[type(layer)]
