"""What a node of hls4ml's graph says, when it says something odd."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from trigger.convert.node import constant_of
from trigger.errors import ConversionError


class Weights:
    """A weight variable as hls4ml has it: numbers, their type, and their text one by one."""

    def __init__(self, *numbers: float) -> None:
        self.data = np.array(numbers)
        self.type = SimpleNamespace(precision="ap_fixed<8,4>")

    def __iter__(self):
        return iter([f"{number:.4f}" for number in self.data])


def test_constants_are_read_as_the_cpp_reads_them():
    node = SimpleNamespace(name="dense", weights={"bias": Weights(0.5, -1.25)})
    raw, form = constant_of(node, "bias", (2,))
    assert (raw.tolist(), str(form)) == ([8, -20], "ap_fixed<8,4>")


def test_constants_of_another_number_are_refused():
    node = SimpleNamespace(name="gru", weights={"bias": Weights(0.0)})
    with pytest.raises(ConversionError, match=r"the bias of 'gru' has 1 numbers.*6, of shape"):
        constant_of(node, "bias", (6,))
