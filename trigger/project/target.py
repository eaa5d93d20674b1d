"""What an HLS project was written for: tool, part and clock, read from its text."""

from __future__ import annotations

import re
from pathlib import Path

from trigger.design import IOType, Target
from trigger.device import find
from trigger.errors import DesignError, ProjectError
from trigger.project.folder import read_text

_CONFIG = re.compile(r"^(Backend|Part|ClockPeriod|IOType):\s*['\"]?([^'\"\s]+)", re.MULTILINE)
_TCL = re.compile(r"^set\s+(backend|part|clock_period)\s+\"?([^\"\s]+)\"?", re.MULTILINE)
_TCL_KEYS = {"backend": "Backend", "part": "Part", "clock_period": "ClockPeriod"}
_BACKENDS = {"vitis": "Vitis", "vivado": "Vivado", "vivadoaccelerator": "VivadoAccelerator"}


def read_target(
    folder: Path,
    io_type: IOType,
    part: str | None = None,
    clock_period_ns: float | None = None,
    backend: str | None = None,
) -> Target:
    """Return the target of an HLS project; what is given counts more than what is read.

    ``hls4ml_config.yml`` is read, and ``project.tcl`` where there is none.

    Args:
        io_type: of the top function, where the configuration does not name it.

    Raises:
        ProjectError: something is neither given nor in these files, which may be damaged, or is no
            clock period.
        DeviceError: a given part that is unknown. One that the files name is taken as it is.
    """
    found: dict[str, str] = {}
    tcl, config = folder / "project.tcl", folder / "hls4ml_config.yml"
    if tcl.is_file():
        found |= {_TCL_KEYS[key]: text for key, text in _TCL.findall(read_text(tcl))}
    if config.is_file():
        found |= dict(_CONFIG.findall(read_text(config)))
    given = {"Part": part, "ClockPeriod": clock_period_ns, "Backend": backend}
    values = {key: found.get(key) if given[key] is None else given[key] for key in given}
    if part is not None:
        find(part)
    for key, option in (
        ("Part", "--part"),
        ("ClockPeriod", "--clock-period"),
        ("Backend", "--backend"),
    ):
        if values[key] is None:
            raise ProjectError(
                f"the project does not say its {key}", where=folder, remedy=f"give {option}"
            )
    name = str(values["Backend"])
    try:
        period = float(str(values["ClockPeriod"]))
        stream = IOType(found["IOType"]) if "IOType" in found else io_type
    except ValueError as error:
        raise ProjectError(f"{error}", where=config if config.is_file() else tcl) from error
    try:
        return Target(_BACKENDS.get(name.lower(), name), str(values["Part"]), period, stream)
    except DesignError as error:  # nothing but the clock is asked of a target
        where = folder if clock_period_ns is None else "--clock-period"
        raise ProjectError(error.problem, where=where, allowed=error.allowed) from error
