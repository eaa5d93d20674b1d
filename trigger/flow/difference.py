"""Two designs, projects or reports side by side: what changed, and whether it matters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from trigger.emulate import choose
from trigger.errors import ProjectError
from trigger.fixed import RawArray
from trigger.flow.fields import CONTRACT, contract_fields, is_array, moves_bits, network_fields
from trigger.flow.networks import read_network
from trigger.flow.regression import cost_texts, costs_of
from trigger.flow.report_texts import physics_texts, robustness_texts, verdict_texts
from trigger.flow.summary import layer_rows
from trigger.flow.workspace import Workspace
from trigger.layers import Input
from trigger.network import Network
from trigger.project import choose_vectors
from trigger.project import golden as golden_files
from trigger.report import Report, read_json
from trigger.report.record import LayerRow
from trigger.report.studies import Robustness

RANDOM = 1000
"""Random vectors on which two networks are run, beside patterns and golden vectors."""
NOTHING = "nothing"
_EMULATED = "emulated"


class Aspect(Enum):
    """What of a design changed."""

    INPUT = "input"
    LAYER = "layer"
    FORMAT = "format"
    WEIGHT = "weights"
    TABLE = "table"
    NUMBER = "number"
    DECISION = "decision"
    COST = "cost"
    VERDICT = "verdict"
    PHYSICS = "physics"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not the same on both sides."""

    aspect: Aspect
    where: str
    before: str
    after: str
    moves_bits: bool
    """Whether it can change an integer of the firmware, or what a pixel means."""


@dataclass(frozen=True, slots=True)
class Difference:
    """All that changed."""

    changes: tuple[Change, ...]
    vectors: int | None
    """Events on which both networks were run; ``None`` where they cannot be run on the same."""
    scores_moved: int | None
    """Of these, events with another score."""
    decisions_moved: int | None
    """Of these, events decided otherwise; ``None`` where no threshold is known."""

    @property
    def moves_bits(self) -> bool:
        return any(change.moves_bits for change in self.changes)


@dataclass(frozen=True, slots=True)
class _Side:
    """What is known of one of the two."""

    path: Path
    network: Network | None = None
    report: Report | None = None
    contract: Mapping[str, Any] = field(default_factory=dict)
    costs: Mapping[str, str] = field(default_factory=dict)

    @property
    def threshold(self) -> int | float | None:
        """The lowest score that passes, raw."""
        engines = self.report.physics.engines if self.report and self.report.physics else ()
        return next((each.threshold for each in engines if each.engine == _EMULATED), None)


def find_difference(before: Path, after: Path) -> Difference:
    """Compare two designs' folders, HLS projects, ``network.json`` or ``report.json`` files.

    Raises:
        ProjectError, NetworkError, ReportError: one of them cannot be read.
    """
    one, two = _read(before), _read(after)
    changes = [*_contract(one, two)]
    ran: _Ran | None = None
    if one.network is not None and two.network is not None:
        changes += _networks(one.network, two.network)
        ran = _run_both(one, two)
        if ran is not None:
            changes += ran.changes
    else:
        changes += _rows(_layer_rows(one), _layer_rows(two))
        changes += _digests(one, two)
    changes += _texts(Aspect.COST, one.costs, two.costs)
    if one.report is not None and two.report is not None:
        changes += _reports(one.report, two.report)
    if ran is None:
        return Difference(tuple(changes), None, None, None)
    return Difference(tuple(changes), ran.vectors, ran.scores_moved, ran.decisions_moved)


