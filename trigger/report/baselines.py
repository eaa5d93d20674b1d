"""The record of what a design has to beat: ``baselines/baselines.json`` in the design's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trigger.files import write_text
from trigger.report.codec import decode, encode
from trigger.report.files import indent_json, read_data
from trigger.report.rivals import Baselines

FOLDER, NAME = "baselines", "baselines.json"
_SCHEMA = "trigger-baselines-1"
_REMEDY = "delete it and give `trigger baselines` again"


def write_baselines(found: Baselines, folder: Path) -> Path:
    """Write the record into a design's folder; raises OutputError where that is impossible."""
    path = folder / FOLDER / NAME
    write_text(path, indent_json(to_json(found)))
    return path


def to_json(found: Baselines) -> dict[str, Any]:
    """Return the record as JSON data."""
    return {"schema": _SCHEMA, **encode(found, Baselines, "baselines")}


def read_baselines(folder: Path) -> Baselines | None:
    """Return the record in a design's folder; None where there is none.

    Raises:
        ReportError: a file that is damaged, or of another kind.
    """
    path = folder / FOLDER / NAME
    if not path.exists():
        return None
    found: Baselines = decode(read_data(path, _SCHEMA, _REMEDY), Baselines, f"{path}: baselines")
    return found
