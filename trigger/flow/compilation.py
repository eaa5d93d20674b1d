"""Trained model -> HLS project and Network, made again only when something changed."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any

from trigger.config import DesignFile
from trigger.design import Design, digest_of
from trigger.errors import OutputError, ProjectError, TriggerError
from trigger.files import whole_folder, write_text
from trigger.flow.workspace import CONTRACT_FILE, OUTPUT_FILE, Workspace
from trigger.images import InputContract
from trigger.network import Network
from trigger.training import TrainedModel, restore
from trigger.training.tasks import OutputContract


@dataclass(frozen=True, slots=True)
class Compiled:
    """An HLS project with what its firmware computes."""

    network: Network
    counterparts: Mapping[str, str]
    """Keras layer whose result is the same number, by firmware layer."""
    hls4ml_version: str
    reused: bool


_ADOPTED = "adopted"
"""In place of the key of a conversion: somebody else made that firmware."""


@dataclass(frozen=True, slots=True)
class _Record:
    """``conversion.json``: what an HLS project was made from, and how it was then."""

    key: str
    """Digest of all that went into the conversion."""
    files: Mapping[str, str]
    """SHA-256 of every file of the project, by its path."""
    network: str
    """Digest."""
    hls4ml_version: str
    counterparts: Mapping[str, str]
    log: str


def convert_apart(model: Any, design: Design) -> Network:
    """Return what the firmware of a Keras model computes, without keeping its project.

    Raises:
        Errors of ``convert``.
    """
    from trigger.convert import convert  # hls4ml takes seconds to import

    with tempfile.TemporaryDirectory() as folder:
        return convert(model, design, Path(folder) / "hls").network


def compile_project(
    file: DesignFile,
    contract: InputContract,
    trained: TrainedModel,
    workspace: Workspace,
    output: OutputContract | None = None,
) -> Compiled:
    """Convert the trained model, or return what was converted from the same before.

    Raises:
        ProjectError: the folder's HLS project is no longer as it was written.
        Further errors of ``convert``; what the folder held stays then.
    """
    key = digest_of(file.design, trained.digest, _version())
    found = _find(workspace, key)
    if found is None:
        from trigger.convert import convert  # hls4ml takes seconds to import

        with whole_folder(workspace.project) as new:
            conversion = convert(restore(trained), file.design, new)
            files = _hash_files(new)
            workspace.forget_firmware()
        conversion.network.save(workspace.network)
        _write(
            workspace,
            _Record(
                key,
                files,
                conversion.network.digest,
                conversion.hls4ml_version,
                dict(conversion.counterparts),
                conversion.log,
            ),
        )
        found = Compiled(
            conversion.network, conversion.counterparts, conversion.hls4ml_version, reused=False
        )
    write_contracts(workspace.folder, contract, output)
    write_text(workspace.design, file.text)
    return found


def write_contracts(folder: Path, contract: InputContract, output: OutputContract | None) -> None:
    """Write what pixels and outputs mean; without ``output`` these are scores, and need no file."""
    write_text(folder / CONTRACT_FILE, json.dumps(contract.to_dict(), indent=1) + "\n")
    if output is None:
        (folder / OUTPUT_FILE).unlink(missing_ok=True)
    else:
        write_text(folder / OUTPUT_FILE, json.dumps(output.to_dict(), indent=1) + "\n")


def record_adopted(workspace: Workspace, firmware: Path, network: Network) -> None:
    """Write down how adopted firmware is, in a folder within the workspace's HLS project."""
    project, part = workspace.project, firmware.name
    files = {f"{part}/{name}": sha256 for name, sha256 in _hash_files(project / part).items()}
    _write(workspace, _Record(_ADOPTED, files, network.digest, "", {}, ""))


def refuse_adopted(workspace: Workspace) -> None:
    """Raise OutputError where adopted firmware is kept, which a compilation would replace."""
    record = _read(workspace)
    if record is not None and record.key == _ADOPTED:
        raise OutputError(
            "adopted firmware is kept there",
            where=workspace.folder,
            remedy="choose another folder with --output, or another name for the design",
        )


def keeps_compiled(workspace: Workspace) -> bool:
    """Tell whether the folder holds a compiled design, rather than adopted firmware or nothing."""
    record = _read(workspace)
    return workspace.design.exists() or (record is not None and record.key != _ADOPTED)


def converter(folder: Path) -> tuple[str, ...]:
    """Return which hls4ml wrote a design's HLS project: a name with its version, or nothing."""
    record = _read(Workspace(folder))
    return (f"hls4ml {record.hls4ml_version}",) if record and record.hls4ml_version else ()


def changed_source(folder: Path) -> Path | None:
    """Return the first source of a design's firmware that is not as it was compiled, if any.

    ``network.json`` counts as one; a folder that keeps no firmware has none to be changed.
    """
    workspace = Workspace(folder)
    record = _read(workspace)
    if record is None:
        return None
    sources = {
        workspace.project / name: sha256
        for name, sha256 in record.files.items()
        if record.key == _ADOPTED or name.startswith("firmware/")
    }
    if not workspace.project.is_dir():
        sources = {}
    # a network's digest is the sum of its file
    return _first_changed({workspace.network: record.network, **sources})


def _find(workspace: Workspace, key: str) -> Compiled | None:
    """Return the conversion in the folder if it was made with this key and is whole.

    Raises:
        ProjectError: its HLS project was changed since, so that nothing done by hand gets lost.
    """
    record = _read(workspace)
    if record is None or not workspace.project.is_dir():
        return None
    changed = _first_changed(
        {workspace.project / name: sha256 for name, sha256 in record.files.items()}
    )
    if changed is not None:
        raise ProjectError(
            "was changed since it was written" if changed.is_file() else "is missing",
            where=changed,
            remedy=f"remove {workspace.project} to have it written again; "
            "`trigger adopt` takes changed firmware as it is",
        )
    try:
        network = Network.load(workspace.network)
    except TriggerError:
        return None
    if (record.key, record.network) != (key, network.digest):
        return None
    return Compiled(network, record.counterparts, record.hls4ml_version, reused=True)


def _write(workspace: Workspace, record: _Record) -> None:
    plain = {name: getattr(record, name) for name in _Record.__slots__}
    write_text(workspace.conversion, json.dumps(plain, indent=1) + "\n")


def _read(workspace: Workspace) -> _Record | None:
    """Return the folder's record; None where there is none, or a damaged one."""
    try:
        plain = json.loads(workspace.conversion.read_text(encoding="utf-8"))
        maps = {name: MappingProxyType(dict(plain[name])) for name in ("files", "counterparts")}
        return _Record(**{**plain, **maps})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _first_changed(recorded: Mapping[Path, str]) -> Path | None:
    """Return the first file that is missing or has another SHA-256 than was written down."""
    for path, sha256 in recorded.items():
        if not path.is_file() or _sha256(path) != sha256:
            return path
    return None


def _hash_files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): _sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _version() -> str:
    try:
        return metadata.version("hls4ml")
    except metadata.PackageNotFoundError:
        return ""
