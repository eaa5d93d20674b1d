"""One trial of a search over training knobs, evaluated here or by a worker that sees the folder.

A trial keeps its training in the folder after every epoch, and what it found, so that no work is
done twice whatever becomes of a worker or of the database.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.budget import Figure, Source
from trigger.config import DesignFile
from trigger.design import Design, Knobs, LayerKnobs, digest_of
from trigger.emulate import emulate
from trigger.errors import (
    ConversionError,
    DivergedError,
    EstimateError,
    ModelError,
    OutputError,
    ReportError,
    UnsupportedLayerError,
)
from trigger.files import write_text
from trigger.flow.bench import Bench, read_bench
from trigger.flow.compilation import convert_apart
from trigger.flow.physics import Pair, measure_auc, scores_of
from trigger.flow.settings import setting_block, solve_network
from trigger.flow.training_knobs import with_choice, with_widths
from trigger.network import Network
from trigger.rates import build_roc, find_working_point
from trigger.report import codec
from trigger.report.front import Against, Found, Objective
from trigger.search import Answer, Point
from trigger.search.knob import Choice
from trigger.search.study import Hopeless, Outcome, Trial
from trigger.training import (
    EpochRecord,
    ModelKind,
    Progress,
    Recipe,
    Sample,
    TrainedModel,
    fit,
    read_trained,
    restore,
)
from trigger.training.narrowing import narrow, thin

HOPELESS = 2.0
"""Factor over the budget, before the training, beyond which a trial is given up: training moves
weights, but leaves their bits and numbers nearly what they were."""
TWINS = "twins"
"""Folder of the float models with fewer filters."""
RIVALS = 4
"""Finished trials that cost no more, at least, before their losses say that another is hopeless."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What trials are compared by."""

    objective: Objective = Objective.AUC
    against: Against = Against.COST

    def cost_of(self, point: Point) -> float:
        """Return what a firmware should have little of: LUTs or ns."""
        return point.luts if self.against is Against.COST else point.latency_ns

    def best_of(self, answer: Answer) -> Point:
        """Return the firmware that a trial gets: the cheapest or the fastest within the budget."""
        if self.against is Against.COST or not answer.front:
            return answer.best
        return min(answer.front, key=lambda point: (point.latency_ns, point.luts))

    def measure(self, file: DesignFile, sample: Sample, outputs: npt.NDArray[Any]) -> Figure:
        """Return the quality of scores, (n, outputs) in the firmware's own numbers."""
        note = f"{len(sample):,} validation events"
        if self.objective is Objective.AUC:
            return replace(measure_auc(file, sample, outputs), note=note)
        pair = Pair.of(file)
        scores = scores_of(outputs.reshape(len(sample), -1), pair.ask(sample.labels))
        roc = build_roc(
            scores[sample.labels == pair.signal], scores[sample.labels == pair.background]
        )
        share = find_working_point(roc, pair.acceptance).signal
        band = share.low, share.high, share.coverage
        return Figure(share.value, Source.MEASURED, *band, note=note)


