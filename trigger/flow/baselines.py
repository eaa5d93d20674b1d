"""What a design has to beat: other firmware for the same task, costed and emulated the same way.

The float model as hls4ml converts it by itself: every number ``ap_fixed<16,6>``, the inferred
(``auto``) types, and one width for every number. And the scan of the literature (Coelho et al.,
arXiv:2006.10159): the design's own model with one width for every quantiser, trained with it. All
have the default settings, and then the cheapest within the design's budget. They are held against
the design, and against the trials of ``trigger explore`` that are as good as the design on the
validation events, and cheaper.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from trigger.budget import Cost, Figure, Outcome, Quantity, judge
from trigger.config import DesignFile
from trigger.design import Knobs, LayerKnobs, LayerSpec, Strategy
from trigger.device import find
from trigger.emulate import emulate
from trigger.errors import DesignError
from trigger.estimate import estimate
from trigger.fixed import FixedFormat
from trigger.flow.alternatives import refresh_report
from trigger.flow.claims import build_claims, build_races, find_equal
from trigger.flow.compilation import convert_apart
from trigger.flow.listener import Listener
from trigger.flow.physics import measure_auc
from trigger.flow.settings import require_equal, solve_network
from trigger.flow.steps import Flow
from trigger.flow.training_knobs import with_choice
from trigger.flow.trial import convert_without_reuse
from trigger.network import Network
from trigger.report.baselines import FOLDER, write_baselines
from trigger.report.front import FOLDER as SEARCH
from trigger.report.front import read_front, weights_of
from trigger.report.rivals import Baselines, Firmware, Rival, RivalKind
from trigger.search import LUTS_PER_DSP, Point, weigh_luts
from trigger.search.limits import hardware_part
from trigger.search.uniform import find_uniform
from trigger.training import (
    ModelKind,
    Recipe,
    Start,
    TrainedModel,
    fit,
    predict,
    read_trained,
    restore,
)
from trigger.training.tasks import EventClass
from trigger.zoo import width_quantisers

DEFAULT = FixedFormat.parse("ap_fixed<16,6>")
"""hls4ml's type where nothing else is said."""
WIDTHS = (14, 12, 10, 8)
"""Bits of every number in the scan; the integer bits are those of the default, up to half."""
TRAINED_WIDTHS = (8, 6, 4, 3)
"""Bits of every quantiser in the scan that is trained."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A firmware that is to be measured."""

    name: str
    kind: RivalKind
    network: Network
    width: int | None = None
    training_seconds: float | None = None
    by_hand: bool = False
    """Whether one reuse factor for all layers is sought, as somebody without a search has it."""


def measure_baselines(
    flow: Flow,
    listener: Listener,
    widths: Sequence[int] = WIDTHS,
    trained_widths: Sequence[int] = (),
    reuse_factor: int = 1,
) -> Baselines:
    """Measure the float model, its conversions, trained widths and the design.

    The record is written into the design's folder, and taken into its report if there is one.

    Args:
        flow: of the design; what is missing of its run up to the compilation is made.
        widths: of every number of the float model.
        trained_widths: of every quantiser of the design's model; each is a training, which is kept
            in the design's folder and goes on where it was interrupted.
        reuse_factor: of all rivals, with the Latency strategy.

    Raises:
        DesignError: the design does not tell classes of events apart, or a quantiser cannot have
            so few bits.
        OutputError: the folder cannot be written.
        Further errors of a run up to the compilation, of ``convert`` and of ``solve``.
    """
    file = flow.file
    if not isinstance(file.task, EventClass) or file.training is None:
        raise DesignError(
            "baselines are compared by AUC, and there is none",
            where=file.source,
            allowed="designs that are trained to tell classes of events apart",
        )
    scan = [(width, with_width(file, width)) for width in sorted(set(trained_widths), reverse=True)]
    compiled, images = flow.compiled, flow.images
    test = images.sample.take(images.split.test)
    float_model = flow.trained[ModelKind.FLOAT]
    auc = measure_auc(file, test, predict(float_model, test.pixels_raw))
    rivals = [Rival("float model", RivalKind.FLOAT, auc, None)]
    for entry in (
        *_conversions(flow, widths, reuse_factor),
        *_trainings(flow, listener, scan, reuse_factor),
        *_found(flow),
        _Entry("this design", RivalKind.DESIGN, compiled.network),
    ):
        listener.phase(entry.name)
        scores = emulate(entry.network, test.pixels_raw)
        assert isinstance(scores, np.ndarray)
        rivals.append(_measured(file, entry, measure_auc(file, test, scores)))
    found = Baselines(
        file.name,
        compiled.network.digest,
        LUTS_PER_DSP,
        tuple(rivals),
        tuple(build_claims(rivals)),
        tuple(build_races(rivals)),
    )
    write_baselines(found, flow.workspace.folder)
    refresh_report(flow.workspace.folder)
    return found


