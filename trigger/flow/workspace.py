"""The folder of one compiled design: which file is where."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from trigger.errors import OutputError
from trigger.files import cannot_write


@dataclass(frozen=True, slots=True)
class Workspace:
    """``hls_projects/<design>``: the text record of a design, and what it was made from."""

    folder: Path

    @property
    def design(self) -> Path:
        """Copy of the design file that the rest was made from."""
        return self.folder / "design.yaml"

    @property
    def network(self) -> Path:
        return self.folder / "network.json"

    @property
    def contract(self) -> Path:
        """The input contract: what a pixel means, with the scale that was fitted."""
        return self.folder / "input_contract.json"

    @property
    def golden(self) -> Path:
        return self.folder / "golden"

    @property
    def report(self) -> Path:
        return self.folder / "report.json"

    @property
    def page(self) -> Path:
        return self.folder / "report.html"

    @property
    def project(self) -> Path:
        """The HLS project, as hls4ml writes it."""
        return self.folder / "project"

    @property
    def conversion(self) -> Path:
        """What the HLS project was made from."""
        return self.folder / "conversion.json"

    @property
    def training(self) -> Path:
        return self.folder / "training"

    @property
    def build(self) -> Path:
        """Compiled C simulations."""
        return self.folder / "build"

    @property
    def scores(self) -> Path:
        """Scores of every engine on the simulated events, with the engines' agreement."""
        return self.folder / "scores.npz"

    @property
    def events(self) -> Path:
        """Generated events, shared by all designs of one output folder."""
        return self.folder.parent / ".events"

    def prepare(self) -> None:
        """Make the folder, or say at once that it cannot be written.

        Raises:
            OutputError: it cannot be made or written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise OutputError(
                "cannot be written: permission denied",
                where=self.folder,
                remedy="choose another folder with --output",
            )