BY_DEFAULT = Goal()
_REFUSALS = (ConversionError, DivergedError, EstimateError, UnsupportedLayerError)
"""What says of one choice that nothing comes of it, however often it is tried."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Says what a choice gives. It is small: a worker reads the rest in the folder."""

    home: Path
    key: str
    """Of the bench."""
    goal: Goal
    epochs: int | None
    """Of each trial; None is the design's for its quantised model."""
    progress: Progress | None = None
    """Of the training, where it is made in this process."""

    def __call__(self, choice: Choice, earlier: tuple[Trial, ...]) -> Outcome:
        """Train, convert, solve and emulate; what was done of it before is not done again.

        Raises:
            Hopeless: it passes the budget by far, its training diverges, hls4ml or the estimator
                does not take it, or finished trials that promised to cost no more were better at
                the same epoch.
            ToolError: the folder is not seen here.
            Further errors of a training.
        """
        bench = read_bench(self.home, self.key)
        file = with_choice(bench.file, choice, self.epochs)
        folder = self._folder(bench, file)
        place = folder / f"outcome_{digest_of(self.key, self.goal)[:16]}.json"
        outcome = _read(place, trained=True)
        if outcome is None:
            try:
                outcome = self._find(bench, file, with_widths(bench.file, choice), folder, earlier)
            except _REFUSALS as error:
                raise Hopeless(str(error)) from error
            _write(outcome, place)
        told = outcome.notes
        judge_losses(told["predicted"], told["predicted_excess"], earlier, told["losses"])
        return outcome

    def model(self, choice: Choice) -> TrainedModel | None:
        """Return what a finished trial has trained; None where that is no longer in the folder."""
        bench = read_bench(self.home, self.key)
        file = with_choice(bench.file, choice, self.epochs)
        with suppress(ModelError):
            return read_trained(self._folder(bench, file), file.design.model)
        return None

    def _folder(self, bench: Bench, file: DesignFile) -> Path:
        """Return where a trial keeps its training."""
        name = digest_of(file.design.model, file.training, bench.start.digest)[:16]
        return self.home / "trials" / name

    def promise(self, choice: Choice) -> float | None:
        """Return the cost that a choice promises before any training; None where hls4ml or the
        estimator does not take it."""
        bench = read_bench(self.home, self.key)
        try:
            point, _ = self._promised(bench, with_choice(bench.file, choice))
        except _REFUSALS:
            return None
        return self.goal.cost_of(point)

    def start(self) -> Found:
        """Return what the design is worth as it is, with its own weights.

        Raises:
            ConversionError, EstimateError, UnsupportedLayerError: hls4ml or the estimator does not
                take it.
        """
        bench = read_bench(self.home, self.key)
        place = self.home / f"start_{digest_of(self.key, self.goal)[:16]}.json"
        outcome = _read(place, trained=False)
        if outcome is None:
            outcome = self._measure(bench, bench.file, bench.start, {})
            _write(outcome, place)
        return found_in(outcome)

    def _find(
        self,
        bench: Bench,
        file: DesignFile,
        of_its_size: DesignFile,
        folder: Path,
        earlier: tuple[Trial, ...],
    ) -> Outcome:
        model, training = file.design.model, file.training
        assert training is not None
        point, excess = self._promised(bench, file)
        if excess > HOPELESS:
            raise Hopeless(f"{excess:.3g} times the budget before the training")
        predicted = self.goal.cost_of(point)
        recipe = Recipe(
            ModelKind.QUANTISED,
            model,
            training,
            bench.train,
            bench.validation,
            self._start(bench, of_its_size),
            file.task.loss,
            bench.twin,
        )
        judge = partial(_judge, predicted, excess, earlier)
        trained = fit(recipe, folder, self.progress, judge=judge)
        notes = {
            "predicted": predicted,
            "predicted_excess": excess,
            "losses": [record.validation_loss for record in trained.history],
        }
        return self._measure(bench, file, trained, notes)

    def _promised(self, bench: Bench, file: DesignFile) -> tuple[Point, float]:
        """Return the firmware of what would be left of the float twin, which has all its weights,
        and how far it is from the budget."""
        assert file.training is not None
        whole = replace(bench.twin, kind=ModelKind.QUANTISED)
        left = thin(narrow(whole, file.design.model), file.training.pruning)
        return self._firmware(file, left)

    def _start(self, bench: Bench, file: DesignFile) -> TrainedModel:
        """Return the weights that trials with the filters of a design start from.

        Where they are fewer, those of a float model: what is left of the float twin, trained as the
        twin was, once for all such trials. What is left of the quantised model alone learns less in
        the epochs of a trial, by 0.05 of AUC for the drift chamber's electron pairs.
        """
        model, training = file.design.model, file.training
        assert training is not None
        if model == bench.file.design.model:
            return bench.start
        recipe = Recipe(
            ModelKind.FLOAT,
            model,
            training,
            bench.train,
            bench.validation,
            narrow(bench.twin, model),
            file.task.loss,
        )
        return fit(recipe, self.home / TWINS / digest_of(model)[:16], self.progress)

    def _measure(
        self, bench: Bench, file: DesignFile, trained: TrainedModel, notes: Mapping[str, Any]
    ) -> Outcome:
        """Return what a trained model is worth as firmware."""
        sample = bench.validation
        point, excess = self._firmware(file, trained)
        scores = emulate(point.candidate.network, sample.pixels_raw)
        assert isinstance(scores, np.ndarray)
        quality = self.goal.measure(file, sample, scores)
        found = Found(quality, point.luts, point.latency_ns, excess)
        kept = {"found": codec.encode(found, Found, "trial"), "settings": _settings(point)}
        return Outcome(quality.value, self.goal.cost_of(point), excess, {**kept, **notes})

    def _firmware(self, file: DesignFile, trained: TrainedModel) -> tuple[Point, float]:
        """Return the firmware that a model gets, and how far it is from the budget."""
        answer = solve_network(file, convert_without_reuse(file.design, trained))
        return self.goal.best_of(answer), answer.excess


