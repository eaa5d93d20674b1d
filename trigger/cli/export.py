"""``trigger export``: the emulator as C and C++ source and a shared library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trigger.cli import options, show


def export(
    folder: options.Folder,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder to write, or to replace.", show_default=False),
    ],
    name: Annotated[
        str | None, typer.Option(help="Begins every C name; by default the folder's name.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--model-version", help="By default digits of the digest.")
    ] = None,
    march: Annotated[
        str, typer.Option(help="Instruction set to build for, as compilers call it: x86-64-v3.")
    ] = "native",
    source_only: Annotated[
        bool,
        typer.Option("--source-only", help="Write the source; leave the build to its Makefile."),
    ] = False,
    json: options.Json = False,
) -> None:
    """Write the emulator for other frameworks: self-contained C, usable without Python.

    The library has a plain C interface and the one by which CMS loads hls4ml emulators, and
    exports nothing else. A firmware with layers that cannot become C is refused.
    """
    from trigger.flow.export import export_emulator

    emulator = export_emulator(
        folder, output, name=name, version=version, march=march, source_only=source_only
    )
    library = None if source_only else str(emulator.library)
    if json:
        show.print_json(
            {
                "folder": str(emulator.folder),
                "library": library,
                "name": emulator.name,
                "version": emulator.version,
                "symbols": list(emulator.symbols),
            }
        )
    else:
        print(f"{emulator.name} {emulator.version}: {library or emulator.folder}")
        print(f"  symbols: {', '.join(emulator.symbols)}")
