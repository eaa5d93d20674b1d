"""How a design's cost follows from its layers' settings, in the form that a search can use.

Once the form of the top function is fixed, the estimator's total is a sum or a maximum over the
layers for every quantity, plus what the top function adds; the few places where it is neither are
named here. So the best settings can be found layer by layer, keeping the partial designs that no
other one betters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from trigger.budget import Quantity
from trigger.design import Strategy
from trigger.estimate.coefficients import Coefficients
from trigger.estimate.compose import fifo_blocks, queued_input_bits, structure
from trigger.estimate.context import Context, Tool
from trigger.estimate.descriptor import Kind, LayerDescriptor
from trigger.estimate.laws import layer_structure

RESOURCES = (Quantity.LUT, Quantity.DSP, Quantity.FF, Quantity.BRAM_18K, Quantity.URAM)
TAIL = (Kind.DENSE, Kind.SOFTMAX, Kind.TABLE)
"""Kinds that begin when the stream before them has ended."""


class Top(Enum):
    """What hls4ml makes of the top function; it follows from the layers' settings."""

    STREAM = "processes with streams between them"
    PIPELINE = "one pipeline"
    LOOPS = "processes, of which one loops over its pixels, and none stores weights"
    STORED = "processes, of which one stores its weights"


class Column(Enum):
    """What is known of one layer, or of layers together."""

    WAIT = "cycles, one layer after the other"
    LATENCY = "the same, with the calls of processes"
    SLOWEST = "cycles of the slowest layer"
    TAIL = "cycles of the layers that wait for the end of a stream"
    INTERVAL = "interval of the slowest layer"
    MISSING = "1 until a layer is there that the form of the top function asks for"
    LUT = "lut"
    DSP = "dsp"
    FF = "ff"
    BRAM_18K = "bram_18k"
    URAM = "uram"


COLUMNS = tuple(Column)
_PLACE = {column: place for place, column in enumerate(COLUMNS)}
_LARGEST = [_PLACE[Column.SLOWEST], _PLACE[Column.INTERVAL]]
_SMALLEST = [_PLACE[Column.MISSING]]

Rows = npt.NDArray[np.float64]
"""Partial designs or layers: (rows, columns)."""


def column(rows: Rows, name: Column) -> npt.NDArray[np.float64]:
    return rows[..., _PLACE[name]]


def combine(left: Rows, right: Rows) -> Rows:
    """Return every row of one with every row of the other: (left x right, columns)."""
    first, second = left[:, None, :], right[None, :, :]
    together = first + second
    together[..., _LARGEST] = np.maximum(first[..., _LARGEST], second[..., _LARGEST])
    together[..., _SMALLEST] = np.minimum(first[..., _SMALLEST], second[..., _SMALLEST])
    return together.reshape(-1, len(COLUMNS))


def nothing() -> Rows:
    """Return the one design without layers."""
    rows = np.zeros((1, len(COLUMNS)))
    rows[:, _SMALLEST] = 1.0
    return rows


def least(options: Sequence[Rows]) -> Rows:
    """Return, for each of the layers' tails, what they take at least: (layers + 1, columns)."""
    rest = nothing()
    bounds = [rest]
    for rows in reversed(options):
        rest = combine(rest, rows.min(axis=0, keepdims=True))
        bounds.append(rest)
    return np.concatenate(bounds[::-1])


