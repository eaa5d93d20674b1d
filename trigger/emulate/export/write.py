"""A network's native engine as a folder of C and C++ with a Makefile, and its build.

The program is the one that the native engine runs, weights and tables included, with an interface
around it: plain C (``NAME_predict`` and what describes it), and the class that CMSSW's loader of
hls4ml emulators creates. Every name in the library is hidden but those of ``symbols.txt``, so that
any number of emulators can be loaded into one process.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from math import prod
from pathlib import Path

import numpy as np

from trigger.emulate.native.compile import LIBRARY_FLAGS, Compiler
from trigger.emulate.native.door import PIXEL_TYPES
from trigger.emulate.native.emitters import EMITTERS
from trigger.emulate.native.program import ALIGNMENT, Program, write_program
from trigger.emulate.native.split import needed
from trigger.errors import ProjectError, ToolError, UnsupportedLayerError
from trigger.files import write_text
from trigger.fixed import FixedFormat
from trigger.layers import Layer, Shape
from trigger.network import Network

MOST_DIMENSIONS = 8
"""Of a tensor, in the C interface."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_VERSION = re.compile(r"[A-Za-z0-9._+-]+")


@dataclass(frozen=True, slots=True)
class Emulator:
    """An emulator's source on disk."""

    folder: Path
    name: str
    version: str
    symbols: tuple[str, ...]
    """All that the library exports."""

    @property
    def library(self) -> Path:
        return self.folder / f"{self.name}.so"


def write_emulator(
    network: Network,
    folder: Path,
    name: str,
    version: str,
    compiler: Compiler,
    writer: str = "trigger",
) -> Emulator:
    """Write the source of a network's emulator.

    Args:
        name: begins every C name.
        version: what the library answers when it is asked for its own, beside the digest.
        compiler: for whose vector unit the program is laid out.
        writer: who the library says has written it.

    Raises:
        ProjectError: a name that C cannot take, or a version with other than ``A-Za-z0-9._+-``.
        UnsupportedLayerError: layers that the native engine cannot write, all of them by name.
        OutputError: the folder cannot be written.
    """
    for text, pattern, what in ((name, _NAME, "name"), (version, _VERSION, "version")):
        if not pattern.fullmatch(text):
            raise ProjectError(
                f"{text!r} cannot be the {what} of a library",
                where="export",
                allowed=pattern.pattern,
                remedy=f"give another {what}",
            )
    _expect_all_native(network)
    program = write_program(network, network.outputs, compiler.machine)
    values = _values(network, program, name, version, compiler) | {"WRITER": writer}
    symbols = tuple(
        sorted(
            (
                "create_model",
                "destroy_model",
                *(f"{name}_{what}" for what in ("input", "output", "predict", "version")),
            )
        )
    )
    hidden = f"#define trigger_run {name}_run"
    engine = "\n".join((hidden, program.source, _filled("interface.c", values)))
    for file, text in (
        (f"{name}.h", _filled("interface.h", values)),
        (f"{name}.c", engine),
        ("model.cpp", _filled("model.cpp", values)),
        ("hls4ml_emulator.h", _filled("hls4ml_emulator.h", {})),
        ("symbols.txt", "".join(f"{symbol}\n" for symbol in symbols)),
        ("Makefile", _filled("Makefile.in", values)),
    ):
        write_text(folder / file, text)
    return Emulator(folder, name, version, symbols)


def build_emulator(emulator: Emulator, compiler: Compiler, ap_types: Path | None = None) -> None:
    """Build the library; its own Makefile checks that it exports its own symbols only.

    Args:
        ap_types: folder of ``ap_fixed.h``, if the CMS interface is to take the firmware's types.

    Raises:
        ToolError: make, a compiler or nm is missing or fails.
    """
    make = shutil.which("make")
    if make is None:
        raise ToolError(
            "make is not installed",
            where="export",
            remedy="install make, or build elsewhere what `--source-only` writes",
        )
    command = [make, "-C", str(emulator.folder), f"CC={compiler.path}"]
    if ap_types is not None:
        command.append(f"AP_TYPES={ap_types.absolute()}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolError(
            f"make failed: {done.stderr.strip()[-800:]}",
            where=emulator.folder,
            remedy="read what make says in this folder",
        )


