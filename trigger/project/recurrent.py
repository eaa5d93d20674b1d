"""Calls of recurrent functions -> layers."""

from __future__ import annotations

from typing import Any

from trigger.errors import UnsupportedLayerError
from trigger.layers import (
    GRU,
    LSTM,
    Concatenate,
    Input,
    Layer,
    Recurrent,
    Shape,
    Squash,
    TimeDistributed,
)
from trigger.project.activations import table_of
from trigger.project.declarations import Config, Text
from trigger.project.declarations import factors as lengths
from trigger.project.products import kernel_of, sized_constant, strategy_of
from trigger.project.source import Fields, LayerReader, Source, accumulator_of
from trigger.project.top import LOOP_END, LOOP_START, Call
from trigger.project.version import Change, refuse_older

_KINDS: dict[str, type[Recurrent]] = {"lstm": LSTM, "gru": GRU}
_GATES = {LSTM: 4, GRU: 3}


def _stack(source: Source, call: Call, fields: Fields) -> Layer:
    config = source.config(call)
    kind = _KINDS[call.function.removesuffix("_stack")]
    behind = call.arguments.index(call.writes[0].name) + 1
    return _cell(source, call, config, kind, behind, {**fields, **_sequence(source, call, config)})


def _bidirectional(source: Source, call: Call, fields: Fields) -> tuple[Layer, ...]:
    """Return two layers and one that puts their results side by side."""
    config, declared = source.config(call), source.declarations
    given = _sequence(source, call, config)
    cells: list[Recurrent] = []
    for way, behind in (("forward", 2), ("backward", 6)):
        own = declared.config(declared.word(config, f"{way.upper()}_CONFIG"), config.where)
        word = declared.word(config, f"RNNfunc_{way}").removesuffix("_static")
        kind = _KINDS.get(word.removesuffix("_class"))
        if kind is None:
            raise UnsupportedLayerError(
                f"layer {call.layer!r} has a cell of nnet::{word}",
                where=config.where,
                allowed=", ".join(f"nnet::{name}_class" for name in _KINDS),
            )
        name = f"{call.layer}_{way}"
        both = {**fields, **given, "name": name, "backward": way == "backward"}
        cells.append(_cell(source, call, own, kind, behind, both))
    if sum(cell.units for cell in cells) != declared.number(config, "n_out"):
        raise UnsupportedLayerError(
            f"layer {call.layer!r} merges {cells[0].units} and {cells[1].units} results to "
            f"{declared.number(config, 'n_out')}, and the C++ writes beyond them",
            where=config.where,
            allowed="results side by side",
        )
    fields["inputs"] = tuple(cell.name for cell in cells)
    return (*cells, Concatenate(**fields, axis=int(cells[0].return_sequences)))


def _sequence(source: Source, call: Call, config: Config) -> Fields:
    """Tell whether every step's result is kept; of one step only the tensor's size can tell."""
    kept = source.declarations.number(config, "n_sequence_out") > 1
    size = call.writes[0].size
    if size is not None:
        where = source.where(call.writes[0].line)
        kept |= len(lengths(Text(size, where), source.declarations)) > 1
    return {"return_sequences": kept}


def _cell(
    source: Source, call: Call, config: Config, kind: type[Recurrent], behind: int, fields: Fields
) -> Recurrent:
    """Return one cell, whose constants are the call's arguments from place ``behind`` on."""
    declared = source.declarations
    refuse_older(source, call, Change.RECURRENT, "casts what its activations take and make")
    features, units = declared.numbers(config, "n_in", "n_state")
    sums = _GATES[kind] * units
    products = [
        declared.config(declared.word(config, f"mult_config{number}"), config.where)
        for number in (1, 2)
    ]
    squashes = {
        role: declared.config(declared.word(config, name), config.where)
        for role, name in (
            ("recurrent_", f"ACT_CONFIG_{kind.__name__}"),
            ("", "ACT_CONFIG_T"),
        )
    }
    fields = {
        **fields,
        **_product(source, call, products[0], behind, "", (features, sums)),
        **_product(source, call, products[1], behind + 1, "recurrent_", (units, sums)),
        "accumulator": accumulator_of(declared, config),
        "strategy": strategy_of(declared, products[0]),
        "reuse_factor": declared.number(products[0], "reuse_factor"),
        "recurrent_reuse_factor": declared.number(products[1], "reuse_factor"),
    }
    for role, squash in squashes.items():
        word = declared.word(config, "activation_recr" if role else "activation")
        if word not in (each.value for each in Squash):
            raise UnsupportedLayerError(
                f"layer {call.layer!r} bounds its sums by nnet::activation::{word}",
                where=config.where,
                allowed=", ".join(each.value for each in Squash),
            )
        size, form = table_of(source, squash)
        fields |= {
            f"{role}activation": Squash(word),
            f"{role}table": Squash(word).table(size, form),
            f"{role}table_format": form,
        }
    if kind is GRU:
        fields["reset_first"] = bool(declared.number(config, "pytorch_order", 0))
    return kind(**fields)


def _product(
    source: Source, call: Call, config: Config, place: int, which: str, shape: tuple[int, int]
) -> dict[str, Any]:
    """Return the constants of one of a cell's two matrix products."""
    kernel, kernel_format = kernel_of(source, call, config, place, shape)
    bias, bias_format = sized_constant(source, call, config, place + 2, shape[1:])
    return {
        f"{which}kernel": kernel,
        f"{which}kernel_format": kernel_format,
        f"{which}bias": bias,
        f"{which}bias_format": bias_format,
    }


def _read_step(source: Source, call: Call, fields: Fields) -> Layer:
    return Input(**fields, dimensions=_steps(source, call)[1:])


def _write_step(source: Source, call: Call, fields: Fields) -> Layer:
    return TimeDistributed(**fields)


def _steps(source: Source, call: Call) -> Shape:
    """Return the shape of the sequence that a call reads one step of."""
    names = _AXES[4 - int(call.function[-2]) :]
    return source.declarations.numbers(source.config(call), "n_time_steps", *names)


_AXES = ("in_height", "in_width", "n_chan")
_STEPS = ("n_sequence", "n_in")

RECURRENT_READERS: dict[str, LayerReader] = {
    "lstm_stack": LayerReader(_stack, _STEPS, may_read=2),
    "gru_stack": LayerReader(_stack, _STEPS, may_read=1),
    "bidirectional_stack": LayerReader(_bidirectional, _STEPS),
    **{f"{LOOP_START}{rank}d": LayerReader(_read_step, _steps) for rank in (2, 3, 4)},
    **{f"{LOOP_END}{rank}d": LayerReader(_write_step, keeps_shape=False) for rank in (2, 3, 4)},
}
"""From the ``nnet::`` function to what reads its calls."""
