"""The engine that serves a network on this machine: native if it can be, else the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.emulate import native, reference
from trigger.errors import OutputError, ToolError, UnsupportedLayerError
from trigger.fixed import RawArray, from_values
from trigger.network import Network


@dataclass(frozen=True, eq=False)
class Choice:
    """An engine that is ready to run, and why it is this one."""

    network: Network
    engine: native.Engine | None
    """``None``: the reference serves."""
    reason: str
    """Why the native engine does not serve, or what of it is slow; empty if all is well."""

    @property
    def name(self) -> str:
        """What to call the engine beside its results: ``native`` or ``reference``."""
        return "reference" if self.engine is None else "native"

    def run(
        self,
        *pixels: npt.ArrayLike,
        layers: tuple[str, ...] = (),
        threads: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Mapping[str, RawArray]:
        """Return the raw results of the named layers; see ``native.run`` and ``reference.run``."""
        if self.engine is not None:
            return native.run(
                self.engine, *pixels, layers=layers, threads=threads, progress=progress
            )
        arrays = [np.asarray(array) for array in pixels]
        raw = [
            from_values(array, layer.result) if array.dtype.kind == "f" else array
            for array, layer in zip(arrays, self.network.inputs, strict=False)
        ]
        raw += arrays[len(raw) :]
        return reference.run(self.network, *raw, layers=layers, progress=progress)


def choose(network: Network, layers: tuple[str, ...] = ()) -> Choice:
    """Build the native engine, or say why the reference engine serves instead.

    Args:
        layers: whose results will be wanted; by default the outputs.
    """
    try:
        engine = native.build(network, layers)
    except (OutputError, ToolError, UnsupportedLayerError) as error:
        return Choice(network, None, f"the reference engine serves: {error}")
    slow = ", ".join(f"{layer.name} ({type(layer).__name__})" for layer in engine.interpreted)
    return Choice(network, engine, f"evaluated by NumPy: {slow}" if slow else "")
