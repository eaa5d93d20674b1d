"""The one table that says how each layer becomes C."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trigger.emulate.native import (
    adders,
    door,
    einsum,
    elementwise,
    embedding,
    merges,
    multiply,
    normalise,
    pooling,
    slices,
)
from trigger.emulate.native.kernel import Kernel
from trigger.emulate.native.pointwise import POINTWISE
from trigger.errors import UnsupportedLayerError
from trigger.layers import (
    Argmax,
    BatchNormalization,
    Clone,
    Concatenate,
    Conv1D,
    Conv2D,
    Cropping,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    DistributedArithmetic,
    Dot,
    Einsum,
    EinsumDense,
    Embedding,
    GlobalPooling,
    Input,
    Layer,
    LayerNormalization,
    LegacySoftmax,
    Linear,
    Merge,
    Pooling1D,
    Pooling2D,
    ReLU,
    Reshape,
    Softmax,
    StableSoftmax,
    Transpose,
    Upsampling,
    ZeroPadding1D,
    ZeroPadding2D,
)


@dataclass(frozen=True)
class Emitter:
    """How one kind of layer is written."""

    emit: Callable[[Kernel], None]
    """Writes the function of a group with this layer at its head."""
    joins: bool
    """Whether it may be part of the function of the layer that it reads."""


def _alone(emit: Callable[[Kernel], None], *kinds: type[Layer]) -> dict[type[Layer], Emitter]:
    return dict.fromkeys(kinds, Emitter(emit, joins=False))


def _joining(emit: Callable[[Kernel], None], *kinds: type[Layer]) -> dict[type[Layer], Emitter]:
    return dict.fromkeys(kinds, Emitter(emit, joins=True))


EMITTERS: dict[type[Layer], Emitter] = {
    **_alone(door.emit, Input),
    **_alone(multiply.emit, Dense, Conv1D, Conv2D, DepthwiseConv1D, DepthwiseConv2D),
    **_alone(adders.emit, DistributedArithmetic),
    **_joining(elementwise.emit, BatchNormalization, Linear, Clone, ReLU, *POINTWISE),
    **_joining(elementwise.emit, Reshape, ZeroPadding1D, ZeroPadding2D),
    **_alone(elementwise.emit, Transpose, Cropping, Upsampling),
    **_joining(pooling.emit, Pooling2D),
    **_alone(pooling.emit, Pooling1D, GlobalPooling),
    **_alone(merges.emit, Merge),
    **_alone(merges.emit_concatenate, Concatenate),
    **_alone(merges.emit_dot, Dot),
    **_alone(einsum.emit, Einsum),
    **_alone(einsum.emit_dense, EinsumDense),
    **_alone(slices.emit_softmax, Softmax, StableSoftmax),
    **_alone(slices.emit_legacy_softmax, LegacySoftmax),
    **_alone(slices.emit_argmax, Argmax),
    **_alone(normalise.emit, LayerNormalization),
    **_alone(embedding.emit, Embedding),
}
"""How each kind of layer is written; ``joins``: into the function of the layer that it reads."""


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
