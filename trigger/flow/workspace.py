"""The folder of one compiled design: which file is where."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from trigger.errors import OutputError
from trigger.files import cannot_write, sweep

CONTRACT_FILE = "input_contract.json"
OUTPUT_FILE = "output_contract.json"


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
        return self.folder / CONTRACT_FILE

    @property
    def output(self) -> Path:
        """The output contract: what a number that the firmware gives means; none for scores."""
        return self.folder / OUTPUT_FILE

    @property
    def golden(self) -> Path:
        return self.folder / "golden"

    @property
    def report(self) -> Path:
        return self.folder / "report.json"

    @property
    def previous(self) -> Path:
        """The report of the version before."""
        return self.folder / "previous_report.json"

    @property
    def text(self) -> Path:
        return self.folder / "report.md"

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
    def rehearsal(self) -> Path:
        """Digest of the design that could be converted before it was trained."""
        return self.training / "convertible"

    @property
    def build(self) -> Path:
        """Compiled C simulations."""
        return self.folder / "build"

    @property
    def scores(self) -> Path:
        """Scores of every engine on the simulated events, with the engines' agreement."""
        return self.folder / "scores.npz"

    @property
    def robustness(self) -> Path:
        """What faults of the input do, as it was found last."""
        return self.folder / "robustness.json"

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

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Prepare the folder and keep every other run out of it; clean up behind killed ones.

        Raises:
            OutputError: it cannot be written, or another run works in it.
        """
        self.prepare()
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OutputError(
                    "another run is at work in this folder",
                    where=self.folder,
                    remedy="wait for its end, or choose another folder with --output",
                ) from error
            except OSError:  # a file system without locks
                pass
            else:
                sweep(self.folder)
            yield
        finally:
            os.close(handle)

    def forget_firmware(self) -> None:
        """Remove what was found of the firmware that the folder holds, which is about to change.

        The HLS project stays until another takes its place; golden vectors and the report stay for
        good: they are what the next firmware is held against.
        """
        self.conversion.unlink(missing_ok=True)  # first: without it nothing else is trusted
        for path in (self.network, self.contract, self.output, self.design):
            path.unlink(missing_ok=True)
        for path in (self.scores, self.robustness):
            path.unlink(missing_ok=True)
        if self.report.is_file():  # the next version is compared with it
            os.replace(self.report, self.previous)
        for path in (self.text, self.page):
            path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove all that runs have made, but for events, golden vectors and the last report."""
        self.forget_firmware()
        for path in (self.training, self.project, self.build):
            shutil.rmtree(path, ignore_errors=True)
