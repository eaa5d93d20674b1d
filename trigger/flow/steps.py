"""The ordered list of steps from a design file to a report; binds the rooms.

Each step is a property of ``Flow`` that takes what earlier steps made, makes its own part, checks
it and writes its files. Asking for a step runs those before it; what has not changed since the
last run is read back, so that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

from trigger.budget import Verdict
from trigger.config import DesignFile
from trigger.device import find
from trigger.errors import AgreementError, ModelError
from trigger.flow import summary
from trigger.flow.alternatives import with_alternatives
from trigger.flow.check import check_conversion, check_parts
from trigger.flow.compilation import Compiled, compile_project, refuse_adopted
from trigger.flow.costs import Costs, gather_costs, judge_costs
from trigger.flow.figures import Figures, measure
from trigger.flow.listener import Listener
from trigger.flow.publication import publish
from trigger.flow.samples import Events, Images, make_events, make_images
from trigger.flow.simulation import Simulated, simulate
from trigger.flow.studies import Studies, study
from trigger.flow.workspace import Workspace
from trigger.project import csim
from trigger.project.compiler import find_compiler
from trigger.report import Report, Step
from trigger.training import ModelKind, Recipe, Start, TrainedModel, fit, least_zeros

STEPS = ("events", "images", "train", "compile", "csim", "emulate", "estimate", "study", "report")
"""The steps in order; each is the work of one property of ``Flow``."""

SIMULATED_EVENTS = 10_000
"""Events that at least go through every engine (fewer only if the design has fewer)."""


class Flow:
    """One run of a design in one folder, which it keeps to itself until it is left (``with``)."""

    def __init__(
        self,
        file: DesignFile,
        folder: Path,
        listener: Listener,
        *,
        command: str = "",
        skip_bad: int = 0,
        fresh: bool = False,
        simulated_events: int = SIMULATED_EVENTS,
    ) -> None:
        """Prepare a run; nothing is computed before it is asked for.

        Args:
            command: what the user typed, for the report's provenance.
            skip_bad: bad events that are tolerated in each event file.
            fresh: forget what was made before (but for generated events).

        Raises:
            OutputError: the folder cannot be written, keeps adopted firmware, or another run
                works in it.
        """
        self.file = file
        self.workspace = Workspace(folder)
        self._lock = ExitStack()
        self._lock.enter_context(self.workspace.locked())
        self._listener = listener
        self._command = command
        self._skip_bad = skip_bad
        self._simulated_events = simulated_events
        self._steps: list[Step] = []
        refuse_adopted(self.workspace)
        if fresh:
            self.workspace.forget()

    def __enter__(self) -> Flow:
        return self

    def __exit__(self, *_: object) -> None:
        """Let other runs into the folder; so does the end of the process."""
        self._lock.close()

    @cached_property
    def events(self) -> Events:
        with self._step("events") as said:
            made = make_events(self.file, self.workspace.events, self._skip_bad, self._listener)
            pairs = zip(made.batches, self.file.events.classes, strict=True)
            said += [f"{len(batch):,} {name}" for batch, name in pairs]
            if made.skipped:
                said.append(f"{made.skipped} bad ones skipped")
            if made.deselected:
                said.append(f"{made.deselected} not selected")
        return made

    @cached_property
    def images(self) -> Images:
        events = self.events
        with self._step("images") as said:
            made = make_images(
                self.file, events, self.workspace.training, self._listener.training()
            )
            check_parts(self.file, made)
            size = "x".join(map(str, made.contract.input_shape))
            said.append(f"{len(made.sample):,} of {size} in {made.contract.format}")
            said.append(f"scale {made.contract.scale}")
        return made

    @cached_property
    def trained(self) -> dict[ModelKind, TrainedModel]:
        images = self.images
        with self._step("train") as said:
            for danger in check_conversion(self.file, self.workspace):
                self._listener.phase(f"warning: {danger}")
            trained: dict[ModelKind, TrainedModel] = {}
            for kind in (ModelKind.FLOAT, ModelKind.QUANTISED):
                warm = kind is ModelKind.QUANTISED and self.file.training.start is Start.FLOAT
                recipe = Recipe(
                    kind,
                    self.file.design.model,
                    self.file.training,
                    images.train,
                    images.validation,
                    trained[ModelKind.FLOAT] if warm else None,
                    self.file.task.loss,
                    trained.get(ModelKind.FLOAT),
                )
                folder = self.workspace.training / kind.value
                trained[kind] = fit(recipe, folder, self._listener.training())
            zeros = trained[ModelKind.QUANTISED].zeros
            count, size = sum(each.zeros for each in zeros), sum(each.weights for each in zeros)
            said.append(f"{count:,} of {size:,} weights are zero")
            pruning = self.file.training.pruning
            if pruning is not None and any(
                each.zeros < least_zeros(self.file.design.model, pruning, each) for each in zeros
            ):
                raise ModelError(
                    f"only {count} of {size} weights are zero",
                    where="pruning",
                    allowed=f"at least {pruning.final_sparsity:.0%}, as the design asks",
                    remedy="let pruning end earlier, or train longer",
                )
        return trained

    @cached_property
    def compiled(self) -> Compiled:
        trained = self.trained[ModelKind.QUANTISED]
        with self._step("compile") as said:
            compiled = compile_project(
                self.file, self.images.contract, trained, self.workspace, self.images.output
            )
            said.append(f"{len(compiled.network.layers)} layers")
            said.append("unchanged" if compiled.reused else f"hls4ml {compiled.hls4ml_version}")
        return compiled

    @cached_property
    def simulation(self) -> csim.Simulation:
        find_compiler()  # before anything is trained
        compiled = self.compiled
        with self._step("csim") as said:
            simulation = csim.build(self.workspace.project, self.workspace.build)
            layers = len(compiled.network.layers) - len(compiled.network.inputs)
            said.append(f"{len(simulation.layers)} of {layers} layers traced")
        return simulation

    @cached_property
    def simulated(self) -> Simulated:
        simulation, compiled, images = self.simulation, self.compiled, self.images
        with self._step("emulate") as said:
            events = max(self._simulated_events, len(images.split.test))
            simulated = simulate(
                compiled,
                simulation,
                self.trained[ModelKind.QUANTISED],
                self.trained[ModelKind.FLOAT],
                images.simulated(events),
                self.workspace,
                self._listener.counter("events through every engine"),
            )
            agreement = simulated.agreements[0]
            said.append(f"{agreement.mismatches} mismatches in {agreement.events:,} events")
        return simulated

    @cached_property
    def costs(self) -> Costs:
        network = self.compiled.network
        with self._step("estimate") as said:
            costs = gather_costs(self.workspace.folder, network, self.file.design.target)
            said += [f"{report.kind.value} read" for report in costs.reports]
        return costs

    @cached_property
    def figures(self) -> Figures:
        """Figures of every engine: the work of a moment, within the step that asks first."""
        network = self.compiled.network
        step = float(network[network.outputs[0]].result.step)
        return measure(self.file, self.images, self.simulated, step)

    @cached_property
    def studies(self) -> Studies:
        simulated, network = self.simulated, self.compiled.network
        with self._step("study") as said:
            studied = study(
                self.file,
                self.images,
                network,
                simulated,
                self.figures,
                self.workspace,
                self._listener.counter("faulty inputs"),
            )
            said.append(studied.summary)
        return studied

    @cached_property
    def report(self) -> Report:
        """The report, written; complete also where a check failed (see ``require_exact``)."""
        simulated, costs, studies = self.simulated, self.costs, self.studies
        with self._step("report") as said:
            found = self.figures
            verdict = self._judge(costs, found)
            report = summary.build_report(
                self.file,
                self.events,
                self.images,
                tuple(self.trained.values()),
                self.compiled,
                simulated,
                found,
                costs,
                verdict,
                (*self._steps, Step("report", None)),  # it cannot tell its own time
                self._command,
                datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            )
            report = with_alternatives(report, self.workspace.folder, self.file)
            report = publish(studies.added_to(report), self.workspace)
            said.append(f"verdict {verdict.outcome.value}")
        return report

    def _judge(self, costs: Costs, found: Figures) -> Verdict:
        device = find(self.file.design.target.part)
        return judge_costs(self.file.budget, costs, device, found.losses)

    @contextmanager
    def _step(self, name: str) -> Iterator[list[str]]:
        """Announce a step, time it, and announce its end with what the block said of it."""
        self._listener.begin(name, STEPS.index(name) + 1, len(STEPS))
        begun = time.monotonic()
        said: list[str] = []
        yield said
        seconds = time.monotonic() - begun
        self._steps.append(Step(name, round(seconds, 2)))
        self._listener.end(name, seconds, ", ".join(said))


def require_exact(report: Report) -> None:
    """Raise unless the engines that must agree do so in every integer.

    Raises:
        AgreementError: with the first difference.
    """
    for agreement in (report.agreement, *report.further_agreements):
        if agreement is None or not agreement.mismatches or not agreement.exact_expected:
            continue
        first = agreement.first
        raise AgreementError(
            f"{agreement.mismatches} of {agreement.elements} integers differ, the first in event "
            f"{first.event}, layer {first.layer}, element {list(first.element)}: "
            f"{first.left_raw} against {first.right_raw} in {first.format}",
            where=f"{agreement.left} against {agreement.right}",
            allowed="no difference",
            remedy="keep the HLS project and report this: it is a defect of trigger",
        )
