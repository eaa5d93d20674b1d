"""GRU: gated recurrent unit (``nnet_recurrent.h``: gru, gru_static, gru_stack)."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.layers.recurrent import (
    Recurrent,
    States,
    Value,
    add,
    apply,
    complement,
    multiply,
    split,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class GRU(Recurrent):
    """result = (1 - update gate) x candidate + update gate x result.

    The reset gate multiplies the state's part of the candidate's sum (Keras: ``reset_after``).
    """

    reset_first: bool
    """Whether the reset gate's sums come before those of the update gate (``pytorch_order``)."""

    @property
    def gates(self) -> int:
        return 3

    @property
    def states(self) -> int:
        return 1

    def step(self, x: Value, states: States[Value]) -> States[Value]:
        (result,) = states
        of_input = split(apply(self.input_product, x, role="sums"), 3)
        of_state = split(apply(self.state_product, result, role="sums"), 3)
        first, second = (
            apply(self.gate, add(*pair, self.accumulator, "sums"), role="gates")
            for pair in zip(of_input[:2], of_state[:2], strict=True)
        )
        reset, update = (first, second) if self.reset_first else (second, first)
        kept = multiply(reset, of_state[2], self.accumulator, "sums")
        candidate = apply(
            self.bound, add(of_input[2], kept, self.accumulator, "sums"), role="gates"
        )
        fresh, old = multiply(candidate, complement(update)), multiply(result, update)
        return (add(fresh, old, self.result, "states"),)
