"""What a report says of a network and of the physics, from records alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.builders import small_cnn
from tests.report.example import build_example
from trigger.flow.comparison import EMULATED, FLOAT
from trigger.flow.physics import qualities
from trigger.flow.summary import layer_rows


def test_zeros_are_counted_among_the_weights_of_kernels():
    network = small_cnn()
    rows = {row.name: row for row in layer_rows(network)}
    for name in ("conv", "score"):
        kernel = network[name].kernel
        assert rows[name].weights == kernel.size
        assert rows[name].zeros == np.count_nonzero(kernel == 0)
    assert (rows["relu"].weights, rows["relu"].zeros) == (0, 0)


@pytest.mark.parametrize("missing", [EMULATED, FLOAT])
def test_a_loss_against_an_engine_that_is_missing_is_unknown(missing):
    physics = build_example().physics
    assert "auc_loss" in qualities(physics)
    kept = tuple(engine for engine in physics.engines if engine.engine != missing)
    assert qualities(replace(physics, engines=kept)) == {}
