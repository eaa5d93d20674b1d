"""From a compiled design and a budget to the cheapest firmware settings that meet it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from trigger.budget import Budget, Cost
from trigger.config import DesignFile, load_design
from trigger.design import Design, IOType, LayerKnobs
from trigger.device import find
from trigger.errors import AgreementError, DesignError
from trigger.estimate import estimate
from trigger.flow.compilation import convert_apart
from trigger.flow.derived import share_training, write_derived
from trigger.flow.networks import read_network
from trigger.flow.settings import require_equal, setting_block
from trigger.flow.workspace import Workspace
from trigger.layers import MultiplyAccumulate
from trigger.network import Network
from trigger.report.solved import (
    LayerSetting,
    NarrowerFormat,
    Solution,
    Solved,
    place_of,
    write_solved,
)
from trigger.search import (
    LUTS_PER_DSP,
    Answer,
    Candidate,
    Change,
    Point,
    find_changes,
    network_of,
    shrink_formats,
    solve,
)
from trigger.training import ModelKind, read_trained, restore
from trigger.vendor import Finding, find_dangers


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a budget for one design."""

    compiled: Network
    """The firmware as it is."""
    answer: Answer
    before: Cost
    """Its estimate."""
    dangers: tuple[Finding, ...]
    """What the vendor's front end will not take of the design that was found."""
    changes: tuple[Change, ...]
    """Formats that lost bits."""
    compared: int
    """Events on which every output was equal before and after."""
    design: Path
    """File of the design that was found; ``trigger run`` takes it as it is."""

    def record(self) -> Solved:
        """Return all of it as plain data."""
        answer = self.answer
        return Solved(
            str(self.design),
            self.compiled.digest,
            answer.network.digest,
            answer.met,
            answer.excess,
            tuple(check.name for check in answer.binding),
            answer.verdict,
            self.before,
            answer.cost,
            tuple(
                NarrowerFormat(each.layer, each.role, str(each.before), str(each.after))
                for each in self.changes
            ),
            _plain(answer.best),
            tuple(map(_plain, answer.front)),
            answer.designs,
            self.compared,
            tuple(map(str, self.dangers)),
        )


def _plain(point: Point) -> Solution:
    totals = {quantity.value: total for quantity, total in point.totals.items()}
    return Solution(
        point.candidate.target.clock_period_ns,
        point.latency_ns,
        point.luts,
        totals["latency_cycles"],
        totals["interval_cycles"],
        totals["lut"],
        totals["dsp"],
        totals.get("ff"),
        totals.get("bram_18k"),
        totals.get("uram"),
        tuple(
            LayerSetting(
                layer, setting.strategy, setting.reuse_factor, setting.parallelization_factor
            )
            for layer, setting in point.settings.items()
        ),
    )


def search_folder(
    file: DesignFile,
    folder: Path,
    budget: Budget,
    *,
    clocks_ns: Sequence[float] = (),
    io_types: Sequence[IOType] = (),
    luts_per_dsp: int = LUTS_PER_DSP,
) -> Found:
    """Find the cheapest firmware settings of a compiled design, and write them as a design file.

    The weights stay, and so does every integer that leaves the firmware. What was trained is
    given to the design that is found, so that it is not trained again.

    Args:
        folder: the design's own, with its compiled firmware.
        budget: what is asked for.
        clocks_ns: clock periods to choose from; () is the design's.
        io_types: to choose from; () is the design's. Another one is asked of hls4ml.

    Raises:
        ProjectError, DesignError: the design is not compiled, or another one is; or its firmware
            computes other numbers with another io type.
        UnsupportedLayerError, EstimateError: no law covers it.
        AgreementError: an output changed, which is a defect.
        OutputError: the results cannot be written.
    """
    network = _compiled(file, folder)
    names = frozenset(layer.name for layer in file.design.model.layers)
    target = file.design.target
    own = {target.io_type: network}
    networks = own | {
        io_type: _with_io_type(file, folder, network, io_type)
        for io_type in io_types
        if io_type not in own
    }
    candidates = [
        Candidate(
            shrink_formats(networks[io_type], names),
            replace(target, clock_period_ns=clock, io_type=io_type),
        )
        for io_type in io_types or own
        for clock in clocks_ns or (target.clock_period_ns,)
    ]
    answer = solve(candidates, budget, find(target.part), names, luts_per_dsp)
    compared = require_equal(network, answer.network)
    chosen = answer.best.candidate
    path = write_design(file, folder, budget, networks[chosen.target.io_type], answer.best)
    found = Found(
        network,
        answer,
        estimate(network, target),
        find_dangers(answer.network, chosen.target),
        find_changes(networks[chosen.target.io_type], chosen.network),
        compared,
        path,
    )
    write_solved(found.record(), place_of(folder, file.name))
    return found


