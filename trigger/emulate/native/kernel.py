"""A group of layers that become one C function, and what its emitters know and write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from trigger.emulate.native.lanes import Lane
from trigger.emulate.native.places import Offsets, Place, identifier
from trigger.emulate.native.steps import Chain, Term
from trigger.fixed import FixedFormat
from trigger.layers import Layer, Reach
from trigger.network import Network


@dataclass(frozen=True)
class Machine:
    """The vector unit that the compiler aims at."""

    vector_bytes: int
    registers: int

    @property
    def events(self) -> int:
        """Events per vector: one per 32-bit lane."""
        return self.vector_bytes // 4


@dataclass(frozen=True)
class Group:
    """A head that makes numbers, and the layers that follow on each of them at once."""

    head: Layer
    chain: tuple[Layer, ...] = ()

    @property
    def layers(self) -> tuple[Layer, ...]:
        return (self.head, *self.chain)

    @property
    def tail(self) -> Layer:
        return self.layers[-1]


@dataclass
class Kernel:
    """One group while it is being written."""

    group: Group
    network: Network
    reaches: Mapping[str, Reach]
    machine: Machine
    sources: tuple[Place, ...]
    """Where the head reads; none for an input, which reads pixels."""
    target: Place
    block: int
    """Vectors of events in a block."""
    text: list[str] = field(default_factory=list)
    batched: bool = False
    """Whether one call does all vectors of the block."""

    @property
    def name(self) -> str:
        """Stem of every C name that belongs to the group."""
        number = self.network.layers.index(self.group.tail)
        return f"k{number}_{identifier(self.group.tail.name)}_{self.target.lane.vector}"

    @property
    def source(self) -> Place:
        """Where a head that reads one tensor reads."""
        return self.sources[0]

    def source_format(self, layer: Layer) -> FixedFormat:
        return self.network[layer.inputs[0]].result

    def source_reach(self, layer: Layer) -> Reach:
        return self.reaches[layer.inputs[0]]

    def source_term(self, port: int = 0) -> Term:
        """Return what a number read from one of the sources can be."""
        source = self.sources[port]
        reach = self.reaches[source.tensor]
        return Term(source.lane, reach.raw_min, reach.raw_max, reach.format.fractional)

    def known(self, chain: Chain, layer: Layer) -> None:
        """Narrow a chain to what is proven about a layer's result."""
        reach = self.reaches[layer.name]
        chain.term = chain.term.within(reach.raw_min, reach.raw_max)

    def number(self, layer: Layer) -> int:
        """Return what tells a layer's C names from those of others in its group."""
        return self.network.layers.index(layer)

    def table(self, name: str, c_type: str, values: Iterable[object]) -> str:
        """Write a constant array and return its C name."""
        full = f"{self.name}_{name}"
        line = f"static const {c_type} {full}[] = {{{','.join(map(str, values)) or '0'}}};"
        if line not in self.text:
            self.text.append(line)
        return full

    def index_table(self, name: str, offsets: Offsets, index: str) -> str:
        """Return the C expression of ``offsets[index]``, without a table where it is the index."""
        flat = offsets.ravel()
        if np.array_equal(flat, np.arange(flat.size)):
            return index
        return f"{self.table(name, 'int32_t', flat.tolist())}[{index}]"

    def constants(self, name: str, lane: Lane, numbers: Iterable[int]) -> str:
        """Write a constant array of integers in a lane and return its C name."""
        return self.table(f"{name}_{lane.vector}", lane.c_type, map(lane.literal, numbers))

    def function(
        self, name: str, chain: Chain, start: Term, result: Lane, second: Term | None = None
    ) -> str:
        """Write a chain as an inline C function; return its name.

        Its arguments are the vector ``v``, a ``second`` one, ``w``, if there is one, and the
        number of the channel, ``c``.
        """
        chain.cast(result)
        full = f"{self.name}_{name}"
        other = f"const {second.lane.vector} w, " if second else ""
        self.text += [
            f"INLINE {result.vector} {full}(const {start.lane.vector} v, {other}const long c) {{",
            "  (void)c;",
            *(f"  {line}" for line in chain.lines),
            f"  return {chain.name};",
            "}",
        ]
        return full

    def signature(self) -> str:
        names = ["in", *(f"in{port}" for port in range(1, len(self.sources)))]
        sources = "".join(
            f"const {place.lane.vector} *restrict {name}, "
            for place, name in zip(self.sources, names, strict=True)
        )
        return f"static void {self.name}({sources}{self.target.lane.vector} *restrict out) {{"
