"""Test vectors: images that reach what real events seldom reach, then some real events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from trigger.errors import ProjectError
from trigger.fixed import FixedFormat, RawArray
from trigger.layers import Input
from trigger.network import Network


@dataclass(frozen=True, slots=True)
class Vectors:
    """Inputs of a firmware, each with the reason for choosing it."""

    pixels: tuple[RawArray, ...]
    """Per input of the network: raw (vectors, *shape)."""
    origins: tuple[str, ...]
    """How each vector was chosen, in a few words."""


def _zeros(shape: tuple[int, ...], form: FixedFormat) -> RawArray:
    return np.zeros(shape, dtype=object)


def _maximum(shape: tuple[int, ...], form: FixedFormat) -> RawArray:
    return np.full(shape, form.raw_max, dtype=object)


def _minimum(shape: tuple[int, ...], form: FixedFormat) -> RawArray:
    return np.full(shape, form.raw_min, dtype=object)


def _checkerboard(shape: tuple[int, ...], form: FixedFormat) -> RawArray:
    odd: RawArray = np.indices(shape).sum(axis=0) % 2
    return np.asarray(odd.astype(object) * form.raw_max)


def _walking_ones(shape: tuple[int, ...], form: FixedFormat) -> RawArray:
    """Pixel i holds the single magnitude bit i modulo their number."""
    bits = form.raw_max.bit_length()
    ones = [1 << (index % bits) if bits else 0 for index in range(prod(shape))]
    return np.array(ones, dtype=object).reshape(shape)


def _edges(shape: tuple[int, ...], form: FixedFormat) -> RawArray:
    """Both ends of the format and zero, each with its neighbours, in turn."""
    low, high = form.raw_min, form.raw_max
    edges = {low, low + 1, -1, 0, 1, high - 1, high}
    inside = [edge for edge in sorted(edges) if low <= edge <= high]
    return np.resize(np.array(inside, dtype=object), shape)


def _one_pixel(place: Callable[[int], int]) -> Callable[[tuple[int, ...], FixedFormat], RawArray]:
    def pattern(shape: tuple[int, ...], form: FixedFormat) -> RawArray:
        flat = np.zeros(prod(shape), dtype=object)
        flat[place(len(flat))] = form.raw_max
        return flat.reshape(shape)

    return pattern


PATTERNS: dict[str, Callable[[tuple[int, ...], FixedFormat], RawArray]] = {
    "zeros": _zeros,
    "all pixels at the maximum": _maximum,
    "first pixel at the maximum": _one_pixel(lambda count: 0),
    "middle pixel at the maximum": _one_pixel(lambda count: count // 2),
    "last pixel at the maximum": _one_pixel(lambda count: count - 1),
    "walking ones": _walking_ones,
    "checkerboard": _checkerboard,
    "edges of the format": _edges,
}
"""Pattern of one input by the words that stand in the golden file."""


def choose_vectors(
    network: Network,
    *events: RawArray,
    event_origin: str = "event",
    random: int = 1,
    seed: int = 0,
) -> Vectors:
    """Return the patterns, ``random`` uniformly random vectors and the given events.

    Args:
        network: whose inputs are fed.
        events: raw real events, one array (events, *shape) per input, or none at all.
        event_origin: where the events come from; their numbers are appended.
        seed: of the random vectors.

    Raises:
        ProjectError: the events do not fit the inputs.
    """
    inputs = network.inputs
    if events and (
        len(events) != len(inputs)
        or any(
            array.shape != (len(events[0]), *layer.dimensions)
            for array, layer in zip(events, inputs, strict=True)
        )
    ):
        raise ProjectError(
            f"events have shapes {[array.shape for array in events]}",
            where="golden vectors",
            allowed=", ".join(f"{layer.name} (n, {layer.dimensions})" for layer in inputs),
        )
    count = len(events[0]) if events else 0
    patterns = dict(PATTERNS)
    if any(layer.result.signed for layer in inputs):
        patterns["all pixels at the minimum"] = _minimum
    generator = np.random.default_rng(seed)
    pixels = []
    for index, layer in enumerate(inputs):
        blocks = [pattern(layer.dimensions, layer.result)[None] for pattern in patterns.values()]
        blocks.append(_random(layer, random, generator))
        if events:
            blocks.append(np.asarray(events[index]).astype(object))
        pixels.append(_narrow(np.concatenate(blocks), layer))
    origins = [*patterns]
    origins += [f"random {number}, seed {seed}" for number in range(random)]
    origins += [f"{event_origin} {number}" for number in range(count)]
    return Vectors(tuple(pixels), tuple(origins))


def hot_pixels(network: Network) -> Vectors:
    """Return zeros with one pixel at the maximum, in all its channels, at each position in turn.

    With several inputs the others stay at zero.
    """
    sizes = [prod(layer.dimensions[:-1] or layer.dimensions) for layer in network.inputs]
    total, start = sum(sizes), 0
    pixels, origins = [], []
    for layer, size in zip(network.inputs, sizes, strict=True):
        raw = np.zeros((total, size, prod(layer.dimensions) // size), dtype=object)
        raw[range(start, start + size), range(size)] = layer.result.raw_max
        pixels.append(_narrow(raw.reshape(total, *layer.dimensions), layer))
        origins += [f"pixel {place} of {layer.name} at the maximum" for place in range(size)]
        start += size
    return Vectors(tuple(pixels), tuple(origins))


def _narrow(raw: RawArray, layer: Input) -> RawArray:
    return raw.astype(np.int64) if layer.result.width < 64 else raw


def _random(layer: Input, count: int, generator: np.random.Generator) -> RawArray:
    shape, form = (count, *layer.dimensions), layer.result
    chunks = -(-form.width // 32)
    bits = generator.integers(0, 1 << 32, (chunks, *shape)).astype(object)
    whole = sum(part << (32 * index) for index, part in enumerate(bits)) % (1 << form.width)
    return np.asarray(whole + form.raw_min, dtype=object)