def _read(path: Path) -> _Side:
    if path.is_file():
        try:
            schema = json.loads(path.read_text(encoding="utf-8"))["schema"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ProjectError(
                f"cannot be read: {error!r}",
                where=path,
                allowed="a folder, a network.json or a report.json",
            ) from error
        if not isinstance(schema, str):
            return _Side(path, Network.load(path))
        report = read_json(path)
        contract = {f"{CONTRACT}.{entry.key}": entry.value for entry in report.input_contract}
        return _Side(path, None, report, contract, cost_texts(report.costs))
    network = read_network(path)
    report = read_json(Workspace(path).report) if Workspace(path).report.is_file() else None
    if report is not None and _network_digest(report) != network.digest:
        report = None  # it is of an earlier firmware
    costs = costs_of(path, network)
    if not costs and report is not None:
        costs = cost_texts(report.costs)
    return _Side(path, network, report, contract_fields(path), costs)


def _network_digest(report: Report | None) -> str | None:
    digests = {each.name: each.sha256 for each in report.provenance.digests} if report else {}
    return digests.get("network")


def _contract(one: _Side, two: _Side) -> Iterator[Change]:
    if one.contract and two.contract:
        before, after = (
            {name: str(value) for name, value in side.contract.items()} for side in (one, two)
        )
        yield from _texts(Aspect.INPUT, before, after, moves=True)


def _texts(
    aspect: Aspect, before: Mapping[str, str], after: Mapping[str, str], *, moves: bool = False
) -> Iterator[Change]:
    """Yield what is not the same in two tables, unless one of them is empty: nothing is known."""
    if not before or not after:
        return
    for name in {**before, **after}:
        old, new = before.get(name, NOTHING), after.get(name, NOTHING)
        if old != new:
            yield Change(aspect, name, old, new, moves)


# ---- networks ----------------------------------------------------------------------------------


def _networks(one: Network, two: Network) -> Iterator[Change]:
    """Yield changed fields of layers on both sides, and each layer of one side alone as a whole."""
    before, after = network_fields(one), network_fields(two)
    shared = {layer.name for layer in one.layers} & {layer.name for layer in two.layers}
    inputs = {layer.name for layer in (*one.inputs, *two.inputs)}
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        layer, _, key = name.rpartition(".")
        if old == new or (layer != "network" and layer not in shared and key != "kind"):
            continue
        if is_array(old) and is_array(new):
            aspect = Aspect.TABLE if "table" in key else Aspect.WEIGHT
            yield Change(aspect, name, *_arrays(old, new), True)
            continue
        texts = (NOTHING if each is None else json.dumps(each).strip('"') for each in (old, new))
        yield Change(_aspect(layer in inputs, key, new), name, *texts, moves_bits(name))


def _aspect(is_input: bool, key: str, value: Any) -> Aspect:
    if is_input:
        return Aspect.INPUT
    if not moves_bits(key):
        return Aspect.COST
    return Aspect.FORMAT if isinstance(value, str) and value.startswith("ap_") else Aspect.LAYER


def _arrays(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, str]:
    """Say how many integers differ, and the first of them on either side."""
    if old["shape"] != new["shape"]:
        return f"shape {old['shape']}", f"shape {new['shape']}"
    before, after = old["raw"].split(), new["raw"].split()
    places = [at for at, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    index = [int(each) for each in np.unravel_index(places[0], old["shape"])]
    return (
        f"{index} holds {before[places[0]]}",
        f"{after[places[0]]}; {len(places)} of {len(before)} differ",
    )


@dataclass(frozen=True, slots=True)
class _Ran:
    vectors: int
    scores_moved: int
    decisions_moved: int | None
    changes: tuple[Change, ...]


def _run_both(one: _Side, two: _Side) -> _Ran | None:
    """Run both networks on the same events, if they take the same."""
    assert one.network is not None
    assert two.network is not None
    if [(each.dimensions, each.result) for each in one.network.inputs] != [
        (each.dimensions, each.result) for each in two.network.inputs
    ] or [one.network.shapes[name] for name in one.network.outputs] != [
        two.network.shapes[name] for name in two.network.outputs
    ]:
        return None
    pixels = _common_vectors(one, two)
    common = [
        layer.name
        for layer in one.network.layers
        if layer.name in two.network.shapes
        and one.network.shapes[layer.name] == two.network.shapes[layer.name]
        and not isinstance(layer, Input)
    ]
    values = [_values(side.network, pixels, tuple(common)) for side in (one, two) if side.network]
    changes = []
    for name in common:
        differs = (values[0][name] != values[1][name]).reshape(len(pixels[0]), -1)
        if differs.any():
            event, element = (int(each) for each in np.argwhere(differs)[0])
            place = np.unravel_index(element, one.network.shapes[name])
            numbers = [
                float(each[name].reshape(len(pixels[0]), -1)[event, element]) for each in values
            ]
            where = f"{name}{[int(each) for each in place]} in event {event}, the first to move"
            texts = (f"{number:g}" for number in numbers)
            changes.append(Change(Aspect.NUMBER, where, *texts, True))
            break
    scores = [
        np.concatenate([side[name].reshape(len(pixels[0]), -1) for name in names], axis=1)
        for side, names in zip(values, (one.network.outputs, two.network.outputs), strict=True)
    ]
    moved = int((scores[0] != scores[1]).any(axis=1).sum())
    if moved:
        counts = f"{moved} of {len(pixels[0])} events with another score"
        changes.append(Change(Aspect.NUMBER, "scores", "the same", counts, True))
    decided = _decided(one, two, scores)
    if decided:
        counts = f"{decided} of {len(pixels[0])} events decided otherwise"
        changes.append(Change(Aspect.DECISION, "decisions", "the same", counts, True))
    return _Ran(len(pixels[0]), moved, decided, tuple(changes))


def _common_vectors(one: _Side, two: _Side) -> tuple[RawArray, ...]:
    """Return patterns, random vectors, and the golden vectors of either side."""
    assert one.network is not None
    parts = [choose_vectors(one.network, random=RANDOM).pixels]
    for side in (one, two):
        folder = Workspace(side.path).golden
        if (folder / golden_files.FILE_NAME).is_file():
            golden = golden_files.read(folder)
            shapes = [each.shape for each in golden.inputs]
            if shapes == [each.dimensions for each in one.network.inputs]:
                parts.append(golden.pixels)
                parts += [
                    tuple(group.raw[each.name] for each in golden.inputs) for group in golden.groups
                ]
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


def _values(
    network: Network, pixels: tuple[RawArray, ...], layers: tuple[str, ...]
) -> dict[str, Any]:
    """Return the layers' results as real numbers: raw ones mean nothing in other formats."""
    names = tuple(dict.fromkeys((*layers, *network.outputs)))
    results = choose(network, names).run(*pixels, layers=names)
    return {name: network[name].result.values(results[name]) for name in names}


def _decided(one: _Side, two: _Side, scores: list[Any]) -> int | None:
    """Return how many events are decided otherwise at the thresholds that the reports name."""
    if one.threshold is None or two.threshold is None or scores[0].shape[1] != 1:
        return None
    passed = []
    for side, values in zip((one, two), scores, strict=True):
        assert side.network is not None
        assert side.threshold is not None
        step = float(side.network[side.network.outputs[0]].result.step)
        passed.append(values[:, 0] >= side.threshold * step)
    return int((passed[0] != passed[1]).sum())


# ---- reports -----------------------------------------------------------------------------------


def _reports(one: Report, two: Report) -> Iterator[Change]:
    yield from _texts(Aspect.VERDICT, verdict_texts(one), verdict_texts(two))
    yield from _texts(Aspect.PHYSICS, physics_texts(one), physics_texts(two))
    before, after = one.robustness, two.robustness
    if before is not None and after is not None:
        yield from _texts(Aspect.PHYSICS, robustness_texts(before), robustness_texts(after))
        yield from _faulty_cells(before, after)


def _layer_rows(side: _Side) -> tuple[LayerRow, ...]:
    if side.network is not None:
        return layer_rows(side.network)
    return side.report.layers if side.report is not None else ()


def _rows(before: tuple[LayerRow, ...], after: tuple[LayerRow, ...]) -> Iterator[Change]:
    """Yield what tables of layers tell, where there is no network on one side."""
    tables = [
        {
            f"{row.name}.{each.name}": str(getattr(row, each.name))
            for row in rows
            for each in fields(LayerRow)
            if each.name != "name"
        }
        for rows in (before, after)
    ]
    for change in _texts(Aspect.LAYER, *tables, moves=True):
        key = change.where.rpartition(".")[2]
        is_format = key.endswith("_format")
        aspect = Aspect.FORMAT if is_format else Aspect.WEIGHT if key == "zeros" else Aspect.LAYER
        yield Change(aspect, change.where, change.before, change.after, True)


def _digests(one: _Side, two: _Side) -> Iterator[Change]:
    digests = [
        side.network.digest
        if side.network
        else _network_digest(side.report)
        if side.report
        else None
        for side in (one, two)
    ]
    if None not in digests and digests[0] != digests[1]:
        yield Change(Aspect.LAYER, "network", *(str(each)[:12] for each in digests), True)


def _faulty_cells(one: Robustness, two: Robustness) -> Iterator[Change]:
    """Yield the maps of faults that move other events: how many in all, and at how many cells."""
    maps, others = _moved(one), _moved(two)
    for where, before in maps.items():
        after = others.get(where)
        if before == after:
            continue
        text = NOTHING if after is None else _total(after)
        if after is not None and len(before) == len(after):
            cells = sum(old != new for old, new in zip(before, after, strict=True))
            text += f"; {cells} of {len(before)} cells differ"
        yield Change(Aspect.PHYSICS, where, _total(before), text, False)


def _moved(found: Robustness) -> dict[str, tuple[int | None, ...]]:
    """Return the maps of all faults by name."""
    maps = {}
    for fault in found.faults:
        for key in ("signal_moved", "background_moved"):
            maps[f"robustness.{fault.name}.{key}"] = getattr(fault, key)
        maps |= {f"robustness.{fault.name}.{each.signal}": each.moved for each in fault.further}
    return maps


def _total(moved: tuple[int | None, ...]) -> str:
    return str(sum(events or 0 for events in moved))
