"""Firmware settings of a network: the cheapest within a design's budget, for the same integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from trigger.config import DesignFile
from trigger.design import IOType
from trigger.device import find
from trigger.emulate import run
from trigger.errors import AgreementError
from trigger.layers import Conv1D, Conv2D, Layer
from trigger.network import Network
from trigger.project import choose_vectors
from trigger.search import Answer, Candidate, Point, shrink_formats, solve

RANDOM_EVENTS = 1000
"""Events, beside the test patterns, on which old and new firmware are compared."""


def solve_network(file: DesignFile, network: Network) -> Answer:
    """Return the cheapest firmware of a network within the design's own budget, clock and io type.

    Raises:
        UnsupportedLayerError, EstimateError: no law covers it.
    """
    names = frozenset(layer.name for layer in file.design.model.layers)
    target = file.design.target
    candidate = Candidate(shrink_formats(network, names), target)
    return solve([candidate], file.budget, find(target.part), names)


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
                "the output is another one",
                where=name,
                allowed="no difference",
                remedy="report this: it is a defect of trigger",
            )
    return len(pixels[0])


def setting_block(layer: Layer, point: Point) -> dict[str, Any]:
    """Return the setting of a layer at a point as hls4ml's ``LayerName`` block has it."""
    setting, target = point.settings[layer.name], point.candidate.target
    block = {"Strategy": setting.strategy.value, "ReuseFactor": setting.reuse_factor}
    if isinstance(layer, (Conv1D, Conv2D)) and target.io_type is IOType.PARALLEL:
        block["ParallelizationFactor"] = setting.parallelization_factor
    return block
