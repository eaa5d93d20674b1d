"""Knobs of a design as hls4ml's configuration: every setting written per layer.

hls4ml's template of a configuration names every layer, and then a setting of the whole model counts
for nothing. So each is given to all layers that have it and are not told otherwise; that they took
it is proven by ``check_settings``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trigger.convert.check import effective, multipliers
from trigger.convert.keys import GRAPH_KEYS, TYPE_KEYS
from trigger.convert.settings import DEFAULT_PRECISION, takes_model_precision
from trigger.design import Design, LayerKnobs, Strategy
from trigger.errors import DesignError


def layer_configuration(design: Design, base: Mapping[str, Any]) -> dict[str, Any]:
    """Return hls4ml's ``HLSConfig`` with the design's knobs, every layer by name.

    Args:
        base: what hls4ml proposes for this model with granularity ``name``.

    Raises:
        DesignError: a knob for a layer that hls4ml does not have.
    """
    names = base["LayerName"]
    for name in design.knobs.layers:
        if name not in names:
            raise DesignError(
                "hls4ml makes no layer of this name",
                where=f"hls.HLSConfig.LayerName.{name}",
                allowed=", ".join(names),
            )
    return {
        "Model": {**base["Model"], **_model_keys(design.knobs.model), "TraceOutput": True},
        "LayerName": {name: _layer(design, name, proposal) for name, proposal in names.items()},
    }


def _model_keys(knobs: LayerKnobs) -> dict[str, Any]:
    """Return the keys of the model as a whole, and those that layers without a name take."""
    keys = {key: value for key, value in knobs.extra.items() if key in GRAPH_KEYS}
    if knobs.reuse_factor is not None:
        keys["ReuseFactor"] = knobs.reuse_factor
    if knobs.strategy is not None:
        keys["Strategy"] = knobs.strategy.value
    if knobs.precision:
        keys["Precision"] = {"default": DEFAULT_PRECISION, **knobs.precision}
    return keys


def _layer(design: Design, name: str, proposal: Mapping[str, Any]) -> dict[str, Any]:
    """Return one layer's block: the proposal, then the model's settings, then its own."""
    model, own = design.knobs.model, design.knobs.layers.get(name, LayerKnobs())
    settings = {**proposal, "Precision": dict(proposal.get("Precision", {})), "Trace": True}
    has = (*settings, *(f"{role}_t" for role in settings["Precision"]))
    settings |= {key: value for key, value in model.extra.items() if key in has}
    for role, precision in model.precision.items():
        if takes_model_precision(role, name, proposal):
            _set_type(settings, role, precision)
    # the model's own strategy and reuse factor hls4ml gives to every layer that has none here
    multiplies = name in (each.layer for each in multipliers(design.model))
    if own.strategy is not None and (
        multiplies or own.strategy is not Strategy.DISTRIBUTED_ARITHMETIC
    ):  # hls4ml fails on that one in any other layer, before it can be told
        settings["Strategy"] = own.strategy.value
    if own.reuse_factor is not None:
        settings["ReuseFactor"] = own.reuse_factor
    parallelization = effective(design.knobs, name).parallelization_factor
    if parallelization is not None and "ParallelizationFactor" in settings:
        settings["ParallelizationFactor"] = parallelization
    settings |= own.extra
    if "default" in own.precision:
        settings["Precision"] = {"default": own.precision["default"]}
    for role, precision in own.precision.items():
        if role != "default":
            _set_type(settings, role, precision)
    return settings


def _set_type(settings: dict[str, Any], role: str, precision: str) -> None:
    settings["Precision"][role] = precision
    if f"{role}_t" in TYPE_KEYS:  # hls4ml writes these into the block, but reads the key alone
        settings[f"{role}_t"] = precision
