"""Trained model -> HLS project and Network, made again only when something changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from types import MappingProxyType

from trigger.config import DesignFile
from trigger.design import digest_of
from trigger.errors import TriggerError
from trigger.files import write_text
from trigger.flow.workspace import Workspace
from trigger.network import Network
from trigger.training import TrainedModel, restore


@dataclass(frozen=True, slots=True)
class Compiled:
    """An HLS project with what its firmware computes."""

    network: Network
    counterparts: Mapping[str, str]
    """Keras layer whose result is the same number, by firmware layer."""
    hls4ml_version: str
    reused: bool


def compile_project(file: DesignFile, trained: TrainedModel, workspace: Workspace) -> Compiled:
    """Convert the trained model, or return what was converted from the same before."""
    key = digest_of(file.design, trained.digest, _version())
    found = _find(workspace, key)
    if found is not None:
        return found
    from trigger.convert import convert  # hls4ml takes seconds to import

    conversion = convert(restore(trained), file.design, workspace.project)
    conversion.network.save(workspace.network)
    record = {
        "key": key,
        "network": conversion.network.digest,
        "hls4ml_version": conversion.hls4ml_version,
        "counterparts": dict(conversion.counterparts),
        "log": conversion.log,
    }
    write_text(workspace.conversion, json.dumps(record, indent=1) + "\n")
    return Compiled(
        conversion.network, conversion.counterparts, conversion.hls4ml_version, reused=False
    )


def _find(workspace: Workspace, key: str) -> Compiled | None:
    """Return the conversion in the folder if it was made with this key and is whole."""
    if not workspace.project.is_dir():
        return None
    try:
        record = json.loads(workspace.conversion.read_text())
        network = Network.load(workspace.network)
        if record["key"] != key or record["network"] != network.digest:
            return None
        counterparts = MappingProxyType(dict(record["counterparts"]))
        return Compiled(network, counterparts, str(record["hls4ml_version"]), reused=True)
    except (OSError, ValueError, KeyError, TypeError, TriggerError):
        return None


def _version() -> str:
    try:
        return metadata.version("hls4ml")
    except metadata.PackageNotFoundError:
        return ""
