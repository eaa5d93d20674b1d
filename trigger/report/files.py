"""The files of a report: written whole or not at all, and read back."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from trigger.errors import OutputError, ReportError
from trigger.files import PART
from trigger.report.codec import SCHEMA_NAME, decode, encode
from trigger.report.record import Report

SCHEMA_FILE = Path(__file__).with_name("schema.json")
"""The published JSON schema of ``report.json``."""


def write(report: Report, folder: str | Path) -> tuple[Path, ...]:
    """Write ``report.json``, ``report.md`` and ``report.html`` and return their paths.

    All three are rendered before the first file is touched.

    Raises:
        ReportError: the report holds something that is not plain data.
        OutputError: the folder cannot be written.
    """
    # the page draws with matplotlib, which takes a second to import; reading must not pay for it
    from trigger.report.markdown import render_markdown
    from trigger.report.page import render_html

    texts = {
        "report.json": render_json(report),
        "report.md": render_markdown(report),
        "report.html": render_html(report),
    }
    return write_together(Path(folder), texts)


def same_but_times(one: Report, other: Report) -> bool:
    """Tell whether two reports found the same, whenever and after whichever version they did."""
    return _timeless(one) == _timeless(other)


def _timeless(report: Report) -> Report:
    return replace(
        report,
        previous=None,
        provenance=replace(report.provenance, date=""),
        steps=tuple(replace(step, seconds=None) for step in report.steps),
    )


def render_json(report: Report) -> str:
    """Return the complete report as JSON text; the same report gives the same text.

    Raises:
        ReportError: the report holds something that is not plain data.
    """
    data = {"schema": SCHEMA_NAME, **encode(report, Report, "report")}
    return indent_json(data)


def read_json(path: str | Path) -> Report:
    """Return the report of a ``report.json``, equal to the one that was written.

    Raises:
        ReportError: no such file, no JSON, or not the JSON of a report.
    """
    path = Path(path)
    remedy = "give the report.json of a finished run of this version"
    report: Report = decode(read_data(path, SCHEMA_NAME, remedy), Report, f"{path}: report")
    return report


def read_data(path: Path, schema: str, remedy: str) -> Any:
    """Return what a JSON file holds beside its schema.

    Args:
        remedy: what to do where it cannot be read.

    Raises:
        ReportError: no such file, no JSON, or of another schema.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"cannot be read: {error.strerror}", where=path, remedy=remedy) from error
    except (ValueError, RecursionError) as error:
        raise ReportError(
            f"cannot be read, this is not JSON: {error}", where=path, remedy=remedy
        ) from error
    name = data.pop("schema", None) if isinstance(data, dict) else None
    if name != schema:
        raise ReportError(f"the schema is {name!r}", where=path, allowed=schema, remedy=remedy)
    return data


def indent_json(data: Any) -> str:
    """Return JSON text with one key or record a line, and lists of plain numbers on one line."""
    return _indent(data, "") + "\n"


def _indent(data: Any, margin: str) -> str:
    deeper = margin + "  "
    if isinstance(data, dict) and data:
        items = [f"{json.dumps(key)}: {_indent(item, deeper)}" for key, item in data.items()]
        return "{\n" + ",\n".join(deeper + item for item in items) + "\n" + margin + "}"
    if isinstance(data, list) and any(isinstance(item, dict | list) for item in data):
        items = [_indent(item, deeper) for item in data]
        return "[\n" + ",\n".join(deeper + item for item in items) + "\n" + margin + "]"
    return json.dumps(data, ensure_ascii=False, allow_nan=False)


def write_together(folder: Path, texts: Mapping[str, str]) -> tuple[Path, ...]:
    """Write all files under temporary names, then give them their own."""
    waiting: dict[Path, Path] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            handle, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=PART, dir=folder)
            waiting[folder / name] = Path(temporary)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(temporary, 0o644)  # mkstemp's 0600 would hide the report from a web server
        for target in waiting:
            if target.is_dir():
                raise IsADirectoryError(0, "is a folder", str(target))
        for target, temporary_path in waiting.items():
            os.replace(temporary_path, target)
    except OSError as error:
        raise OutputError(
            f"cannot write the report: {error.strerror}",
            where=error.filename or folder,
            remedy="choose a folder that can be written",
        ) from error
    finally:
        for temporary_path in waiting.values():
            temporary_path.unlink(missing_ok=True)
    return tuple(waiting)
