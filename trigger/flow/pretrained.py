"""Trained weights kept beside a design, so that it compiles without its events."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from trigger.config import DesignFile, load_contract, load_output
from trigger.errors import ModelError
from trigger.flow.compilation import (
    Compiled,
    compile_project,
    refuse_adopted,
    write_contracts,
)
from trigger.flow.workspace import CONTRACT_FILE, OUTPUT_FILE, Workspace
from trigger.images import InputContract
from trigger.training import TrainedModel, read_trained, write_trained
from trigger.training.tasks import OutputContract


def keep_weights(
    trained: TrainedModel,
    contract: InputContract,
    folder: Path,
    output: OutputContract | None = None,
) -> None:
    """Write a trained model, what its pixels and its numbers mean into a folder of their own.

    Raises:
        OutputError: the folder cannot be written.
    """
    write_trained(trained, folder)
    write_contracts(folder, contract, output)


def compile_kept(file: DesignFile, weights: Path, folder: Path) -> Compiled:
    """Convert the model of ``keep_weights`` into the workspace ``folder``; no event is read.

    Raises:
        ModelError: the weights, or the pixels that they are for, are not of this design.
        OutputError: the folder cannot be written, keeps adopted firmware, or is at work.
        Further errors of ``compile_project``.
    """
    trained = read_trained(weights, file.design.model)
    contract = load_contract(weights / CONTRACT_FILE)
    asked = (
        file.input if file.input.scale is not None else replace(file.input, scale=contract.scale)
    )
    if contract != asked:
        differing = ", ".join(
            f"{name} {value}"
            for name, value in contract.to_dict().items()
            if asked.to_dict().get(name) != value
        )
        raise ModelError(
            f"the weights are for pixels with {differing}",
            where=weights,
            allowed="the design's input",
            remedy="train the design, or take the weights that belong to it",
        )
    meaning = weights / OUTPUT_FILE
    output = load_output(meaning) if meaning.is_file() else None
    workspace = Workspace(folder)
    with workspace.locked():
        refuse_adopted(workspace)
        return compile_project(file, contract, trained, workspace, output)