def with_width(file: DesignFile, width: int) -> DesignFile:
    """Return the design with one width for every quantiser, and without pruning.

    Bits above the binary point stay: they are the range, which the task asks for.

    Raises:
        DesignError: a quantiser cannot have so few bits, or there is none.
    """
    layers = file.design.model.layers
    least = {layer.name: bits for layer in layers if (bits := _fewest_bits(layer)) is not None}
    if not least or width < max(least.values()):
        worst = max(least, key=lambda name: least[name], default="model")
        raise DesignError(
            f"no quantiser of {width} bits" if least else "nothing is quantised",
            where=f"{file.source}: {worst}",
            allowed=f"{least[worst]} bits or more" if least else "quantized_bits, quantized_relu",
        )
    model = replace(file.design.model, layers=tuple(_of_width(each, width) for each in layers))
    assert file.training is not None
    training = replace(file.training, pruning=None)
    return replace(file, design=replace(file.design, model=model), training=training)


def _of_width(layer: LayerSpec, width: int) -> LayerSpec:
    options = {name: str(each.with_bits(width)) for name, each in width_quantisers(layer).items()}
    return replace(layer, options={**layer.options, **options})


def _fewest_bits(layer: LayerSpec) -> int | None:
    """Return how many bits leave each quantiser its range, and one below it; None without any."""
    return max((each.fewest_bits or 0 for each in width_quantisers(layer).values()), default=None)


