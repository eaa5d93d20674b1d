"""What is installed here, and what each missing thing would enable."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata


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
_VENDOR = "install the vendor's tools and source their settings64.sh"
PACKAGES = (
    ("numpy", "everything", "pip install trigger"),
    ("numba", "generated drift-chamber events", "pip install trigger"),
    ("tensorflow", "training", _TRAINING),
    ("tf_keras", "training (Keras 2, which QKeras needs)", _TRAINING),
    ("qkeras", "quantised models", _TRAINING),
    ("tensorflow-model-optimization", "pruning", _TRAINING),
    ("hls4ml", "compiling a model to HLS", _TRAINING),
    ("pythia8mc", "generated collider events", _GENERATE),
    ("fastjet", "generated jets", _GENERATE),
    ("distributed", "work on a Dask cluster", "pip install 'trigger[scale]'"),
)
PROGRAMS = (
    ("g++", "C simulation", "install g++ with your system's package manager, or set CXX"),
    ("vitis-run", "synthesis with Vitis 2024.1 or newer", _VENDOR),
    ("vitis_hls", "synthesis with Vitis HLS", _VENDOR),
    ("vivado_hls", "synthesis with Vivado HLS", _VENDOR),
    ("vivado", "logic synthesis", _VENDOR),
)
TIMEOUT_S = 10


def examine() -> tuple[Finding, ...]:
    """Return every package and program that trigger can use; nothing heavy is imported."""
    packages = [
        Finding(name, _package(name), enables, remedy) for name, enables, remedy in PACKAGES
    ]
    programs = [
        Finding(name, _program(name), enables, remedy) for name, enables, remedy in PROGRAMS
    ]
    return (*packages, *programs)


def _package(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _program(name: str) -> str | None:
    path = shutil.which(os.environ.get("CXX", name) if name == "g++" else name)
    if path is None:
        return None
    if name != "g++":  # vendor tools take a licence and half a minute to tell their version
        return "found"
    try:
        told = subprocess.run(
            [path, "-dumpfullversion"], capture_output=True, text=True, timeout=TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout.strip() or "found"
