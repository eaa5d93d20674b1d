"""What is installed here, and what each missing thing would enable."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata

from trigger.errors import ToolError


@dataclass(frozen=True, slots=True)
class Finding:
    """A tool or package, here or missing."""

    name: str
    version: str | None
    """None where it is missing; "found" where it does not tell its version."""
    enables: str
    remedy: str
    """What to do where it is missing."""


_TRAINING = "pip install 'trigger[training]'"
_GENERATE = "pip install 'trigger[generate]'"
_FORMATS = "pip install 'trigger[formats]'"
_SCALE = "pip install 'trigger[scale]'"
_VENDOR = "install the vendor's tools and source their settings64.sh"
PACKAGES = (
    ("numpy", "everything", "pip install trigger"),
    ("numba", "generated drift-chamber events", "pip install trigger"),
    ("tensorflow", "training", _TRAINING),
    ("tf_keras", "training (Keras 2, which QKeras needs)", _TRAINING),
    ("qkeras", "quantised models", _TRAINING),
    ("tensorflow-model-optimization", "pruning", _TRAINING),
    ("hls4ml", "compiling a model to HLS", _TRAINING),
    ("da4ml", "the strategy distributed_arithmetic", _TRAINING),
    ("h5py", "HDF5 event files", _FORMATS),
    ("uproot", "ROOT event files", _FORMATS),
    ("pythia8mc", "generated collider events", _GENERATE),
    ("fastjet", "generated jets", _GENERATE),
    ("optuna", "searches over training knobs", "pip install 'trigger[search]'"),
    ("distributed", "work on a Dask cluster", _SCALE),
    ("dask-jobqueue", "work on a batch system", _SCALE),
)
VENDOR_TOOLS = (
    ("vitis-run", "synthesis with Vitis 2024.1 or newer", _VENDOR),
    ("vitis_hls", "synthesis with Vitis HLS", _VENDOR),
    ("vivado_hls", "synthesis with Vivado HLS", _VENDOR),
    ("vivado", "logic synthesis", _VENDOR),
)


def examine() -> tuple[Finding, ...]:
    """Return every package and program that trigger can use; nothing heavy is imported."""
    packages = [
        Finding(name, _package(name), enables, remedy) for name, enables, remedy in PACKAGES
    ]
    # vendor tools take a licence and half a minute to tell their version
    vendor = [
        Finding(name, "found" if shutil.which(name) else None, enables, remedy)
        for name, enables, remedy in VENDOR_TOOLS
    ]
    return (*packages, *_compilers(), *vendor)


def _compilers() -> Iterator[Finding]:
    """Yield the compilers, each found by the room that calls it."""
    from trigger.emulate.native.compile import find_compiler as find_c
    from trigger.project.compiler import compiler_version, find_compiler

    rooms: tuple[tuple[str, str, Callable[[], str]], ...] = (
        (os.environ.get("CXX") or "g++", "C simulation", find_compiler),
        (os.environ.get("CC") or "cc", "fast emulation", lambda: find_c().path),
    )
    for name, enables, find in rooms:
        try:
            yield Finding(name, compiler_version(find()), enables, "")
        except ToolError as error:
            yield Finding(name, None, enables, f"{error.problem}; {error.remedy}")


def _package(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
