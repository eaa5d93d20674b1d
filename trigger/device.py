"""FPGA parts and what they hold, per device and per die (SLR).

The table is ``trigger/data/devices.yaml``; a design can add parts from a file of the same form.
"""

from __future__ import annotations

import difflib
import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trigger.errors import DeviceError

TABLE = Path(__file__).parent / "data" / "devices.yaml"

_COUNTS = ("lut", "ff", "dsp", "bram_18k", "uram")
_KEYS = {"part", "family", "slrs", "source", "names", *_COUNTS}

# What may follow the name of a part: a low-power letter, package with or without a dash, speed
# and temperature grades: xc7a200tl-ffg1156-2L, xc7vx690tffg1927-2, xcvu9p-flgb2104-2-i.
_ORDERING_CODE = re.compile(r"l?(-|-?[a-z]{2,4}\d{2,5}(-.*)?)?(-.*)?")


@dataclass(frozen=True, slots=True)
class Device:
    """One FPGA; a count that is not known, or not of that kind, is None."""

    part: str
    """Canonical name without package and grades: ``xcvu13p``."""
    family: str
    source: str
    """Data sheet, or the file that a user gave."""
    slrs: int = 1
    """Number of dies, taken as equal."""
    lut: int | None = None
    ff: int | None = None
    dsp: int | None = None
    bram_18k: int | None = None
    """Halves of a 36 Kb block RAM, the unit of HLS reports."""
    uram: int | None = None
    names: tuple[str, ...] = ()
    """Other spellings, such as the board's."""

    def capacity(self, resource: str, *, per_slr: bool = False) -> float | None:
        """Return how many of ``lut``, ``ff``, ``dsp``, ``bram_18k`` or ``uram`` there are.

        Raises:
            DeviceError: no such resource.
        """
        if resource not in _COUNTS:
            raise DeviceError(
                f"{resource!r} is not a resource", where=self.part, allowed=", ".join(_COUNTS)
            )
        count: int | None = getattr(self, resource)
        if count is None:
            return None
        return count / self.slrs if per_slr else count


def find(part: str, *extra_tables: Path) -> Device:
    """Return the device that people mean by ``part``.

    Full ordering codes, bare part names with or without ``xc``, and common board names are
    understood. Parts of ``extra_tables`` come before the built-in ones.

    Raises:
        DeviceError: no such part (the text names near ones), or a table that cannot be read.
    """
    devices = [device for path in extra_tables for device in read_table(path)]
    devices += _builtin()
    wanted = _normal(part)
    for spelling in (wanted, "xc" + wanted):
        matches = [
            (len(name), -position, device)
            for position, device in enumerate(devices)
            for name in (device.part, *device.names)
            if _is_named(spelling, _normal(name))
        ]
        if matches:
            return max(matches, key=lambda match: match[:2])[2]
    names = {_normal(name): name for device in devices for name in (device.part, *device.names)}
    stem = wanted.split("-")[0]
    near = difflib.get_close_matches(stem, names, n=4, cutoff=0.5)
    more = difflib.get_close_matches("xc" + stem, names, n=4, cutoff=0.5)
    near += [name for name in more if name not in near]
    raise DeviceError(
        f"unknown FPGA part {part!r}",
        where="part",
        allowed="near ones are " + ", ".join(names[n] for n in near[:5])
        if near
        else "the parts of trigger/data/devices.yaml",
        remedy="correct the name, or add the part in a file of your own with the form of"
        " trigger/data/devices.yaml",
    )


def read_table(path: Path) -> tuple[Device, ...]:
    """Read a YAML list of parts, in the form of ``trigger/data/devices.yaml``.

    Raises:
        DeviceError: the file is missing, not a list of parts, or has unknown keys or bad counts.
    """
    import yaml

    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise DeviceError(f"cannot be read: {error}", where=path) from error
    if not isinstance(rows, list):
        raise DeviceError("is not a list of parts", where=path, allowed="- {part: ..., lut: ...}")
    return tuple(_device(row, f"{path}, entry {number}") for number, row in enumerate(rows, 1))


@functools.cache
def _builtin() -> tuple[Device, ...]:
    return read_table(TABLE)


def _device(row: Any, where: str) -> Device:
    if not isinstance(row, dict) or "part" not in row:
        raise DeviceError("has no part name", where=where, allowed="{part: xcvu13p, lut: ...}")
    for key in row:
        if key not in _KEYS:
            near = difflib.get_close_matches(str(key), _KEYS, n=1)
            raise DeviceError(
                f"unknown key {key!r}",
                where=where,
                allowed=", ".join(sorted(_KEYS)),
                remedy=f"write {near[0]!r}" if near else "",
            )
    for key in (*_COUNTS, "slrs"):
        count = row.get(key)
        least = 1 if key == "slrs" else 0
        if count is not None and (type(count) is not int or count < least):
            raise DeviceError(f"{key} is {count!r}", where=where, allowed=f"an integer >= {least}")
    return Device(
        part=str(row["part"]),
        family=str(row.get("family", "")),
        source=str(row.get("source", where)),
        slrs=row.get("slrs", 1),
        names=tuple(str(name) for name in row.get("names", ())),
        **{key: row.get(key) for key in _COUNTS},
    )


def _normal(name: str) -> str:
    """Return ``name`` in small letters, without the vendor, and dashes for spaces."""
    plain = re.sub(r"^(xilinx|amd|alveo|intel)[\s_-]+", "", name.strip().lower())
    return re.sub(r"[\s_-]+", "-", plain)


def _is_named(spelling: str, name: str) -> bool:
    return spelling.startswith(name) and bool(_ORDERING_CODE.fullmatch(spelling[len(name) :]))
