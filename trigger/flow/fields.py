"""What makes up a firmware, name by name, so that a change of it has a place.

A network is a list of layers, a layer a list of fields: formats with their rounding, weights,
tables, connections. Each has a name, ``conv1.kernel``, and a text to compare.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trigger.errors import ProjectError
from trigger.flow.workspace import Workspace
from trigger.network import Network

CONTRACT = "input_contract"
"""What begins the names of what a pixel means."""
COST_FIELDS = ("strategy", "reuse_factor", "parallelization_factor", "io_type")
"""Fields of a layer that lay out its multipliers; cycles and resources move with them."""
_LONGEST = 60


def network_fields(network: Network) -> dict[str, Any]:
    """Return every field of every layer as JSON knows it, and the outputs, by name."""
    record = json.loads(network.to_json())
    fields: dict[str, Any] = {"network.layers": [layer["name"] for layer in record["layers"]]}
    for layer in record["layers"]:
        fields |= {f"{layer['name']}.{key}": value for key, value in layer.items() if key != "name"}
    return fields | {"network.outputs": record["outputs"]}


def contract_fields(folder: Path) -> dict[str, Any]:
    """Return what a design's folder says of its pixels; nothing where it says nothing.

    Raises:
        ProjectError: the file is damaged.
    """
    path = Workspace(folder).contract
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return {f"{CONTRACT}.{key}": value for key, value in record.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise ProjectError(
            f"cannot be read: {error}",
            where=path,
            allowed="the JSON text that trigger writes",
            remedy="run `trigger compile DESIGN` again",
        ) from error


def short(value: Any) -> str:
    """Return a field as one short line: its text, or the digest of a long one."""
    text = json.dumps(value, sort_keys=True)
    if len(text) <= _LONGEST and not is_array(value):
        return text
    return f"sha256 {hashlib.sha256(text.encode()).hexdigest()}"


def is_array(value: Any) -> bool:
    """Tell integers of a layer (weights, tables) from the rest."""
    return isinstance(value, dict) and set(value) == {"shape", "raw"}


def texts(fields: Mapping[str, Any]) -> dict[str, str]:
    return {name: short(value) for name, value in fields.items()}


def moves_bits(name: str) -> bool:
    """Tell whether a change of a field can move an integer."""
    return name.rpartition(".")[2] not in COST_FIELDS
