"""The test events of a run as the emulator decides them, and what faults of the input do."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from trigger.config import DesignFile
from trigger.errors import ReportError
from trigger.files import write_text
from trigger.fixed import RawArray
from trigger.flow.comparison import EMULATED
from trigger.flow.physics import Pair, scores_of
from trigger.flow.robustness import Decided, study_robustness
from trigger.flow.samples import Images
from trigger.flow.workspace import Workspace
from trigger.images import encode
from trigger.network import Network
from trigger.report import Physics, codec, studies


def study_faults(
    file: DesignFile,
    images: Images,
    network: Network,
    found: Sequence[Physics],
    workspace: Workspace,
    progress: Callable[[int, int], None],
) -> studies.Robustness | None:
    """Return what faults of the input do; what an earlier run found of the same is read back.

    None where no threshold is known, or the network has several inputs.

    Args:
        found: one per signal; all of them are looked at, at the threshold of the first.
    """
    decided = _decided(file, images, network, found)
    if decided is None:
        return None
    kept = _find(workspace)
    if kept is not None and kept.key == decided.key:
        return kept
    result = study_robustness(decided, progress)
    data = codec.encode(result, studies.Robustness, "robustness")
    write_text(workspace.robustness, json.dumps(data))
    return result


def _find(workspace: Workspace) -> studies.Robustness | None:
    try:
        data = json.loads(workspace.robustness.read_text(encoding="utf-8"))
        kept: studies.Robustness = codec.decode(data, studies.Robustness, "robustness")
    except (OSError, ValueError, ReportError):  # missing, of another version or damaged
        return None
    return kept


def _decided(
    file: DesignFile, images: Images, network: Network, found: Sequence[Physics]
) -> Decided | None:
    """Return the test events of signals and background as the emulator decides them."""
    first = found[0]
    threshold = next((row.threshold for row in first.engines if row.engine == EMULATED), None)
    if threshold is None or len(network.inputs) != 1:
        return None
    asked = Pair.of(file).ask(images.sample.labels[images.split.test])
    signals = tuple(each.signal for each in found)
    kinds = np.full(len(asked.classes), -1, dtype=np.int8)
    kinds[[asked.classes.index(name) for name in (first.background, *signals)]] = range(
        1 + len(signals)
    )
    labels = kinds[asked.labels]
    chosen = np.flatnonzero(labels >= 0)
    test = images.split.test[chosen]

    def with_gain(gain: float) -> RawArray | None:
        return images_with_gain(images, test, gain)

    return Decided(
        network=network,
        pixels=images.sample.take(test).pixels_raw,
        labels=labels[chosen],
        score=lambda outputs: scores_of(outputs, asked),
        threshold=threshold,
        signals=signals,
        background=first.background,
        exposure=asked.exposure,
        contract=json.dumps(images.contract.to_dict(), default=str),
        with_gain=with_gain,
    )


def images_with_gain(images: Images, chosen: npt.NDArray[np.int64], gain: float) -> RawArray | None:
    """Encode events again as if every amplitude were 1 + gain times as large.

    None where no pixel follows, as where hits count and not their charges.
    """
    pixels = encode(images.drawn.select(chosen).amplified(1 + gain), images.contract)
    return None if np.array_equal(pixels, images.sample.pixels_raw[chosen]) else pixels