def _expect_all_native(network: Network) -> None:
    """Raise unless every kind of layer can become C."""
    missing = [layer for layer in needed(network, network.outputs) if type(layer) not in EMITTERS]
    if missing:
        names = ", ".join(f"{layer.name} ({type(layer).__name__})" for layer in missing)
        raise UnsupportedLayerError(
            f"layers that cannot become C: {names}",
            where="export",
            allowed=", ".join(kind.__name__ for kind in EMITTERS),
            remedy="use trigger's own engine, which evaluates these layers with NumPy",
        )


def _values(
    network: Network, program: Program, name: str, version: str, compiler: Compiler
) -> dict[str, str]:
    """Return what stands between the @ signs of the templates."""
    shapes = network.shapes
    inputs = [(layer, layer.dimensions) for layer in network.inputs]
    outputs = [(network[each], shapes[each]) for each in network.outputs]
    for layer, shape in (*inputs, *outputs):
        if len(shape) > MOST_DIMENSIONS:
            raise UnsupportedLayerError(
                f"{len(shape)} dimensions", where=layer.name, allowed=f"{MOST_DIMENSIONS} at most"
            )
    forms = [layer.result for layer, _ in inputs]
    dtype = _pixel_type(forms)
    raw_inputs, raw_outputs = ["Pixel"] * len(inputs), ["std::int64_t"] * len(outputs)
    return {
        "NAME": name,
        "GUARD": name.upper(),
        "VERSION": version,
        "DIGEST": network.digest,
        "TENSORS": "".join(
            f" * {role}: {layer.name} {'x'.join(map(str, shape))} {layer.result}\n"
            for role, tensors in (("input", inputs), ("output", outputs))
            for layer, shape in tensors
        ),
        "PIXEL": PIXEL_TYPES[dtype],
        "PIXELS": str(sum(prod(shape) for _, shape in inputs)),
        "SCORES": str(sum(prod(shape) for _, shape in outputs)),
        "PORTS": str(len(inputs)),
        "OUTPUTS": str(len(outputs)),
        "BLOCK": str(program.block_events),
        "ALIGNMENT": str(ALIGNMENT),
        "SCRATCH": str(program.scratch_bytes),
        "KINDS": _listed([[*PIXEL_TYPES].index(dtype)] * len(inputs)),
        "INPUT_SIZES": _listed(prod(shape) for _, shape in inputs),
        "OUTPUT_SIZES": _listed(prod(shape) for _, shape in outputs),
        "LEAST": _listed(f"{form.raw_min + 1} - 1" for form in forms),
        "MOST": _listed(form.raw_max for form in forms),
        "INPUT_TENSORS": _listed(_tensor(*tensor) for tensor in inputs),
        "OUTPUT_TENSORS": _listed(_tensor(*tensor) for tensor in outputs),
        "RAW_INPUTS": _listed(raw_inputs),
        "RAW_OUTPUTS": _listed(raw_outputs),
        "FIXED_INPUTS": _listed(str(form) for form in forms),
        "FIXED_OUTPUTS": _listed(str(layer.result) for layer, _ in outputs),
        "MARCH": compiler.march,
        "FLAGS": " ".join(flag for flag in compiler.flags if flag not in LIBRARY_FLAGS),
    }


def _pixel_type(forms: list[FixedFormat]) -> str:
    """Return the NumPy name of the C type that holds every pixel: int32 unless one is wider."""
    for dtype in ("int32", "int64"):
        limits = np.iinfo(dtype)
        if all(limits.min <= form.raw_min and form.raw_max <= limits.max for form in forms):
            return dtype
    raise UnsupportedLayerError(
        f"inputs of {', '.join(map(str, forms))}",
        where="export",
        allowed="what 64 bits hold",
        remedy="use trigger's own engine, which takes any width",
    )


def _tensor(layer: Layer, shape: Shape) -> str:
    form = layer.result
    numbers = f"{form.width}, {form.integer}, {int(form.signed)}, {len(shape)}"
    return f'{{"{layer.name}", "{form}", {numbers}, {{{_listed(shape)}}}}}'


def _listed(items: Iterable[object]) -> str:
    return ", ".join(map(str, items))


def _filled(template: str, values: dict[str, str]) -> str:
    """Return a template with every @KEY@ replaced."""
    text = resources.files(__package__).joinpath(template).read_text()
    return re.sub(r"@([A-Z_]+)@", lambda match: values[match[1]], text)
