"""Calls of hls4ml's own C++ functions, one at a time, in any format: the truth for one layer."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

import numpy as np

from trigger.fixed import FixedFormat
from trigger.layers import Layer, Tensor
from trigger.project.compiler import compiler_version
from trigger.project.first_header import first_header

HEADERS = (
    "nnet_activation.h",
    "nnet_activation_stream.h",
    "nnet_batchnorm.h",
    "nnet_batchnorm_stream.h",
    "nnet_merge.h",
    "nnet_merge_stream.h",
)


@dataclass(frozen=True)
class Case:
    """One call; ``{x0}``.. are the inputs' types, ``{y}`` the result's, ``{config}`` the struct."""

    layer: Layer
    function: str
    """``sigmoid<{x0}, {y}, {config}>``."""
    config: str
    """Body of the struct."""
    inputs: tuple[Tensor, ...]
    pack: int = 0
    """Numbers that a stream transports at once; 0 for arrays."""
    constants: str = ""
    """Statements before the call; ``{config}`` is the struct here, too."""
    arguments: tuple[str, ...] = ()
    """Between the inputs and the result."""
    headers: tuple[str, ...] = HEADERS
    after: tuple[str, ...] = field(default=())
    """Behind the result."""
    out_pack: int = 0
    """As ``pack``, of the result, where it is another."""


def array(name: str, raw: np.ndarray, form: FixedFormat) -> str:
    """Return the declaration of a constant array, for ``Case.constants``: its bits, in C++."""
    numbers = ", ".join(map(str, raw.ravel().tolist()))
    return (
        f"static {form} {name}[{raw.size}]; {{ long long raw[] = {{{numbers}}};"
        f" for (int i = 0; i < {raw.size}; i++) {name}[i].V = raw[i]; }} "
    )


def assert_equal(cases: Sequence[Case], folder: Path) -> None:
    """Compile all calls, run them on their inputs and compare with the layers' own meaning."""
    program = build(cases, folder)
    for number, case in enumerate(cases):
        problem = difference(case, run(program, number, case))
        assert problem is None, problem


def build(cases: Sequence[Case], folder: Path) -> Path:
    """Return the program of all calls; its argument says which one it makes."""
    program = folder / "calls"
    source = folder / "calls.cpp"
    source.write_text(_program(cases))
    nnet = Path(str(importlib.util.find_spec("hls4ml").origin)).parent / "templates"
    folders = ("vitis", "vivado", "vivado/ap_types", "vitis/nnet_utils", "vivado/nnet_utils")
    flags = ("-std=c++17", "-O0", "-w", "-ffp-contract=off")
    types = first_header("g++", compiler_version("g++"), flags, nnet / "vivado/ap_types")
    include = (f"-I{nnet / folder}" for folder in folders)
    subprocess.run(["g++", *flags, *types, *include, str(source), "-o", str(program)], check=True)
    return program


def run(program: Path, number: int, case: Case) -> np.ndarray:
    """Return what the C++ makes of a case's inputs, (events, *shape)."""
    events = len(case.inputs[0].raw)
    rows = np.concatenate([tensor.raw.reshape(events, -1) for tensor in case.inputs], axis=1)
    text = "\n".join([str(events), *(" ".join(map(str, row)) for row in rows.tolist())])
    done = subprocess.run(
        [str(program), str(number)], input=text, capture_output=True, text=True, check=True
    )
    found = np.array([int(number) for number in done.stdout.split()], dtype=object)
    form = case.layer.result
    found = np.where(found > form.raw_max, found - (1 << form.width), found)
    return found.reshape(case.layer.evaluate(*case.inputs).shape)


def difference(case: Case, theirs: np.ndarray) -> str | None:
    """Say where the layer's own meaning is not that of the C++."""
    ours = case.layer.evaluate(*case.inputs)
    differs = np.argwhere(ours != theirs)
    if not len(differs):
        return None
    place = tuple(differs[0])
    return (
        f"{case.layer} on {[str(tensor.format) for tensor in case.inputs]}: at {place} of "
        f"{ours.shape} it gives {ours[place]}, the C++ {theirs[place]} ({len(differs)} differ)"
    )


