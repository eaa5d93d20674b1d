"""Exceptions of the library: each says where, what came, what is allowed and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar


class TriggerError(Exception):
    """Base of every error that a user can cause or mend.

    The text reads ``where: problem. Allowed: ... To do: ...``. Only the command line catches it,
    prints it and exits with ``exit_code``.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, problem: str, *, where: object, allowed: str = "", remedy: str = "") -> None:
        self.problem = problem
        self.where = str(where)
        self.allowed = allowed
        self.remedy = remedy
        parts = [f"{self.where}: {problem}"]
        if allowed:
            parts.append(f"Allowed: {allowed}")
        if remedy:
            parts.append(f"To do: {remedy}")
        super().__init__(". ".join(part.rstrip(".") for part in parts))

    def __reduce__(self) -> tuple[Any, ...]:
        """Let an error cross from one process to another with all that it says."""
        texts = {"where": self.where, "allowed": self.allowed, "remedy": self.remedy}
        return partial(type(self), self.problem, **texts), ()


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return the remedy that names the closest allowed word, or nothing."""
    close = difflib.get_close_matches(word, list(allowed), n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else ""


class FormatError(TriggerError):
    """A fixed-point format that does not exist, or a number that it cannot hold."""


class DesignError(TriggerError):
    """A design file that cannot be understood or asks for the impossible."""


class EventError(TriggerError):
    """An event file that is malformed, truncated or of another kind."""


class ImageError(TriggerError):
    """Events that cannot become the images that the design declares."""


class ModelError(TriggerError):
    """A model that cannot be built, trained or read back."""


class DivergedError(ModelError):
    """A training whose loss is no number any more."""


class ConversionError(TriggerError):
    """hls4ml refused a model, or did something else than the design asked for."""


class UnsupportedLayerError(TriggerError):
    """A layer that a reader, engine or estimator does not cover; the text lists what is covered."""


class NetworkError(TriggerError):
    """A Network whose shapes, formats or connections contradict each other."""


class ProjectError(TriggerError):
    """An HLS project folder that cannot be read, built or run."""


class ToolError(TriggerError):
    """An external program is missing or failed."""


class VendorReportError(TriggerError):
    """A vendor's report that is cut off, of another kind or layout, or of other firmware."""


class DeviceError(TriggerError):
    """An FPGA part that is not in the tables."""


class EstimateError(TriggerError):
    """A cost that cannot be estimated, rather than one that is guessed."""


class ReportError(TriggerError):
    """A result that is missing where a report needs it, or a report that cannot be read back."""


class OutputError(TriggerError):
    """A file or folder that cannot be written."""


class AgreementError(TriggerError):
    """Two engines that must be bit-exact are not."""

    exit_code = 4