def _compiled(file: DesignFile, folder: Path) -> Network:
    network = read_network(folder)
    compiled = Workspace(folder).design
    if not compiled.is_file() or load_design(compiled).design.digest != file.design.digest:
        raise DesignError(
            "the compiled firmware is of another model, target or knobs",
            where=file.source,
            allowed=f"what {compiled} says",
            remedy="run `trigger compile` first",
        )
    return network


def _with_io_type(file: DesignFile, folder: Path, network: Network, io_type: IOType) -> Network:
    """Return what the design's firmware would be with another io type.

    Raises:
        DesignError: it would compute other numbers.
        ModelError: the trained weights are not there.
        Further errors of ``convert``.
    """
    trained = read_trained(
        Workspace(folder).training / ModelKind.QUANTISED.value, file.design.model
    )
    target = replace(file.design.target, io_type=io_type)
    other = convert_apart(restore(trained), replace(file.design, target=target))
    try:
        require_equal(network, other)
    except AgreementError as error:
        raise DesignError(
            f"the firmware computes other numbers with {io_type.value}",
            where=file.source,
            allowed=file.design.target.io_type.value,
            remedy="give poolings an accumulator that rounds nothing, or search without it",
        ) from error
    return other


def write_design(
    file: DesignFile, folder: Path, budget: Budget, network: Network, point: Point
) -> Path:
    """Write the design of a point beside the firmware it comes from, on the design it changes.

    Raises:
        OutputError: it cannot be written.
    """
    path = place_of(folder, file.name).with_suffix(".yaml")
    target, own = point.candidate.target, file.design.target
    changed: dict[str, Any] = {"HLSConfig": {"LayerName": _layers(file.design, network, point)}}
    if target.io_type is not own.io_type:
        changed["IOType"] = target.io_type.value
    if target.clock_period_ns != own.clock_period_ns:
        changed["ClockPeriod"] = target.clock_period_ns
    record: dict[str, Any] = {"hls": changed}
    if budget != file.budget:
        record["budget"] = _budget(budget, file.budget)
    said = f"Found by `trigger search`: the same integers as {file.name}"
    write_derived(file.source, path, record, said)
    share_training(folder, folder.parent / path.stem)
    return path


def _layers(design: Design, network: Network, point: Point) -> dict[str, dict[str, Any]]:
    """Return the ``LayerName`` block by which a design compiles to the network of a point."""
    found = network_of(point)
    precision: dict[str, dict[str, str]] = {}
    for change in find_changes(network, found):
        precision.setdefault(change.layer, {})[change.role] = str(change.after)
    narrower = {name for name, types in precision.items() if "result" in types}
    bare = {
        layer.name
        for layer in design.model.layers
        if layer.options.get("activation") in (None, "linear")
    }
    layers: dict[str, dict[str, Any]] = {}
    for layer in found.layers:
        products = isinstance(layer, MultiplyAccumulate)
        types = precision.get(layer.name, {})
        if products and narrower.intersection(layer.inputs):
            # hls4ml would infer another result from the narrower input
            types = {**types, "result": str(layer.result)}
        block: dict[str, Any] = {}
        if types:
            own = design.knobs.layers.get(layer.name, LayerKnobs()).precision
            block["Precision"] = {**own, **types}
        if layer.name in point.settings:
            block |= setting_block(layer, point)
        if block:
            layers[layer.name] = block
        if products and "result" in types and layer.name in bare:
            # hls4ml gives the missing activation a layer of its own, which takes no other format
            layers[f"{layer.name}_linear"] = {"Precision": {"result": types["result"]}}
    return layers


def _budget(wanted: Budget, base: Budget) -> dict[str, Any]:
    """Return the changes that make one budget of another."""
    changes: dict[str, Any] = {}
    for field in fields(Budget):
        new, old = getattr(wanted, field.name), getattr(base, field.name)
        if isinstance(new, Mapping):
            gone = dict.fromkeys(old.keys() - new.keys())
            new, old = {**new, **gone}, {**old, **gone}
        if new != old:
            changes[field.name] = new
    return changes
