"""The C++ program that runs an HLS top function on raw integers and traces its layers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from trigger.errors import ProjectError
from trigger.project.top import PortKind, Tensor, TopFunction

HARNESS_HEADER = Path(__file__).with_name("harness.h")
"""The part of the program that is the same for every project."""

_OWN_TRACE = re.compile(r"\bnnet::save_layer_output<[^;{}]*;")
"""A statement of hls4ml's own tracing."""

_MAIN = """\
#include "ap_fixed.h"
#include "{headers}/nnet_types.h"
#include "harness.h"
#include "{top}"
{includes}
{namespace}
{ports}

static bool feed(const std::vector<long> &elements) {{
    return {feed};
}}
static void call() {{ {name}({arguments}); }}
static void finish() {{ {finish} }}
static void describe() {{ {describe} }}

int main(int count, char **words) {{
    return trigger_csim::run({{{layers}, feed, call, finish, describe, count, words}});
}}
"""


@dataclass(frozen=True, slots=True)
class Trace:
    """One place of the top function whose integers are saved."""

    layer: str
    """The layer's name; a layer that fills several tensors has the later ones by tensor name."""
    tensor: Tensor
    end: int
    """Position in the top function's text where the saving call is inserted."""


def list_traces(top: TopFunction) -> tuple[Trace, ...]:
    """Return every tensor that a layer call fills, in execution order, with unique names.

    What is filled once per step of a sequence is not among them.

    Raises:
        ProjectError: an output that no call fills.
    """
    traces: list[Trace] = []
    names: set[str] = set()
    for call in top.calls:
        for tensor in () if call.in_loop else call.writes:
            name = call.layer if call.layer not in names else tensor.name
            names.add(name)
            traces.append(Trace(name, tensor, call.end))
    traced = {trace.tensor.name for trace in traces}
    for port in top.of_kind(PortKind.OUTPUT):
        if port.name not in traced:
            raise ProjectError(
                f"no call fills the output {port.name}",
                where=f"{top.path}:{port.line}",
                allowed="nnet::function<types>(tensors); // layer name",
            )
    return tuple(traces)


def write_traced_top(top: TopFunction) -> str:
    """Return the top function's text with a saving call behind each layer call.

    The calls stand on the layers' own lines, so that a compiler message names the project's line.
    hls4ml's own tracing, which is switched off and takes a fifth of the compiler's time, is left
    out. Nothing else is changed; the project's file itself stays as it is.
    """
    pieces, position = [], 0
    for index, trace in enumerate(list_traces(top)):
        pieces.append(top.text[position : trace.end])
        size = trace.tensor.size or "0"
        pieces.append(f" trigger_csim::save({index}, {trace.tensor.name}, {size});")
        position = trace.end
    text = "".join([*pieces, top.text[position:]])
    return _OWN_TRACE.sub(lambda found: ";" + "\n" * found[0].count("\n"), text)


def write_main(top: TopFunction, traced_top: str, sources: tuple[str, ...], headers: str) -> str:
    """Return the program's own source.

    Args:
        traced_top: file name of the traced function.
        sources: files of the firmware folder that define what headers only declare.
        headers: folder of hls4ml's headers.
    """
    data = [port for port in top.ports if port.kind in (PortKind.INPUT, PortKind.OUTPUT)]
    inputs = top.of_kind(PortKind.INPUT)
    weights = top.of_kind(PortKind.WEIGHTS)
    sizes = top.of_kind(PortKind.SIZE)
    declarations = [_declaration(port) for port in data]
    declarations += [f"static unsigned short port_{port.name};" for port in sizes]
    finish = [
        f'trigger_csim::finish(port_{port.name}, "{port.name}", {str(port in inputs).lower()});'
        for port in data
    ]
    feed = [
        f"trigger_csim::feed(port_{port.name}, elements[{index}])"
        for index, port in enumerate(inputs)
    ]
    return _MAIN.format(
        top=traced_top,
        headers=headers,
        includes="\n".join(
            f'#include "{name}"'
            for name in (*(f"weights/{port.name}.h" for port in weights), *sources)
        ),
        namespace=f"using namespace {top.namespace};" if top.namespace else "",
        ports="\n".join(declarations),
        feed=" && ".join(feed) or "true",
        name=f"{top.namespace}::{top.name}" if top.namespace else top.name,
        arguments=", ".join(
            port.name if port in weights else f"port_{port.name}" for port in top.ports
        ),
        finish=" ".join(finish),
        describe=" ".join(
            f'trigger_csim::describe(port_{port.name}, "{port.name}");' for port in inputs
        ),
        layers=len(list_traces(top)),
    )


def _declaration(port: Tensor) -> str:
    if port.size is None:
        return f'static hls::stream<{port.type}> port_{port.name}("{port.name}");'
    return f"static {port.type} port_{port.name}[{port.size}];"
