"""C for an input: events become lanes, real numbers become integers, then the layers behind."""

from __future__ import annotations

from typing import Any

import numpy as np

from trigger.emulate.native.elementwise import append_layer, scattered
from trigger.emulate.native.kernel import Kernel
from trigger.emulate.native.lanes import Lane, narrowest
from trigger.emulate.native.steps import Chain, Term, overflow_to
from trigger.fixed import FixedFormat, Rounding
from trigger.layers import Input

PIXEL_TYPES: dict[str, str] = {
    "int8": "int8_t",
    "uint8": "uint8_t",
    "int16": "int16_t",
    "uint16": "uint16_t",
    "int32": "int32_t",
    "uint32": "uint32_t",
    "int64": "int64_t",
    "uint64": "uint64_t",
    "float32": "float",
    "float64": "double",
}
"""C type of the pixels by NumPy dtype; their order numbers the doors."""

REAL_LIMIT: dict[np.dtype[Any], float] = {
    np.dtype(np.float32): 2.0**22,
    np.dtype(np.float64): 2.0**51,
}
"""Raw numbers below this are quantised exactly within the dtype itself."""

REAL_FRACTIONAL = range(0, 64)
"""Fractional bits of a format for which scaling a real number by 2**fractional is exact."""


def emit(kernel: Kernel) -> None:
    """Write one C function per pixel type."""
    layer = kernel.group.head
    assert isinstance(layer, Input)
    lane = narrowest(layer.result.raw_min, layer.result.raw_max, (Lane.F32, Lane.I32, Lane.I64))
    raw = Term(lane, layer.result.raw_min, layer.result.raw_max, layer.result.fractional)
    chain = Chain(raw)
    _follow(kernel, chain)
    whole = kernel.function("whole", chain, raw, kernel.target.lane)
    count = int(np.prod(layer.dimensions))
    target = kernel.index_table("out", scattered(kernel, kernel.group.chain), "e")
    channels = layer.dimensions[-1]
    names = []
    for dtype, c_type in PIXEL_TYPES.items():
        start, function = lane, whole
        if dtype.startswith("float"):
            start = Lane.F32 if dtype == "float32" else Lane.F64
            function = _real(kernel, layer.result, start) or ""
        names.append(f"{kernel.name}_{dtype}")
        if not function:
            names[-1] = "0"
            continue
        kernel.text += [
            f"static void {names[-1]}(const void *pixels, "
            f"{kernel.target.lane.vector} *restrict out) {{",
            f"  const {c_type} *restrict in = pixels;",
            f"  for (long e = 0; e < {count}; e++) {{",
            f"    {start.vector} v;",
            f"    {start.c_type} *const lane = ({start.c_type} *)&v;",
            f"    for (int l = 0; l < EVENTS; l++) lane[l] = in[l * {count} + e];",
            f"    out[{target}] = {function}(v, e % {channels});",
            "  }",
            "}",
        ]
    kernel.text.append(
        f"static void (*const {kernel.name}[])(const void *, {kernel.target.lane.vector} *) = "
        f"{{{', '.join(names)}}};"
    )


def _follow(kernel: Kernel, chain: Chain) -> None:
    for layer in kernel.group.chain:
        append_layer(kernel, chain, layer)


_CARRY = {
    Rounding.TRN: "+ (r < 0)",
    Rounding.TRN_ZERO: "",
    Rounding.RND: "- (r >= HALF) + (r < -HALF)",
    Rounding.RND_ZERO: "- (r > HALF) + (r < -HALF)",
    Rounding.RND_INF: "- (r >= HALF) + (r <= -HALF)",
    Rounding.RND_MIN_INF: "- (r > HALF) + (r <= -HALF)",
}
"""What joins the truncated number, by its remainder r; a true comparison counts -1."""


def _real(kernel: Kernel, form: FixedFormat, lane: Lane) -> str | None:
    """Write the conversion of real numbers as ``ap_fixed(double)`` does it, and what follows."""
    if form.fractional not in REAL_FRACTIONAL:
        return None
    whole = Lane.I32 if lane is Lane.F32 else Lane.I64
    limit = int(REAL_LIMIT[np.dtype(np.float32 if lane is Lane.F32 else np.float64)])
    suffix = "f" if lane is Lane.F32 else ""
    start = Term(lane, -limit, limit, form.fractional)
    chain = Chain(start)
    chain.lines.append(f"const {lane.vector} y = v * {(2.0**form.fractional).hex()}{suffix};")
    if form.rounding is Rounding.RND_CONV:
        magic = f"{(3.0 * limit).hex()}{suffix}"
        integer = f"__builtin_convertvector((y + {magic}) - {magic}, {whole.vector})"
    else:
        carry = _CARRY[form.rounding].replace("HALF", f"0.5{suffix}").replace("0)", f"0.0{suffix})")
        chain.lines += [
            f"const {whole.vector} t = __builtin_convertvector(y, {whole.vector});",
            f"const {lane.vector} r = y - __builtin_convertvector(t, {lane.vector});",
        ]
        integer = f"t {carry}"
    chain.let(integer, Term(whole, -limit, limit, form.fractional))
    overflow_to(chain, form)
    _follow(kernel, chain)
    return kernel.function(f"real_{lane.vector}", chain, start, kernel.target.lane)
