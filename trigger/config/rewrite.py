"""A design file with another name, hardware or budget; the rest of its text stays as it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import yaml

from trigger.budget import Budget
from trigger.config.sections import DesignFile
from trigger.design import Knobs, LayerKnobs, Target


def rewrite_design(
    file: DesignFile, name: str, target: Target, knobs: Knobs, budget: Budget, folder: Path
) -> str:
    """Return the text of a design file for another name, target, knobs and budget.

    Comments stay, but those within a section that changes. Event files are named as seen from
    ``folder``, where the text is to be written.
    """
    sections: dict[str, Any] = {"name": name}
    if (target, knobs) != (file.design.target, file.design.knobs):
        sections["hls"] = hls_section(target, knobs)
    if budget != file.budget:
        sections["budget"] = _budget_section(budget)
    text = file.text
    if file.events is not None and file.events.files:
        found = yaml.safe_load(text)["events"]
        found["files"] = {
            kind: [os.path.relpath(path, folder) for path in paths]
            for kind, paths in file.events.files.items()
        }
        sections["events"] = found
    for key, section in sections.items():
        text = _replace_section(text, key, section)
    return text


def hls_section(target: Target, knobs: Knobs) -> dict[str, Any]:
    """Return the ``hls`` block, in hls4ml's own keys: what ``read_hls`` reads."""
    layers = {name: _layer(each) for name, each in knobs.layers.items()}
    configuration = {"Model": _layer(knobs.model), "LayerName": layers}
    block: dict[str, Any] = {
        "Backend": target.backend,
        "Part": target.part,
        "ClockPeriod": target.clock_period_ns,
        "IOType": target.io_type.value,
    }
    filled = {key: value for key, value in configuration.items() if value}
    return {**block, "HLSConfig": filled} if filled else block


def _layer(knobs: LayerKnobs) -> dict[str, Any]:
    precision: Any = dict(knobs.precision)
    if set(precision) == {"default"}:
        precision = precision["default"]
    settings = {
        "Precision": precision or None,
        "Strategy": knobs.strategy.value if knobs.strategy else None,
        "ReuseFactor": knobs.reuse_factor,
        "ParallelizationFactor": knobs.parallelization_factor,
    }
    return {**{key: value for key, value in settings.items() if value}, **knobs.extra}


def _budget_section(budget: Budget) -> dict[str, Any]:
    standard = Budget()
    pairs = ((field.name, getattr(budget, field.name)) for field in fields(Budget))
    return {
        name: dict(limit) if isinstance(limit, Mapping) else limit
        for name, limit in pairs
        if limit != getattr(standard, name)
    }


def _replace_section(text: str, key: str, section: Any) -> str:
    """Return YAML text with another value under a key of its top level, added if it is not there.

    Raises:
        yaml.YAMLError: not YAML; it was when it was loaded.
    """
    new = yaml.safe_dump({key: section}, sort_keys=False, width=100).rstrip("\n")
    top: Any = yaml.compose(text, yaml.SafeLoader)
    for name, value in top.value:
        if name.value == key:
            start, end = name.start_mark.index, value.end_mark.index
            old = text[start:end]
            # a block ends where the next one begins: what stands between belongs to that one
            lines = old.splitlines()
            while len(lines) > 1 and (not lines[-1].strip() or lines[-1].startswith("#")):
                lines.pop()
            kept = "\n".join(lines)
            return text[:start] + new + text[start + len(kept) :]
    return text.rstrip("\n") + "\n\n" + new + "\n"


def with_layers(knobs: Knobs, layers: Mapping[str, LayerKnobs]) -> Knobs:
    """Return knobs with other ones of some layers."""
    return replace(knobs, layers={**knobs.layers, **layers})
