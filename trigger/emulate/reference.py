"""The reference engine: NumPy, exact, one layer after the other. Any width, made to be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from trigger.errors import NetworkError
from trigger.fixed import RawArray
from trigger.layers import Input, Tensor
from trigger.network import Network

BLOCK_EVENTS = 256
"""Events at a time: the windows of a convolution stay within a few hundred megabytes."""


def run(
    network: Network,
    *pixels: RawArray,
    layers: tuple[str, ...] = (),
    progress: Callable[[int], None] | None = None,
) -> Mapping[str, RawArray]:
    """Return the raw results of the named layers (by default, of the outputs).

    Args:
        network: what to compute.
        pixels: one raw array per input of the network, (events, *shape), in the input's format.
        layers: names of the layers whose results are wanted, in any order.
        progress: called with the number of events done after each block.

    Raises:
        NetworkError: wrong number or shape of inputs, or pixels outside the input format.
    """
    inputs = network.inputs
    if len(pixels) != len(inputs):
        raise NetworkError(
            f"{len(pixels)} arrays for {len(inputs)} inputs",
            where="emulation",
            allowed=", ".join(f"{layer.name} {layer.dimensions}" for layer in inputs),
        )
    arrays = [check_pixels(layer, array) for layer, array in zip(inputs, pixels, strict=True)]
    events = len(arrays[0])
    if any(len(array) != events for array in arrays):
        raise NetworkError("the inputs differ in their number of events", where="emulation")
    wanted = layers or network.outputs
    parts: dict[str, list[RawArray]] = {name: [] for name in wanted}
    for start in range(0, max(events, 1), BLOCK_EVENTS):
        block = slice(start, start + BLOCK_EVENTS)
        tensors = {
            layer.name: Tensor(array[block], layer.result)
            for layer, array in zip(inputs, arrays, strict=True)
        }
        for layer in network.layers:
            if not isinstance(layer, Input):
                raw = layer.evaluate(*(tensors[name] for name in layer.inputs))
                tensors[layer.name] = Tensor(raw, layer.result)
        for name in wanted:
            parts[name].append(tensors[network[name].name].raw)
        if progress is not None:
            progress(min(start + BLOCK_EVENTS, events))
    return {name: np.concatenate(blocks) for name, blocks in parts.items()}


def check_pixels(layer: Input, pixels: RawArray) -> RawArray:
    """Return the pixels as int64 (or object) after checking them against an input port.

    Raises:
        NetworkError: not integers, another shape, or outside the format's range.
    """
    array = np.asarray(pixels)
    found = array.flat if array.dtype == object else ()
    strange = next((each for each in found if not isinstance(each, (int, np.integer))), None)
    if array.dtype.kind not in "iuO" or strange is not None:
        raise NetworkError(
            f"pixels have dtype {array.dtype}" + ("" if strange is None else f" with {strange!r}"),
            where=layer.name,
            allowed=f"raw integers of {layer.result}",
            remedy="quantise real numbers with trigger.fixed.from_values first",
        )
    if array.shape[1:] != layer.dimensions:
        raise NetworkError(
            f"pixels have shape {array.shape}",
            where=layer.name,
            allowed=f"(events, {', '.join(map(str, layer.dimensions))})",
        )
    if array.size and (array.min() < layer.result.raw_min or array.max() > layer.result.raw_max):
        raise NetworkError(
            f"pixels lie in {array.min()} to {array.max()}",
            where=layer.name,
            allowed=f"{layer.result.raw_min} to {layer.result.raw_max}, "
            f"the raw range of {layer.result}",
        )
    return array if array.dtype == object else array.astype(np.int64)
