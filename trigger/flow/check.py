"""What would go wrong after the training, asked before it."""

from __future__ import annotations

from importlib import metadata

import numpy as np

from trigger.config import DesignFile
from trigger.design import digest_of
from trigger.errors import ModelError
from trigger.files import write_text
from trigger.flow.samples import Images
from trigger.flow.workspace import Workspace
from trigger.vendor import Finding, find_dangers


def check_parts(file: DesignFile, images: Images) -> None:
    """Check that every part of the split has images of every class that it may have.

    Raises:
        ModelError: with the part and the class that it lacks.
    """
    taught = file.task.taught(file.event_classes)
    for part in ("train", "validation", "test"):
        labels = images.sample.labels[getattr(images.split, part)]
        for label, name in enumerate(file.labels):
            if (part == "test" or name in taught) and not np.any(labels == label):
                raise ModelError(
                    f"the {part} part has {len(labels)} {file.task.subject} and none of {name}",
                    where="training.split",
                    allowed="events of every class in each part",
                    remedy="generate or read more events, or give this part a larger share",
                )


def check_conversion(file: DesignFile, workspace: Workspace) -> tuple[Finding, ...]:
    """Convert the untrained model, once for each design, so that no training is in vain.

    Returns:
        What the vendor's front end will not take; nothing where the design was asked before.

    Raises:
        DesignError, ConversionError, UnsupportedLayerError, ToolError: as ``convert``.
    """
    key = digest_of(file.design, _version())
    if workspace.rehearsal.is_file() and workspace.rehearsal.read_bytes() == key.encode():
        return ()
    from trigger.convert import rehearse  # hls4ml takes seconds to import

    network = rehearse(file.design)
    write_text(workspace.rehearsal, key)
    return find_dangers(network, file.design.target)


def _version() -> str:
    try:
        return metadata.version("hls4ml")
    except metadata.PackageNotFoundError:
        return ""