def found_in(outcome: Outcome) -> Found:
    """Return what an outcome says of the firmware."""
    found: Found = codec.decode(outcome.notes["found"], Found, "trial")
    return found


def _judge(
    predicted: float,
    excess: float,
    earlier: Sequence[Trial],
    history: Sequence[EpochRecord],
) -> None:
    judge_losses(predicted, excess, earlier, [record.validation_loss for record in history])


def judge_losses(
    predicted: float, excess: float, earlier: Sequence[Trial], losses: Sequence[float]
) -> None:
    """Raise Hopeless where a training is worse than most that promised to cost no more.

    Its smallest validation loss up to an epoch is held against the median, at that epoch, of the
    finished trials of earlier generations that were predicted to cost no more and to be no
    further from the budget; ``RIVALS`` of them at least.

    Args:
        predicted: cost or latency before the training.
        excess: factor over the budget before the training.
        losses: validation loss after each epoch.
    """
    rivals = [
        trial.outcome.notes["losses"]
        for trial in earlier
        if trial.outcome is not None
        and trial.outcome.notes["predicted"] <= predicted
        and trial.outcome.notes["predicted_excess"] <= excess
    ]
    for epoch in range(len(losses)):
        others = [each[epoch] for each in rivals if epoch < len(each)]
        if len(others) < RIVALS:
            return
        best, median = min(losses[: epoch + 1]), statistics.median(others)
        if best > median:
            raise Hopeless(
                f"after epoch {epoch + 1} the validation loss was {best:.4g} at best; that of "
                f"{len(others)} finished trials that promised to cost no more was {median:.4g} "
                "in the median"
            )


def convert_without_reuse(design: Design, trained: TrainedModel) -> Network:
    """Return what a trained model becomes; reuse factors, which follow, leave every integer.

    Raises:
        ConversionError, UnsupportedLayerError: hls4ml does not take it.
    """
    knobs = design.knobs
    layers = {name: _without_reuse(each) for name, each in knobs.layers.items()}
    free = replace(design, knobs=Knobs(_without_reuse(knobs.model), layers))
    return convert_apart(restore(trained), free)


def _without_reuse(knobs: LayerKnobs) -> LayerKnobs:
    # factors of the design's own numbers of filters may not go with others
    return replace(knobs, reuse_factor=None, parallelization_factor=None)


def _settings(point: Point) -> dict[str, Any]:
    """Return the settings of a firmware as hls4ml's ``LayerName`` block has them."""
    network = point.candidate.network
    return {name: setting_block(network[name], point) for name in point.settings}


def _write(outcome: Outcome, path: Path) -> None:
    """Keep an outcome where its training is; on a full disk, the database still may have it."""
    with suppress(OutputError):
        write_text(path, json.dumps(asdict(outcome)) + "\n")


def _read(path: Path, *, trained: bool) -> Outcome | None:
    """Return what was found before; None where there is nothing, or it is damaged."""
    try:
        outcome = Outcome(**json.loads(path.read_text(encoding="utf-8")))
        found_in(outcome)
        told, numbers = outcome.notes, [outcome.quality, outcome.cost, outcome.excess]
        if trained:
            numbers += [told["predicted"], told["predicted_excess"], *told["losses"]]
    except (OSError, ValueError, TypeError, KeyError, ReportError):
        return None
    return outcome if all(type(number) in (int, float) for number in numbers) else None
