"""FPGA parts and what they hold, per device and per die (SLR).

The table is ``trigger/data/devices.yaml``. The environment variable ``TRIGGER_PARTS`` names files
of the same form with parts of one's own.
"""

from __future__ import annotations

import difflib
import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trigger.errors import DeviceError

TABLE = Path(__file__).parent / "data" / "devices.yaml"

PARTS_VARIABLE = "TRIGGER_PARTS"
"""Environment variable: YAML files of parts, separated as in ``PATH``; they go first."""

UNKNOWN = "unknown"
_COUNTS = ("lut", "ff", "dsp", "bram_18k", "uram")
_KEYS = {"part", "family", "slrs", "slr", "source", "names", *_COUNTS}

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
    """Number of dies."""
    dies: tuple[Mapping[str, int], ...] | None = ()
    """Counts of each die; () they are equal, None they are not and how is not known."""
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

        Of one SLR it is what each of them has, that is the least: dies may differ.

        Raises:
            DeviceError: no such resource.
        """
        if resource not in _COUNTS:
            raise DeviceError(
                f"{resource!r} is not a resource", where=self.part, allowed=", ".join(_COUNTS)
            )
        count: int | None = getattr(self, resource)
        if count is None or (per_slr and self.dies is None):
            return None
        if per_slr and self.dies:
            return min(die[resource] for die in self.dies)
        return count / self.slrs if per_slr else count


def find(part: str, *extra_tables: Path) -> Device:
    """Return the device that people mean by ``part``.

    Full ordering codes, bare part names with or without ``xc``, and common board names are
    understood. Parts of ``extra_tables`` and ``TRIGGER_PARTS`` come before the built-in ones.

    Raises:
        DeviceError: no such part (the text names near ones), or a table that cannot be read.
    """
    added = [Path(path) for path in os.environ.get(PARTS_VARIABLE, "").split(os.pathsep) if path]
    devices = [device for path in (*extra_tables, *added) for device in read_table(path)]
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
        remedy=f"correct the name, or name a file of parts in {PARTS_VARIABLE}, with lines such as"
        " `- {part: xcvu13p, lut: 1728000, dsp: 12288, slrs: 4}`",
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
        _check_count(key, row.get(key), where, least=1 if key == "slrs" else 0)
    return Device(
        part=str(row["part"]),
        family=str(row.get("family", "")),
        source=str(row.get("source", where)),
        slrs=row.get("slrs", 1),
        dies=_dies(row, where),
        names=tuple(str(name) for name in row.get("names", ())),
        **{key: row.get(key) for key in _COUNTS},
    )


def _check_count(key: str, count: Any, where: str, least: int = 0) -> None:
    if count is not None and (type(count) is not int or count < least):
        raise DeviceError(f"{key} is {count!r}", where=where, allowed=f"an integer >= {least}")


def _dies(row: Mapping[str, Any], where: str) -> tuple[Mapping[str, int], ...] | None:
    """Return what each die has, where they differ; together it is what the device has."""
    dies = row.get("slr", ())
    if dies == UNKNOWN:
        return None
    counts = {key: row[key] for key in _COUNTS if row.get(key) is not None}
    form = f"{UNKNOWN}, or a mapping of {', '.join(counts)} for each of the slrs"
    if not isinstance(dies, (list, tuple)) or (dies and len(dies) != row.get("slrs", 1)):
        raise DeviceError("slr does not list the dies", where=where, allowed=form)
    for die in dies:
        if not isinstance(die, dict) or set(die) != set(counts):
            raise DeviceError(f"slr has {die!r}", where=where, allowed=form)
        for key, count in die.items():
            _check_count(f"slr.{key}", count, where)
    for key, count in counts.items():
        total = sum(die[key] for die in dies)
        if dies and total != count:
            raise DeviceError(
                f"the slrs have {total} {key} together",
                where=where,
                allowed=f"{count}, the device's",
            )
    return tuple(dies)


def _normal(name: str) -> str:
    """Return ``name`` in small letters, without the vendor, and dashes for spaces."""
    plain = re.sub(r"^(xilinx|amd|alveo|intel)[\s_-]+", "", name.strip().lower())
    return re.sub(r"[\s_-]+", "-", plain)


def _is_named(spelling: str, name: str) -> bool:
    return spelling.startswith(name) and bool(_ORDERING_CODE.fullmatch(spelling[len(name) :]))
