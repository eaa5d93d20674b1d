"""Whatever an activation, a merge or a move gives lies within its reach; and it is kept as JSON."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trigger.design import IOType
from trigger.errors import NetworkError
from trigger.fixed import FixedFormat, Overflow, Rounding
from trigger.layers import (
    ELU,
    SELU,
    Argmax,
    BinaryTanh,
    BoundedReLU,
    Concatenate,
    Dot,
    Function,
    GlobalPooling,
    HardSigmoid,
    HardTanh,
    Input,
    LeakyReLU,
    LegacySoftmax,
    Merge,
    Operation,
    Pool,
    Reach,
    Softmax,
    StableSoftmax,
    TableActivation,
    Tensor,
    TernaryTanh,
    ThresholdedReLU,
    Transpose,
    Upsampling,
    tables,
)
from trigger.network import Network

formats = st.builds(
    FixedFormat,
    width=st.integers(2, 14),
    integer=st.integers(-3, 14),
    signed=st.booleans(),
    rounding=st.sampled_from(Rounding),
    overflow=st.sampled_from(Overflow),
)
TABLE = FixedFormat.parse("ap_fixed<9,3>")
WRAPPING = FixedFormat.parse("ap_fixed<5,1>")


def common(result):
    return {"name": "layer", "inputs": ("x",), "result": result}


def soft(result):
    return {
        **common(result),
        "slice_length": 4,
        "exp_table": tables.exp_table(TABLE, 64, TABLE),
        "exp_format": TABLE,
        "accumulator": WRAPPING,
        "inverse_input": WRAPPING,
        "inverse_table": tables.inverse_table(WRAPPING, 32, TABLE),
        "inverse_format": TABLE,
    }


def sloped(function, form):
    return {
        "table": tables.function_table(function, 64, form),
        "table_format": form,
        "positive_scale": 3,
        "positive_format": FixedFormat(4, 2),
        "alpha": -3,
        "alpha_format": FixedFormat(4, 2),
    }


MAKERS = {
    "sigmoid": lambda r: TableActivation(
        **common(r),
        function=Function.SIGMOID,
        table=tables.function_table(Function.SIGMOID, 64, TABLE),
        table_format=TABLE,
    ),
    "softplus that wraps": lambda r: TableActivation(
        **common(r),
        function=Function.SOFTPLUS,
        table=tables.function_table(Function.SOFTPLUS, 77, WRAPPING),
        table_format=WRAPPING,
    ),
    "elu": lambda r: ELU(**common(r), **sloped(Function.ELU, TABLE)),
    "selu": lambda r: SELU(**common(r), **sloped(Function.SELU, WRAPPING), io_type=IOType.STREAM),
    "leaky": lambda r: LeakyReLU(**common(r), alpha=np.array([-5]), alpha_format=FixedFormat(4, 1)),
    "prelu": lambda r: LeakyReLU(
        **common(r), alpha=np.arange(-6, 6).reshape(3, 4), alpha_format=FixedFormat(4, 1)
    ),
    "threshold": lambda r: ThresholdedReLU(
        **common(r), threshold=3, threshold_format=FixedFormat(4, 1)
    ),
    "relu6": lambda r: BoundedReLU(**common(r), maximum=6),
    "hard": lambda r: HardSigmoid(
        **common(r), slope=-3, slope_format=FixedFormat(4, 1), shift=1, shift_format=TABLE
    ),
    "hard tanh": lambda r: HardTanh(
        **common(r), slope=3, slope_format=FixedFormat(4, 1), shift=1, shift_format=TABLE
    ),
    "binary": lambda r: BinaryTanh(**common(r), below=-1, zero=-1),
    "ternary": lambda r: TernaryTanh(**common(r), io_type=IOType.STREAM),
    "ternary in parallel": lambda r: TernaryTanh(**common(r), io_type=IOType.PARALLEL),
    "softmax": lambda r: Softmax(**soft(r)),
    "stable": lambda r: StableSoftmax(**soft(r), difference_format=TABLE),
    "legacy": lambda r: LegacySoftmax(
        **common(r),
        slice_length=4,
        exp_table=tables.legacy_exp_table(64, TABLE),
        inverse_table=tables.legacy_inverse_table(64, TABLE),
        table_format=TABLE,
    ),
    "argmax": lambda r: Argmax(**common(r), slice_length=4),
    "mean": lambda r: GlobalPooling(
        **common(r), pool=Pool.AVERAGE, accumulator=WRAPPING, io_type=IOType.STREAM
    ),
    "transpose": lambda r: Transpose(**common(r), order=(1, 0)),
    "larger": lambda r: Upsampling(**common(r), size=(7,)),
}


@settings(deadline=None, max_examples=40)
@pytest.mark.parametrize("name", MAKERS)
@given(data=st.data(), source=formats, result=formats)
def test_results_lie_within_the_reach(name, data, source, result):
    layer = MAKERS[name](result)
    if name == "softmax" and source.width < 6:
        return
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    ends = rng.integers(source.raw_min, source.raw_max, (2, 3, 4), endpoint=True)
    reach = Reach(ends.min(axis=0), ends.max(axis=0), source)
    raw = rng.integers(reach.low, reach.high, (50, 3, 4), endpoint=True)
    raw[0], raw[1] = reach.low, reach.high

    computed, found = layer.evaluate(Tensor(raw, source)), layer.reach(reach)

    assert computed.shape[1:] == found.low.shape == layer.shape((3, 4))
    assert (found.low <= computed).all()
    assert (computed <= found.high).all()
    assert computed.min() >= result.raw_min
    assert computed.max() <= result.raw_max


@settings(deadline=None, max_examples=40)
@pytest.mark.parametrize("kind", [*Operation, Concatenate, Dot])
@given(data=st.data(), left=formats, right=formats, result=formats)
def test_merged_results_lie_within_the_reach(kind, data, left, right, result):
    fields = {"name": "layer", "inputs": ("x", "y"), "result": result}
    if isinstance(kind, Operation):
        layer = Merge(**fields, operation=kind)
    else:
        own = {"axis": 0} if kind is Concatenate else {"accumulator": WRAPPING}
        layer = kind(**fields, **own)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    reaches, tensors = [], []
    for source in (left, right):
        ends = rng.integers(source.raw_min, source.raw_max, (2, 4), endpoint=True)
        reaches.append(Reach(ends.min(axis=0), ends.max(axis=0), source))
        raw = rng.integers(reaches[-1].low, reaches[-1].high, (50, 4), endpoint=True)
        tensors.append(Tensor(raw, source))

    computed, found = layer.evaluate(*tensors), layer.reach(*reaches)

    assert (found.low <= computed).all()
    assert (computed <= found.high).all()


@pytest.mark.parametrize("name", MAKERS)
def test_layers_are_kept_as_json(name):
    port = Input(name="x", inputs=(), result=TABLE, dimensions=(3, 4))
    network = Network((port, MAKERS[name](FixedFormat(12, 5))), ("layer",))
    assert Network.from_json(network.to_json()) == network


def test_a_table_that_is_looked_up_by_too_few_bits_is_refused():
    with pytest.raises(NetworkError, match=r"1024 entries are looked up by ap_fixed<9,3>"):
        tables.exp_table(TABLE, 1024, TABLE)


def test_an_infinite_exponential_saturates():
    wide = FixedFormat.parse("ap_fixed<16,12>")
    table = tables.exp_table(wide, 64, FixedFormat.parse("ap_fixed<8,4,AP_RND,AP_SAT>"))
    assert table[31] == 127  # exp(1984) is infinite in float
    assert tables.exp_table(wide, 64, FixedFormat.parse("ap_fixed<8,4>"))[31] == 0
