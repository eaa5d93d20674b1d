"""Shape laws: what shape leaves a layer, batch axis left out (channels last, as hls4ml needs)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Shape = tuple[int, ...]
Options = Mapping[str, Any]
ShapeLaw = Callable[[Options, Shape], Shape]
"""Options and input shape -> output shape. Raises ValueError with the reason where none fits."""


def same(options: Options, shape: Shape) -> Shape:
    """Element by element: activations and normalisations."""
    return shape


def dense(options: Options, shape: Shape) -> Shape:
    """The last axis becomes ``units``; a vector is asked for, as an image would hide a mistake."""
    _need_rank(shape, 1, "a Flatten or a global pooling before it")
    return (options["units"],)


def convolution(options: Options, shape: Shape) -> Shape:
    """Windows over all axes but the last, ``filters`` channels."""
    return (*_windows(options, shape, options["kernel_size"]), options["filters"])


def depthwise(options: Options, shape: Shape) -> Shape:
    """One window per channel."""
    return (*_windows(options, shape, options["kernel_size"]), shape[-1])


def pooling(options: Options, shape: Shape) -> Shape:
    """Windows that step by their own size unless ``strides`` says otherwise."""
    size = options["pool_size"]
    return (*_windows({"strides": size, **options}, shape, size), shape[-1])


def global_pooling(dimensions: int) -> ShapeLaw:
    """Return the law of a pooling over ``dimensions`` whole axes."""

    def law(options: Options, shape: Shape) -> Shape:
        _need_rank(shape, dimensions + 1, "")
        kept = (1,) * dimensions if options.get("keepdims") else ()
        return (*kept, shape[-1])

    return law


def flatten(options: Options, shape: Shape) -> Shape:
    """All elements in one axis, row by row."""
    return (math.prod(shape),)


def reshape(options: Options, shape: Shape) -> Shape:
    """The same number of elements in another shape."""
    target: Shape = options["target_shape"]
    if math.prod(target) != math.prod(shape):
        raise ValueError(f"{math.prod(shape)} elements do not fill {target}")
    return target


def zero_padding(options: Options, shape: Shape) -> Shape:
    """Margins before and after each axis but the last."""
    given: Any = options["padding"]
    margins: tuple[tuple[int, int], ...] = (given,) if isinstance(given[0], int) else given
    _need_rank(shape, len(margins) + 1, "")
    padded = (size + sum(margin) for size, margin in zip(shape, margins, strict=False))
    return (*padded, shape[-1])


def cropping(options: Options, shape: Shape) -> Shape:
    """What the margins leave of each axis but the last."""
    given: Any = options["cropping"]
    margins: tuple[tuple[int, int], ...] = (given,) if isinstance(given[0], int) else given
    _need_rank(shape, len(margins) + 1, "")
    cut = tuple(size - sum(margin) for size, margin in zip(shape, margins, strict=False))
    if min(cut) < 1:
        raise ValueError(f"margins {margins} leave nothing of {shape}")
    return (*cut, shape[-1])


def upsampling(options: Options, shape: Shape) -> Shape:
    """Each axis but the last, several times as long."""
    given: Any = options["size"]
    factors: Shape = (given,) if isinstance(given, int) else given
    _need_rank(shape, len(factors) + 1, "")
    return (*(length * by for length, by in zip(shape, factors, strict=False)), shape[-1])


def permute(options: Options, shape: Shape) -> Shape:
    """The axes, counted from 1, in another order."""
    order: Shape = options["dims"]
    if sorted(order) != list(range(1, len(shape) + 1)):
        raise ValueError(f"{order} is no order of the axes 1 to {len(shape)}")
    return tuple(shape[axis - 1] for axis in order)


def _windows(options: Options, shape: Shape, size: Shape) -> Shape:
    """Return how many windows of ``size`` fit along each axis but the last."""
    _need_rank(shape, len(size) + 1, "")
    strides: Shape = options.get("strides", (1,) * len(size))
    same_padding = options.get("padding", "valid") == "same"
    if not same_padding and any(s > n for s, n in zip(size, shape, strict=False)):
        window, image = "x".join(map(str, size)), "x".join(map(str, shape[:-1]))
        raise ValueError(f"a window of {window} does not fit into {image}")
    return tuple(
        math.ceil((length if same_padding else length - width + 1) / stride)
        for length, width, stride in zip(shape, size, strides, strict=False)
    )


def _need_rank(shape: Shape, rank: int, missing: str) -> None:
    if len(shape) != rank:
        hint = f"; it needs {missing}" if missing else ""
        raise ValueError(f"it takes {rank} axes and gets {len(shape)}{hint}")
