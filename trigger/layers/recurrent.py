"""What LSTM and GRU share: a cell that reads a sequence step by step (``nnet_recurrent.h``).

A cell is written once, in terms of the other layers, and runs both on numbers and on the ranges
that they can have. Its two matrix products are Dense layers. Every sum enters the accumulator,
every state the result. ``use_static`` is not asked: both versions start from the same state and
compute the same.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from trigger.design import Strategy
from trigger.fixed import FixedFormat, RawArray
from trigger.layers.base import Layer, Shape, Tensor, expect, frozen_array
from trigger.layers.dense import Dense
from trigger.layers.merge import Merge, Operation
from trigger.layers.pointwise import sum_format
from trigger.layers.reach import Reach, widest
from trigger.layers.relu import ReLU
from trigger.layers.reshape import Reshape
from trigger.layers.table_activation import TableActivation
from trigger.layers.tables import Function, function_table

ONE = FixedFormat(2, 2)
"""Holds the 1 of ``1 - gate``."""
NO_TABLE = frozen_array([], 1)


class Squash(Enum):
    """What bounds a sum: the activations of ``nnet_recr_activations.h``."""

    RELU = "relu"
    SIGMOID = "sigmoid"
    TANH = "tanh"

    def table(self, size: int, form: FixedFormat) -> RawArray:
        """Return the table that the C++ fills; relu has none."""
        return NO_TABLE if self is Squash.RELU else function_table(Function(self.value), size, form)


Value = TypeVar("Value", Tensor, Reach)
"""The numbers of many events, or the range of each number of one."""
States = tuple[Value, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Recurrent(Layer):
    """A cell that is fed one step of the sequence after the other; its state is its result.

    Reads (steps, features); further inputs are the states that it starts from instead of zeros.
    """

    kernel: RawArray
    """Raw (features, sums): the sums of all units for the first gate, then for the next."""
    kernel_format: FixedFormat
    bias: RawArray
    bias_format: FixedFormat
    recurrent_kernel: RawArray
    """Raw (units, sums)."""
    recurrent_kernel_format: FixedFormat
    recurrent_bias: RawArray
    recurrent_bias_format: FixedFormat
    accumulator: FixedFormat
    strategy: Strategy
    reuse_factor: int
    recurrent_reuse_factor: int
    recurrent_activation: Squash
    """Of the gates."""
    recurrent_table: RawArray
    recurrent_table_format: FixedFormat
    activation: Squash
    table: RawArray
    table_format: FixedFormat
    return_sequences: bool
    backward: bool = False
    """Whether it reads the last step first; what it makes of a step stays at that step's place."""

    @property
    @abstractmethod
    def gates(self) -> int:
        """Sums of each unit."""

    @property
    @abstractmethod
    def states(self) -> int:
        """Vectors that one step hands to the next; the first is the result."""

    @abstractmethod
    def step(self, x: Value, states: States[Value]) -> States[Value]:
        """Return the states after one step, whose features are ``x``."""

    @cached_property
    def input_product(self) -> Dense:
        return self._dense(
            kernel=self.kernel,
            kernel_format=self.kernel_format,
            bias=self.bias,
            bias_format=self.bias_format,
            reuse_factor=self.reuse_factor,
        )

    @cached_property
    def state_product(self) -> Dense:
        return self._dense(
            kernel=self.recurrent_kernel,
            kernel_format=self.recurrent_kernel_format,
            bias=self.recurrent_bias,
            bias_format=self.recurrent_bias_format,
            reuse_factor=self.recurrent_reuse_factor,
        )

    @cached_property
    def gate(self) -> Layer:
        return self._squash(
            self.recurrent_activation, self.recurrent_table, self.recurrent_table_format
        )

    @cached_property
    def bound(self) -> Layer:
        return self._squash(self.activation, self.table, self.table_format)

    def _dense(self, **fields: Any) -> Dense:
        return Dense(
            name=self.name,
            inputs=(),
            result=self.accumulator,
            accumulator=self.accumulator,
            strategy=self.strategy,
            **fields,
        )

    def _squash(self, squash: Squash, table: RawArray, form: FixedFormat) -> Layer:
        if squash is Squash.RELU:
            return ReLU(name=self.name, inputs=(), result=self.accumulator)
        return TableActivation(
            name=self.name,
            inputs=(),
            result=self.accumulator,
            function=Function(squash.value),
            table=table,
            table_format=form,
        )

    @property
    def units(self) -> int:
        return int(self.recurrent_kernel.shape[0])

    def shape(self, *inputs: Shape) -> Shape:
        sums = self.gates * self.units
        for role, (raw, shape) in {
            "kernel": (self.kernel, (inputs[0][-1], sums)),
            "recurrent kernel": (self.recurrent_kernel, (self.units, sums)),
            "bias": (self.bias, (sums,)),
            "recurrent bias": (self.recurrent_bias, (sums,)),
        }.items():
            expect(raw.shape == shape, self, f"{role} of shape {raw.shape}", f"{shape}")
        sizes = [int(np.prod(shape)) for shape in inputs[1:]]
        expect(
            len(inputs[0]) == 2 and sizes in ([], [self.units] * self.states),
            self,
            f"inputs have shapes {list(inputs)}",
            f"(steps, features), or that and {self.states} x {self.units} initial states",
        )
        return (inputs[0][0], self.units) if self.return_sequences else (self.units,)

    def evaluate(self, *inputs: Tensor) -> RawArray:
        raw, form = inputs[0].raw, inputs[0].format
        zero = Tensor(np.zeros((len(raw), self.units), np.int64), self.result)
        xs = [Tensor(raw[:, step], form) for step in range(raw.shape[1])]
        results = [each.raw for each in self._results(xs, self._start(zero, *inputs[1:]))]
        return np.stack(results, axis=1) if self.return_sequences else results[-1]

    def reach(self, *inputs: Reach) -> Reach:
        low, high, form = inputs[0].low, inputs[0].high, inputs[0].format
        origin = np.zeros(self.units, np.int64)
        zero = Reach(origin, origin, self.result)
        xs = [Reach(*ends, form) for ends in zip(low, high, strict=True)]
        results = self._results(xs, self._start(zero, *inputs[1:]))
        demands = widest(demand for each in results for demand in each.demands)
        if not self.return_sequences:
            return replace(results[-1], demands=demands)
        low, high = (np.stack([getattr(each, end) for each in results]) for end in ("low", "high"))
        return Reach(low, high, self.result, demands)

    def _start(self, zero: Value, *given: Value) -> States[Value]:
        flat = Reshape(name="", inputs=(), result=self.result, dimensions=(self.units,))
        return tuple(apply(flat, state) for state in given) or (zero,) * self.states

    def _results(self, xs: list[Value], states: States[Value]) -> list[Value]:
        results = []
        for x in reversed(xs) if self.backward else xs:
            states = self.step(x, states)
            results.append(states[0])
        return results[::-1] if self.backward and self.return_sequences else results

    def weights(self) -> dict[str, tuple[RawArray, FixedFormat]]:
        return {
            "kernel": (self.kernel, self.kernel_format),
            "bias": (self.bias, self.bias_format),
            "recurrent kernel": (self.recurrent_kernel, self.recurrent_kernel_format),
            "recurrent bias": (self.recurrent_bias, self.recurrent_bias_format),
            "recurrent table": (self.recurrent_table, self.recurrent_table_format),
            "table": (self.table, self.table_format),
        }

    def multiplications(self, *inputs: Shape) -> int:
        return inputs[0][0] * int(self.kernel.size + self.recurrent_kernel.size)