@dataclass(frozen=True, slots=True)
class Composition:
    """The totals of designs of one form of the top function."""

    top: Top
    context: Context
    coefficients: Coefficients
    added: Mapping[Quantity, float]
    """By the top function, whatever the settings."""
    registered_ff: float
    """Flip-flops between the layers of a pipeline where every layer ends in a register."""
    layers: int

    def totals(self, rows: Rows) -> dict[Quantity, npt.NDArray[np.float64]]:
        """Return latency, interval and resources of whole designs, as the estimator rounds them."""
        late = column(rows, Column.LATENCY)
        if self.top is Top.STREAM:
            tail, slowest = column(rows, Column.TAIL), column(rows, Column.SLOWEST)
            late = slowest + self._tail_share * np.where(tail < slowest, tail, tail - slowest)
        return self._totals(rows, late)

    def lower_totals(self, rows: Rows) -> dict[Quantity, npt.NDArray[np.float64]]:
        """Return what no design that has these layers, and others, goes below."""
        late = column(rows, Column.LATENCY)
        if self.top is Top.STREAM:  # at best the tail ends with the slowest layer
            tail, slowest = column(rows, Column.TAIL), column(rows, Column.SLOWEST)
            late = slowest + self._tail_share * np.maximum(0.0, tail - slowest)
        return self._totals(rows, late)

    def _totals(
        self, rows: Rows, late: npt.NDArray[np.float64]
    ) -> dict[Quantity, npt.NDArray[np.float64]]:
        wait = column(rows, Column.WAIT)
        every = wait if self._takes_turns else column(rows, Column.INTERVAL)
        totals = {Quantity.LATENCY_CYCLES: late, Quantity.INTERVAL_CYCLES: every}
        totals |= {quantity: column(rows, Column(quantity.value)) for quantity in RESOURCES}
        if self.top is Top.PIPELINE:
            ends = np.minimum(1.0, wait / self.layers)
            totals[Quantity.FF] = totals[Quantity.FF] + self.registered_ff * ends
        return {
            quantity: np.rint(amount + self.added[quantity]) for quantity, amount in totals.items()
        }

    def keys(self, rows: Rows, tracked: frozenset[Quantity]) -> Rows:
        """Return coordinates such that a design that is smaller in all of them stays better.

        That is: whatever layers are added to both, its latency and tracked quantities are not
        larger. In a stream it is so only of designs that ``assembly`` compares.
        """
        wanted = [column(rows, Column.MISSING)]
        if self.top is Top.STREAM:
            wanted += [column(rows, Column.SLOWEST), column(rows, Column.TAIL)]
        else:
            wanted.append(column(rows, Column.LATENCY))
            turns = self._takes_turns and Quantity.INTERVAL_CYCLES in tracked
            registers = self.top is Top.PIPELINE and Quantity.FF in tracked
            if turns or registers:
                wanted.append(column(rows, Column.WAIT))
        if Quantity.INTERVAL_CYCLES in tracked and not self._takes_turns:
            wanted.append(column(rows, Column.INTERVAL))
        wanted += [
            column(rows, Column(quantity.value)) for quantity in RESOURCES if quantity in tracked
        ]
        return np.stack(wanted, axis=1)

    def describe(self, layer: LayerDescriptor, number: int) -> npt.NDArray[np.float64] | None:
        """Return the row of a layer with its settings; None where it does not go with the form.

        What no law gives is not a number.

        Args:
            number: place among the layers of the design.
        """
        stored, loops = layer.strategy is Strategy.RESOURCE, (layer.partitions or 1) > 1
        if (stored and self.top in (Top.PIPELINE, Top.LOOPS)) or (
            loops and self.top is Top.PIPELINE
        ):
            return None
        found = layer_structure(layer, self.context, self.coefficients)
        values = {
            quantity: self.coefficients.value(found, quantity) if found else None
            for quantity in Quantity
        }
        late = _number(values[Quantity.LATENCY_CYCLES])
        called = number < self.layers - 1 and late >= 0.5
        tool = self.context.tool.name.lower()
        asked = {Top.LOOPS: loops, Top.STORED: stored}.get(self.top, True)
        amounts = {
            Column.WAIT: late,
            Column.LATENCY: late + called * self._law(f"calls_{tool}"),
            Column.SLOWEST: late,
            Column.TAIL: late if layer.kind in TAIL else 0.0,
            Column.INTERVAL: _number(values[Quantity.INTERVAL_CYCLES]),
            Column.MISSING: 0.0 if asked else 1.0,
            **{Column(quantity.value): _number(values[quantity]) for quantity in RESOURCES},
        }
        if number == 0:
            self._add_queue(amounts, layer)
        return np.array([amounts[name] for name in COLUMNS])

    @property
    def _tail_share(self) -> float:
        """Share of the tail's cycles that come after the slowest layer, at most 1."""
        return self._law("tail")

    @property
    def _takes_turns(self) -> bool:
        """Whether a new event waits for the last one (``estimate.compose``)."""
        return self.top is Top.STORED and self.context.tool is Tool.VITIS

    def _law(self, term: str, quantity: Quantity = Quantity.LATENCY_CYCLES) -> float:
        law = {
            Top.STREAM: f"top_stream_{self.context.tool.name.lower()}",
            Top.PIPELINE: "top_pipeline",
        }.get(self.top, "top_dataflow")
        return self.coefficients.laws.get((law, quantity), {}).get(term, 0.0)

    def _add_queue(self, amounts: dict[Column, float], layer: LayerDescriptor) -> None:
        """Add what the top function keeps of its inputs ahead of this first layer."""
        bits = queued_input_bits([layer], self.context)
        if bits and layer.input is not None:
            queued = bits / layer.input.width
            amounts[Column.LUT] += queued * self._law("queued_inputs", Quantity.LUT)
            amounts[Column.FF] += queued * self._law("queued_inputs", Quantity.FF)
            amounts[Column.BRAM_18K] += fifo_blocks([layer], self.context)


def compose(
    top: Top, layers: Sequence[LayerDescriptor], context: Context, coefficients: Coefficients
) -> Composition:
    """Return the composition of a design's layers under one form of the top function.

    What the top function adds is asked of the estimator: it is what remains of layers that take
    nothing.
    """
    context = replace(context, dataflow=top is not Top.PIPELINE)
    first = (
        layers[0] if layers[0].strategy is None else replace(layers[0], strategy=Strategy.LATENCY)
    )
    layers = (first, *layers[1:])

    def added(cycles: float) -> dict[Quantity, float]:
        free = dict.fromkeys(Quantity, 0.0)
        free[Quantity.LATENCY_CYCLES] = cycles
        whole = structure(layers, [free] * len(layers), context)
        return {quantity: coefficients.value(whole, quantity) or 0.0 for quantity in Quantity}

    nothing_there = added(0.0)
    registered = added(1.0)[Quantity.FF] - nothing_there[Quantity.FF]
    return Composition(top, context, coefficients, nothing_there, registered, len(layers))


def _number(value: float | None) -> float:
    return math.nan if value is None else value
