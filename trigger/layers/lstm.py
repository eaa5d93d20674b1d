"""LSTM: long short-term memory (``nnet_recurrent.h``: lstm, lstm_static, lstm_stack)."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.layers.recurrent import Recurrent, States, Value, add, apply, multiply, split


@dataclass(frozen=True, kw_only=True, eq=False)
class LSTM(Recurrent):
    """memory = input gate x candidate + forget gate x memory; result = output gate x f(memory)."""

    @property
    def gates(self) -> int:
        return 4

    @property
    def states(self) -> int:
        return 2

    def step(self, x: Value, states: States[Value]) -> States[Value]:
        result, memory = states
        sums = add(
            apply(self.input_product, x, role="sums"),
            apply(self.state_product, result, role="sums"),
            self.accumulator,
            "sums",
        )
        ingoing, forget, candidate, outgoing = split(sums, 4)
        ingoing, forget, outgoing = (
            apply(self.gate, each, role="gates") for each in (ingoing, forget, outgoing)
        )
        candidate = apply(self.bound, candidate, role="gates")
        memory = add(multiply(candidate, ingoing), multiply(memory, forget), self.result, "states")
        bounded = apply(self.bound, memory, role="gates")
        return multiply(outgoing, bounded, self.result, "states"), memory
