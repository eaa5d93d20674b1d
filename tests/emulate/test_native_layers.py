"""Every layer as C: the table of emitters, and each kind against its own meaning."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tests.emulate.random_cells import CELL_MAKERS
from tests.emulate.random_layers import MAKERS, embedding
from tests.emulate.random_networks import draw_events, picker
from trigger.emulate import native, reference
from trigger.emulate.native import EMITTERS
from trigger.errors import NetworkError
from trigger.fixed import FixedFormat
from trigger.layers import (
    GRU,
    LAYERS,
    LSTM,
    Embedding,
    Input,
    Layer,
    TableActivation,
    TimeDistributed,
    tables,
)
from trigger.layers.table_activation import SPANS
from trigger.network import Network

pytestmark = pytest.mark.usefixtures("lightly_optimised")

WITHOUT_C: frozenset[type[Layer]] = frozenset({LSTM, GRU, TimeDistributed})
"""Layers that the native engine leaves to NumPy."""


def test_every_layer_has_an_emitter_or_is_named_here():
    assert set(EMITTERS) | WITHOUT_C == set(LAYERS.values())
    assert not WITHOUT_C.intersection(EMITTERS)


INPUTS: dict[int, Input] = {
    len(shape): Input(name=f"x{len(shape)}", inputs=(), result=form, dimensions=shape)
    for shape, form in (
        ((6,), FixedFormat(9, 3)),
        ((5, 4), FixedFormat(8, 2, signed=False)),
        ((4, 5, 3), FixedFormat(14, 6)),
    )
}
WORDS = Input(name="words", inputs=(), result=FixedFormat(3, 3, signed=False), dimensions=(4,))


@pytest.mark.slow
def test_every_layer_has_the_meaning_of_its_evaluate():
    """One program in which several layers of each kind read the inputs."""
    pick = picker(0)
    layers: list[Layer] = [WORDS, *INPUTS.values()]
    for number, (ranks, maker) in enumerate((*MAKERS, *CELL_MAKERS)):
        for turn in range(40):  # until there are two of each kind
            source = WORDS if maker is embedding else INPUTS[ranks[turn % len(ranks)]]
            layer = maker(pick, f"layer_{number}_{turn}", [(source, source.dimensions)])
            if layer is not None and [type(each) for each in layers].count(type(layer)) < 2:
                layers.append(layer)
    network = Network(tuple(layers), tuple(layer.name for layer in layers))
    engine = native.build(network)
    written = {type(layer) for layer in set(layers).difference(engine.interpreted)}
    assert written == set(LAYERS.values()) - WITHOUT_C
    pixels = draw_events(pick, network)
    found, expected = native.run(engine, *pixels), reference.run(network, *pixels)
    for layer in layers:
        assert (found[layer.name] == expected[layer.name]).all(), layer


def test_words_without_a_row_are_refused_by_the_layer_itself():
    rows = np.arange(10).reshape(5, 2)
    form = FixedFormat(8, 8)
    layer = Embedding(name="rows", inputs=("words",), result=form, rows=rows, row_format=form)
    network = Network((WORDS, layer), ("rows",))
    engine = native.build(network)
    words = np.tile([0, 4, 2, 1], (50, 1))
    assert (native.run(engine, words)["rows"] == rows[words]).all()
    with pytest.raises(NetworkError, match=r"words from 0 to 5. Allowed: 0 to 4"):
        native.run(engine, np.where(np.arange(50)[:, None] == 33, 5, words))


def test_each_number_of_a_narrow_format_through_every_table():
    """The index is cut towards zero twice, moved, wrapped and clipped; all entries are met."""
    layers: list[Layer] = [Input(name="x", inputs=(), result=FixedFormat(13, 6), dimensions=(64,))]
    for function, form in product(SPANS, (FixedFormat(9, 1), FixedFormat(20, 5))):
        layers.append(
            TableActivation(
                name=f"{function.value}_{form.width}",
                inputs=("x",),
                result=form,
                function=function,
                table=tables.function_table(function, 1024, form),
                table_format=form,
            )
        )
    network = Network(tuple(layers), tuple(layer.name for layer in layers[1:]))
    raw = np.arange(-4096, 4096).reshape(-1, 64)
    found, expected = native.run(native.build(network), raw), reference.run(network, raw)
    for name in network.outputs:
        assert (found[name] == expected[name]).all(), name
