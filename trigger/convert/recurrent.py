"""hls4ml's recurrent nodes -> layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trigger.convert.node import common_fields, constant_of, format_of, kernel_of
from trigger.convert.settings import strategy_of
from trigger.errors import UnsupportedLayerError
from trigger.layers import GRU, LSTM, Concatenate, Layer, Recurrent, Squash


def _recurrent(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    return _cell(node, {**common_fields(node, inputs)}, node.class_name, "")


def _bidirectional(node: Any, inputs: tuple[str, ...], graph: Any) -> tuple[Layer, ...]:
    """Return two layers and one that puts their results side by side."""
    fields = common_fields(node, inputs)
    cells = tuple(
        _cell(
            node,
            {**fields, "name": f"{node.name}_{way}", "backward": way == "backward"},
            node.get_attr(f"{way}_class_name"),
            f"{way}_",
        )
        for way in ("forward", "backward")
    )
    units = [cell.units for cell in cells]
    if sum(units) != int(node.get_attr("n_out")):
        raise UnsupportedLayerError(
            f"layer {node.name!r} merges {units[0]} and {units[1]} results to "
            f"{node.get_attr('n_out')}, and hls4ml's C++ writes beyond them",
            where="conversion",
            allowed="merge_mode concat",
        )
    axis = len(node.get_output_variable().shape) - 1
    fields["inputs"] = tuple(cell.name for cell in cells)
    return (*cells, Concatenate(**fields, axis=axis))


def _cell(node: Any, fields: dict[str, Any], kind: str, way: str) -> Recurrent:
    """Return one cell; ``way`` is in front of its attributes, empty for a layer of one cell."""
    get = node.get_attr
    if kind not in _KINDS:
        raise UnsupportedLayerError(
            f"layer {node.name!r} has a cell of {kind}", where="conversion", allowed=_ALLOWED
        )
    table_format, size = format_of(node, "table_t"), int(get("table_size"))
    gates = {"LSTM": 4, "GRU": 3}[kind]
    units = int(get(f"{way}n_states") if way else get("n_out"))
    squashes = {
        role: _squash(node, get(f"{way}{role}")) for role in ("activation", "recurrent_activation")
    }
    fields |= {
        **_product(node, way, "", (int(get("n_in")), gates * units)),
        **_product(node, way, "recurrent_", (units, gates * units)),
        "accumulator": format_of(node, "accum_t"),
        "strategy": strategy_of(node),
        "reuse_factor": int(get("reuse_factor")),
        "recurrent_reuse_factor": int(get(f"{way}recurrent_reuse_factor")),
        **squashes,
        "table": squashes["activation"].table(size, table_format),
        "table_format": table_format,
        "recurrent_table": squashes["recurrent_activation"].table(size, table_format),
        "recurrent_table_format": table_format,
        "return_sequences": bool(get("return_sequences")),
    }
    if kind == "LSTM":
        return LSTM(**fields)
    return GRU(**fields, reset_first=bool(get("pytorch", False)))


def _product(node: Any, way: str, which: str, shape: tuple[int, int]) -> dict[str, Any]:
    """Return the constants of one of a cell's two matrix products."""
    role = f"{way}{which}weight"
    kernel, kernel_format = kernel_of(node, role, shape)
    bias, bias_format = constant_of(node, f"{way}{which}bias", shape[1:])
    return {
        f"{which}kernel": kernel,
        f"{which}kernel_format": kernel_format,
        f"{which}bias": bias,
        f"{which}bias_format": bias_format,
    }


def _squash(node: Any, name: str) -> Squash:
    if name not in (squash.value for squash in Squash):
        raise UnsupportedLayerError(
            f"layer {node.name!r} bounds its sums by {name!r}",
            where="conversion",
            allowed=", ".join(squash.value for squash in Squash),
        )
    return Squash(name)


_KINDS = ("LSTM", "GRU")
_ALLOWED = ", ".join(_KINDS)

RECURRENT_EXTRACTORS: dict[
    str, Callable[[Any, tuple[str, ...], Any], Layer | tuple[Layer, ...]]
] = {
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "Bidirectional": _bidirectional,
}
"""From hls4ml's layer class to the function that reads it."""
