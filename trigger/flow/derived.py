"""Designs that say only in what they differ from another one, and share what it has trained."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from trigger.config import DesignFile, load_design
from trigger.files import whole_folder, write_text
from trigger.flow.workspace import Workspace
from trigger.training import ModelKind


def write_derived(
    base: Path | str, path: Path, changes: Mapping[str, Any], comment: str = ""
) -> DesignFile:
    """Write a design on the one that it changes, named as its file, and read it.

    Args:
        comment: a line for its reader.

    Raises:
        OutputError: it cannot be written.
        DesignError: it is no design.
    """
    record = {
        "base": os.path.relpath(Path(base).resolve(), path.parent.resolve()),
        "name": path.stem,
        **changes,
    }
    text = yaml.safe_dump(record, sort_keys=False, width=100)
    write_text(path, (f"# {comment}\n" if comment else "") + text)
    return load_design(path)  # it is a design, or the user is told now


def share_training(folder: Path, new: Path) -> None:
    """Give what one design has trained to another one of the same model, which has trained none."""
    source, place = Workspace(folder).training, Workspace(new).training
    if source.is_dir() and not place.exists():
        with whole_folder(place) as work:
            for kind in ModelKind:
                if (source / kind.value).is_dir():
                    shutil.copytree(source / kind.value, work / kind.value)
