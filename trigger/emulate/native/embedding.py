"""C for an embedding: the row of a table for each whole number."""

from __future__ import annotations

from trigger.emulate.native.arithmetic import INTEGERS
from trigger.emulate.native.elementwise import finish, scattered
from trigger.emulate.native.kernel import Kernel
from trigger.emulate.native.lanes import narrowest
from trigger.emulate.native.steps import Chain, Term
from trigger.errors import UnsupportedLayerError
from trigger.layers import Embedding


def emit(kernel: Kernel) -> None:
    """Write the C function of a group with an embedding at its head.

    Numbers without a row look up the first one, and set ``outside``: the caller then asks the
    layer itself, which says what is wrong.
    """
    layer = kernel.group.head
    assert isinstance(layer, Embedding)
    if kernel.source_format(layer).fractional != 0:
        raise UnsupportedLayerError("looks up numbers that are not whole", where=layer.name)
    words, length = layer.rows.shape
    chain = Chain(kernel.source_term())
    chain.make_room(0, words * length, INTEGERS)
    place = chain.term
    index = kernel.function("index", chain, kernel.source_term(), place.lane)
    numbers = layer.rows.ravel().tolist()
    low, high = min(numbers), max(numbers)
    entry = Term(narrowest(low, high), low, high, layer.row_format.fractional)
    rows = kernel.constants("rows", entry.lane, numbers)
    after = Chain(entry)
    finish(kernel, after)
    value = kernel.function("value", after, entry, kernel.target.lane)
    read = kernel.index_table("in", kernel.source.offsets, "e")
    write = kernel.index_table("out", scattered(kernel, kernel.group.chain), f"e * {length} + c")
    vector = place.lane.vector
    kernel.text += [
        kernel.signature(),
        f"  {vector} none = {{0}};",
        f"  for (long e = 0; e < {kernel.source.offsets.size}; e++) {{",
        f"    {vector} v = {index}(in[{read}], 0);",
        f"    const {vector} wrong = ({vector})((v < 0) | (v >= {words}));",
        "    none |= wrong;",
        f"    v = (v & ~wrong) * {length};",
        f"    for (long c = 0; c < {length}; c++)",
        f"      out[{write}] = {value}(LOOKUP({entry.lane.vector}, {rows} + c, v), c);",
        "  }",
        "  FOR_EACH_LANE(none) outside |= none[l] != 0;",
        "}",
    ]
