"""The C++ compiler: finding it, and what it says when it fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from trigger.errors import ProjectError, ToolError
from trigger.project.first_header import first_header

FLAGS = ("-std=c++17", "-O1", "-ffp-contract=off", "-pthread", "-w")
"""-O1: a parallel convolution compiles three times faster than with -O3 and runs 20 % slower, which
pays off below some 50,000 events. No contraction: lookup tables come out alike on every host."""
TIMEOUT_S = 1800.0
"""Longest time for compiling one project."""
LOG_LINES = 6
"""Lines of a compiler's message that an error shows; the log holds them all."""


_SOURCE_ERROR = re.compile(r":\d+: (fatal )?error: |undefined reference|: multiple definition")
"""What compilers and linkers say of a fault in the source: the place, and what is wrong."""
_OTHER_REASON = re.compile(
    r"No space left|Killed|signal terminated program|[Oo]ut of memory|Cannot allocate memory|"
    r"memory exhausted|internal compiler error|unrecognized .*option|unknown argument|"
    r"error writing to|Read-only file system"
)
"""What they say when the source is not to blame, sometimes beside a place in it."""


def find_compiler() -> str:
    """Return the path of the C++ compiler: ``$CXX`` or else ``g++``.

    Raises:
        ToolError: it is not installed.
    """
    name = os.environ.get("CXX") or "g++"
    path = shutil.which(name)
    if path is None:
        raise ToolError(
            f"the C++ compiler {name!r} is not installed",
            where="C simulation",
            allowed="g++ 9 or newer, or another compiler named by the variable CXX",
            remedy="install it, for example with: apt-get install g++",
        )
    return path


def compiler_version(compiler: str) -> str:
    """Return the first line of what the compiler says of itself.

    Raises:
        ToolError: it does not run.
    """
    try:
        result = subprocess.run(
            [compiler, "--version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _broken(f"{compiler} --version failed: {error}") from error
    if result.returncode:
        raise _broken(f"{compiler} --version failed")
    return result.stdout.splitlines()[0] if result.stdout else compiler


def compile_program(compiler: str, version: str, work: Path, log: Path) -> None:
    """Compile ``main.cpp`` in ``work`` to ``csim``, which is to be run in ``firmware``.

    Raises:
        ProjectError: it does not compile; what the compiler said is in ``log``.
        ToolError: the compiler fails for another reason: it was stopped, memory or disk are full,
            it does not know an option.
    """
    command = [compiler, *FLAGS, '-DWEIGHTS_DIR="weights"']
    command += [f"-I{work / folder}" for folder in ("", "firmware", "firmware/ap_types")]
    command += [str(work / "main.cpp"), "-o", str(work / "csim")]
    first = first_header(compiler, version, FLAGS, work / "firmware" / "ap_types")
    if first and _call([*command, *first]).returncode == 0:
        return
    result = _call(command)  # whatever fails shall not be the fault of what is in the cache
    if result.returncode == 0:
        return
    message = result.stderr
    if _OTHER_REASON.search(message) or not _SOURCE_ERROR.search(message):
        lines = message.strip().splitlines() or [f"exit code {result.returncode}"]
        raise _broken(f"{compiler} failed:\n" + "\n".join(lines[-LOG_LINES:]))
    log.write_text(" ".join(command) + "\n\n" + message)
    errors = [line for line in message.splitlines() if "error:" in line] or message.splitlines()
    raise ProjectError(
        "the firmware does not compile:\n" + "\n".join(errors[:LOG_LINES]),
        where=log,
        allowed="C++17 with ap_fixed, ap_ufixed, ap_int or ap_uint tensors",
        remedy="read the log named at the start of this message; write the project again",
    )


def _call(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _broken(f"{command[0]} did not end within {TIMEOUT_S:g} s") from error
    except OSError as error:
        raise _broken(f"{command[0]} does not run: {error.strerror}") from error


def _broken(problem: str) -> ToolError:
    return ToolError(
        problem,
        where="C simulation",
        allowed="a working C++ compiler, with memory and disk left",
        remedy="repair that, or name another compiler in the variable CXX",
    )
