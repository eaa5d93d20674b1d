"""What all firmware includes first, the fixed-point types, is compiled once and kept.

Reading these headers is half of the compiler's work on a small project and a quarter on a large
one; their content is the same in every project that one version of hls4ml has written.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from trigger.errors import OutputError
from trigger.files import cache_folder, whole_folder
from trigger.project.folder import hash_folder

FIRST_HEADER = """\
#include "ap_fixed.h"
#include "ap_int.h"
#include "hls_stream.h"
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>
"""
_TIMEOUT_S = 120.0


def first_header(
    compiler: str, version: str, flags: tuple[str, ...], ap_types: Path
) -> tuple[str, ...]:
    """Return the options that give a program the types of ``ap_types`` from the user's cache.

    They save time and change nothing: without them the program comes out the same. There
    are none where the cache cannot be written or the compiler is not GCC, which alone looks for a
    compiled header beside the header itself and reads that one if the former does not suit.

    Args:
        version: what the compiler says of itself; another one needs other compiled headers.
        flags: those that the program is compiled with.
    """
    shadowed = any((ap_types.parent / header.name).is_file() for header in ap_types.glob("*.h"))
    if "clang" in version or shadowed or not (ap_types / "ap_fixed.h").is_file():
        return ()
    names = (compiler, version, *flags, FIRST_HEADER, hash_folder(ap_types))
    key = hashlib.sha256("\0".join(names).encode()).hexdigest()
    try:
        home = cache_folder("csim") / key[:24]
        if not home.is_dir():
            with whole_folder(home) as work:
                shutil.copytree(ap_types, work, dirs_exist_ok=True)
                header = work / "first.h"
                header.write_text(FIRST_HEADER)
                command = [compiler, *flags, f"-I{work}", "-x", "c++-header", str(header)]
                subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=True)
    except (OutputError, OSError, shutil.Error, subprocess.SubprocessError):
        return ()
    return ("-include", str(home / "first.h"))
