"""The emulator of a firmware for other frameworks: its source, its library, its version."""

from __future__ import annotations

from pathlib import Path

import trigger
from trigger.emulate.export import Emulator, build_emulator, write_emulator
from trigger.emulate.native.compile import NATIVE, find_compiler
from trigger.emulate.native.places import identifier
from trigger.errors import OutputError
from trigger.files import whole_folder
from trigger.flow.networks import project_folder, read_network
from trigger.project.folder import find_ap_types

DIGITS = 12
"""Of the network's digest, where no version is given."""
MARK = "symbols.txt"
"""File by which an earlier export is known, which may be replaced."""


def export_emulator(
    folder: Path,
    output: Path,
    *,
    name: str | None = None,
    version: str | None = None,
    march: str = NATIVE,
    source_only: bool = False,
) -> Emulator:
    """Write the emulator of a design's folder or HLS project, and build its library.

    Args:
        output: takes the place of what was there, when all is well.
        name: begins every C name; by default the folder's.
        version: by default the first digits of the network's digest.
        march: the instruction set, as compilers call it.
        source_only: leave the build to somebody else.

    Raises:
        ProjectError: there is no such firmware, or it cannot be called so.
        UnsupportedLayerError: layers that cannot become C.
        ToolError: no compiler, or the build fails; what was there stays.
        OutputError: the output folder cannot be written, or holds something else.
    """
    network = read_network(folder)
    home = folder.parent if folder.is_file() else folder
    compiler = find_compiler(march)
    if output.is_dir() and any(output.iterdir()) and not (output / MARK).is_file():
        raise OutputError(
            "holds something else, which would be lost",
            where=output,
            allowed="a new or empty folder, or that of an earlier export",
            remedy="choose another",
        )
    with whole_folder(output) as new:
        emulator = write_emulator(
            network,
            new,
            name or identifier(home.resolve().name),
            version or network.digest[:DIGITS],
            compiler,
            f"trigger {trigger.__version__}",
        )
        if not source_only:
            build_emulator(emulator, compiler, find_ap_types(project_folder(home)))
    return Emulator(output, emulator.name, emulator.version, emulator.symbols)