def _program(cases: Sequence[Case]) -> str:
    headers = dict.fromkeys(header for case in cases for header in case.headers)
    lines = [
        "#include <cstdlib>",
        "#include <iostream>",
        '#include "ap_fixed.h"',
        '#include "hls_stream.h"',
    ]
    lines += [f'#include "nnet_utils/{header}"' for header in headers]
    lines.append(
        "template <class T> void read(T &x) { long long v; std::cin >> v; x.V = v; }\n"
        "template <class T> void show(T x) { unsigned long long v = x.V.to_uint64();"
        " std::cout << (v & (~0ULL >> (64 - T::width))) << ' '; }"
    )
    declared: dict[str, str] = {}
    for number, case in enumerate(cases):
        lines += _function(number, case, declared)
    lines.append("int main(int count, char **arguments) { switch (atoi(arguments[1])) {")
    lines += [f"  case {number}: case_{number}(); break;" for number in range(len(cases))]
    lines.append("}")
    return "\n".join([*lines, "}"]) + "\n"


def _function(number: int, case: Case, declared: dict[str, str]) -> list[str]:
    """Return the lines of a call.

    Args:
        declared: names of types and structs by their text, which calls share, so that the compiler
            makes a function of the same types and struct once.
    """
    sizes = [prod(tensor.raw.shape[1:]) for tensor in case.inputs]
    out = prod(case.layer.shape(*(tensor.raw.shape[1:] for tensor in case.inputs)))
    lines: list[str] = []

    def name_of(text: str, declaration: str) -> str:
        if text not in declared:
            declared[text] = f"shared{len(declared)}"
            lines.append(declaration.format(name=declared[text], text=text))
        return declared[text]

    names = {}
    for index, tensor in enumerate(case.inputs):
        kind = name_of(str(tensor.format), "typedef {text} {name};")
        names[f"x{index}"] = f"nnet::array<{kind}, {case.pack}>" if case.pack else kind
    result = "ap_uint<1>" if str(case.layer.result) == "ap_ufixed<1,1>" else str(case.layer.result)
    kind = name_of(result, "typedef {text} {name};")
    out_pack = case.out_pack or case.pack
    names["y"] = f"nnet::array<{kind}, {out_pack}>" if case.pack else kind
    names["table"] = f"table{number}"
    config = case.config
    for name, text in names.items():
        config = config.replace("{" + name + "}", text)
    names["config"] = name_of(config, "struct {name} {{ {text} }};")
    constants = case.constants.replace("{config}", names["config"])
    lines.append(f"void case_{number}() {{ int n; std::cin >> n; {constants}")
    lines.append("  for (int e = 0; e < n; e++) {")
    for index, size in enumerate(sizes):
        if case.pack:
            lines.append(
                f"    hls::stream<{names[f'x{index}']}> in{index};"
                f" for (int i = 0; i < {size // case.pack}; i++) {{ {names[f'x{index}']} p;"
                f" for (int j = 0; j < {case.pack}; j++) read(p[j]); in{index}.write(p); }}"
            )
        else:
            lines.append(
                f"    static {names[f'x{index}']} in{index}[{size}];"
                f" for (int i = 0; i < {size}; i++) read(in{index}[i]);"
            )
    result = f"hls::stream<{names['y']}> out" if case.pack else f"static {names['y']} out[{out}]"
    arguments = [f"in{index}" for index in range(len(sizes))]
    call = ", ".join([*arguments, *case.arguments, "out", *case.after])
    lines.append(f"    {result}; nnet::{case.function.format(**names)}({call});")
    if case.pack:
        lines.append(
            f"    for (int i = 0; i < {out // out_pack}; i++) {{ {names['y']} p = out.read();"
            f" for (int j = 0; j < {out_pack}; j++) show(p[j]); }}"
        )
    else:
        lines.append(f"    for (int i = 0; i < {out}; i++) show(out[i]);")
    return [*lines, "  }", "}"]
