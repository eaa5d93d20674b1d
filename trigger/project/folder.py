"""Where the C++ of an HLS project lies in its folder."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from trigger.errors import ProjectError

WRITTEN_BY_TOOLS = (".so", ".o", ".dll", ".dylib")
"""Files that a build leaves in the firmware folder; they are no sources."""
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.MULTILINE)
_TOP_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"(?:\S*/)?parameters\.h"', re.MULTILINE)
_STUBS, _STUB = "nnet_function_stubs.h", "// To be implemented in subclasses"
LOUD_STUB = (
    'static_assert(!sizeof(CONFIG_T), "the installed hls4ml is not the one that wrote this project:'
    ' copy ap_types/ and nnet_utils/ of that version into the firmware folder");'
)
"""Firmware written by hls4ml before 1.0 does not name its kernels: with newer headers it would
compile, do nothing in its layers, and give zeros."""
_HLS4ML_HEADER = re.compile(r"(?:(\w+)/)?nnet_\w+\.h")


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The source files of one project."""

    firmware: Path
    """Folder of ``<top>.cpp``, ``defines.h``, ``parameters.h`` and ``weights/``."""
    top: Path
    """The source file of the top function; its stem is the function's name."""

    @property
    def defines(self) -> Path:
        return self.firmware / "defines.h"

    @property
    def parameters(self) -> Path:
        return self.firmware / "parameters.h"

    @property
    def weights(self) -> Path:
        return self.firmware / "weights"


def find_project(folder: Path) -> ProjectFiles:
    """Return the source files of a project folder, or of its ``firmware`` folder itself.

    Raises:
        ProjectError: there is no such folder, or not exactly one top function in it.
    """
    if not folder.is_dir():
        raise ProjectError("there is no such folder", where=folder, allowed="an HLS project folder")
    below = sorted(path for path in folder.iterdir() if path.is_dir())
    candidates = [folder / "firmware", folder, *below]
    firmware = next((path for path in candidates if (path / "parameters.h").is_file()), None)
    if firmware is None:
        raise ProjectError(
            "there is no firmware/parameters.h",
            where=folder,
            allowed="a folder with firmware/<top>.cpp, defines.h, parameters.h and weights/",
            remedy="write the project with hls4ml first, or name its folder",
        )
    tops = [path for path in sorted(firmware.glob("*.cpp")) if _is_top(path)]
    if len(tops) > 1:  # such as test benches beside it, which have no header of their own
        tops = [path for path in tops if path.with_suffix(".h").is_file()]
    if len(tops) != 1:
        raise ProjectError(
            f"{len(tops)} source files that look like the top function"
            + (f" ({', '.join(path.name for path in tops)})" if tops else ""),
            where=firmware,
            allowed="exactly one <top>.cpp that includes parameters.h and calls nnet:: functions",
        )
    return ProjectFiles(firmware, tops[0])


def _is_top(source: Path) -> bool:
    """Tell the top function from wrappers around it, which do not call layers themselves."""
    text = read_text(source)
    calls_layers = "nnet::" in text or source.with_suffix(".h").is_file()
    return _TOP_INCLUDE.search(text) is not None and calls_layers


def read_text(path: Path) -> str:
    """Return the text of a source file.

    Raises:
        ProjectError: it is missing or is not text.
    """
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(
            f"cannot be read: {error}",
            where=path,
            allowed="a text file as hls4ml writes it",
            remedy="write the project again",
        ) from error


def stage_firmware(files: ProjectFiles, target: Path) -> None:
    """Copy the firmware folder, complete with the headers that it needs, to a new folder.

    Raises:
        ProjectError: headers are missing and nowhere to be found.
    """
    for templates in borrowed_headers(files):
        for name, place in (("ap_types", "ap_types"), ("nnet_utils", headers_folder(files))):
            if (templates / name).is_dir():
                shutil.copytree(templates / name, target / place, dirs_exist_ok=True)
    for header in target.glob(f"*/{_STUBS}"):
        header.write_text(header.read_text().replace(_STUB, LOUD_STUB))
    ignored = shutil.ignore_patterns(*(f"*{suffix}" for suffix in WRITTEN_BY_TOOLS))
    shutil.copytree(files.firmware, target, ignore=ignored, dirs_exist_ok=True)


