"""The system's C compiler: find it, ask what it aims at, build a library once and keep it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from trigger.emulate.native.kernel import Machine
from trigger.errors import OutputError, ToolError
from trigger.files import cache_folder

COMPILERS = ("cc", "gcc", "clang")

FLAGS = (
    "-O3",
    "-ffp-contract=fast",
    # lanes hold finite integers: there is no NaN, no infinity, no sign of zero, no trap to keep
    "-ffinite-math-only",
    "-fno-signed-zeros",
    "-fno-trapping-math",
    "-fno-math-errno",
    "-fwrapv",
)

LIBRARY_FLAGS = ("-fPIC", "-shared", "-w")

NATIVE = "native"
"""The instruction set of this machine, as ``-march`` calls it."""


@dataclass(frozen=True)
class Compiler:
    """A C compiler on this machine."""

    path: str
    machine: Machine
    flags: tuple[str, ...]
    """All but the instruction set."""
    identity: str
    """SHA-256 (hex) of version, flags and every target macro."""
    march: str = NATIVE
    """The instruction set that it writes."""


@lru_cache(maxsize=8)
def _ask(path: str, march: str) -> Compiler:
    told = _run([path, "--version"])
    if told.returncode:
        raise ToolError(
            f"{path} --version failed",
            where="native engine",
            remedy="set CC to another compiler, or use the reference engine",
        )
    asked = _run([path, "-O3", f"-march={march}", "-dM", "-E", "-x", "c", os.devnull])
    if asked.returncode:
        raise ToolError(
            f"{path} does not know the instruction set {march!r}",
            where="native engine",
            allowed=f"{NATIVE}, or another value of the compiler's option -march",
        )
    macros = asked.stdout
    names = {line.split()[1] for line in macros.splitlines() if line.startswith("#define ")}
    flags: tuple[str, ...] = (*FLAGS, *LIBRARY_FLAGS)
    if "__AVX512F__" in names:
        machine, flags = Machine(64, 32), (*flags, "-mprefer-vector-width=512")
    elif "__AVX__" in names:
        machine = Machine(32, 16)
    else:
        machine = Machine(16, 32 if "__aarch64__" in names else 16)
    identity = hashlib.sha256("\n".join((path, told.stdout, *flags, macros)).encode()).hexdigest()
    return Compiler(path, machine, flags, identity, march)


def find_compiler(march: str = NATIVE) -> Compiler:
    """Return the compiler that ``CC`` names, or the first of cc, gcc and clang.

    Args:
        march: the instruction set to aim at.

    Raises:
        ToolError: there is none, it does not run, or does not know the instruction set.
    """
    asked = os.environ.get("CC")
    for name in (asked,) if asked else COMPILERS:
        path = shutil.which(name)
        if path is not None:
            return _ask(path, march)
    raise ToolError(
        f"no C compiler ({asked or ', '.join(COMPILERS)}) was found",
        where="native engine",
        remedy="install gcc or clang, or set CC; the reference engine works without one",
    )


def build_library(source: str, digest: str, compiler: Compiler) -> Path:
    """Return the shared library of a C program, built unless it is whole in the cache.

    The file ends in the SHA-256 of what is before it: loading a damaged library may crash.

    Args:
        digest: of the network; starts the file's name.

    Raises:
        ToolError: the compiler fails.
        OutputError: the cache folder cannot be written.
    """
    text = hashlib.sha256((compiler.identity + source).encode()).hexdigest()
    path = cache_folder("native") / f"{digest[:16]}-{text[:24]}.so"
    try:
        if _is_whole(path):
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".build-") as folder:
            program, library = Path(folder) / "network.c", Path(folder) / "network.so"
            program.write_text(source)
            done = _run(
                [
                    compiler.path,
                    f"-march={compiler.march}",
                    *compiler.flags,
                    str(program),
                    "-o",
                    str(library),
                ]
            )
            if done.returncode:
                raise ToolError(
                    f"{compiler.path} failed: {done.stderr.strip()[:500]}",
                    where="native engine",
                    remedy="set CC to another compiler, or use the reference engine",
                )
            content = library.read_bytes()
            library.write_bytes(content + hashlib.sha256(content).digest())
            os.replace(library, path)
    except OSError as error:
        raise OutputError(
            f"cannot be written: {error.strerror or error}",
            where=path.parent,
            remedy="set XDG_CACHE_HOME to another folder",
        ) from error
    return path


def _is_whole(path: Path) -> bool:
    if not path.is_file():
        return False
    content = path.read_bytes()
    return content[-32:] == hashlib.sha256(content[:-32]).digest()


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ToolError(
            f"{command[0]} does not run: {error.strerror}",
            where="native engine",
            remedy="set CC to another compiler, or use the reference engine",
        ) from error
