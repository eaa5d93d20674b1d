"""What of a network becomes C, and what is left to the layers' own NumPy arithmetic.

A layer without C (or with integers beyond 63 bits) costs speed, not exactness: the engine computes
what it reads, and the layer itself, whose ``evaluate`` is the reference, does the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from trigger.errors import UnsupportedLayerError
from trigger.layers import Input, Layer
from trigger.network import Network


class Refusal(UnsupportedLayerError):
    """Layers that cannot become C."""

    layers: tuple[Layer, ...] = ()


@contextmanager
def blaming(*layers: Layer) -> Iterator[None]:
    """Name the layers for which something is written when it turns out to be impossible."""
    try:
        yield
    except UnsupportedLayerError as error:
        refusal = Refusal(error.problem, where=layers[-1].name, allowed=error.allowed)
        refusal.layers = layers
        raise refusal from error


def divide(
    network: Network, wanted: tuple[str, ...], refused: frozenset[str]
) -> tuple[tuple[str, ...], tuple[Layer, ...]]:
    """Return the tensors that C makes, and the layers that NumPy evaluates from them, in order."""
    slow: set[str] = set()
    for layer in network.layers:
        if layer.name in refused or slow.intersection(layer.inputs):
            slow.add(layer.name)
    interpreted = tuple(layer for layer in needed(network, wanted) if layer.name in slow)
    read = [name for layer in interpreted for name in layer.inputs]
    made = tuple(dict.fromkeys(name for name in (*wanted, *read) if name not in slow))
    return made, interpreted


def needed(network: Network, wanted: tuple[str, ...]) -> tuple[Layer, ...]:
    """Return the layers on which the wanted tensors depend, in execution order."""
    names = set(wanted)
    for layer in reversed(network.layers):
        if layer.name in names:
            names.update(layer.inputs)
    return tuple(layer for layer in network.layers if layer.name in names)


def is_worth_building(network: Network, made: tuple[str, ...]) -> bool:
    """Tell whether C would make anything but the pixels themselves."""
    return any(not isinstance(network[name], Input) for name in made)