def apply(layer: Layer, *values: Value, role: str = "") -> Value:
    """Return what a layer makes of numbers or of ranges.

    Args:
        role: what to call its result among the demands; empty for one that cannot overflow.
    """
    if isinstance(values[0], Tensor):
        return Tensor(layer.evaluate(*values), layer.result)
    made = layer.reach(*values)
    demands = [demand for value in values for demand in value.demands]
    demands += [replace(demand, role=role) for demand in made.demands if role]
    return replace(made, demands=widest(demands))


def add(left: Value, right: Value, result: FixedFormat, role: str) -> Value:
    """Return the sum, which enters a format."""
    return apply(_merge(Operation.ADD, result), left, right, role=role)


def multiply(left: Value, right: Value, result: FixedFormat | None = None, role: str = "") -> Value:
    """Return the product, exact or as it enters a format."""
    form = result or FixedFormat.for_product(left.format, right.format)
    return apply(_merge(Operation.MULTIPLY, form), left, right, role=role)


def complement(value: Value) -> Value:
    """Return 1 - value, exactly."""
    if isinstance(value, Tensor):
        one = Tensor(np.ones_like(value.raw), ONE)
    else:
        one = Reach(np.ones_like(value.low), np.ones_like(value.low), ONE)
    return apply(_merge(Operation.SUBTRACT, sum_format(ONE, value.format)), one, value)


def split(value: Value, parts: int) -> tuple[Value, ...]:
    """Return equal parts along the last axis."""
    if isinstance(value, Tensor):
        return tuple(Tensor(raw, value.format) for raw in np.split(value.raw, parts, axis=-1))
    ends = zip(np.split(value.low, parts), np.split(value.high, parts), strict=True)
    return tuple(replace(value, low=low, high=high) for low, high in ends)


def _merge(operation: Operation, result: FixedFormat) -> Merge:
    return Merge(name="", inputs=(), result=result, operation=operation)
