"""From a compiled design and a budget to the cheapest firmware settings that meet it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from trigger.budget import Budget
from trigger.config import DesignFile, load_design
from trigger.config.rewrite import rewrite_design
from trigger.design import Design, Knobs, LayerKnobs
from trigger.device import find
from trigger.emulate import run
from trigger.errors import AgreementError, DesignError
from trigger.files import whole_folder, write_text
from trigger.flow.networks import read_network
from trigger.flow.workspace import Workspace
from trigger.network import Network
from trigger.project import choose_vectors
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

RANDOM_EVENTS = 1000
"""Events, beside the test patterns, on which old and new firmware are compared."""


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a budget for one design."""

    answer: Answer
    changes: tuple[Change, ...]
    """Formats that lost bits."""
    compared: int
    """Events on which every output was equal before and after."""
    design: Path
    """File of the design that was found; ``trigger run`` takes it as it is."""


def search_folder(
    file: DesignFile,
    folder: Path,
    budget: Budget,
    *,
    clocks_ns: Sequence[float] = (),
    luts_per_dsp: int = LUTS_PER_DSP,
) -> Found:
    """Find the cheapest firmware settings of a compiled design, and write them as a design file.

    The weights stay, and so does every integer that leaves the firmware. What was trained is
    given to the design that is found, so that it is not trained again.

    Args:
        folder: the design's own, with its compiled firmware.
        budget: what is asked for.
        clocks_ns: clock periods to choose from; () is the design's.

    Raises:
        ProjectError, DesignError: the design is not compiled, or another one is.
        UnsupportedLayerError, EstimateError: no law covers it.
        AgreementError: an output changed, which is a defect.
        OutputError: the results cannot be written.
    """
    network = _compiled(file, folder)
    names = frozenset(layer.name for layer in file.design.model.layers)
    shrunk = shrink_formats(network, names)
    target = file.design.target
    candidates = [
        Candidate(shrunk, replace(target, clock_period_ns=clock))
        for clock in clocks_ns or (target.clock_period_ns,)
    ]
    answer = solve(candidates, budget, find(target.part), names, luts_per_dsp)
    compared = require_equal(network, answer.network)
    path = _write(file, folder, budget, network, answer.best)
    return Found(answer, find_changes(network, shrunk), compared, path)


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


def require_equal(before: Network, after: Network) -> int:
    """Compare the outputs of two networks on test patterns and random events; return how many.

    Raises:
        AgreementError: they differ.
    """
    pixels = choose_vectors(before, random=RANDOM_EVENTS, seed=1).pixels
    old, new = run(before, *pixels), run(after, *pixels)
    for name in before.outputs:
        if not np.array_equal(old[name], new[name]):
            raise AgreementError(
                "the narrower formats change the output",
                where=name,
                allowed="no difference",
                remedy="report this: it is a defect of trigger",
            )
    return len(pixels[0])


def design_of(file: DesignFile, network: Network, point: Point, name: str) -> Design:
    """Return the design whose conversion gives the network of a point.

    Args:
        network: what the design as it is compiles to.
    """
    precision: dict[str, dict[str, str]] = {}
    for change in find_changes(network, network_of(point)):
        precision.setdefault(change.layer, {})[change.role] = str(change.after)
    layers: dict[str, LayerKnobs] = dict(file.design.knobs.layers)
    for layer in {**precision, **point.settings}:
        own = layers.get(layer, LayerKnobs())
        setting = point.settings.get(layer)
        if setting is not None:
            own = replace(own, strategy=setting.strategy, reuse_factor=setting.reuse_factor)
            if setting.parallelization_factor > 1:
                own = replace(own, parallelization_factor=setting.parallelization_factor)
        layers[layer] = replace(own, precision={**own.precision, **precision.get(layer, {})})
    knobs = Knobs(_without_overridden(file.design, layers, point.settings), MappingProxyType(layers))
    return replace(file.design, name=name, knobs=knobs, target=point.candidate.target)
