"""The whole C program of a network: functions, memory, the loop over blocks of events."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from math import prod

from trigger.emulate.native.door import PIXEL_TYPES
from trigger.emulate.native.elementwise import emit_copy
from trigger.emulate.native.emitters import emitter_of
from trigger.emulate.native.kernel import Group, Kernel, Machine
from trigger.emulate.native.places import Place
from trigger.emulate.native.plan import Plan, make_plan
from trigger.emulate.native.split import blaming
from trigger.layers import Input
from trigger.network import Network

BLOCK_VECTORS = 8
"""Vectors of events that go through dense layers together, and share each weight's load."""

ALIGNMENT = 128
"""Bytes; of every tensor in the scratch memory."""


@dataclass(frozen=True)
class Program:
    """C source, and what its caller must know."""

    source: str
    wanted: tuple[str, ...]
    """Tensors in the order of the output pointers."""
    scratch_bytes: int
    block_events: int


def write_program(network: Network, wanted: tuple[str, ...], machine: Machine) -> Program:
    """Write the C program that computes the wanted tensors.

    Raises:
        Refusal: a layer that the native engine does not cover, or wide integers.
    """
    plan = make_plan(network, wanted)
    kernels = [kernel for group in plan.groups for kernel in _kernels(plan, group, machine)]
    memory, scratch = _memory(plan, kernels, machine)
    header = resources.files(__package__).joinpath("lanes.h").read_text()
    parts = [f"#define VECTOR_BYTES {machine.vector_bytes}", header]
    for kernel in kernels:
        parts.append(f"/* {', '.join(layer.name for layer in kernel.group.layers)} */")
        parts += kernel.text
    parts += _runner(plan, kernels, memory, scratch)
    tail = max(prod(layer.dimensions) for layer in network.inputs) * 8 * machine.events
    return Program("\n".join(parts) + "\n", wanted, scratch + tail, BLOCK_VECTORS * machine.events)


def _kernels(plan: Plan, group: Group, machine: Machine) -> list[Kernel]:
    """Return the written function of a group, and of the copies of its tensor."""
    first, *copies = plan.places[group.tail.name]
    common = (plan.network, plan.reaches, machine)
    kernel = Kernel(group, *common, plan.sources(group.head), first, BLOCK_VECTORS)
    with blaming(*group.layers):
        emitter_of(group.head).emit(kernel)
    kernels = [kernel]
    for place in copies:
        kernels.append(Kernel(Group(group.tail), *common, (first,), place, BLOCK_VECTORS))
        emit_copy(kernels[-1])
    return kernels


@dataclass(frozen=True)
class _Memory:
    """A tensor's share of the scratch memory."""

    start: int
    """Bytes."""
    step: int
    """Vectors from one copy to the next; 0 if all vectors of a block share one copy."""


def _memory(
    plan: Plan, kernels: list[Kernel], machine: Machine
) -> tuple[dict[Place, _Memory], int]:
    """Lay the tensors out; a tensor used by one stretch of functions only needs one copy."""
    stretches: dict[Place, set[int]] = {}
    for number, kernels_of_stretch in enumerate(_stretches(kernels)):
        for kernel in kernels_of_stretch:
            for place in (*kernel.sources, kernel.target):
                stretches.setdefault(place, set()).add(-1 if kernel.batched else number)
    for name in plan.wanted:
        stretches[plan.places[name][0]].add(-1)
    memory, start = {}, 0
    for place, used in stretches.items():
        shared = len(used) == 1 and -1 not in used
        memory[place] = _Memory(start, 0 if shared else place.size)
        vectors = place.size * (1 if shared else BLOCK_VECTORS)
        start += vectors * machine.vector_bytes * place.lane.parts
        start += -start % ALIGNMENT
    return memory, start


def _stretches(kernels: list[Kernel]) -> list[list[Kernel]]:
    """Return runs of functions that are alike in taking one vector or a whole block."""
    stretches: list[list[Kernel]] = []
    for kernel in kernels:
        if not stretches or stretches[-1][0].batched != kernel.batched:
            stretches.append([])
        stretches[-1].append(kernel)
    return stretches


