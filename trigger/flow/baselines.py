"""What a design has to beat: the float model as hls4ml converts it by itself.

Costed by the same estimator and emulated on the same test events: hls4ml's default conversion
(every number ``ap_fixed<16,6>``), its inferred (``auto``) types, and one width for every number,
scanned. All with the Latency strategy and one reuse factor, as the defaults are.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trigger.budget import Cost, Figure, Source
from trigger.config import DesignFile
from trigger.design import Knobs, LayerKnobs, Strategy
from trigger.device import find
from trigger.emulate import emulate
from trigger.errors import DesignError
from trigger.estimate import estimate
from trigger.fixed import FixedFormat
from trigger.flow.physics import Pair, scores_of
from trigger.flow.steps import Flow
from trigger.network import Network
from trigger.rates import COVERAGE, build_roc
from trigger.search import LUTS_PER_DSP, Candidate, shrink_formats, solve
from trigger.training import ModelKind, Sample, predict, restore
from trigger.training.tasks import EventClass

DEFAULT = FixedFormat.parse("ap_fixed<16,6>")
"""hls4ml's type where nothing else is said."""
WIDTHS = (14, 12, 10, 8)
"""Bits of every number in the scan; the integer bits are those of the default, up to half."""


@dataclass(frozen=True, slots=True)
class Rival:
    """One firmware for the same task."""

    name: str
    auc: Figure
    """Of the signal against the background, on the test events."""
    cost: Cost | None
    """None of the float model, which is no firmware."""

    @property
    def luts(self) -> float | None:
        """LUTs, a DSP block counting as ``LUTS_PER_DSP``; None where one is unknown."""
        if self.cost is None:
            return None
        lut, dsp = self.cost.total.lut, self.cost.total.dsp
        return None if lut is None or dsp is None else lut.value + LUTS_PER_DSP * dsp.value


def measure_rivals(
    flow: Flow, widths: Sequence[int] = WIDTHS, reuse_factor: int = 1
) -> tuple[Rival, ...]:
    """Return the float model, its conversions by hls4ml, the design as it is, and as solved.

    Raises:
        DesignError: the design does not tell classes of events apart.
        Further errors of a run up to the compilation, and of ``convert``.
    """
    file = flow.file
    if not isinstance(file.task, EventClass):
        raise DesignError(
            "baselines are compared by AUC, and there is none",
            where=file.source,
            allowed="designs that tell classes of events apart",
        )
    compiled, images = flow.compiled, flow.images
    test = images.sample.take(images.split.test)
    target = file.design.target
    float_model = flow.trained[ModelKind.FLOAT]
    rivals = [
        Rival("float model", measure_auc(file, test, predict(float_model, test.pixels_raw)), None)
    ]
    networks = {
        **dict(_conversions(flow, widths, reuse_factor)),
        "this design": compiled.network,
    }
    names = frozenset(layer.name for layer in file.design.model.layers)
    shrunk = shrink_formats(compiled.network, names)
    answer = solve([Candidate(shrunk, target)], file.budget, find(target.part), names)
    networks["this design, solved"] = answer.network
    for name, network in networks.items():
        scores = emulate(network, test.pixels_raw)
        assert isinstance(scores, np.ndarray)
        cost = estimate(network, answer.best.candidate.target)
        rivals.append(Rival(name, measure_auc(file, test, scores), cost))
    return tuple(rivals)


def _conversions(
    flow: Flow, widths: Sequence[int], reuse_factor: int
) -> Iterator[tuple[str, Network]]:
    """Yield the float model's firmware for each way to choose its types."""
    from trigger.convert import convert  # hls4ml takes seconds to import

    model = restore(flow.trained[ModelKind.FLOAT])
    scan = {f"ap_fixed<{width},{min(DEFAULT.integer, width // 2)}>" for width in widths}
    ways: dict[str, Mapping[str, str]] = {
        f"hls4ml default, {DEFAULT}": _everywhere(str(DEFAULT)),
        "hls4ml auto": {"default": str(DEFAULT)},
        **{
            f"float model in {form}": _everywhere(form)
            for form in sorted(scan, key=lambda text: -FixedFormat.parse(text).width)
        },
    }
    for name, precision in ways.items():
        knobs = Knobs(LayerKnobs(Strategy.LATENCY, reuse_factor, precision=precision))
        design = replace(flow.file.design, knobs=knobs)
        with tempfile.TemporaryDirectory() as folder:
            yield name, convert(model, design, Path(folder) / "hls").network


def _everywhere(form: str) -> Mapping[str, str]:
    return {"default": form, "result": form, "accum": form}


def measure_auc(file: DesignFile, test: Sample, outputs: npt.NDArray) -> Figure:
    """Return the AUC of the signal against the background that the design's trigger names.

    Args:
        outputs: (events, outputs) of one engine, in its own numbers.
    """
    pair = Pair.of(file)
    asked = pair.ask(test.labels)
    scores = scores_of(np.asarray(outputs).reshape(len(test), -1), asked)
    roc = build_roc(scores[test.labels == pair.signal], scores[test.labels == pair.background])
    low, high = roc.auc_interval(COVERAGE)
    return Figure(roc.auc, Source.MEASURED, low, high, COVERAGE, note=asked.note)