def _conversions(flow: Flow, widths: Sequence[int], reuse_factor: int) -> Iterator[_Entry]:
    """Yield the float model's firmware for each way to choose its types."""
    model = restore(flow.trained[ModelKind.FLOAT])
    scan = [
        FixedFormat(width, min(DEFAULT.integer, width // 2))
        for width in sorted(set(widths), reverse=True)
    ]
    ways: list[tuple[str, int | None, Mapping[str, str]]] = [
        (f"hls4ml default, {DEFAULT}", DEFAULT.width, _everywhere(str(DEFAULT))),
        ("hls4ml auto", None, {"default": str(DEFAULT)}),
        *((f"float model in {form}", form.width, _everywhere(str(form))) for form in scan),
    ]
    for name, width, precision in ways:
        knobs = Knobs(LayerKnobs(Strategy.LATENCY, reuse_factor, precision=precision))
        network = convert_apart(model, replace(flow.file.design, knobs=knobs))
        by_hand = width == DEFAULT.width
        yield _Entry(name, RivalKind.CONVERTED, network, width, by_hand=by_hand)


def _everywhere(form: str) -> Mapping[str, str]:
    return {"default": form, "result": form, "accum": form}


def _trainings(
    flow: Flow,
    listener: Listener,
    scan: Sequence[tuple[int, DesignFile]],
    reuse_factor: int,
) -> Iterator[_Entry]:
    """Yield the firmware of the design's model trained with one width after the other."""
    if scan:
        own = flow.trained[ModelKind.QUANTISED]
        minutes = len(scan) * sum(epoch.seconds for epoch in own.history) / 60
        took = f"about {max(1, round(minutes))} min by the design's own"
        listener.phase(f"trainings to make: {len(scan)}, {took}")
    for width, file in scan:
        trained = _train(flow, listener, file, width)
        layers = {
            name: replace(knobs, strategy=None, reuse_factor=None)
            for name, knobs in file.design.knobs.layers.items()
        }
        model = replace(
            file.design.knobs.model, strategy=Strategy.LATENCY, reuse_factor=reuse_factor
        )
        design = replace(file.design, knobs=Knobs(model, layers))
        yield _Entry(
            f"{width} bits, trained",
            RivalKind.TRAINED,
            convert_apart(restore(trained), design),
            width,
            round(sum(epoch.seconds for epoch in trained.history), 1),
        )


def _found(flow: Flow) -> Iterator[_Entry]:
    """Yield the trials that are as good as the design on validation events, and cheaper.

    Without reuse, as the design's rivals are.
    """
    home = flow.workspace.folder / SEARCH
    front = read_front(home)
    found = [] if front is None else find_equal(front, flow.compiled.network.digest)
    for trial in found:
        file = with_choice(flow.file, {each.knob: each.value for each in trial.choice})
        trained = read_trained(home / weights_of(trial.design), file.design.model)
        network = convert_without_reuse(file.design, trained)
        yield _Entry(f"trial {trial.number}", RivalKind.FOUND, network)


def _train(flow: Flow, listener: Listener, file: DesignFile, width: int) -> TrainedModel:
    training = file.training
    assert training is not None
    twin = flow.trained[ModelKind.FLOAT]
    recipe = Recipe(
        ModelKind.QUANTISED,
        file.design.model,
        training,
        flow.images.train,
        flow.images.validation,
        twin if training.start is Start.FLOAT else None,
        file.task.loss,
        twin,
    )
    folder = flow.workspace.folder / FOLDER / f"{width}_bits"
    return fit(recipe, folder, listener.training(), f"{width}-bit model")


def _measured(file: DesignFile, entry: _Entry, auc: Figure) -> Rival:
    """Estimate a firmware as it is, and find the cheapest one within the budget.

    Solving leaves every integer as it is, so that both have the same AUC.
    """
    begun = time.monotonic()
    answer = solve_network(file, entry.network)
    seconds = round(time.monotonic() - begun, 2)
    require_equal(entry.network, answer.network)
    target, budget = file.design.target, file.budget
    by_hand = None
    if entry.by_hand:
        by_hand = find_uniform(entry.network, target, budget, find(target.part))
    return Rival(
        entry.name,
        entry.kind,
        auc,
        _firmware(file, estimate(entry.network, target)),
        tuple(_firmware_of(point) for point in answer.front),
        answer.excess,
        entry.width,
        entry.training_seconds,
        seconds,
        None if by_hand is None else _firmware(file, by_hand),
    )


def _firmware(file: DesignFile, cost: Cost) -> Firmware:
    total = cost.total
    outcome = judge(hardware_part(file.budget), cost, find(file.design.target.part)).outcome
    cycles, lut, dsp, ff = (
        None if figure is None else figure.value
        for figure in (total.latency_cycles, total.lut, total.dsp, total.ff)
    )
    return Firmware(
        None if cycles is None else cycles * cost.clock_period_ns,
        lut,
        dsp,
        ff,
        weigh_luts(cost),
        None if outcome is Outcome.UNKNOWN else outcome is Outcome.PASS,
    )


def _firmware_of(point: Point) -> Firmware:
    lut, dsp, ff = (point.totals.get(each) for each in (Quantity.LUT, Quantity.DSP, Quantity.FF))
    return Firmware(point.latency_ns, lut, dsp, ff, point.luts, True)
