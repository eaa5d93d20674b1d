"""Recurrent layers, Einstein sums and loops over steps: shapes, ranges, and what they refuse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.builders import dense
from tests.emulate.random_cells import CELL_MAKERS
from tests.emulate.random_networks import draw_events, picker
from trigger.design import Strategy
from trigger.emulate import reference
from trigger.emulate.overflow import find_ranges
from trigger.errors import NetworkError
from trigger.fixed import FixedFormat
from trigger.layers import (
    GRU,
    LSTM,
    Einsum,
    EinsumDense,
    Input,
    Layer,
    Squash,
    Tensor,
    TimeDistributed,
)
from trigger.network import Network

FORMAT = FixedFormat(12, 4)
STEPS, FEATURES, UNITS = 3, 2, 2
X = Input(name="x", inputs=(), result=FORMAT, dimensions=(STEPS, FEATURES))


def cell(kind: type[Layer] = LSTM, **changes: object) -> Layer:
    """Return a cell of the same weight everywhere."""
    sums = {LSTM: 4, GRU: 3}[kind] * UNITS
    fields = {
        "name": "cell",
        "inputs": ("x",),
        "result": FORMAT,
        "accumulator": FORMAT,
        "strategy": Strategy.LATENCY,
        "reuse_factor": 1,
        "recurrent_reuse_factor": 1,
        "return_sequences": False,
        **({"reset_first": False} if kind is GRU else {}),
    }
    for which, rows in (("", FEATURES), ("recurrent_", UNITS)):
        squash = Squash.SIGMOID if which else Squash.TANH
        fields |= {
            f"{which}kernel": np.full((rows, sums), 100),
            f"{which}kernel_format": FORMAT,
            f"{which}bias": np.zeros(sums, int),
            f"{which}bias_format": FORMAT,
            f"{which}activation": squash,
            f"{which}table": squash.table(1024, FixedFormat(18, 8)),
            f"{which}table_format": FixedFormat(18, 8),
        }
    return kind(**{**fields, **changes})


def network(*layers: Layer) -> Network:
    return Network((X, *layers), (layers[-1].name,))


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_the_last_step_of_a_sequence_is_the_result(kind) -> None:
    raw = np.random.default_rng(0).integers(-500, 500, (5, STEPS, FEATURES))
    x = Tensor(raw, FORMAT)
    last, every = cell(kind), cell(kind, return_sequences=True)
    assert (every.evaluate(x)[:, -1] == last.evaluate(x)).all()
    backward = replace(every, backward=True).evaluate(x)
    assert (backward == every.evaluate(Tensor(raw[:, ::-1], FORMAT))[:, ::-1]).all()
    first = replace(last, backward=True).evaluate(x)
    assert (backward[:, 0] == first).all()


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_states_of_zeros_are_what_a_cell_starts_from(kind) -> None:
    x = Tensor(np.random.default_rng(0).integers(-500, 500, (5, STEPS, FEATURES)), FORMAT)
    zeros = [Tensor(np.zeros((5, 1, UNITS), int), FORMAT)] * cell(kind).states
    given = cell(kind).evaluate(x, *zeros)
    assert (given == cell(kind).evaluate(x)).all()
    others = [Tensor(zero.raw + 300, FORMAT) for zero in zeros]
    assert (given != cell(kind).evaluate(x, *others)).any()


def test_ranges_name_what_a_cell_enters_step_by_step() -> None:
    net = network(cell())
    rows = find_ranges(net, np.zeros((2, STEPS, FEATURES), int))
    assert [row.demand.role for row in rows] == ["sums", "gates", "states"]
    assert all(row.observed is None for row in rows)
    # (2 x 8 + 2 x 1) x 100/256 are at most 7.03: the 4 integer bits hold the sums
    assert [row.demand.overflows for row in rows] == [False, False, False]
    narrow = network(cell(accumulator=FixedFormat(11, 3)))
    assert [row.demand.overflows for row in find_ranges(narrow)] == [True, False, False]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("place", range(len(CELL_MAKERS)))
def test_ranges_hold(place: int, seed: int) -> None:
    pick = picker(seed)
    layer = CELL_MAKERS[place][1](pick, "layer", [(X, X.dimensions)])
    if layer is None:
        return
    net = network(layer)
    assert Network.from_json(net.to_json()) == net
    (pixels,) = draw_events(pick, net)
    raw, reach = reference.run(net, pixels)["layer"], net.reaches()["layer"]
    assert ((raw >= reach.low) & (raw <= reach.high)).all()
    assert raw.shape[1:] == net.shapes["layer"]


def test_zero_weights_far_above_the_accumulator() -> None:
    """Found by random networks: the shift of the zeros was beyond 64 bits."""
    layer = dense(
        "d",
        "x",
        [[0], [0]],
        [1],
        kernel_format=FixedFormat(3, 40),
        accumulator=FixedFormat(40, 2),
        result=FixedFormat(40, 2),
    )
    raw = layer.evaluate(Tensor(np.array([[1, 2]]), FixedFormat(4, 4)))
    assert raw.tolist() == [[1 << 38 - 5]]


EINSUM = Einsum(
    name="sum",
    inputs=("x", "x"),
    result=FORMAT,
    accumulator=FORMAT,
    dimensions=((3, 2), (3, 2)),
    orders=((0, 1), (0, 1)),
    shared=1,
    contracted=2,
    product_shape=(3, 3),
    result_order=(0, 1),
)
EINSUM_DENSE = EinsumDense(
    name="sum",
    inputs=("x",),
    result=FORMAT,
    order=(0, 1),
    kernel=np.ones((1, 2, 4), int),
    kernel_format=FORMAT,
    bias=np.zeros((1, 3, 4), int),
    bias_format=FORMAT,
    accumulator=FORMAT,
    strategy=Strategy.LATENCY,
    reuse_factor=1,
    product_shape=(3, 4),
    result_order=(1, 0),
)
LOOP = TimeDistributed(
    name="loop",
    inputs=("x",),
    result=FORMAT,
    layers=(
        Input(name="step", inputs=(), result=FORMAT, dimensions=(2,)),
        dense("each", "step", [[1], [1]], [0], result=FORMAT),
    ),
)


def test_shapes() -> None:
    assert network(EINSUM).shapes["sum"] == (3, 3)
    assert network(EINSUM_DENSE).shapes["sum"] == (4, 3)
    assert network(LOOP).shapes["loop"] == (3, 1)
    assert network(EINSUM_DENSE).layers[1].multiplications((3, 2)) == 24
    assert LOOP.multiplications((3, 2)) == 6
    assert cell().multiplications((3, 2)) == 3 * (16 + 16)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (cell(kernel=np.zeros((3, 8), int)), r"kernel of shape \(3, 8\).*\(2, 8\)"),
        (cell(recurrent_bias=np.zeros(6, int)), r"recurrent bias of shape \(6,\).*\(8,\)"),
        (cell(inputs=("x", "x")), r"inputs have shapes .*that and 2 x 2 initial states"),
        (replace(EINSUM, contracted=1), r"share 1 and contract 1 elements"),
        (replace(EINSUM_DENSE, bias=np.zeros((1, 3, 5), int)), r"bias \(1, 3, 5\) meet"),
        (replace(LOOP, layers=LOOP.layers[1:]), r"loop: steps of shape \(2,\)"),
        (replace(LOOP, result=FixedFormat(9, 3)), r"each makes .*ap_fixed<9,3>"),
    ],
    ids=["kernel", "bias", "states", "einsum", "einsum-dense", "step", "format"],
)
def test_what_does_not_fit_is_refused(layer: Layer, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        network(layer)