def _runner(
    plan: Plan, kernels: list[Kernel], memory: dict[Place, _Memory], scratch: int
) -> list[str]:
    """Return the entry point, which tells whether any layer met what it has no result for."""
    lines = [
        "int trigger_run(const void *const *pixels, const int *kinds, int64_t *const *outputs,",
        "                long events, char *scratch) {",
        "  outside = 0;",
        f"  static const int sizes[] = {{{', '.join(_BYTES[name] for name in PIXEL_TYPES)}}};",
        f"  char *const tail = scratch + {scratch};",
        "  (void)tail;",
        f"  for (long first = 0; first < events; first += {BLOCK_VECTORS} * EVENTS) {{",
        f"    long count = events - first < {BLOCK_VECTORS} * EVENTS "
        f"? events - first : {BLOCK_VECTORS} * EVENTS;",
        "    long vectors = (count + EVENTS - 1) / EVENTS;",
    ]
    ports = {layer.name: index for index, layer in enumerate(plan.network.inputs)}
    for stretch in _stretches(kernels):
        if stretch[0].batched:
            lines += [f"    {_call(kernel, memory, '0')}" for kernel in stretch]
            continue
        lines.append("    for (long b = 0; b < vectors; b++) {")
        for kernel in stretch:
            if not kernel.sources:
                lines += _door(kernel, memory, ports[kernel.group.head.name])
            else:
                lines.append(f"      {_call(kernel, memory, 'b')}")
        lines.append("    }")
    for index, name in enumerate(plan.wanted):
        place = plan.places[name][0]
        count = place.offsets.size
        lines += [
            "    for (long b = 0; b < vectors; b++) {",
            f"      const {place.lane.vector} *from = {_pointer(place, memory, 'b')};",
            "      const long n = count - b * EVENTS < EVENTS ? count - b * EVENTS : EVENTS;",
            f"      int64_t *to = outputs[{index}] + (first + b * EVENTS) * {count};",
            f"      for (long e = 0; e < {count}; e++)",
            "        for (long l = 0; l < n; l++)",
            f"          to[l * {count} + e] = (int64_t)from[output{index}[e]][l];",
            "    }",
        ]
    lines += ["  }", "  return outside;", "}"]
    tables = [
        f"static const int32_t output{index}[] = "
        f"{{{', '.join(map(str, plan.places[name][0].offsets.ravel().tolist()))}}};"
        for index, name in enumerate(plan.wanted)
    ]
    return [*tables, *lines]


_BYTES = {name: f"sizeof({c_type})" for name, c_type in PIXEL_TYPES.items()}


def _pointer(place: Place, memory: dict[Place, _Memory], vector: str) -> str:
    share = memory[place]
    pointer = f"({place.lane.vector} *)(scratch + {share.start})"
    return f"{pointer} + {vector} * {share.step}" if share.step and vector != "0" else pointer


def _call(kernel: Kernel, memory: dict[Place, _Memory], vector: str) -> str:
    places = (*kernel.sources, kernel.target)
    return f"{kernel.name}({', '.join(_pointer(place, memory, vector) for place in places)});"


def _door(kernel: Kernel, memory: dict[Place, _Memory], port: int) -> list[str]:
    """Return the call that reads one vector of events, the last of them filled up with itself."""
    assert isinstance(kernel.group.head, Input)
    count = prod(kernel.group.head.dimensions)
    return [
        "      {",
        f"        const long bytes = sizes[kinds[{port}]] * {count}L;",
        f"        const void *from = (const char *)pixels[{port}] + (first + b * EVENTS) * bytes;",
        "        if (count - b * EVENTS < EVENTS) {",
        "          for (long l = 0; l < EVENTS; l++) {",
        "            const long e = l < count - b * EVENTS ? l : count - b * EVENTS - 1;",
        "            memcpy(tail + l * bytes, (const char *)from + e * bytes, bytes);",
        "          }",
        "          from = tail;",
        "        }",
        f"        {kernel.name}[kinds[{port}]](from, {_pointer(kernel.target, memory, 'b')});",
        "      }",
    ]
