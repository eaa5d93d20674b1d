"""What is studied beside the headline figures of a run; small files of this room do the work."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from trigger.config import DesignFile
from trigger.errors import ReportError
from trigger.files import write_text
from trigger.fixed import RawArray
from trigger.flow.comparison import EMULATED
from trigger.flow.compilation import Compiled
from trigger.flow.figures import Figures
from trigger.flow.physics import Pair, scores_of
from trigger.flow.robustness import Decided, study_robustness
from trigger.flow.samples import Images
from trigger.flow.workspace import Workspace
from trigger.images import encode
from trigger.report import Physics, Report, codec, studies


@dataclass(frozen=True, slots=True)
class Studies:
    """Parts of the report, named as there."""

    robustness: studies.Robustness | None

    @property
    def summary(self) -> str:
        """What to say of it in a line."""
        if self.robustness is None:
            return "no working point"
        return f"{len(self.robustness.faults)} kinds of faults at {self.robustness.cells:,} cells"

    def added_to(self, report: Report) -> Report:
        """Return the report with these parts."""
        return replace(report, robustness=self.robustness)


def study(
    file: DesignFile,
    images: Images,
    compiled: Compiled,
    found: Figures,
    workspace: Workspace,
    progress: Callable[[int, int], None],
) -> Studies:
    """Return what is studied of a run; what an earlier run found of the same is read back."""
    decided = None
    if found.physics and file.task.unit == file.task.subject:  # scores of images, not of pixels
        decided = _decided(file, images, compiled, found.physics[0])
    return Studies(None if decided is None else _robustness(decided, workspace, progress))


def _decided(
    file: DesignFile, images: Images, compiled: Compiled, found: Physics
) -> Decided | None:
    """Return the test events of signal and background as the emulator decides them."""
    threshold = next(row.threshold for row in found.engines if row.engine == EMULATED)
    if threshold is None or len(compiled.network.inputs) != 1:
        return None
    asked = Pair.of(file).ask(images.sample.labels[images.split.test])
    chosen = np.flatnonzero(np.isin(asked.labels, (asked.signal, asked.background)))
    test = images.split.test[chosen]

    def with_gain(gain: float) -> RawArray | None:
        return images_with_gain(images, test, gain)

    return Decided(
        network=compiled.network,
        pixels=images.sample.take(test).pixels_raw,
        is_signal=asked.labels[chosen] == asked.signal,
        score=lambda outputs: scores_of(outputs, asked),
        threshold=threshold,
        signal=found.signal,
        background=found.background,
        exposure=asked.exposure,
        contract=json.dumps(images.contract.to_dict(), default=str),
        with_gain=with_gain,
    )


def images_with_gain(images: Images, chosen: np.ndarray, gain: float) -> RawArray | None:
    """Encode events again as if every amplitude were 1 + gain times as large.

    None where no pixel follows, as where hits count and not their charges.
    """
    pixels = encode(images.drawn.select(chosen).amplified(1 + gain), images.contract)
    return None if np.array_equal(pixels, images.sample.pixels_raw[chosen]) else pixels


def _robustness(
    decided: Decided, workspace: Workspace, progress: Callable[[int, int], None]
) -> studies.Robustness:
    """Study, or read back what was found of the same."""
    try:
        data = json.loads(workspace.robustness.read_text(encoding="utf-8"))
        kept: studies.Robustness = codec.decode(data, studies.Robustness, "robustness")
        if kept.key == decided.key:
            return kept
    except (OSError, ValueError, ReportError):  # missing, of another version or damaged
        pass
    result = study_robustness(decided, progress)
    data = codec.encode(result, studies.Robustness, "robustness")
    write_text(workspace.robustness, json.dumps(data))
    return result