def headers_folder(files: ProjectFiles) -> str:
    """Return the folder of hls4ml's headers as the sources call it, "." if that of the sources."""
    names = list_includes(files)
    found = (match for name in names if (match := _HLS4ML_HEADER.fullmatch(name)))
    return next((match[1] or "." for match in found), "nnet_utils")


def local_headers(files: ProjectFiles) -> tuple[Path, ...]:
    """Return the headers of the firmware folder that the top function includes, in C++'s order."""
    found: dict[Path, None] = {}
    waiting = [files.top]
    while waiting:
        path = waiting.pop(0)
        for name in _INCLUDE.findall(read_text(path)):
            for folder in (path.parent, files.firmware):
                header = (folder / name).resolve()
                if header.is_file() and header not in found:
                    found[header] = None
                    waiting.append(header)
    return tuple(found)


def own_header(files: ProjectFiles, name: str) -> Path | None:
    """Return the project's own copy of a header of hls4ml, if it keeps one, in whatever folder."""
    found = (files.firmware / name, *sorted(files.firmware.glob(f"*/{name}")))
    return next((path for path in found if path.is_file()), None)


def list_includes(files: ProjectFiles) -> tuple[str, ...]:
    """Return what the top function and its two headers include, as they spell it."""
    headers = (path for path in (files.defines, files.parameters) if path.is_file())
    texts = [read_text(path) for path in (files.top, *headers)]
    return tuple(name for text in texts for name in _INCLUDE.findall(text))


def borrowed_headers(files: ProjectFiles) -> tuple[Path, ...]:
    """Return hls4ml's template folders if the project was kept without all its headers, else ().

    They are found in an installed hls4ml, which is not imported; the later ones overlay the
    earlier ones, as hls4ml's Vitis backend does with Vivado's headers.

    Raises:
        ProjectError: headers are missing and hls4ml is not installed.
    """
    missing = sorted(
        name
        for name in {*list_includes(files), "ap_types/ap_fixed.h"}
        if not any((files.firmware / folder / name).is_file() for folder in ("", "ap_types"))
    )
    if not missing:
        return ()
    package = find_spec("hls4ml")
    if package is None or package.origin is None:
        raise ProjectError(
            f"{', '.join(missing)} are missing and hls4ml is not installed",
            where=files.firmware,
            allowed="the headers that hls4ml writes beside the sources",
            remedy="copy ap_types/ and nnet_utils/ into the firmware folder, or install hls4ml",
        )
    templates = Path(package.origin).parent / "templates"
    config = files.firmware.parent / "hls4ml_config.yml"
    vivado = config.is_file() and re.search(r"^Backend: *Vivado", read_text(config), re.MULTILINE)
    return (templates / "vivado",) if vivado else (templates / "vivado", templates / "vitis")


def find_ap_types(folder: Path) -> Path | None:
    """Return the folder of ``ap_fixed.h``: the project's own, or else an installed hls4ml's."""
    package = find_spec("hls4ml")
    places = [folder / "firmware"]
    if package is not None and package.origin is not None:
        places.append(Path(package.origin).parent / "templates" / "vivado")
    found = (place / "ap_types" for place in places)
    return next((path for path in found if (path / "ap_fixed.h").is_file()), None)


def hash_folder(folder: Path) -> str:
    """Return the SHA-256 (hex) of every source and weights file: names and contents."""
    state = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in WRITTEN_BY_TOOLS:
            state.update(f"{path.relative_to(folder)}\0".encode())
            state.update(hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()
